#pragma once
/// @file The rules of every configuration entity against the rest of the configuration: values, references that must
/// exist, uniqueness that has a better answer than the database's, and what may not be removed while it is in use.
///
/// Pure. Errors name the field in the API's spelling and the rule.

#include <optional>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

Result<void> check_rules(const OrganizationConfig& config, const Entity& entity);
/// Conflict naming what refers to it.
Result<void> check_removable(const OrganizationConfig& config, EntityType type, const std::string& id);
/// A trunk of the same edge group and account (seed 1: 409), other than `trunk` itself.
Ptr<Trunk> duplicate_of(const OrganizationConfig& config, const Trunk& trunk);

}  // namespace dp::telephony
