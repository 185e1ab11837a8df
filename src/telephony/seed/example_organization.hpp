#pragma once
/// @file The example organization of a first run: exactly what the seeds' payloads refer to, never what they create, so
/// that every printed body succeeds on a fresh store.
///
/// Ids as in the seeds; secrets are made once, returned once (for first-run.json) and stored hashed or sealed.

#include <string>
#include <vector>

#include "base/random.hpp"
#include "telephony/ports/secrets.hpp"
#include "telephony/ports/store.hpp"

namespace dp::telephony {

/// The trunk's own account at the sandbox carrier (or wherever the operator's first trunk registers).
struct ExampleCarrier {
    std::string host;
    std::uint16_t port = 5060;
    std::string username;
    std::string password;
};

struct ExampleOptions {
    ExampleCarrier carrier;
    std::vector<std::string> stun_servers;  ///< for the two network configurations; empty: none
    WallTime now{};
};

struct ExampleAgent {
    UserId user;
    std::string name;
    std::string caller_id;
    PhoneId phone;
    StationId station;
    std::string sip_username;
    std::string sip_password;
    std::string sip_domain;
};

/// What first-run.json tells. Secrets are 43 characters of `A-Z a-z 0-9 - _`.
struct FirstRunSecrets {
    OrganizationId organization;
    std::string oauth_client_id;
    std::string oauth_client_secret;
    std::vector<std::string> oauth_scopes;
    std::string api_key;
    std::string console_user;
    std::string console_password;
    std::vector<ExampleAgent> agents;  ///< the agent of seed 3 first
    EdgeGroupId edge_group;
    SipProfileId sip_profile;
    TrunkId trunk;
};

struct ExampleOrganization {
    UnitOfWork unit;  ///< submit it to an empty store
    FirstRunSecrets secrets;
};

/// Takes about 30 ms (one Argon2id hash).
ExampleOrganization make_example_organization(const ExampleOptions& options, const Secrets& secrets, Random& random);

/// Every scope that the seeds name, and the coarse scopes of the real API.
const std::vector<std::string>& all_scopes();

inline constexpr std::string_view kExampleDomain = "dialplane.test";

}  // namespace dp::telephony
