#include "sandbox/phone.hpp"

#include <fmt/format.h>

#include "base/log.hpp"

namespace dp::sandbox {
namespace {

using namespace std::chrono_literals;

const Script kAgentScript{.ring = 500ms, .sound = Sound::Silence};

}  // namespace

Phone::Phone(net::EventLoop& loop, const Clock& clock, Random& random, Voice& voice, PhoneAccount account)
    : loop_(loop),
      clock_(clock),
      random_(random),
      voice_(voice),
      account_(std::move(account)),
      endpoint_(loop, *this, std::nullopt),
      agent_({loop.timers(), clock, random, endpoint_}, {.product = "Dialplane sandbox phone", .timing = {}}, *this) {}

Phone::~Phone() = default;

Result<void> Phone::open(const IpAddress& address) {
    DP_TRY(local, endpoint_.bind_udp({.local = {address, 0}, .dscp = 24}));
    local_ = local;
    return {};
}

void Phone::make_client() {
    sip::RegistrationConfig config;
    config.hops.push_back({.flow = std::nullopt, .target = {sip::TransportKind::Udp, account_.registrar, {}}});
    config.registrar_uri = fmt::format("sip:{}", account_.domain);
    config.address_of_record = fmt::format("<sip:{}@{}>", account_.username, account_.domain);
    config.contact = fmt::format("<sip:{}@{}>;q=0.1", account_.username, local_.str());
    config.expires = 300s;
    config.account = {account_.auth_username, account_.password, account_.domain};
    registration_ = std::make_unique<sip::RegistrationClient>(
        agent_, sip::Environment{loop_.timers(), clock_, random_, endpoint_}, std::move(config), *this);
}

void Phone::set_active(bool active) {
    if (active == active_) return;
    active_ = active;
    if (!registration_) make_client();
    active ? registration_->start(Duration(0)) : registration_->stop();
}

sip::Screening Phone::screen(const sip::MessageView&, const sip::Flow& flow) {
    // A phone takes calls from its registrar only.
    if (flow.remote == account_.registrar) return {};
    return {.verdict = sip::Screening::Verdict::Drop, .answer = {}};
}

void Phone::on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow&) {
    auto call = std::make_unique<CarrierCall>(
        CallContext{loop_, random_, voice_, local_.address}, kAgentScript,
        [this](CarrierCall& over) { loop_.complete([this, &over] { calls_.erase(&over); }); });
    auto& added = *call;
    calls_.emplace(&added, std::move(call));
    added.begin(session, invite.body());
}

void Phone::on_request(const sip::IncomingRequest& request) {
    agent_.respond(request.id, {.status = request.message.method() == sip::Method::Options ? 200 : 405});
}

void Phone::on_registration_finished(sip::RegistrationClient&, const sip::RegistrationReport& report) {
    if (report.failure != sip::RegistrationFailure::None)
        log::warn("sandbox", "phone {} is not registered: status {}", account_.username, report.status);
}

}  // namespace dp::sandbox
