#pragma once
/// @file ApiServer: everything behind the HTTP ports put together: gate, routes, login, notification channels, console
/// files, health, metrics and the two WebSocket ways in.
///
/// Lives on the API thread; `handle` is what the HTTP server calls. The publish functions may be called from any
/// thread: they post.

#include <functional>
#include <memory>
#include <string>

#include "api/api_context.hpp"
#include "api/http/router.hpp"
#include "net/http_server.hpp"

namespace dp::net {
class IceProber;
}

namespace dp::store {
class StoreFaults;
}

namespace dp::api {

/// What /ready answers: empty when ready, else why not.
using ReadyCheck = std::function<std::string()>;
/// Takes over a WebSocket upgrade at /ws/sip (SIP over WebSocket, RFC 7118).
using SipUpgrade = std::function<void(net::HttpRequest, net::HttpResponder)>;

/// A row of the sandbox carrier's table, for the console; the sandbox itself is not the API's business.
struct SandboxNumber {
    std::string number;
    std::string behaviour;
};

struct ApiOptions {
    ReadyCheck ready;
    SipUpgrade sip_upgrade;
    int requests_per_minute = 300;  ///< of a caller without a limit of its own; 0 = unlimited
    std::function<std::vector<std::string>()>
        issuers;                                 ///< the names an assertion may be meant for; asked on the API thread
    std::string issuer;                          ///< how the server names itself; empty: as it is asked
    std::vector<SandboxNumber> sandbox_numbers;  ///< empty: no sandbox here
    net::IceProber* prober = nullptr;            ///< of the API thread; null: diagnostics probe nothing
    store::StoreFaults* store_faults = nullptr;  ///< the sandbox's; outlives the API
};

class ApiServer {
public:
    /// `hashing` runs password checks off the API thread. Loads the grants of the store.
    ApiServer(ApiContext context, Executor& hashing, ApiOptions options);
    ~ApiServer();
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

    /// API thread.
    void handle(net::HttpRequest request, net::HttpResponder responder);

    /// What is answered: the contract test holds it against the document. Immutable.
    const Router& router() const;

    /// Any thread.
    void publish(telephony::Ptr<telephony::Conversation> conversation);
    void publish(telephony::Ptr<telephony::Station> station);
    /// The store's commit listener.
    void publish(std::shared_ptr<const std::vector<telephony::Event>> events);
    /// Heartbeats and time limits of streams and channels: once a second. API thread.
    void tick();
    /// Ends streams and notification sockets. API thread.
    void stop();

private:
    struct Impl;
    std::shared_ptr<Impl> impl_;
};

}  // namespace dp::api
