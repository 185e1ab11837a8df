#pragma once
/// @file What a running server consists of, in the order in which it is made. Only the server's own sources include this.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "app/adapters.hpp"
#include "app/connection_prober.hpp"
#include "app/loop_lag.hpp"
#include "app/region_watch.hpp"
#include "app/server.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "carriers/directory.hpp"
#include "events/webhook_dispatcher.hpp"
#include "media/engine.hpp"
#include "media/spoken_prompts.hpp"
#include "net/event_loop.hpp"
#include "net/http_server.hpp"
#include "net/ice_prober.hpp"
#include "net/local_authority.hpp"
#include "sandbox/magic_numbers.hpp"
#include "sandbox/order_numbers.hpp"
#include "sandbox/sandbox.hpp"
#include "store/open_store.hpp"
#include "store/sealing_key.hpp"
#include "store/spill_file.hpp"
#include "store/store_faults.hpp"
#include "telephony/numbers/number_provisioner.hpp"
#include "telephony/phones/short_lived_credential.hpp"

namespace dp::app {

// The sandbox carrier's accounts.
inline constexpr std::string_view kTrunkAccount = "acme-us-east";
inline constexpr std::string_view kSeedOneHost = "sip.carrier.example.com";
inline constexpr std::string_view kFreeAccount = "sandbox-account";

/// A port that somebody has is the commonest reason not to start: says which option moves it.
std::unexpected<Error> cannot_listen(Error error, std::string_view option);

/// The password of a sandbox account: made from the data directory's key, so that it is the same after a restart.
std::string sandbox_password(const telephony::Secrets& secrets, std::string_view username);

struct Server::Parts {
    explicit Parts(const Config& given) : config(given) {}

    Config config;
    SystemClock clock;
    SecureRandom random;
    net::LoopThread api_thread{"api"};
    net::LoopThread control_thread{"control"};
    net::LoopThread hash_thread{"hash", 64};
    net::LoopThread spill_thread{"spill", 1024};
    net::LoopThread events_thread{"events"};

    std::unique_ptr<store::SealingKey> secrets;
    std::shared_ptr<store::StoreFaults> store_faults;  ///< the sandbox's
    std::unique_ptr<telephony::Store> store;
    std::optional<telephony::FirstRunSecrets> first_run;
    telephony::LiveConversations live_conversations;
    telephony::LiveStations live_stations;
    telephony::LiveTrunks live_trunks;
    telephony::LiveRoundTrips round_trips;
    telephony::LiveProvisioning provisioning;

    net::TlsContext tls;
    std::string ca_file;
    net::TlsContext client_tls;
    std::unique_ptr<net::Resolver> resolver;

    std::unique_ptr<sandbox::Sandbox> sandbox;
    std::unique_ptr<store::SpillFile> spill;
    std::unique_ptr<telephony::Outbox> outbox;
    std::unique_ptr<Timer> outbox_timer;
    std::unique_ptr<RecordingSink> sink;
    std::unique_ptr<DnsHostResolver> host_resolver;
    ShardReceiver receiver;
    StreamKeeper keeper;
    std::unique_ptr<StreamProber> trunk_prober;
    std::unique_ptr<LoopLag> lag;
    std::unique_ptr<net::SipEndpoint> transport;
    std::unique_ptr<net::SipStreams> streams;
    media::SpokenPrompts prompts;
    std::unique_ptr<media::Engine> media;
    std::unique_ptr<signaling::ControlShard> shard;
    ShardCallControl call_control;

    std::unique_ptr<telephony::ConfigurationService> configuration;
    std::unique_ptr<telephony::TrunkService> trunks;
    std::unique_ptr<telephony::NumberService> numbers;
    std::unique_ptr<telephony::AccountService> accounts;
    std::unique_ptr<net::HttpClient> carrier_http;  ///< not the webhooks': their full queue must not stop an order
    std::unique_ptr<carriers::Directory> carriers;
    std::unique_ptr<telephony::NumberProvisioner> provisioner;
    std::unique_ptr<telephony::PhoneService> phones;
    std::unique_ptr<telephony::ConversationService> conversations;
    std::unique_ptr<net::IceProber> prober;
    std::unique_ptr<RegionWatch> regions;
    std::unique_ptr<net::HttpClient> webhook_http;
    std::unique_ptr<events::WebhookDispatcher> webhooks;
    std::unique_ptr<api::ApiServer> api;
    std::unique_ptr<Timer> api_timer;
    std::unique_ptr<net::HttpServer> http;

    std::optional<Endpoint> http_bound, https_bound, sip_bound, sip_v6_bound;
    std::atomic<bool> ready{false};

    net::EventLoop& control() { return control_thread.loop(); }
    net::EventLoop& api_loop() { return api_thread.loop(); }

    /// Without a setting, the addresses that clients reach us at. API thread, once listening.
    std::vector<std::string> issuers() const;
    std::vector<api::SandboxNumber> sandbox_numbers() const;
    std::vector<sandbox::Account> sandbox_accounts() const;
    std::vector<sandbox::PhoneAccount> sandbox_phones() const;
    std::uint16_t seeded_carrier_port() const;
};

}  // namespace dp::app
