#pragma once
/// @file Registration permit: may a user's phone register by this transport? What the registrar refuses with and what
/// the station says come from here, so that both say the same.
///
/// Pure. Source: seed 0 section 3 (`enabled`), product.md "User telephony settings"; the network configuration's
/// forceTcp for SIP endpoints.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

/// A WebSocket is the browser phone (`webRtc`), the others are the SIP endpoint (`sofia`).
enum class PhoneTransport : std::uint8_t { WebSocket, Stream, Datagram };

struct RegistrationRefusal {
    std::string_view endpoint;  ///< `webRtc` or `sofia`
    std::string_view code;      ///< `webRtc.disabled`, `sofia.disabled`, `sofia.forceTcp`
    std::string reason;
};

std::optional<RegistrationRefusal> registration_refusal(const OrganizationConfig& config, const UserId& user,
                                                        PhoneTransport transport);
/// Of every transport, each code once.
std::vector<RegistrationRefusal> registration_refusals(const OrganizationConfig& config, const UserId& user);

}  // namespace dp::telephony
