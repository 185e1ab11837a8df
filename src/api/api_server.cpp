#include "api/api_server.hpp"

#include <boost/json.hpp>

#include "api/auth/authenticator.hpp"
#include "api/auth/authorize_endpoint.hpp"
#include "api/auth/own_token.hpp"
#include "api/auth/server_metadata.hpp"
#include "api/auth/token_endpoint.hpp"
#include "api/console/console_login.hpp"
#include "api/http/dispatcher.hpp"
#include "api/http/live_figures.hpp"
#include "api/notifications/channel_hub.hpp"
#include "api/notifications/event_stream.hpp"
#include "api/openapi/openapi_document.hpp"
#include "api/resources/resources.hpp"
#include "api/resources/sandbox_faults.hpp"
#include "api/resources/site_routing.hpp"
#include "api/resources/webrtc_diagnostics.hpp"
#include "api/ui/ui_assets.hpp"
#include "base/metrics.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

Route open_route(std::string_view method, std::string_view path, ApiHandler handler) {
    return {method, path, {}, std::move(handler), ScopeRefusal::Forbidden, ErrorStyle::Genesys, RouteAccess::Open};
}

void add_health(Router& router, const ReadyCheck& ready, const ApiContext& context) {
    const auto& store = context.store;
    router.add(open_route("GET", "/health",
                          [](ApiRequest, Reply reply) { std::move(reply).json(200, json::object{{"status", "ok"}}); }));
    router.add(open_route("GET", "/ready", [ready, &store](ApiRequest, Reply reply) {
        const auto health = store.health();
        const auto problem = health.writable ? ready() : health.problem;
        if (problem.empty()) return std::move(reply).json(200, json::object{{"status", "ready"}});
        std::move(reply).json(503, json::object{{"status", "not ready"}, {"reason", problem}});
    }));
    router.add(open_route("GET", "/metrics", [&context](ApiRequest, Reply reply) {
        set_live_figures(context);
        std::move(reply).response({200, {{"Content-Type", "text/plain; version=0.0.4"}}, metrics::render()});
    }));
}

void add_sandbox(Router& router, const std::vector<SandboxNumber>& numbers) {
    // Without a sandbox the table is empty rather than absent: the console asks for it on every start.
    json::array entities;
    for (const auto& row : numbers)
        entities.push_back(json::object{{"number", row.number}, {"behaviour", row.behaviour}});
    router.add({"GET", "/api/v2/sandbox/numbers", {}, [entities](ApiRequest, Reply reply) {
                    std::move(reply).json(200, json::object{{"entities", entities}});
                }});
}

net::HttpResponse to_http(const UiResponse& answer) {
    net::HttpResponse out{answer.status, {}, {}};
    for (const auto& header : answer.headers) out.headers.push_back({std::string(header.name), header.value});
    out.body = net::HttpBody::from_static({reinterpret_cast<const char*>(answer.body.data()), answer.body.size()});
    return out;
}

net::HttpResponse ui_response(const net::HttpRequest& request) {
    UiRequest wanted{request.method, request.path, request.header("Accept"), std::nullopt,
                     request.header("If-None-Match")};
    if (request.has_header("Accept-Encoding")) wanted.accept_encoding = request.header("Accept-Encoding");
    return to_http(embedded_ui().lookup(wanted));
}

}  // namespace

struct ApiServer::Impl {
    Impl(ApiContext given, Executor& hashing, ApiOptions given_options)
        : context(given),
          options(std::move(given_options)),
          authenticator(grants, options.requests_per_minute),
          issuer(context.store, grants, context.clock, context.random, context.executor),
          tokens(issuer, grants, context.clock, context.random, options.issuers),
          login(context.store, grants, context.clock, context.random, context.executor, hashing),
          authorize(context.store, grants, login, context.clock, context.random, context.executor, options.issuer),
          channels(context, authenticator),
          diagnostics(context, options.prober),
          streams(context, authenticator),
          idempotency(context.store, context.secrets, context.executor),
          dispatcher(router, authenticator, context.store.snapshots(), context.clock, context.random, idempotency) {
        grants.on_end([this] { check_credentials(); });
        grants.load(context.store.load_grants(context.clock.wall()));
        tokens.add_routes(router);
        add_server_metadata(router, options.issuer);
        add_own_token(router, issuer, grants);
        login.add_routes(router);
        authorize.add_routes(router);
        channels.add_routes(router);
        diagnostics.add_routes(router);
        streams.add_routes(router);
        for (auto add : {add_organization,
                         add_users,
                         add_user_settings,
                         add_sites,
                         add_network_configurations,
                         add_phones,
                         add_phone_session,
                         add_stations,
                         add_trunks,
                         add_trunk_live,
                         add_trunk_bases,
                         add_site_routing,
                         add_numbers,
                         add_did_pools,
                         add_queues,
                         add_schedules,
                         add_flows,
                         add_route_explanations,
                         add_telephony_configurations,
                         add_conversations,
                         add_roles,
                         add_role_grants,
                         add_oauth_clients,
                         add_api_keys,
                         add_webhooks,
                         add_analytics_events,
                         add_audits})
            add(router, context);
        add_health(router, options.ready, context);
        add_sandbox(router, options.sandbox_numbers);
        if (options.store_faults) add_sandbox_faults(router, *options.store_faults);
        add_documentation(router);
    }

    /// What was opened with a credential that has ended is closed at once.
    void check_credentials() {
        channels.check_credentials();
        streams.check_credentials();
    }

    /// The same for a client that was disabled, a user who left, a role that was withdrawn.
    void configuration_changed() {
        const auto current = context.store.snapshots().current();
        if (std::exchange(checked, current) != current) check_credentials();
    }

    ApiContext context;
    ApiOptions options;
    telephony::Ptr<telephony::Snapshot> checked;  ///< against which the open connections' credentials were
    Router router;
    GrantTable grants;
    Authenticator authenticator;
    TokenIssuer issuer;
    TokenEndpoint tokens;
    ConsoleLogin login;
    AuthorizeEndpoint authorize;
    ChannelHub channels;
    WebRtcDiagnostics diagnostics;
    EventStreams streams;
    IdempotencyGate idempotency;
    Dispatcher dispatcher;
};

ApiServer::ApiServer(ApiContext context, Executor& hashing, ApiOptions options)
    : impl_(std::make_shared<Impl>(context, hashing, std::move(options))) {}

ApiServer::~ApiServer() = default;

void ApiServer::handle(net::HttpRequest request, net::HttpResponder responder) {
    if (UiAssets::owns(request.path)) return std::move(responder).respond(ui_response(request));
    if (request.path == "/") return std::move(responder).respond({302, {{"Location", "/ui/"}}, {}});
    if (request.path == "/ws/sip") return impl_->options.sip_upgrade(std::move(request), std::move(responder));
    impl_->dispatcher.handle(std::move(request), std::move(responder));
}

const Router& ApiServer::router() const {
    return impl_->router;
}

void ApiServer::publish(telephony::Ptr<telephony::Conversation> conversation) {
    // A full mailbox loses a notification, never a state: readers catch up over REST.
    (void)impl_->context.executor.post([impl = impl_, conversation] { impl->channels.publish(*conversation); });
}

void ApiServer::publish(telephony::Ptr<telephony::Station> station) {
    (void)impl_->context.executor.post([impl = impl_, station] { impl->channels.publish(*station); });
}

void ApiServer::publish(std::shared_ptr<const std::vector<telephony::Event>> events) {
    // A full mailbox loses the batch, not its events: the streams see the gap and read the log.
    (void)impl_->context.executor.post([impl = impl_, events = std::move(events)] {
        impl->configuration_changed();
        impl->streams.committed(events);
        impl->channels.publish(*events);
    });
}

void ApiServer::tick() {
    impl_->streams.tick();
    impl_->channels.tick();
}

void ApiServer::stop() {
    impl_->streams.stop();
    impl_->channels.stop();
}

}  // namespace dp::api
