#pragma once
/// @file Who refers to an entity of the configuration: what must be changed before it may be removed.
///
/// Pure; any thread.

#include <string>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

/// The users of the entity in words, "phone 'a', phone 'b' and others"; empty when there is none.
std::string used_by(const OrganizationConfig& config, EntityType type, const std::string& id);

}  // namespace dp::telephony
