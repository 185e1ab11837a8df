#pragma once
/// @file An event as every way out tells it (query, webhook, stream): seed 1's fields at top level, the payload as
/// `data`. Pure.

#include <string>

#include "telephony/events/event.hpp"

namespace dp::events {

/// One JSON object: `{"id","sequence","eventType","timestamp","resourceType","resourceId","organizationId"
/// [,"registrationLatencyMs"],"data":{…}}`.
std::string event_text(const telephony::Event& event);

}  // namespace dp::events
