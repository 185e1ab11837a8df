#include "sip/digest_client.hpp"

#include <fmt/format.h>

#include "sip/message_builder.hpp"

namespace dp::sip {
namespace {

bool can_answer(const DigestChallenge& challenge) {
    return challenge.algorithm && (!challenge.has_qop || challenge.qop_auth);
}

void append_param(std::string& out, std::string_view name, std::string_view text) {
    out.append(", ").append(name).append("=");
    append_quoted(out, text);
}

}  // namespace

// The strongest algorithm we have, for our realm only; without a configured realm the first challenge's becomes ours.
const DigestChallenge* DigestClient::choose(const std::vector<DigestChallenge>& offered) {
    const DigestChallenge* best = nullptr;
    for (const DigestChallenge& challenge : offered) {
        const bool ours = account_.realm.empty() || challenge.realm == account_.realm;
        if (!ours || !can_answer(challenge)) continue;
        if (!best || *challenge.algorithm > *best->algorithm) best = &challenge;
    }
    if (best && account_.realm.empty()) account_.realm = best->realm;
    return best;
}

Result<AuthorizationLine> DigestClient::answer(const MessageView& challenge, std::string_view method,
                                               std::string_view uri, DigestAttempts& attempts) {
    const auto offered = challenges(challenge);
    const DigestChallenge* chosen = choose(offered);
    if (!chosen) return fail(ErrorCode::NotFound, "No challenge is for our realm with an algorithm that we have.");
    const bool fresh = chosen->stale && chosen->nonce != attempts.last_nonce;
    if (attempts.answered && (!fresh || attempts.stale == kMaxStale)) {
        current_.reset();
        return fail(ErrorCode::Unauthenticated, "The peer refused our credentials.");
    }
    if (attempts.answered) ++attempts.stale;
    attempts.answered = true;
    attempts.last_nonce = chosen->nonce;
    const auto header = challenge.status() == 407 ? HeaderId::ProxyAuthorization : HeaderId::Authorization;
    std::string ha1 = digest_ha1(*chosen->algorithm, account_.username, chosen->realm, account_.password);
    current_ = Session{*chosen, header, 0, std::move(ha1)};
    return compute(*current_, method, uri);
}

std::optional<AuthorizationLine> DigestClient::preemptive(std::string_view method, std::string_view uri) {
    // Without qop there is no count, so servers take such a nonce once only.
    if (!current_ || !current_->challenge.qop_auth) return std::nullopt;
    return compute(*current_, method, uri);
}

void DigestClient::learn(const MessageView& success) {
    if (!current_) return;
    std::string line = "Digest ";
    line.append(success.value(HeaderId::AuthenticationInfo));
    constexpr std::string_view kName = "nextnonce";
    for (std::string_view item : ascii::split(line, ',')) {
        const std::size_t equals = std::min(item.find('='), item.size());
        std::string_view name = ascii::trim(item.substr(0, equals));
        if (name.starts_with("Digest ")) name = ascii::trim(name.substr(7));
        if (equals == item.size() || !ascii::iequals(name, kName)) continue;
        current_->challenge.nonce = unquote(ascii::trim(item.substr(equals + 1)));
        current_->count = 0;
    }
}

AuthorizationLine DigestClient::compute(Session& session, std::string_view method, std::string_view uri) {
    const DigestChallenge& challenge = session.challenge;
    const std::string_view qop = challenge.qop_auth ? "auth" : "";
    const std::string nc = fmt::format("{:08x}", ++session.count);
    const std::string cnonce = random_->token(16);
    const std::string response =
        digest_response({*challenge.algorithm, session.ha1, challenge.nonce, method, uri, qop, nc, cnonce});
    std::string value = "Digest username=";
    append_quoted(value, account_.username);
    append_param(value, "realm", challenge.realm);
    append_param(value, "nonce", challenge.nonce);
    append_param(value, "uri", uri);
    append_param(value, "response", response);
    value.append(", algorithm=").append(algorithm_name(*challenge.algorithm));
    if (!qop.empty()) {
        value.append(", qop=auth, nc=").append(nc);
        append_param(value, "cnonce", cnonce);
    }
    if (challenge.has_opaque) append_param(value, "opaque", challenge.opaque);
    return {session.header, std::move(value)};
}

}  // namespace dp::sip
