#pragma once
/// @file Dispatcher: the gate every HTTP request passes, in one order: correlation id, CORS preflight, route,
/// credentials, rate limits, scope, permission, media types, handler. Each refusal is the API's own error body; nothing has changed
/// when one is sent.
///
/// API thread only. Source: genesys-api section 3, product.md "Conventions".

#include <string>

#include "api/auth/authenticator.hpp"
#include "api/auth/rate_limiter.hpp"
#include "api/http/idempotency.hpp"
#include "api/http/reply.hpp"
#include "api/http/request_figures.hpp"
#include "api/http/router.hpp"
#include "base/clock.hpp"
#include "base/random_pool.hpp"
#include "telephony/config/snapshot_hub.hpp"

namespace dp::api {

class Dispatcher {
public:
    /// All arguments outlive the dispatcher.
    Dispatcher(const Router& router, const Authenticator& authenticator, const telephony::SnapshotHub& snapshots,
               const Clock& clock, Random& random, IdempotencyGate& idempotency);

    void handle(net::HttpRequest request, net::HttpResponder responder);

private:
    Result<void> admit(ApiRequest& request, const Route& route, Reply& reply);
    Result<void> identify(ApiRequest& request, const Route& route, Reply& reply);
    /// Counts one request and says on the answer where the bucket stands.
    Result<void> count(const std::string& bucket, int limit, Reply& reply);
    void run(const Route& route, ApiRequest request, Reply reply);
    void read_back(ApiRequest request, Reply reply, const std::string& id) const;
    void refuse(const ApiRequest& request, const Route& route, Reply reply, const Error& error) const;
    std::string correlation_of(const net::HttpRequest& request);

    const Router& router_;
    const Authenticator& authenticator_;
    telephony::SnapshotReader snapshots_;
    const Clock& clock_;
    RandomPool random_;
    const CallerPtr anonymous_ = std::make_shared<const Caller>();
    IdempotencyGate& idempotency_;
    RateLimiter limiter_;
    RequestFigures figures_;
};

}  // namespace dp::api
