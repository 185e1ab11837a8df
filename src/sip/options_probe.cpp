#include "sip/options_probe.hpp"

#include "sip/back_off.hpp"
#include "sip/header_values.hpp"

namespace dp::sip {

bool is_alive(int status) {
    switch (status) {
        case 401:
        case 403:
        case 404:
        case 405:
        case 407:
        case 415:
        case 420:
        case 480:
        case 481:
        case 488:
        case 501:
            return true;
        default:
            return (status >= 200 && status < 400) || status >= 600;
    }
}

class OptionsProbe::Impl {
public:
    Impl(OptionsProbe& owner, UserAgent& agent, Environment environment, ProbeConfig config, ProbeHandler& handler)
        : owner_(owner),
          agent_(agent),
          environment_(environment),
          config_(std::move(config)),
          handler_(handler),
          timer_([this] { probe(); }) {}
    ~Impl() { agent_.forget(request_); }

    void start() { arm(random_between(environment_.random, Duration{}, std::chrono::seconds(1))); }
    void stop() {
        agent_.forget(request_);
        request_ = {};
        timer_.cancel();
    }
    void observe(bool good) { tell(good ? health_.good(now()) : health_.call_timed_out(now()), report_of(0, good)); }
    void hold_down(std::chrono::seconds time) { tell(health_.hold_down(time, now()), report_of(503, false)); }

    Health health() {
        const bool probing = timer_.armed() || request_.valid();
        if (!probing) (void)health_.forgive(now());
        return health_.health();
    }

private:
    TimePoint now() const { return environment_.clock.now(); }
    void arm(Duration after) { environment_.timers.arm(timer_, now() + after); }
    void probe();
    void on_outcome(const RequestOutcome& outcome);
    ProbeReport report_of(int status, bool alive) const;
    void tell(bool changed, ProbeReport report);

    OptionsProbe& owner_;
    UserAgent& agent_;
    Environment environment_;
    ProbeConfig config_;
    ProbeHandler& handler_;
    GatewayHealth health_;
    ClientRequestId request_;
    Timer timer_;
};

void OptionsProbe::Impl::probe() {
    ClientRequest request;
    request.method = Method::Options;
    request.hop = config_.hop;
    request.request_uri = config_.request_uri;
    request.to = "<" + config_.request_uri + ">";
    request.from = config_.from;
    request.contact = config_.contact;
    request.contact_user = config_.contact_user;
    request.timeout = config_.timeout;
    request.headers = config_.headers;
    (void)request.headers.add("Accept", "application/sdp");
    // Some carriers read what we may do out of this Allow, transfer among it.
    (void)request.headers.add("Allow", agent_.allow());
    const auto sent = agent_.send(request, [this](const RequestOutcome& outcome) { on_outcome(outcome); });
    if (sent) request_ = *sent;
    const Duration interval(config_.interval);
    arm(random_between(environment_.random, interval * 9 / 10, interval * 11 / 10));
}

void OptionsProbe::Impl::on_outcome(const RequestOutcome& outcome) {
    request_ = {};
    const int status = outcome.response ? outcome.response->status() : 0;
    const bool alive = is_alive(status);
    bool changed = alive ? health_.good(now()) : health_.probe_failed(now());
    // A 503 with Retry-After says at once what three failures would (siphon-sip#69: this is how some shed load).
    if (status == 503)
        if (const auto wait = retry_after(*outcome.response)) changed = health_.hold_down(*wait, now()) || changed;
    ProbeReport report = report_of(status, alive);
    report.latency = outcome.latency;
    handler_.on_probe_finished(owner_, report);
    tell(changed, report);
}

ProbeReport OptionsProbe::Impl::report_of(int status, bool alive) const {
    ProbeReport report;
    report.alive = alive;
    report.status = status;
    report.failures_in_a_row = health_.failures_in_a_row();
    return report;
}

void OptionsProbe::Impl::tell(bool changed, ProbeReport report) {
    report.health = health_.health();
    report.failures_in_a_row = health_.failures_in_a_row();
    if (changed) handler_.on_probe_health_changed(owner_, report);
}

OptionsProbe::OptionsProbe(UserAgent& agent, Environment environment, ProbeConfig config, ProbeHandler& handler)
    : impl_(std::make_unique<Impl>(*this, agent, environment, std::move(config), handler)) {}
OptionsProbe::~OptionsProbe() = default;

void OptionsProbe::start() {
    impl_->start();
}
void OptionsProbe::stop() {
    impl_->stop();
}
void OptionsProbe::call_answered() {
    impl_->observe(true);
}
void OptionsProbe::call_timed_out() {
    impl_->observe(false);
}
void OptionsProbe::held_down(std::chrono::seconds retry_after) {
    impl_->hold_down(retry_after);
}
Health OptionsProbe::health() const {
    return impl_->health();
}

}  // namespace dp::sip
