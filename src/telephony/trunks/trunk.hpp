#pragma once
/// @file Trunk: a carrier connection, with the edge group and SIP profile it refers to (seed 1's edge body, shown as
/// Edge and as trunk).

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "telephony/codec.hpp"
#include "telephony/ids.hpp"
#include "telephony/numbers/number.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::telephony {

struct EdgeGroup {
    EdgeGroupId id;
    EntityMeta meta;
    std::string name;
};

struct SipProfile {
    SipProfileId id;
    EntityMeta meta;
    std::string name;
    CodecList codecs;
};

enum class TrunkTransport : std::uint8_t { Udp, Tcp, Tls };
enum class MediaPolicy : std::uint8_t {
    Anchor,  ///< our media workers stand between the ends
    Bypass,  ///< two SIP ends talk directly
};
/// Where our end of this trunk's RTP is.
enum class MediaPort : std::uint8_t {
    Own,     ///< a port pair for each leg; a carrier may send from elsewhere than it announces
    Shared,  ///< one for all legs of a worker: only for carriers that send from the very address and port that they
             ///< announce (RFC 4961), as nothing else tells one leg's packets from another's
};
/// SRTP towards the carrier, with keys in the description (RFC 4568, RFC 3711).
enum class MediaEncryption : std::uint8_t {
    None,      ///< RTP/AVP alone
    Optional,  ///< SRTP where the carrier takes it
    Required,  ///< SRTP or no call
};
/// Where an inbound INVITE of this trunk carries the called number.
enum class CalledNumberSource : std::uint8_t { RequestUri, To, PCalledPartyId };

enum class RegistrationType : std::uint8_t { Register, None };

struct TrunkRegistration {
    RegistrationType type = RegistrationType::Register;
    std::string host;
    std::uint16_t port = 5060;
    std::string username;
    Sealed password;
};

struct HealthProbe {
    bool enabled = true;
    std::chrono::seconds interval{30};
};

struct TrunkGateway {
    std::string host;
    std::uint16_t port = 5060;
    std::int32_t priority = 0;  ///< lower first
};

/// What only the Genesys shape of a trunk ("trunk base settings") knows; everything else in it is a view of the fields
/// of Trunk.
struct TrunkBaseSettings {
    std::string metabase = "external_sip.json";
    std::string description;
    std::string properties;  ///< JSON object as the client sent it, without secrets; empty: none sent
    SiteId site;
    SiteId inbound_site;
};

struct Trunk {
    TrunkId id;
    EntityMeta meta;
    std::string name;
    EdgeGroupId edge_group;
    SipProfileId sip_profile;
    std::int32_t max_concurrent_sessions = 100;  ///< 1–2000
    CodecList codecs;                            ///< empty: the profile's
    TrunkRegistration registration;
    HealthProbe health_probe;
    std::vector<TrunkGateway> gateways;         ///< empty: the registration host
    std::vector<std::string> source_addresses;  ///< further hosts or addresses that calls may come from
    TrunkTransport transport = TrunkTransport::Udp;
    MediaPolicy media = MediaPolicy::Anchor;
    MediaPort media_port = MediaPort::Own;
    MediaEncryption media_encryption = MediaEncryption::None;
    CalledNumberSource called_number = CalledNumberSource::RequestUri;
    std::vector<NumberType> number_types = {NumberType::Pstn, NumberType::Sip};
    bool auto_provision_numbers = true;
    bool enabled = true;
    TrunkBaseSettings base_settings;
};

inline constexpr std::int32_t kMaxTrunkSessions = 2000;

/// Seed 1's rules: name, edge group, SIP profile, 1..2000 sessions, registration host. References and codecs against
/// the profile are checked by the service.
Result<void> validate(const Trunk& trunk);

/// The gateways to try, in order: its own by priority, else the registration host.
std::vector<TrunkGateway> gateways_of(const Trunk& trunk);
/// Its own codecs, else the profile's.
const CodecList& codecs_of(const Trunk& trunk, const SipProfile& profile);
/// The context under which the registration password is sealed.
std::string password_context(const TrunkId& trunk);

}  // namespace dp::telephony
