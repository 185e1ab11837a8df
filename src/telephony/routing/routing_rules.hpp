#pragma once
/// @file The rules of queues, call flows and schedule groups against the rest of the configuration: what they lead to
/// exists, and no call is led in a circle.
///
/// Pure. Errors name the field in the API's spelling.

#include <string>

#include "telephony/config/snapshot.hpp"

namespace dp::telephony {

/// Queues and flows may lead to each other this deep.
inline constexpr int kDeepestRoute = 8;

Result<void> check_queue(const OrganizationConfig& config, const Queue& queue);
Result<void> check_flow(const OrganizationConfig& config, const CallFlow& flow);
Result<void> check_schedule_group(const OrganizationConfig& config, const ScheduleGroup& group);

/// Does the target exist (and, for a user, is it active)?
bool exists(const OrganizationConfig& config, const RouteTarget& target);
/// "queue 'x'" or "callflow 'x'": the first that leads to the target; empty when none does.
std::string led_to_by(const OrganizationConfig& config, const RouteTarget& target);

}  // namespace dp::telephony
