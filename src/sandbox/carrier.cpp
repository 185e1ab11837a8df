#include "sandbox/carrier.hpp"

#include <fmt/format.h>

#include "base/log.hpp"
#include "sip/header_values.hpp"
#include "sip/message_builder.hpp"

namespace dp::sandbox {
namespace {

using namespace std::chrono_literals;

const Script kSpokenCall{.sound = Sound::SpeechThenEcho};

}  // namespace

Carrier::Carrier(net::EventLoop& loop, const Clock& clock, Random& random, Voice& voice, const SandboxOptions& options)
    : loop_(loop),
      clock_(clock),
      random_(random),
      voice_(voice),
      realm_(options.realm),
      endpoint_(loop, *this, std::nullopt),
      agent_({loop.timers(), clock, random, endpoint_}, {.product = "Dialplane sandbox carrier", .timing = {}}, *this),
      registrar_(sip::Registrar::Options{}),
      digest_({.realm = options.realm}, random, clock.now()),
      expiry_([this] {
          registrar_.expire(clock_.now());
          arm_expiry();
      }),
      media_address_(options.sip.address) {
    for (const auto& account : options.accounts) passwords_[account.username] = account.password;
}

Carrier::~Carrier() = default;

Result<Endpoint> Carrier::listen(const Endpoint& local) {
    return endpoint_.bind_udp({.local = local, .dscp = 24});
}

std::string Carrier::address_of_record(std::string_view username) const {
    return fmt::format("sip:{}@{}", username, realm_);
}

void Carrier::arm_expiry() {
    if (const auto next = registrar_.next_deadline(); next != kNever) loop_.timers().arm(expiry_, next);
}

sip::DigestCheck Carrier::authenticate(const sip::MessageView& request, const sip::Flow& flow) {
    return digest_.check(request, flow.kind, clock_.now(),
                         [this](std::string_view username, std::string_view realm) -> std::optional<sip::DigestSecret> {
                             const auto found = passwords_.find(username);
                             if (found == passwords_.end()) return std::nullopt;
                             return sip::DigestSecret{
                                 sip::digest_ha1(sip::DigestAlgorithm::Md5, username, realm, found->second),
                                 sip::digest_ha1(sip::DigestAlgorithm::Sha256, username, realm, found->second)};
                         });
}

sip::Response Carrier::challenge(const sip::Flow& flow, bool stale) {
    sip::Response out{.status = 401};
    for (const auto& value : digest_.challenge(flow.kind, stale, clock_.now()))
        out.headers.add("WWW-Authenticate", value);
    return out;
}

// A carrier knows its customers: everything but OPTIONS needs credentials. One number plays dead.
sip::Screening Carrier::screen(const sip::MessageView& request, const sip::Flow& flow) {
    authenticated_.clear();
    if (request.method() == sip::Method::Options) return {};
    if (request.method() == sip::Method::Invite && script_for(request.request_uri().user()).no_reply)
        return {.verdict = sip::Screening::Verdict::Drop, .answer = {}};
    const auto check = authenticate(request, flow);
    using enum sip::DigestOutcome;
    if (check.outcome == Accepted) {
        authenticated_ = check.username;
        return {};
    }
    if (check.outcome == Malformed)
        return {.verdict = sip::Screening::Verdict::Answer, .answer = {.status = 400, .reason = check.reason}};
    return {.verdict = sip::Screening::Verdict::Answer, .answer = challenge(flow, check.outcome == Stale)};
}

void Carrier::on_request(const sip::IncomingRequest& request) {
    if (request.message.method() == sip::Method::Register) return register_customer(request);
    agent_.respond(request.id, {.status = request.message.method() == sip::Method::Options ? 200 : 405});
}

void Carrier::register_customer(const sip::IncomingRequest& request) {
    const auto answer =
        registrar_.process(request.message, address_of_record(authenticated_), request.flow, clock_.now());
    sip::Response out{.status = answer.status, .reason = answer.reason};
    for (const auto& contact : answer.contacts) out.headers.add("Contact", contact);
    if (answer.min_expires) out.headers.add("Min-Expires", fmt::to_string(answer.min_expires));
    if (!answer.unsupported.empty()) out.headers.add("Unsupported", answer.unsupported);
    arm_expiry();
    agent_.respond(request.id, out);
}

CarrierCall& Carrier::add_call(const Script& script) {
    auto call = std::make_unique<CarrierCall>(CallContext{loop_, random_, voice_, media_address_}, script,
                                              [this](CarrierCall& over) { call_over(over); });
    auto& out = *call;
    calls_.emplace(&out, std::move(call));
    return out;
}

// The session is still on the stack of its callback: the object goes at the loop's next turn.
void Carrier::call_over(CarrierCall& call) {
    if (auto then = when_over_.extract(&call)) then.mapped()();
    loop_.complete([this, &call] { calls_.erase(&call); });
}

void Carrier::on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow&) {
    const std::string dialled(invite.request_uri().user());
    const auto& script = script_for(dialled);
    auto& call = add_call(script);
    if (script.sound == Sound::Callback) {
        std::string caller(invite.from().uri().user());
        when_over_[&call] = [this, username = authenticated_, caller] { schedule_call_back(username, caller); };
    }
    call.begin(session, invite.body());
}

void Carrier::schedule_call_back(std::string username, std::string number) {
    const auto id = next_call_back_++;
    auto timer = std::make_unique<Timer>();
    timer->set_callback([this, id, username = std::move(username), number = std::move(number)] {
        if (const auto done = call_in(username, "+14155550170", number); !done)
            log::warn("sandbox", "call back to {} failed: {}", log::masked(number), done.error().detail);
        loop_.complete([this, id] { call_backs_.erase(id); });
    });
    loop_.timers().arm(*timer, loop_.now() + 3s);
    call_backs_.emplace(id, std::move(timer));
}

Result<void> Carrier::call_in(const std::string& username, const std::string& from, const std::string& to) {
    const auto targets = registrar_.lookup(address_of_record(username), clock_.now());
    if (targets.empty())
        return fail(ErrorCode::NotFound, fmt::format("{} is not registered at the sandbox carrier.", username));
    auto& call = add_call(kSpokenCall);
    auto offer = call.make_offer();
    sip::InviteRequest invite;
    invite.hops.push_back({.flow = targets.front().flow, .target = {}});
    invite.request_uri = targets.front().uri;
    invite.from = fmt::format("<sip:{}@{}>", from, realm_);
    invite.to = fmt::format("<sip:{}@{}>", to, realm_);
    invite.contact_user = "carrier";
    // Over a registration the Request-URI is the customer's Contact: the number dialled is told here (RFC 3455).
    invite.headers.add("P-Called-Party-ID", fmt::format("<sip:{}@{}>", to, realm_));
    if (offer) invite.offer = {"application/sdp", std::move(*offer)};
    const auto placed = offer ? agent_.place(invite, call) : Result<sip::SessionId>(std::unexpected(offer.error()));
    if (!placed) {
        loop_.complete([this, &call] { calls_.erase(&call); });
        return std::unexpected(placed.error());
    }
    call.attach(agent_.find(*placed));
    return {};
}

}  // namespace dp::sandbox
