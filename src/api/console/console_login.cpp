#include "api/console/console_login.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <memory>

#include "api/auth/authenticator.hpp"
#include "api/http/json_reader.hpp"
#include "api/http/reply.hpp"
#include "base/crypto.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr int kTriesPerMinute = 10;
constexpr std::chrono::hours kSessionLifetime{12};
constexpr std::size_t kSecretLength = 43;
// Compared against when the login is unknown, so that known and unknown take the same time.
constexpr std::string_view kNobody =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

std::string cookie(std::string_view secret, std::chrono::seconds age) {
    return fmt::format("{}={}; Path=/; Max-Age={}; Secure; HttpOnly; SameSite=Strict", kSessionCookie, secret,
                       age.count());
}

}  // namespace

void ConsoleLogin::add_routes(Router& router) {
    router.add({"POST",
                "/login",
                {},
                [this](ApiRequest request, Reply reply) { login(request, std::move(reply)); },
                ScopeRefusal::Forbidden,
                ErrorStyle::Genesys,
                RouteAccess::Open});
    router.add({"POST",
                "/logout",
                {},
                [this](ApiRequest request, Reply reply) { logout(request, std::move(reply)); },
                ScopeRefusal::Forbidden,
                ErrorStyle::Genesys,
                RouteAccess::Open});
}

void ConsoleLogin::login(const ApiRequest& request, Reply reply) {
    if (!is_same_origin(request.http))
        return std::move(reply).error(
            {ErrorCode::Forbidden, "The Origin of this request is not the console's.", "Origin"});
    const auto parsed = parse_json_object(request.http.body);
    if (!parsed) return std::move(reply).error(parsed.error());
    JsonReader body((*parsed)->get_object());
    const auto user = body.required_text("user", 128);
    auto password = body.required_text("password", 256);
    if (auto ok = body.finish(); !ok) return std::move(reply).error(ok.error());
    check(user, std::move(password), request,
          [this, reply = std::move(reply)](Result<telephony::ConsoleCredential> known) mutable {
              if (known) return open_session(*known, std::move(reply));
              if (known.error().code == ErrorCode::TooManyRequests)
                  reply.add_header("Retry-After", known.error().field);
              std::move(reply).error({known.error().code, known.error().detail, ""});
          });
}

void ConsoleLogin::check(const std::string& user, std::string password, const ApiRequest& request, Verdict then) {
    const auto rate = limiter_.count(user + "|" + request.http.remote.address.str(), kTriesPerMinute, clock_.now());
    if (!rate.allowed)
        return then(fail(ErrorCode::TooManyRequests, "Too many login attempts: wait as Retry-After says.",
                         fmt::to_string(rate.reset.count())));
    auto credential = request.snapshot->console_login(user);
    auto shared = std::make_shared<Verdict>(std::move(then));
    const bool queued = hashing_.post([this, credential, password = std::move(password), shared] {
        const bool right =
            crypto::verify_password(credential ? credential->password_argon2id : std::string(kNobody), password) &&
            credential;
        const bool posted = api_.post([credential, right, shared] {
            if (right) return (*shared)(*credential);
            (*shared)(fail(ErrorCode::Unauthenticated, "The user name or the password is wrong."));
        });
        if (!posted) (*shared)(fail(ErrorCode::Unavailable, "The server is overloaded: try again."));
    });
    if (!queued) (*shared)(fail(ErrorCode::Unavailable, "Too many logins at once: try again."));
}

void ConsoleLogin::open_session(const telephony::ConsoleCredential& credential, Reply reply) {
    const auto secret = random_.token(kSecretLength);
    telephony::AccessGrant grant;
    grant.token_sha256 = telephony::secret_digest(secret);
    grant.kind = telephony::GrantKind::ConsoleSession;
    grant.organization = credential.meta.organization;
    grant.user = credential.user;
    grant.console = credential.id;
    grant.scopes = credential.scopes;
    grant.issued = clock_.wall();
    grant.expires = grant.issued + kSessionLifetime;
    telephony::UnitOfWork unit;
    unit.grants.push_back(grant);
    store_.submit(std::move(unit), api_,
                  [this, grant, secret, reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                      if (!done) return std::move(reply).error(done.error());
                      grants_.add(grant, clock_.wall());
                      reply.add_header("Set-Cookie", cookie(secret, kSessionLifetime));
                      std::move(reply).json(
                          200, json::object{{"userId", grant.user.str()}, {"expires", to_rfc3339(grant.expires)}});
                  });
}

void ConsoleLogin::logout(const ApiRequest& request, Reply reply) {
    if (!is_same_origin(request.http))
        return std::move(reply).error(
            {ErrorCode::Forbidden, "The Origin of this request is not the console's.", "Origin"});
    const auto digest = telephony::secret_digest(cookie_of(request.http, kSessionCookie));
    telephony::UnitOfWork unit;
    unit.revoked_grants.push_back(digest);
    store_.submit(std::move(unit), api_,
                  [this, digest, reply = std::move(reply)](Result<telephony::Committed> done) mutable {
                      if (!done) return std::move(reply).error(done.error());
                      grants_.remove(digest);
                      reply.add_header("Set-Cookie", cookie("", std::chrono::seconds(0)));
                      std::move(reply).empty(204);
                  });
}

}  // namespace dp::api
