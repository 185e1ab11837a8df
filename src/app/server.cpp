#include "app/server.hpp"

#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/server_parts.hpp"

namespace dp::app {
namespace {

using namespace std::chrono_literals;

/// Where others reach a wildcard or loopback listener of ours.
std::string url_host(const Config& config, const Endpoint& bound) {
    Endpoint out = bound;
    if (config.advertise) out.address = *config.advertise;
    if (out.address.is_unspecified()) out.address = IpAddress::v4(0x7F000001);
    return out.str();
}

unsigned media_workers(const Config& config) {
    if (config.media_workers) return config.media_workers;
    const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
    return cores <= 4 ? 1 : cores - 2;  // flows.md, "Threads"
}

}  // namespace

std::unexpected<Error> cannot_listen(Error error, std::string_view option) {
    error.detail += fmt::format(": stop what uses it, or give {} another address.", option);
    return std::unexpected(std::move(error));
}

std::vector<std::string> Server::Parts::issuers() const {
    if (!config.issuers.empty()) return config.issuers;
    std::vector<std::string> out;
    if (http_bound) out.push_back("http://" + url_host(config, *http_bound));
    if (https_bound) out.push_back("https://" + url_host(config, *https_bound));
    return out;
}

Server::Server() = default;

Server::~Server() {
    stop();
}

Result<std::unique_ptr<Server>> Server::start(const Config& config) {
    std::unique_ptr<Server> server(new Server);
    server->parts_ = std::make_unique<Parts>(config);
    DP_CHECK(server->open_store());
    DP_CHECK(server->make_tls());
    DP_CHECK(server->make_signaling());
    server->make_webhooks();
    server->make_api();
    DP_CHECK(server->listen());
    DP_CHECK(server->start_sandbox_phones());
    server->start_provisioning();
    auto& parts = *server->parts_;
    parts.control_thread.run_and_wait([&parts] { parts.shard->start(); });
    DP_CHECK(server->tell_scripts());
    parts.ready = true;
    return server;
}

Result<void> Server::open_store() {
    auto& parts = *parts_;
    const auto data = parts.config.data.string();
    if (parts.config.sandbox) parts.store_faults = std::make_shared<store::StoreFaults>();
    DP_TRY(opened,
           store::open_store({.directory = data, .events_kept = parts.config.events_kept, .faults = parts.store_faults},
                             parts.clock, parts.random));
    parts.store = std::move(opened.store);
    report_.closed_conversations = opened.closed_conversations;
    const auto key = (parts.config.data / "secret.key").string();
    DP_TRY(secrets,
           opened.first_run ? store::SealingKey::load_or_create(key, parts.random) : store::SealingKey::load(key));
    parts.secrets = std::move(secrets);
    DP_CHECK(start_sandbox());  // before the seeded trunk: it is given the port that the carrier got
    if (!opened.first_run) return {};

    telephony::ExampleOptions options;
    const auto carrier = parts.sandbox ? parts.sandbox->sip()
                                       : parts.config.sandbox_sip.value_or(Endpoint{IpAddress::v4(0x7F000001), 5070});
    options.carrier = {carrier.address.str(), carrier.port, std::string(kTrunkAccount),
                       sandbox_password(*parts.secrets, kTrunkAccount)};
    options.now = parts.clock.wall();
    auto example = telephony::make_example_organization(options, *parts.secrets, parts.random);
    parts.first_run = example.secrets;
    DP_CHECK(keep_first_run(parts.config.data, example.secrets));
    Result<void> seeded;
    std::mutex mutex;
    std::condition_variable done;
    bool replied = false;
    parts.store->submit(std::move(example.unit), parts.api_loop(), [&](Result<telephony::Committed> committed) {
        const std::scoped_lock lock(mutex);
        if (!committed) seeded = std::unexpected(committed.error());
        replied = true;
        done.notify_one();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return replied; });
    return seeded;
}

Result<void> Server::make_tls() {
    auto& parts = *parts_;
    if (!parts.config.https && !parts.config.sips) return {};
    net::TlsFiles files{parts.config.tls_certificate.string(), parts.config.tls_key.string()};
    if (files.certificate.empty()) {
        auto names = parts.config.tls_names;
        for (const auto& endpoint : {parts.config.https, parts.config.sips})
            if (endpoint && !endpoint->address.is_unspecified()) names.push_back(endpoint->address.str());
        DP_TRY(local, net::ensure_local_certificate((parts.config.data / "tls").string(), names, parts.clock.wall()));
        files = local.files;
        parts.ca_file = local.ca_file;
    }
    DP_TRY(context, net::TlsContext::server(files));
    parts.tls = std::move(context);
    return {};
}

Result<void> Server::bind_sip() {
    auto& parts = *parts_;
    if (parts.config.sip) {
        auto bound = parts.transport->bind_udp({.local = *parts.config.sip, .dscp = 24});
        if (!bound) return cannot_listen(std::move(bound.error()), "--sip");
        parts.sip_bound = *bound;
    }
    if (parts.config.sip_v6) {
        auto bound = parts.transport->bind_udp({.local = *parts.config.sip_v6, .dscp = 24});
        if (!bound) return cannot_listen(std::move(bound.error()), "--sip-v6");
        parts.sip_v6_bound = *bound;
    }
    return {};
}

Result<void> Server::make_signaling() {
    auto& parts = *parts_;
    auto hosts = parts.config.dns_hosts;
    if (parts.sandbox) hosts.try_emplace(std::string(kSeedOneHost), parts.sandbox->sip().str());
    parts.resolver = std::make_unique<net::Resolver>(net::ResolverOptions{.hosts = std::move(hosts)});
    DP_TRY(client_tls, net::TlsContext::client({.ca_file = parts.config.tls_ca.string()}));
    parts.client_tls = std::move(client_tls);
    Result<void> made;
    parts.control_thread.run_and_wait([&] {
        auto& control = parts.control();
        parts.trunk_prober = std::make_unique<StreamProber>(parts.api_loop(), control, parts.client_tls);
        parts.lag = std::make_unique<LoopLag>(control);
        parts.spill = std::make_unique<store::SpillFile>(store::spill_path(parts.config.data.string()),
                                                         parts.spill_thread.loop());
        parts.spill->reserve();
        parts.outbox =
            std::make_unique<telephony::Outbox>(*parts.store, control, parts.live_conversations, *parts.spill);
        parts.sink = std::make_unique<RecordingSink>(*parts.outbox, parts.live_stations);
        parts.host_resolver = std::make_unique<DnsHostResolver>(*parts.resolver, control);
        parts.outbox_timer = std::make_unique<Timer>();
        parts.outbox_timer->set_callback([&parts] {
            parts.outbox->retry();
            parts.control().arm(*parts.outbox_timer, 1s);
        });
        control.arm(*parts.outbox_timer, 1s);

        parts.transport = std::make_unique<net::SipEndpoint>(control, parts.receiver, parts.config.advertise);
        parts.keeper.set_endpoint(parts.transport.get());
        if (made = bind_sip(); !made) return;

        media::MediaConfig media;
        for (const auto& bound : {parts.sip_bound, parts.sip_v6_bound})
            if (bound && !bound->address.is_unspecified())
                (bound->address.is_v4() ? media.bind_v4 : media.bind_v6) = bound->address;
        if (const auto& advertise = parts.config.advertise)
            (advertise->is_v4() ? media.advertise_v4 : media.advertise_v6) = advertise;
        media.first_port = parts.config.media_ports.first;
        media.last_port = parts.config.media_ports.last;
        media.workers = media_workers(parts.config);
        auto engine = media::Engine::create(media, control, parts.random);
        if (!engine) return void(made = std::unexpected(engine.error()));
        parts.media = std::move(*engine);

        parts.shard = std::make_unique<signaling::ControlShard>(
            signaling::ControlConfig{},
            signaling::ControlPorts{control, control.timers(), parts.clock, parts.random, *parts.transport,
                                    *parts.host_resolver, *parts.media, parts.prompts, *parts.sink,
                                    parts.store->snapshots(), *parts.secrets, parts.live_stations, parts.live_trunks,
                                    &parts.keeper, parts.trunk_prober.get(), parts.lag.get()});
        parts.media->set_events(&parts.shard->media_events());
        parts.receiver.set_shard(parts.shard.get());
        parts.call_control.set_shard(parts.shard.get());
    });
    if (!made) return made;
    // Every commit may be a change of configuration: the shard compares what it holds with the newest snapshot.
    parts.store->on_commit([&parts, seen = std::uint64_t{0}](const auto&) mutable {
        const auto revision = parts.store->snapshots().revision();
        if (revision != seen) parts.shard->configuration_changed();
        seen = revision;
    });
    return {};
}

void Server::make_webhooks() {
    auto& parts = *parts_;
    auto hosts = parts.config.dns_hosts;
    parts.webhook_http = std::make_unique<net::HttpClient>(
        net::HttpClientOptions{.max_queued = 16'384, .max_running = 512, .hosts = std::move(hosts)});
    const auto addresses = parts.config.webhooks_private_targets ? net::TargetAddresses::Any
                           : parts.config.sandbox                ? net::TargetAddresses::PublicOrLoopback
                                                                 : net::TargetAddresses::PublicOnly;
    parts.events_thread.run_and_wait([&parts, addresses] {
        parts.webhooks = std::make_unique<events::WebhookDispatcher>(
            events::DispatcherPorts{parts.events_thread.loop(), *parts.store, *parts.secrets, *parts.webhook_http,
                                    parts.clock, parts.random, addresses});
    });
    parts.store->on_commit([&parts](const auto& events) { parts.webhooks->committed(events); });
    parts.events_thread.run_and_wait([&parts] { parts.webhooks->start(); });
}

void Server::make_api() {
    auto& parts = *parts_;
    parts.configuration = std::make_unique<telephony::ConfigurationService>(*parts.store, parts.random);
    parts.trunks = std::make_unique<telephony::TrunkService>(*parts.store, *parts.secrets, parts.random);
    parts.numbers = std::make_unique<telephony::NumberService>(*parts.store, parts.random);
    parts.accounts = std::make_unique<telephony::AccountService>(*parts.store, *parts.secrets, parts.random);
    parts.phones = std::make_unique<telephony::PhoneService>(*parts.store, *parts.secrets, parts.random);
    parts.conversations =
        std::make_unique<telephony::ConversationService>(*parts.store, parts.live_conversations, parts.random);
    parts.api_thread.run_and_wait([&parts] {
        net::SipStreamOptions stream_options;
        stream_options.client_tls = parts.client_tls;  // trunks over TLS
        parts.streams = std::make_unique<net::SipStreams>(parts.api_loop(), parts.control(), std::move(stream_options),
                                                          *parts.transport);
        api::ApiOptions options;
        options.ready = [&parts]() -> std::string { return parts.ready ? "" : "starting or draining"; };
        options.sip_upgrade = [&parts](net::HttpRequest request, net::HttpResponder responder) {
            if (auto admitted = parts.streams->admit(request); !admitted)
                return std::move(responder).respond(
                    net::plain_response(facts(admitted.error().code).http_status, admitted.error().detail));
            std::move(responder).accept_websocket("sip", parts.streams->websocket_handler(),
                                                  parts.streams->websocket_options());
        };
        options.sandbox_numbers = parts.sandbox_numbers();
        options.store_faults = parts.store_faults.get();
        options.issuers = [&parts] { return parts.issuers(); };
        if (!parts.config.issuers.empty()) options.issuer = parts.config.issuers.front();
        options.requests_per_minute = static_cast<int>(parts.config.rate_limit_per_minute);
        net::IceProber::Options probing;
        if (parts.config.probe_private || parts.config.sandbox) probing.addresses = net::TargetAddresses::Any;
        parts.regions = std::make_unique<RegionWatch>(parts.api_loop(), *parts.resolver, parts.random, probing,
                                                      parts.store->snapshots(), parts.clock, parts.round_trips);
        parts.prober =
            std::make_unique<net::IceProber>(parts.api_loop(), *parts.resolver, parts.random, std::move(probing));
        options.prober = parts.prober.get();
        parts.api = std::make_unique<api::ApiServer>(
            api::ApiContext{*parts.store, *parts.configuration, *parts.trunks, *parts.numbers, *parts.accounts,
                            *parts.phones, *parts.conversations, parts.live_conversations, parts.live_stations,
                            parts.live_trunks, parts.round_trips, parts.provisioning, parts.call_control,
                            *parts.webhooks, *parts.secrets, parts.clock, parts.random, parts.api_loop()},
            parts.hash_thread.loop(), std::move(options));
        parts.http = std::make_unique<net::HttpServer>(
            parts.api_loop(), net::HttpLimits{}, [&parts](net::HttpRequest request, net::HttpResponder responder) {
                parts.api->handle(std::move(request), std::move(responder));
            });
    });
    parts.store->on_commit([api = parts.api.get()](const auto& events) { api->publish(events); });
    parts.api_thread.run_and_wait([&parts] {
        parts.api_timer = std::make_unique<Timer>([&parts] {
            parts.api->tick();
            parts.api_loop().arm(*parts.api_timer, 1s);
        });
        parts.api_loop().arm(*parts.api_timer, 1s);
    });
    parts.control_thread.run_and_wait([&parts] {
        parts.transport->set_streams(parts.streams.get());
        parts.keeper.set_streams(parts.streams.get());
        parts.sink->set_api(parts.api.get());
    });
}

const api::Router& Server::routes() const {
    return parts_->api->router();
}

Result<void> Server::listen() {
    auto& parts = *parts_;
    const auto& config = parts.config;
    Result<void> made;
    std::optional<Endpoint> tcp, tcp_v6, tls;
    parts.api_thread.run_and_wait([&] {
        const auto http = [&](std::string_view option, const std::optional<Endpoint>& local, net::TlsContext context,
                              std::optional<Endpoint>& bound) {
            if (!local || !made) return;
            auto done = parts.http->listen({.local = *local, .tls = std::move(context)});
            done ? void(bound = *done) : void(made = cannot_listen(std::move(done.error()), option));
        };
        const auto sip = [&](std::string_view option, const std::optional<Endpoint>& local, net::TlsContext context,
                             std::optional<Endpoint>& bound) {
            if (!local || !made) return;
            auto done = parts.streams->listen({.local = *local, .tls = std::move(context)});
            done ? void(bound = *done) : void(made = cannot_listen(std::move(done.error()), option));
        };
        http("--http", config.http, {}, parts.http_bound);
        http("--https", config.https, parts.tls, parts.https_bound);
        // TCP on the port that UDP got, so that one address works for both.
        sip("--sip", config.sip ? parts.sip_bound : std::nullopt, {}, tcp);
        sip("--sip-v6", config.sip_v6 ? parts.sip_v6_bound : std::nullopt, {}, tcp_v6);
        sip("--sips", config.sips, parts.tls, tls);
    });
    if (!made) return made;
    parts.control_thread.run_and_wait([&] {
        if (tcp) parts.transport->set_listening(sip::TransportKind::Tcp, *tcp);
        if (tcp_v6) parts.transport->set_listening(sip::TransportKind::Tcp, *tcp_v6);
        if (tls) parts.transport->set_listening(sip::TransportKind::Tls, *tls);
    });
    return {};
}

Result<void> Server::tell_scripts() {
    auto& parts = *parts_;
    const auto& config = parts.config;
    Addresses addresses;
    if (parts.http_bound)
        addresses.base_url = "http://" + url_host(config, *parts.http_bound);
    else if (parts.https_bound)
        addresses.base_url = "https://" + url_host(config, *parts.https_bound);
    report_.console_url = addresses.base_url + "/ui/";
    addresses.ca_file = parts.ca_file;
    if (parts.sip_bound) addresses.sip_registrar = "sip:" + url_host(config, *parts.sip_bound);
    if (parts.http_bound) addresses.sip_ws_uri = "ws://" + url_host(config, *parts.http_bound) + "/ws/sip";
    if (parts.sandbox)
        addresses.carrier =
            CarrierAccount{parts.sandbox->sip().address.str(), parts.sandbox->sip().port, std::string(kFreeAccount),
                           sandbox_password(*parts.secrets, kFreeAccount), "http://" + parts.sandbox->http().str()};
    if (parts.first_run)
        report_.console = ConsoleLogin{parts.first_run->console_user, parts.first_run->console_password};
    else
        report_.console = untold_console_login(config.data);
    return write_first_run(config.data, addresses, parts.first_run);
}

void Server::drain(const std::function<bool()>& hurry) {
    auto& parts = *parts_;
    parts.ready = false;
    parts.shard->drain();
    const auto until = parts.clock.now() + parts.config.drain;
    while (parts.shard->active_calls() > 0 && parts.clock.now() < until && !hurry()) std::this_thread::sleep_for(50ms);
}

void Server::stop_shard() {
    auto& parts = *parts_;
    std::mutex mutex;
    std::condition_variable done;
    bool stopped = false;
    parts.control_thread.run_and_wait([&] {
        parts.sink->set_station_listener({});
        parts.shard->stop([&] {
            const std::scoped_lock lock(mutex);
            stopped = true;
            done.notify_one();
        });
    });
    std::unique_lock lock(mutex);
    done.wait_for(lock, 5s, [&] { return stopped; });
}

// What the shard recorded last is on its way to the disk: waits until the store has it, two seconds at most.
void Server::empty_outbox() {
    auto& parts = *parts_;
    for (int i = 0; i < 100; ++i) {
        bool drained = false;
        parts.control_thread.run_and_wait([&] { drained = parts.outbox->drained(); });
        if (drained) break;
        std::this_thread::sleep_for(20ms);
    }
    parts.control_thread.run_and_wait([&] { parts.outbox->spill(); });
    parts.spill_thread.run_and_wait([] {});
}

// Reverse order of start(), in one place so that it can be held against it. Nothing is waited for longer than the shard's own
// two seconds.
void Server::stop() {
    if (!parts_) return;
    auto& parts = *parts_;
    parts.ready = false;
    if (parts.shard) stop_shard();
    if (parts.provisioner) parts.api_thread.run_and_wait([&parts] { parts.provisioner->stop(); });
    if (parts.carrier_http) parts.carrier_http->stop();
    parts.sandbox.reset();
    if (parts.http)
        parts.api_thread.run_and_wait([&parts] {
            parts.api->stop();
            parts.http->drain();
            parts.streams->stop();
        });
    if (parts.control_thread.loop().running() && parts.outbox) empty_outbox();
    // What is on its way to a webhook is tried again after the start; what is known goes to the store.
    parts.events_thread.run_and_wait([&parts] {
        if (parts.webhooks) parts.webhooks->stop();
    });
    if (parts.webhook_http) parts.webhook_http->stop();
    if (parts.store) parts.store->stop();
    if (parts.resolver) parts.resolver->stop();
    parts.control_thread.run_and_wait([&parts] {
        if (parts.media) parts.media->stop();
        parts.receiver.set_shard(nullptr);
        parts.keeper.set_streams(nullptr);
        parts.keeper.set_endpoint(nullptr);
        if (parts.transport) parts.transport->set_streams(nullptr);
        parts.call_control.set_shard(nullptr);
        parts.shard.reset();
        parts.lag.reset();
        parts.outbox_timer.reset();
        parts.sink.reset();
        parts.outbox.reset();
    });
    parts.events_thread.run_and_wait([&parts] { parts.webhooks.reset(); });
    parts.events_thread.stop();
    parts.api_thread.run_and_wait([&parts] {
        parts.provisioner.reset();
        parts.prober.reset();
        parts.regions.reset();
        parts.http.reset();
        parts.api_timer.reset();
        parts.api.reset();
        parts.streams.reset();
    });
    parts.control_thread.run_and_wait([&parts] {
        parts.transport.reset();
        parts.media.reset();
    });
    parts.hash_thread.stop();
    parts.spill_thread.stop();
    parts.api_thread.stop();
    parts.control_thread.stop();
    parts_.reset();
}

}  // namespace dp::app
