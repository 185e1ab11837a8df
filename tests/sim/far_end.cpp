#include "sim/far_end.hpp"

#include "sip/body.hpp"
#include "sip/message_builder.hpp"

namespace dp::sim {
namespace {

sip::Body sdp(std::string text) {
    return {"application/sdp", std::move(text)};
}

}  // namespace

FarEnd::FarEnd(sip::SimulatedNetwork& network, std::string_view address, Options options)
    : network_(network), node_(network.add(address)), options_(std::move(options)) {
    sip::UserAgentConfig config;
    config.product = "far end";
    agent_ = std::make_unique<sip::UserAgent>(
        sip::Environment{network.timers(), network.clock(), network.random(), node_}, config, *this);
    node_.on_message = [this](std::span<char> bytes, const sip::Flow& flow) { agent_->receive(bytes, flow); };
    node_.on_closed = [this](const sip::Flow& flow) { agent_->flow_closed(flow); };
}

FarEnd::~FarEnd() = default;

sdp::LocalMedia FarEnd::local_media() {
    sdp::LocalMedia local;
    local.rtp = {node_.address().address, next_port_};
    next_port_ = static_cast<std::uint16_t>(next_port_ + 2);
    if (options_.media == call::MediaTransport::Webrtc) {
        sdp::IceAttributes ice;
        ice.ufrag = "far" + std::to_string(next_port_);
        ice.pwd = "the-far-password-of-twenty-two";
        local.ice = ice;
        local.fingerprints.push_back({"sha-256", std::vector<std::uint8_t>(32, 9)});
    }
    return local;
}

std::unique_ptr<call::Negotiation> FarEnd::new_audio() {
    sdp::Capabilities capabilities;
    capabilities.codecs = options_.codecs;
    if (options_.media == call::MediaTransport::Webrtc) {
        capabilities.accepts.plain = false;
        capabilities.accepts.dtls = true;
        capabilities.offered_security = sdp::Security::Dtls;
        capabilities.rtcp_mux = true;
    }
    return std::make_unique<call::Negotiation>(capabilities, local_media(), 1000 + next_port_);
}

FarEnd::Leg* FarEnd::find(sip::SessionId id) {
    for (auto& leg : legs)
        if (leg.session == id) return &leg;
    return nullptr;
}

void FarEnd::at(Duration delay, std::function<void()> action) {
    auto timer = std::make_unique<Timer>(std::move(action));
    network_.timers().arm(*timer, network_.clock().now() + delay);
    timers_.push_back(std::move(timer));
}

void FarEnd::register_at(const std::string& domain, const Endpoint& registrar, const std::string& password,
                         unsigned q_thousandths) {
    sip::RegistrationConfig config;
    sip::NextHop hop;
    hop.target = {options_.transport, registrar, {}};
    config.hops.push_back(hop);
    config.registrar_uri = "sip:" + domain;
    config.address_of_record = "<sip:" + options_.user + "@" + domain + ">";
    config.contact = "<sip:" + options_.user + "@" + node_.address().str() + ">";
    if (q_thousandths != 1000) config.contact += ";q=0." + std::to_string(q_thousandths);
    config.account = {options_.user, password, {}};
    config.expires = std::chrono::seconds(600);
    registration_ = std::make_unique<sip::RegistrationClient>(
        *agent_, sip::Environment{network_.timers(), network_.clock(), network_.random(), node_}, config, *this);
    registration_->start(Duration::zero());
}

FarEnd::Leg& FarEnd::dial(const std::string& user, const std::string& domain, const Endpoint& proxy,
                          const std::string& password, bool with_offer) {
    Leg& leg = legs.emplace_back();
    leg.audio = new_audio();
    leg.called = user;
    sip::InviteRequest request;
    sip::NextHop hop;
    hop.target = {options_.transport, proxy, {}};
    request.hops.push_back(hop);
    request.request_uri = "sip:" + user + "@" + domain;
    request.from = "\"Far End\" <sip:" + options_.user + "@" + domain + ">";
    request.to = "<sip:" + user + "@" + domain + ">";
    request.contact_user = options_.user;
    request.session_timer = options_.session_timer;
    if (with_offer) request.offer = sdp(leg.audio->make_offer());
    if (!password.empty())
        request.credentials =
            std::make_shared<sip::DigestClient>(sip::DigestAccount{options_.user, password, {}}, network_.random());
    const auto placed = agent_->place(request, *this);
    if (placed) leg.session = *placed;
    return leg;
}

void FarEnd::hang_up(Leg& leg) {
    if (auto* session = agent_->find(leg.session)) session->hang_up("Q.850;cause=16");
}

void FarEnd::hold(Leg& leg, sdp::Direction direction) {
    leg.audio->set_direction(direction);
    if (auto* session = agent_->find(leg.session)) (void)session->offer(sdp(leg.audio->make_offer()));
}

void FarEnd::send_info(Leg& leg, const std::string& body) {
    if (auto* session = agent_->find(leg.session)) (void)session->info({"application/dtmf-relay", body});
}

void FarEnd::say_inside(Leg& leg, const std::string& act, int call) {
    sip::HeaderLines headers("Info-Package", "dialplane-call");
    if (auto* session = agent_->find(leg.session))
        (void)session->info(
            {"application/vnd.dialplane.call", "Act=" + act + "\r\nCall=" + std::to_string(call) + "\r\n"}, headers);
}

void FarEnd::reload(const std::string& domain, const Endpoint& registrar, const std::string& password) {
    forget();
    register_at(domain, registrar, password);
}

void FarEnd::forget() {
    legs.clear();
    timers_.clear();
    registration_.reset();
    sip::UserAgentConfig config;
    config.product = "far end, again";
    agent_ = std::make_unique<sip::UserAgent>(
        sip::Environment{network_.timers(), network_.clock(), network_.random(), node_}, config, *this);
}

void FarEnd::refer(Leg& leg, const std::string& refer_to) {
    if (auto* session = agent_->find(leg.session)) (void)session->refer(refer_to);
}

std::string FarEnd::replaces(const Leg& leg) {
    const auto* session = agent_->find(leg.session);
    if (session == nullptr) return {};
    std::string call_id(session->call_id());
    if (const auto at = call_id.find('@'); at != std::string::npos) call_id.replace(at, 1, "%40");
    return call_id + "%3Bto-tag%3D" + std::string(session->remote_tag()) + "%3Bfrom-tag%3D" +
           std::string(session->local_tag());
}

void FarEnd::on_session_notified(sip::InviteSession& session, const sip::MessageView& notify) {
    Leg* leg = find(session.id());
    if (leg == nullptr) return;
    const std::string_view body = notify.body();
    leg->notified.emplace_back(body.substr(0, body.find_first_of("\r\n")));
}

std::size_t FarEnd::answered_legs() const {
    return static_cast<std::size_t>(std::ranges::count_if(legs, [](const Leg& leg) { return leg.answered; }));
}

std::size_t FarEnd::live_legs() const {
    return static_cast<std::size_t>(std::ranges::count_if(legs, [](const Leg& leg) { return !leg.ended; }));
}

void FarEnd::on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow&) {
    Leg& leg = legs.emplace_back();
    leg.session = session.id();
    leg.audio = new_audio();
    leg.called = invite.request_uri().user_unescaped();
    leg.from = invite.from().text();
    leg.asserted = invite.value(sip::HeaderId::PAssertedIdentity);
    leg.conversation = invite.find("X-Dialplane-Conversation").value_or("");
    leg.call_info = invite.value(sip::HeaderId::CallInfo);
    leg.max_forwards = invite.max_forwards();
    leg.may_rest = invite.find("Recv-Info").value_or("") == "dialplane-call";
    session.set_handler(this);
    session.set_session_timer(options_.session_timer);
    const auto body = sip::sdp_body(invite);
    if (body && !body->empty()) {
        leg.last_sdp = *body;
        if (!leg.audio->take_offer(*body)) {
            (void)session.reject(488);
            return;
        }
    }
    const auto rule = scripts.find(leg.called);
    play(session.id(), rule != scripts.end() ? rule->second : scripts[""]);
}

void FarEnd::play(sip::SessionId id, const Script& script) {
    if (script.silent) return;
    if (script.ring)
        at(*script.ring, [this, id] {
            if (auto* session = agent_->find(id)) (void)session->provide(180);
        });
    if (script.early_media)
        at(*script.early_media, [this, id] {
            auto* session = agent_->find(id);
            Leg* leg = find(id);
            if (session == nullptr || leg == nullptr) return;
            if (auto answer = leg->audio->make_answer()) (void)session->provide(183, sdp(*answer));
        });
    if (!script.answer) return;
    at(*script.answer, [this, id, script] {
        if (script.reject != 0) return reject(id, script);
        answer(id);
        if (script.hang_up)
            at(*script.hang_up, [this, id] {
                if (Leg* leg = find(id)) hang_up(*leg);
            });
    });
}

void FarEnd::answer(sip::SessionId id) {
    auto* session = agent_->find(id);
    Leg* leg = find(id);
    if (session == nullptr || leg == nullptr || leg->ended) return;
    const auto description =
        leg->last_sdp.empty() ? Result<std::string>(leg->audio->make_offer()) : leg->audio->make_answer();
    if (!description) return (void)session->reject(488);
    sip::HeaderLines headers;
    if (options_.takes_calls_inside && leg->may_rest) headers.add("Recv-Info", "dialplane-call");
    leg->answered = session->accept(sdp(*description), headers).has_value();
}

void FarEnd::reject(sip::SessionId id, const Script& script) {
    auto* session = agent_->find(id);
    if (session == nullptr) return;
    sip::HeaderLines headers;
    if (!script.reason.empty()) headers.add("Reason", script.reason);
    if (script.retry_after) headers.add("Retry-After", std::to_string(*script.retry_after));
    (void)session->reject(script.reject, {}, headers);
}

void FarEnd::on_request(const sip::IncomingRequest& request) {
    if (request.message.method() == sip::Method::Options) {
        ++probes_received;
        if (answers_probes) agent_->respond(request.id, sip::Response{});
        return;
    }
    if (request.message.method() != sip::Method::Register) {
        agent_->respond(request.id, sip::Response{.status = 405});
        return;
    }
    ++registrations_received;
    sip::Response answer;
    answer.status = options_.accept_registrations ? 200 : 403;
    if (options_.accept_registrations) {
        answer.headers.add("Contact", std::string(request.message.contact().text()));
        answer.headers.add("Expires", "600");
    }
    agent_->respond(request.id, answer);
}

void FarEnd::on_session_progress(sip::InviteSession& session, const sip::Progress& progress) {
    Leg* leg = find(session.id());
    if (leg == nullptr) return;
    leg->progress = progress.status;
    if (!progress.body.empty()) leg->early_sdp = progress.body.bytes;
}

void FarEnd::on_session_answered(sip::InviteSession& session, const sip::Answered& answered) {
    Leg* leg = find(session.id());
    if (leg == nullptr) return;
    leg->answered = true;
    leg->answer_sdp = answered.body.bytes;
    leg->last_sdp = answered.body.bytes;
    if (answered.description == sip::Description::Offer) {
        if (leg->audio->take_offer(answered.body.bytes))
            if (auto text = leg->audio->make_answer()) (void)session.answer(sdp(*text));
    } else {
        (void)leg->audio->take_answer(answered.body.bytes);
    }
}

void FarEnd::on_session_confirmed(sip::InviteSession& session, sip::BodyView answer) {
    if (Leg* leg = find(session.id()); leg != nullptr && !answer.empty()) (void)leg->audio->take_answer(answer.bytes);
}

void FarEnd::on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) {
    Leg* leg = find(session.id());
    if (leg == nullptr) return;
    ++leg->offers;
    if (refuses_offers) return (void)session.refuse_offer();
    if (offer.body.empty()) {
        (void)session.answer(sdp(leg->audio->make_offer()));
        return;
    }
    leg->last_sdp = offer.body.bytes;
    if (!leg->audio->take_offer(offer.body.bytes)) return (void)session.refuse_offer();
    if (auto text = leg->audio->make_answer())
        (void)session.answer(sdp(*text));
    else
        (void)session.refuse_offer();
}

void FarEnd::on_session_offer_answered(sip::InviteSession& session, sip::BodyView answer) {
    Leg* leg = find(session.id());
    if (leg == nullptr || answer.empty()) return;
    leg->last_sdp = answer.bytes;
    (void)leg->audio->take_answer(answer.bytes);
}

void FarEnd::on_session_info(sip::InviteSession& session, const sip::MessageView& info) {
    Leg* leg = find(session.id());
    const auto body = info.body();
    if (leg != nullptr && body.starts_with("Signal=")) leg->digits += body[7];
    if (leg == nullptr || info.find("Info-Package").value_or("") != "dialplane-call") return;
    const int call = std::stoi(std::string(body.substr(body.find("Call=") + 5)));
    if (body.starts_with("Act=release"))
        leg->releases.push_back(std::to_string(call) + ' ' + std::string(info.find("Reason").value_or("")));
    if (!body.starts_with("Act=alert")) return;
    leg->call = call;
    ++leg->alerts;
    leg->asserted = info.value(sip::HeaderId::PAssertedIdentity);
    leg->conversation = info.find("X-Dialplane-Conversation").value_or("");
    leg->call_info = info.value(sip::HeaderId::CallInfo);
    if (!inside.accept) return;
    at(*inside.accept, [this, id = session.id(), call, decline = inside.decline] {
        if (Leg* alerted = find(id)) say_inside(*alerted, decline != 0 ? "decline" : "accept", call);
    });
}

void FarEnd::on_session_referred(sip::InviteSession&, const sip::MessageView&, sip::ServerRequestId request) {
    agent_->respond(request, sip::Response{.status = 603});
}

sip::Body FarEnd::current_description(sip::InviteSession& session) {
    Leg* leg = find(session.id());
    return leg == nullptr ? sip::Body{} : sdp(leg->audio->current());
}

void FarEnd::on_session_ended(sip::InviteSession& session, const sip::SessionEnd& end) {
    Leg* leg = find(session.id());
    if (leg == nullptr) return;
    leg->ended = true;
    leg->end = end.cause;
    leg->end_status = end.status;
    leg->end_reason = end.reason_header;
}

}  // namespace dp::sim
