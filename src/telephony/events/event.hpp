#pragma once
/// @file Event: one thing that happened, in one ordered, durable log. Sequence numbers are given by the store inside
/// the transaction of the cause and have no gaps that a reader can see.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "telephony/ids.hpp"

namespace dp::telephony {

/// Event names. Those with colons are seed 1's and are matched by its filters.
namespace event_type {
inline constexpr std::string_view kConversationCreated = "conversation.created";
inline constexpr std::string_view kConversationUpdated = "conversation.updated";
inline constexpr std::string_view kConversationEnded = "conversation.ended";
inline constexpr std::string_view kConversationMediaWarning = "conversation.media.warning";
// Steps of an inbound call on its way through flows and queues. Stored in its record too.
inline constexpr std::string_view kFlowStarted = "conversation.flow.started";
inline constexpr std::string_view kFlowAnnounced = "conversation.flow.announced";
inline constexpr std::string_view kFlowMenu = "conversation.flow.menu";
inline constexpr std::string_view kFlowDigit = "conversation.flow.digit";
inline constexpr std::string_view kFlowNoDigit = "conversation.flow.noDigit";
inline constexpr std::string_view kFlowSchedule = "conversation.flow.schedule";
inline constexpr std::string_view kFlowFallback = "conversation.flow.fallback";
inline constexpr std::string_view kFlowEnded = "conversation.flow.ended";
inline constexpr std::string_view kQueueEntered = "conversation.queue.entered";
inline constexpr std::string_view kQueueOffered = "conversation.queue.offered";
inline constexpr std::string_view kQueueMissed = "conversation.queue.missed";
inline constexpr std::string_view kQueueAnswered = "conversation.queue.answered";
inline constexpr std::string_view kQueueOverflowed = "conversation.queue.overflowed";
inline constexpr std::string_view kUserOffered = "conversation.user.offered";
inline constexpr std::string_view kUserMissed = "conversation.user.missed";
inline constexpr std::string_view kUserAnswered = "conversation.user.answered";
inline constexpr std::string_view kRouteNowhere = "conversation.route.nowhere";
inline constexpr std::string_view kInboundUnrouted = "inbound.unrouted";
inline constexpr std::string_view kStationUpdated = "station.updated";
inline constexpr std::string_view kTrunkStatusChanged = "telephony:edge:status:changed";
inline constexpr std::string_view kTrunkRegistrationSuccess = "telephony:edge:registration:success";
inline constexpr std::string_view kTrunkRegistrationFailure = "telephony:edge:registration:failure";
inline constexpr std::string_view kTrunkUpdated = "audit:edge:updated";
inline constexpr std::string_view kNumberStateChanged = "number.state.changed";
inline constexpr std::string_view kNumberRoutingChanged = "number.routing.changed";
inline constexpr std::string_view kNumberAttention = "number.attention";
inline constexpr std::string_view kNumberCallflowDropped = "number.callflow.dropped";
inline constexpr std::string_view kConfigurationChanged = "configuration.changed";

/// Every name above: what a filter or a subscription may ask for. A new event has its name here too.
inline constexpr auto kAll = std::to_array<std::string_view>({
    kConversationCreated,
    kConversationUpdated,
    kConversationEnded,
    kConversationMediaWarning,
    kFlowStarted,
    kFlowAnnounced,
    kFlowMenu,
    kFlowDigit,
    kFlowNoDigit,
    kFlowSchedule,
    kFlowFallback,
    kFlowEnded,
    kQueueEntered,
    kQueueOffered,
    kQueueMissed,
    kQueueAnswered,
    kQueueOverflowed,
    kUserOffered,
    kUserMissed,
    kUserAnswered,
    kRouteNowhere,
    kInboundUnrouted,
    kStationUpdated,
    kTrunkStatusChanged,
    kTrunkRegistrationSuccess,
    kTrunkRegistrationFailure,
    kTrunkUpdated,
    kNumberStateChanged,
    kNumberRoutingChanged,
    kNumberAttention,
    kNumberCallflowDropped,
    kConfigurationChanged,
});
}  // namespace event_type

struct Event {
    std::uint64_t sequence = 0;  ///< 0 until stored
    OrganizationId organization;
    std::string type;
    std::string resource_type;  ///< `conversation`, `edge`, `number`, `station`, …
    std::string resource_id;
    WallTime time{};
    std::string payload = "{}";  ///< a JSON object, as text: see Payload
};

/// A top-level text, number or flag of a payload, as text without quotation marks; nothing for anything else. Reads what
/// Payload writes; on other text it finds nothing or something, but never reads beyond it.
std::optional<std::string> payload_field(std::string_view payload, std::string_view name);

/// Builds an event's payload: a flat JSON object, written once, never parsed here.
class Payload {
public:
    Payload& text(std::string_view name, std::string_view value);
    Payload& number(std::string_view name, std::int64_t value);
    Payload& flag(std::string_view name, bool value);
    std::string str() const { return body_ + "}"; }

private:
    void key(std::string_view name);
    std::string body_ = "{";
};

}  // namespace dp::telephony
