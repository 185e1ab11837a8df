/// @file The server beside its sandbox carrier: its accounts and phones, and who sells the numbers of its trunks.
#include <fmt/format.h>

#include "app/server_parts.hpp"
#include "base/crypto.hpp"

namespace dp::app {
namespace {

constexpr std::string_view kSeedOneUser = "trunk_user_01";
constexpr std::string_view kSeedOnePassword =
    "secure_trunk_password";  // printed in the seed: a sandbox account, no secret
constexpr std::chrono::hours kSandboxPhoneCredential{24 * 365};

}  // namespace

std::string sandbox_password(const telephony::Secrets& secrets, std::string_view username) {
    return crypto::base64url(secrets.derive(fmt::format("sandbox-account/{}", username))).substr(0, 32);
}

std::vector<api::SandboxNumber> Server::Parts::sandbox_numbers() const {
    std::vector<api::SandboxNumber> out;
    if (config.sandbox)
        for (const auto& magic : sandbox::magic_numbers())
            out.push_back({std::string(magic.number), std::string(magic.behaviour)});
    if (config.sandbox)
        for (const auto& magic : sandbox::order_numbers())
            out.push_back({std::string(magic.number), std::string(magic.behaviour)});
    return out;
}

std::vector<sandbox::Account> Server::Parts::sandbox_accounts() const {
    return {{std::string(kTrunkAccount), sandbox_password(*secrets, kTrunkAccount)},
            {std::string(kSeedOneUser), std::string(kSeedOnePassword)},
            {std::string(kFreeAccount), sandbox_password(*secrets, kFreeAccount)}};
}

/// Where the seeded trunk expects the sandbox carrier; 0 when there is no such trunk.
std::uint16_t Server::Parts::seeded_carrier_port() const {
    std::uint16_t port = 0;
    store->snapshots().current()->organizations().for_each([&](const auto& organization) {
        organization->template all<telephony::Trunk>().for_each([&](const telephony::Ptr<telephony::Trunk>& trunk) {
            if (trunk->registration.username == kTrunkAccount) port = trunk->registration.port;
        });
    });
    return port;
}

/// A phone for every user of the snapshot who has one assigned.
std::vector<sandbox::PhoneAccount> Server::Parts::sandbox_phones() const {
    std::vector<sandbox::PhoneAccount> out;
    const auto snapshot = store->snapshots().current();
    snapshot->organizations().for_each([&](const auto& organization) {
        organization->template all<telephony::Phone>().for_each([&](const telephony::Ptr<telephony::Phone>& phone) {
            if (phone->user.empty() || !phone->enabled) return;
            const auto& domain = organization->organization().sip_domain;
            const auto credential = telephony::issue_short_lived(*secrets, phone->sip.username, domain, clock.wall(),
                                                                 kSandboxPhoneCredential);
            out.push_back({phone->station.str(), phone->sip.username, domain, credential.auth_username,
                           credential.password, *sip_bound});
        });
    });
    return out;
}

Result<void> Server::start_sandbox() {
    auto& parts = *parts_;
    if (!parts.config.sandbox) return {};
    sandbox::SandboxOptions options;
    options.sip = parts.config.sandbox_sip.value_or(Endpoint{IpAddress::v4(0x7F000001), 0});
    options.http = parts.config.sandbox_http;
    options.accounts = parts.sandbox_accounts();
    // A port of the system's choice is kept over a restart where it is still free: the seeded trunk knows it.
    if (const auto port = parts.seeded_carrier_port(); options.sip.port == 0 && port != 0) {
        auto same = options;
        same.sip.port = port;
        if (auto sandbox = sandbox::Sandbox::start(same)) {
            parts.sandbox = std::move(*sandbox);
            return {};
        }
    }
    auto sandbox = sandbox::Sandbox::start(options);
    if (!sandbox) return cannot_listen(std::move(sandbox.error()), "--sandbox-sip or --sandbox-http");
    parts.sandbox = std::move(*sandbox);
    return {};
}

Result<void> Server::start_sandbox_phones() {
    auto& parts = *parts_;
    if (!parts.sandbox) return {};
    if (parts.sip_bound) DP_CHECK(parts.sandbox->add_phones(parts.sandbox_phones()));
    parts.control_thread.run_and_wait([&parts] {
        // A real phone takes the sandbox phone's place, and gives it back when it leaves.
        parts.sink->set_station_listener([&parts](const telephony::Station& station) {
            if (station.registrations >= 2) parts.sandbox->set_phone_active(station.id.str(), false);
            if (station.registrations == 0) parts.sandbox->set_phone_active(station.id.str(), true);
        });
    });
    return {};
}

// A trunk that registers at the sandbox carrier orders its numbers there, wherever the sandbox runs.
void Server::start_provisioning() {
    auto& parts = *parts_;
    carriers::SandboxOrdering sandbox;
    const auto ordering = parts.sandbox ? std::optional(parts.sandbox->http()) : parts.config.sandbox_http;
    const auto registrar = parts.sandbox ? std::optional(parts.sandbox->sip()) : parts.config.sandbox_sip;
    if (ordering && registrar) {
        sandbox.base_url = "http://" + ordering->str();
        sandbox.registrars = {{registrar->address.str(), registrar->port}, {std::string(kSeedOneHost), 5060}};
    }
    parts.carrier_http = std::make_unique<net::HttpClient>();
    parts.carriers = std::make_unique<carriers::Directory>(*parts.carrier_http, *parts.secrets, parts.live_trunks,
                                                           std::move(sandbox));
    parts.api_thread.run_and_wait([&parts] {
        parts.provisioner = std::make_unique<telephony::NumberProvisioner>(
            telephony::NumberProvisioner::Ports{*parts.store, *parts.numbers, *parts.carriers, parts.provisioning,
                                                parts.api_loop(), parts.api_loop().timers(), parts.clock},
            telephony::ProvisioningTiming{.attention_after = parts.config.number_attention});
        parts.provisioner->start();
    });
}

}  // namespace dp::app
