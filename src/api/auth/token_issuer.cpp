#include "api/auth/token_issuer.hpp"

#include <boost/json.hpp>

#include "api/auth/scopes.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kTokenLength = 43;

telephony::AccessGrant grant_of(const TokenOrder& order, std::string_view secret, WallTime now) {
    telephony::AccessGrant out;
    out.token_sha256 = telephony::secret_digest(secret);
    out.organization = order.client->meta.organization;
    out.client = order.client->id;
    out.user = order.user;
    out.scopes = order.scopes;
    out.family = order.family;
    out.issued = now;
    out.expires = now + order.client->token_lifetime;
    return out;
}

}  // namespace

void TokenIssuer::issue(TokenOrder order, Reply reply) {
    const auto now = clock_.wall();
    const std::string access = random_.token(kTokenLength);
    std::vector<telephony::AccessGrant> grants = std::move(order.beside);
    grants.push_back(grant_of(order, access, now));
    json::object body{{"access_token", access},
                      {"token_type", "bearer"},
                      {"expires_in", order.client->token_lifetime.count()},
                      {"scope", joined_scopes(order.scopes)}};
    if (order.with_refresh) {
        const std::string refresh = random_.token(kTokenLength);
        auto grant = grant_of(order, refresh, now);
        grant.kind = telephony::GrantKind::RefreshToken;
        grant.expires = now + kRefreshLifetime;
        grants.push_back(std::move(grant));
        body["refresh_token"] = refresh;
    }
    telephony::UnitOfWork unit;
    unit.grants = grants;
    store_.submit(std::move(unit), api_,
                  [this, grants = std::move(grants), body = std::move(body),
                   reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                      if (!done) return std::move(reply).error(done.error());
                      if (grants_.is_revoked(grants.back().family)) return withdraw(grants, std::move(reply));
                      for (auto& grant : grants) grants_.add(std::move(grant), clock_.wall());
                      std::move(reply).json(200, body);
                  });
}

// The authorization was revoked while its newest tokens were on their way to the disk.
void TokenIssuer::withdraw(const std::vector<telephony::AccessGrant>& grants, Reply reply) {
    std::vector<std::string> digests;
    for (const auto& grant : grants) digests.push_back(grant.token_sha256);
    forget(std::move(digests), [reply = std::move(reply)](Result<void>) mutable {
        std::move(reply).response(oauth_error(400, "invalid_grant", "The authorization was revoked."));
    });
}

void TokenIssuer::revoke_family(const std::string& family, std::move_only_function<void(Result<void>)> done) {
    forget(grants_.remove_family(family), std::move(done));
}

void TokenIssuer::revoke(const std::string& token_sha256, std::move_only_function<void(Result<void>)> done) {
    grants_.remove(token_sha256);
    forget({token_sha256}, std::move(done));
}

void TokenIssuer::forget(std::vector<std::string> digests, std::move_only_function<void(Result<void>)> done) {
    telephony::UnitOfWork unit;
    unit.revoked_grants = std::move(digests);
    store_.submit(std::move(unit), api_, [done = std::move(done)](Result<telephony::Committed> committed) mutable {
        committed ? done({}) : done(std::unexpected(committed.error()));
    });
}

}  // namespace dp::api
