#include "signaling/trunk_check.hpp"

#include <algorithm>

#include "call/codec_policy.hpp"
#include "sdp/session_description.hpp"
#include "signaling/addressing.hpp"
#include "sip/body.hpp"

namespace dp::signaling {
namespace {

using telephony::RegistrationType;

constexpr std::chrono::seconds kAnswerLimit{5};

std::chrono::microseconds in_micros(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration);
}

/// Whom to ask: the registrar, else the first gateway.
telephony::TrunkGateway peer_of(const telephony::Trunk& trunk) {
    const auto& registration = trunk.registration;
    if (registration.type == RegistrationType::Register) return {registration.host, registration.port, 0};
    return telephony::gateways_of(trunk).front();
}

std::string said(const sip::MessageView& answer) {
    return "The carrier answered " + std::to_string(answer.status()) + " " + std::string(answer.reason()) + ".";
}

std::string unanswered(const sip::RequestOutcome& outcome) {
    return outcome.failure == sip::RequestFailure::Timeout ? "No answer within 5 s."
                                                           : "The carrier cannot be reached by this transport.";
}

std::string listed(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) out += (out.empty() ? "" : ", ") + name;
    return out;
}

}  // namespace

TrunkCheck::TrunkCheck(const TrunkPorts& ports, ConnectionProber* prober, telephony::Ptr<telephony::Trunk> trunk,
                       telephony::CodecList codecs, std::string domain, Done done)
    : ports_(ports),
      prober_(prober),
      trunk_(std::move(trunk)),
      codecs_(std::move(codecs)),
      domain_(std::move(domain)),
      done_(std::move(done)),
      peer_(peer_of(*trunk_)),
      call_id_(ports.sip.random.token(24)),
      from_tag_(ports.sip.random.token(12)),
      self_(std::make_shared<TrunkCheck*>(this)) {}

TrunkCheck::~TrunkCheck() {
    *self_ = nullptr;
    ports_.agent.forget(pending_);
}

void TrunkCheck::start() {
    report_.started = ports_.sip.clock.wall();
    began_ = ports_.sip.clock.now();
    look_up();
}

void TrunkCheck::begin() {
    step_began_ = ports_.sip.clock.now();
}

void TrunkCheck::note(Step step, Verdict verdict, std::string detail, int status) {
    report_.steps.push_back(
        {step, verdict, in_micros(ports_.sip.clock.now() - step_began_), status, std::move(detail)});
}

void TrunkCheck::skip(Step step, std::string why) {
    report_.steps.push_back({step, Verdict::Skipped, {}, 0, std::move(why)});
}

void TrunkCheck::look_up() {
    begin();
    ports_.resolver.resolve(peer_.host, peer_.port, transport_of(*trunk_),
                            [self = self_](Result<std::vector<sip::Target>> targets) {
                                if (*self != nullptr) (*self)->resolved(std::move(targets));
                            });
}

void TrunkCheck::resolved(Result<std::vector<sip::Target>> targets) {
    if (!targets || targets->empty()) {
        note(Step::Dns, Verdict::Failed, targets ? "The name has no address." : targets.error().detail);
        for (const Step step : {Step::Connect, Step::Tls, Step::Options, Step::Register, Step::CodecOffer})
            skip(step, "There is no address to ask.");
        return finish();
    }
    target_ = targets->front();
    note(Step::Dns, Verdict::Passed,
         target_->remote.str() + (targets->size() > 1 ? " and " + std::to_string(targets->size() - 1) + " more" : ""));
    connect();
}

void TrunkCheck::connect() {
    if (!sip::is_reliable(target_->transport) || prober_ == nullptr) {
        skip(Step::Connect, "UDP has no connection.");
        skip(Step::Tls, "This trunk does not use TLS.");
        return ask_options();
    }
    prober_->probe(*target_, [self = self_](const ConnectionProbe& probe) {
        if (*self != nullptr) (*self)->connected(probe);
    });
}

void TrunkCheck::connected(const ConnectionProbe& probe) {
    report_.steps.push_back({Step::Connect, probe.connected ? Verdict::Passed : Verdict::Failed,
                             in_micros(probe.connect_time), 0, probe.connected ? "" : probe.failure});
    const bool wants_tls = sip::is_secure(target_->transport);
    if (!wants_tls)
        skip(Step::Tls, "This trunk does not use TLS.");
    else if (!probe.connected)
        skip(Step::Tls, "There is no connection.");
    else
        report_.steps.push_back({Step::Tls, probe.secured ? Verdict::Passed : Verdict::Failed,
                                 in_micros(probe.handshake_time), 0, probe.secured ? "" : probe.failure});
    if (probe.connected && (!wants_tls || probe.secured)) return ask_options();
    for (const Step step : {Step::Options, Step::Register, Step::CodecOffer}) skip(step, "There is no connection.");
    finish();
}

sip::ClientRequest TrunkCheck::request(sip::Method method) const {
    sip::ClientRequest out;
    out.method = method;
    out.hop.target = *target_;
    out.hop.large = sip::NextHop::LargeRequest::SwitchToTcp;
    out.request_uri = trunk_uri({}, peer_.host, peer_.port, transport_of(*trunk_));
    out.timeout = kAnswerLimit;
    return out;
}

void TrunkCheck::ask_options() {
    begin();
    auto out = request(sip::Method::Options);
    const auto& user = trunk_->registration.username;
    out.from = name_addr({}, user.empty() ? "dialplane" : user, domain_);
    out.to = '<' + out.request_uri + '>';
    out.contact_user = "dialplane";
    (void)out.headers.add("Accept", "application/sdp");
    auto sent = ports_.agent.send(out, [this](const sip::RequestOutcome& outcome) { options_answered(outcome); });
    if (!sent) return options_answered({});
    pending_ = *sent;
}

void TrunkCheck::options_answered(const sip::RequestOutcome& outcome) {
    pending_ = {};
    if (!outcome.response) {
        note(Step::Options, Verdict::Failed, unanswered(outcome));
    } else {
        const int status = outcome.response->status();
        note(Step::Options, sip::is_alive(status) ? Verdict::Passed : Verdict::Failed, said(*outcome.response), status);
        note_codecs(*outcome.response);
    }
    if (trunk_->registration.type == RegistrationType::Register) {
        std::string password;
        if (auto opened = ports_.secrets.open(trunk_->registration.password, telephony::password_context(trunk_->id)))
            password = std::move(*opened);
        digest_ = std::make_unique<sip::DigestClient>(
            sip::DigestAccount{trunk_->registration.username, std::move(password), {}}, ports_.sip.random);
        begin();
        return ask_register({});
    }
    skip(Step::Register, "This trunk does not register.");
    finish();
}

/// RFC 3261 11.2: an OPTIONS answer may describe what its sender would take. Nothing is called for a test.
void TrunkCheck::note_codecs(const sip::MessageView& answer) {
    const auto body = sip::sdp_body(answer);
    if (!body || body->empty()) return;
    const auto description = sdp::parse(*body);
    const auto* audio = description ? description->find_audio() : nullptr;
    if (audio == nullptr) return;
    std::vector<std::string> common, theirs;
    const auto ours = call::to_sdp(codecs_);
    for (const auto& format : audio->formats) {
        theirs.push_back(format.encoding);
        if (format.codec && std::ranges::find(ours, *format.codec) != ours.end()) common.push_back(format.encoding);
    }
    codec_result_ = telephony::CheckResult{
        Step::CodecOffer,
        common.empty() ? Verdict::Failed : Verdict::Passed,
        {},
        0,
        common.empty() ? "The carrier takes only " + listed(theirs) + "." : "Common codecs: " + listed(common) + "."};
    codec_result_->took = in_micros(ports_.sip.clock.now() - step_began_);
}

/// Without Contact a REGISTER asks and changes nothing (RFC 3261 10.2.3); the credentials are proven all the same.
void TrunkCheck::ask_register(std::optional<sip::AuthorizationLine> credentials) {
    auto out = request(sip::Method::Register);
    const auto& registration = trunk_->registration;
    out.from = out.to = '<' + trunk_uri(registration.username, peer_.host, peer_.port, sip::TransportKind::Udp) + '>';
    out.call_id = call_id_;
    out.from_tag = from_tag_;
    out.cseq = ++cseq_;
    if (credentials) (void)out.headers.add(sip::header_name(credentials->header), credentials->value);
    auto sent = ports_.agent.send(out, [this](const sip::RequestOutcome& outcome) { register_answered(outcome); });
    if (!sent) return register_answered({});
    pending_ = *sent;
}

void TrunkCheck::register_answered(const sip::RequestOutcome& outcome) {
    pending_ = {};
    const auto* answer = outcome.response;
    if (answer == nullptr) {
        note(Step::Register, Verdict::Failed, unanswered(outcome));
        return finish();
    }
    if (answer->status() == 401 || answer->status() == 407) {
        const auto uri = trunk_uri({}, peer_.host, peer_.port, transport_of(*trunk_));
        if (auto line = digest_->answer(*answer, "REGISTER", uri, attempts_)) return ask_register(std::move(*line));
    }
    note(Step::Register, answer->status() < 300 ? Verdict::Passed : Verdict::Failed, said(*answer), answer->status());
    finish();
}

void TrunkCheck::finish() {
    if (report_.steps.back().step != Step::CodecOffer) {
        if (codec_result_)
            report_.steps.push_back(*codec_result_);
        else
            skip(Step::CodecOffer, "The carrier's OPTIONS answer describes no codecs: they show with the first call.");
    }
    report_.took = in_micros(ports_.sip.clock.now() - began_);
    auto done = std::move(done_);
    done(std::move(report_));
}

}  // namespace dp::signaling
