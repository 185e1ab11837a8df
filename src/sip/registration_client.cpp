#include "sip/registration_client.hpp"

#include "sip/back_off.hpp"
#include "sip/header_values.hpp"

namespace dp::sip {

namespace {

constexpr std::chrono::seconds kStartSpread{5};     // start-up and lost connections: no herd
constexpr std::chrono::seconds kBaseAllFailed{30};  // RFC 5626 §4.5
constexpr std::chrono::seconds kLockedOutMin{600};  // carriers lock accounts that go on guessing
constexpr std::chrono::seconds kLockedOutMax{1800};
constexpr std::chrono::seconds kMaxRetryAfter{3600};
constexpr std::chrono::seconds kRefreshMargin{5};

bool refuses_outbound(const MessageView& response) {
    if (response.status() == 439) return true;  // RFC 5626 §4.2.1
    const bool names =
        response.has_token(HeaderId::Unsupported, "outbound") || response.has_token(HeaderId::Unsupported, "path");
    return response.status() == 420 && names;
}

bool is_locked_out(int status) {
    return status == 403 || status == 404 || status == 410 || status >= 600;
}

bool is_server_failure(int status) {
    return status == 408 || status == 480 || (status >= 500 && status < 600);
}

}  // namespace

class RegistrationClient::Impl {
public:
    Impl(RegistrationClient& owner, UserAgent& agent, Environment environment, RegistrationConfig config,
         RegistrationHandler& handler)
        : owner_(owner), agent_(agent), environment_(environment), handler_(handler), timer_([this] { on_timer(); }) {
        adopt(std::move(config));
    }
    ~Impl() { agent_.forget(request_); }

    void start(std::optional<Duration> delay);
    void stop();
    void reconfigure(RegistrationConfig config);
    void flow_lost();
    RegistrationState state() const { return state_; }
    const RegistrationConfig& config() const { return config_; }

private:
    void adopt(RegistrationConfig config);
    void on_timer();
    void begin_attempt();
    void send(std::optional<AuthorizationLine> credentials);
    std::string contact_params() const;
    void on_outcome(const RequestOutcome& outcome);
    void on_response(const MessageView& response);
    void on_stopping_response(const MessageView& response);
    bool retried(const MessageView& response);
    bool answered_challenge(const MessageView& response);
    bool raised_interval(const MessageView& response);
    void on_registered(const MessageView& response);
    std::chrono::seconds granted(const MessageView& response) const;
    void on_failure(RegistrationFailure failure, const MessageView* response);
    Duration wait_after(RegistrationFailure failure, const MessageView* response);
    void on_stopped();
    void report(RegistrationFailure failure, const MessageView* response, std::chrono::seconds granted);
    void retry_in(Duration wait);
    TimePoint now() const { return environment_.clock.now(); }
    Random& random() { return environment_.random; }

    RegistrationClient& owner_;
    UserAgent& agent_;
    Environment environment_;
    RegistrationHandler& handler_;
    RegistrationConfig config_;
    std::optional<RegistrationConfig> next_config_;
    std::unique_ptr<DigestClient> digest_;
    DigestAttempts attempts_;
    RegistrationState state_ = RegistrationState::Unregistered;
    bool held_ = false;  ///< the registrar may hold a binding of ours
    bool outbound_ = false;
    bool raised_ = false;  ///< a 423 was obeyed in this attempt
    std::size_t hop_ = 0;
    std::uint32_t cseq_ = 0;
    std::chrono::seconds asked_{0};
    unsigned failures_ = 0;
    std::string call_id_, from_tag_;
    TimePoint attempt_began_{};
    TimePoint next_attempt_ = kNever;
    Flow flow_;
    ClientRequestId request_;
    Timer timer_;
};

void RegistrationClient::Impl::adopt(RegistrationConfig config) {
    config_ = std::move(config);
    digest_ = std::make_unique<DigestClient>(config_.account, random());
    outbound_ = !config_.instance.empty();
    asked_ = config_.expires;
    // §10.2: one Call-ID and one From tag for as long as these settings last.
    call_id_ = random().token(24);
    from_tag_ = random().token(12);
    cseq_ = 0;
    failures_ = 0;
}

void RegistrationClient::Impl::start(std::optional<Duration> delay) {
    if (state_ == RegistrationState::Stopping) return;
    agent_.forget(request_);
    if (state_ != RegistrationState::Registered) state_ = RegistrationState::Unregistered;
    retry_in(delay ? *delay : random_between(random(), Duration{}, kStartSpread));
}

void RegistrationClient::Impl::retry_in(Duration wait) {
    next_attempt_ = now() + wait;
    environment_.timers.arm(timer_, next_attempt_);
}

void RegistrationClient::Impl::on_timer() {
    next_attempt_ = kNever;
    state_ = state_ == RegistrationState::Registered ? RegistrationState::Refreshing : RegistrationState::Registering;
    begin_attempt();
}

void RegistrationClient::Impl::begin_attempt() {
    hop_ = 0;
    raised_ = false;
    attempts_ = {};
    attempt_began_ = now();
    send(digest_->preemptive("REGISTER", config_.registrar_uri));
}

std::string RegistrationClient::Impl::contact_params() const {
    const bool stopping = state_ == RegistrationState::Stopping;
    std::string params = ";expires=" + std::to_string(stopping ? 0 : asked_.count());
    if (outbound_) params += ";reg-id=" + std::to_string(config_.reg_id);
    if (!config_.instance.empty()) params += ";+sip.instance=\"<" + config_.instance + ">\"";
    return params;
}

void RegistrationClient::Impl::send(std::optional<AuthorizationLine> credentials) {
    if (config_.hops.empty()) return on_failure(RegistrationFailure::TransportFailed, nullptr);
    ClientRequest request;
    request.method = Method::Register;
    request.hop = config_.hops[hop_];
    request.request_uri = config_.registrar_uri;
    request.from = request.to = config_.address_of_record;
    request.contact = config_.contact;
    request.contact_user = config_.contact_user;
    request.contact_params = contact_params();
    request.call_id = call_id_;
    request.from_tag = from_tag_;
    request.cseq = ++cseq_;
    request.timeout = config_.timeout;
    request.headers = config_.headers;
    (void)request.headers.add("Supported", outbound_ ? "path, outbound" : "path");
    if (credentials) (void)request.headers.add(header_name(credentials->header), credentials->value);
    const auto sent = agent_.send(request, [this](const RequestOutcome& outcome) { on_outcome(outcome); });
    if (sent) request_ = *sent;
}

void RegistrationClient::Impl::on_outcome(const RequestOutcome& outcome) {
    request_ = {};
    flow_ = outcome.flow;
    if (state_ == RegistrationState::Stopping && !outcome.response) return on_stopped();
    if (state_ == RegistrationState::Stopping) return on_stopping_response(*outcome.response);
    if (outcome.response) return on_response(*outcome.response);
    if (hop_ + 1 < config_.hops.size()) {  // RFC 3263 §4.3
        ++hop_;
        return send(digest_->preemptive("REGISTER", config_.registrar_uri));
    }
    const bool timeout = outcome.failure == RequestFailure::Timeout;
    on_failure(timeout ? RegistrationFailure::Timeout : RegistrationFailure::TransportFailed, nullptr);
}

void RegistrationClient::Impl::on_response(const MessageView& response) {
    const int status = response.status();
    if (status < 300) return on_registered(response);
    if (retried(response)) return;
    if (status == 401 || status == 407) return on_failure(RegistrationFailure::BadCredentials, &response);
    if (status == 423) return on_failure(RegistrationFailure::IntervalTooBrief, &response);
    if (is_locked_out(status)) return on_failure(RegistrationFailure::Forbidden, &response);
    // 3xx counts as a failure: credentials are never redirected.
    if (!is_server_failure(status)) return on_failure(RegistrationFailure::Rejected, &response);
    const bool wait_is_asked = response.has(HeaderId::RetryAfter);
    if (!wait_is_asked && hop_ + 1 < config_.hops.size()) {
        ++hop_;
        return send(digest_->preemptive("REGISTER", config_.registrar_uri));
    }
    on_failure(RegistrationFailure::ServerFailed, &response);
}

// Answers that are obeyed at once instead of being reported.
bool RegistrationClient::Impl::retried(const MessageView& response) {
    const int status = response.status();
    if (status == 401 || status == 407) return answered_challenge(response);
    if (status == 423) return raised_interval(response);
    if (!outbound_ || !refuses_outbound(response)) return false;
    outbound_ = false;
    send(digest_->preemptive("REGISTER", config_.registrar_uri));
    return true;
}

bool RegistrationClient::Impl::answered_challenge(const MessageView& response) {
    auto line = digest_->answer(response, "REGISTER", config_.registrar_uri, attempts_);
    if (!line) return false;
    send(std::move(*line));
    return true;
}

bool RegistrationClient::Impl::raised_interval(const MessageView& response) {  // §10.2.8
    const auto wanted = number(response, HeaderId::MinExpires);
    if (raised_ || !wanted || std::chrono::seconds(*wanted) <= asked_) return false;
    raised_ = true;
    asked_ = std::chrono::seconds(*wanted);
    send(digest_->preemptive("REGISTER", config_.registrar_uri));
    return true;
}

// What the registrar says on our Contact, else in the header, else what we asked.
std::chrono::seconds RegistrationClient::Impl::granted(const MessageView& response) const {
    if (const auto list = contacts(response)) {
        for (const NameAddr& contact : *list) {
            const bool same_user = config_.contact_user.empty() || contact.uri().user() == config_.contact_user;
            const auto own = same_user || list->size == 1 ? contact_expires(contact) : std::nullopt;
            if (own) return *own;
        }
    }
    return expires(response).value_or(asked_);
}

void RegistrationClient::Impl::on_registered(const MessageView& response) {
    digest_->learn(response);
    held_ = true;
    failures_ = 0;
    const std::chrono::seconds life = granted(response);
    state_ = RegistrationState::Registered;
    // A random 80-90 % of the granted time, 5 s before its end at the latest.
    const Duration late = std::max<Duration>(Duration(life) - kRefreshMargin, Duration(life) / 2);
    retry_in(std::min(random_between(random(), Duration(life) * 8 / 10, Duration(life) * 9 / 10), late));
    report(RegistrationFailure::None, &response, life);
}

void RegistrationClient::Impl::on_failure(RegistrationFailure failure, const MessageView* response) {
    state_ = RegistrationState::Failed;
    const Duration wait = wait_after(failure, response);
    ++failures_;
    const bool credentials = failure == RegistrationFailure::BadCredentials;
    if (credentials) digest_->forget();
    retry_in(wait);
    report(failure, response, std::chrono::seconds(0));
}

Duration RegistrationClient::Impl::wait_after(RegistrationFailure failure, const MessageView* response) {
    const bool locked_out = failure == RegistrationFailure::BadCredentials || failure == RegistrationFailure::Forbidden;
    if (locked_out) return random_between(random(), kLockedOutMin, kLockedOutMax);
    const auto asked = response ? retry_after(*response) : Result<std::chrono::seconds>(std::chrono::seconds(0));
    if (asked && asked->count() > 0) {
        const Duration wait = std::min(*asked, kMaxRetryAfter);
        return random_between(random(), wait, wait + wait / 10);  // §20.33: not before it
    }
    return back_off(random(), kBaseAllFailed, failures_);
}

void RegistrationClient::Impl::report(RegistrationFailure failure, const MessageView* response,
                                      std::chrono::seconds life) {
    RegistrationReport report;
    report.state = state_;
    report.failure = failure;
    report.status = response ? response->status() : 0;
    report.reason = response ? response->reason() : std::string_view();
    report.latency = now() - attempt_began_;
    report.granted = life;
    report.next_attempt = next_attempt_;
    report.failures_in_a_row = failures_;
    report.flow = flow_;
    handler_.on_registration_finished(owner_, report);
}

// ---- stopping

void RegistrationClient::Impl::stop() {
    if (state_ == RegistrationState::Stopping || state_ == RegistrationState::Stopped) return;
    const bool in_flight = request_.valid();
    agent_.forget(request_);
    request_ = {};
    timer_.cancel();
    next_attempt_ = kNever;
    if (!held_ && !in_flight) {
        state_ = RegistrationState::Stopped;
        return;
    }
    state_ = RegistrationState::Stopping;  // a REGISTER on its way may still make a binding
    begin_attempt();
}

void RegistrationClient::Impl::on_stopping_response(const MessageView& response) {
    const bool challenged = response.status() == 401 || response.status() == 407;
    if (challenged && answered_challenge(response)) return;
    on_stopped();
}

void RegistrationClient::Impl::on_stopped() {
    held_ = false;
    state_ = RegistrationState::Stopped;
    if (!next_config_) return report(RegistrationFailure::None, nullptr, std::chrono::seconds(0));
    adopt(std::move(*std::exchange(next_config_, std::nullopt)));
    start(Duration{});
}

void RegistrationClient::Impl::reconfigure(RegistrationConfig config) {
    next_config_ = std::move(config);
    stop();
    if (state_ == RegistrationState::Stopped) on_stopped();
}

void RegistrationClient::Impl::flow_lost() {
    const bool registered = state_ == RegistrationState::Registered || state_ == RegistrationState::Refreshing;
    if (!registered) return;
    state_ = RegistrationState::Unregistered;
    start(std::nullopt);
}

RegistrationClient::RegistrationClient(UserAgent& agent, Environment environment, RegistrationConfig config,
                                       RegistrationHandler& handler)
    : impl_(std::make_unique<Impl>(*this, agent, environment, std::move(config), handler)) {}
RegistrationClient::~RegistrationClient() = default;

void RegistrationClient::start(std::optional<Duration> delay) {
    impl_->start(delay);
}
void RegistrationClient::stop() {
    impl_->stop();
}
void RegistrationClient::reconfigure(RegistrationConfig config) {
    impl_->reconfigure(std::move(config));
}
void RegistrationClient::flow_lost() {
    impl_->flow_lost();
}
RegistrationState RegistrationClient::state() const {
    return impl_->state();
}
const RegistrationConfig& RegistrationClient::config() const {
    return impl_->config();
}

}  // namespace dp::sip
