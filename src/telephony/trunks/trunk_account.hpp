#pragma once
/// @file What two trunks of one edge group may not share: registration host and user name (seed 1: 409). Where nothing
/// registers, the port tells two peers on one host apart.

#include "telephony/trunks/trunk.hpp"

namespace dp::telephony {

/// 0 where the port does not count.
std::uint16_t identifying_port(const TrunkRegistration& registration);
bool same_account(const TrunkRegistration& one, const TrunkRegistration& other);

}  // namespace dp::telephony
