#pragma once
/// @file CallFlow: what an inbound call hears and may choose before it reaches its target: the smallest IVR that is
/// one. Steps are named and lead to each other; a `next` that is empty leaves the flow towards the number's routing
/// target.
///
/// Source: issue "Routing is real"; seed 0 section 2 and edge case 3 (`callflowId`); product.md "The nouns".

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "telephony/routing/route_target.hpp"

namespace dp::telephony {

enum class FlowStepKind : std::uint8_t {
    Announce,    ///< plays `prompt`, then `next`
    Menu,        ///< plays `prompt`, waits for one digit of `choices`; `no_choice` after `tries`
    Schedule,    ///< `open`, `next` (closed) or `holiday`, by the schedule group
    Transfer,    ///< leaves the flow towards `target`
    Disconnect,  ///< ends the call
};

struct MenuChoice {
    std::string digit;  ///< one of `0-9*#`
    std::string next;
};

struct FlowStep {
    std::string id;
    FlowStepKind kind = FlowStepKind::Announce;
    std::string prompt;  ///< spoken text
    std::string next;    ///< announce: after it; schedule: when closed
    std::vector<MenuChoice> choices;
    std::int32_t tries = 3;                 ///< menu: how often it asks
    std::chrono::seconds digit_timeout{5};  ///< menu: after the prompt
    std::string no_choice;                  ///< menu: step after the last try; empty: the flow's fallback
    ScheduleGroupId schedule_group;
    std::string open;
    std::string holiday;  ///< empty: as closed
    std::optional<RouteTarget> target;
};

/// How the caller hears the flow.
enum class FlowAnswer : std::uint8_t {
    Answer,      ///< 200 first: the call is charged from here on
    EarlyMedia,  ///< 183 with SDP; the call is answered when the target answers
};

struct CallFlow {
    static constexpr std::size_t kMostSteps = 50;
    static constexpr std::size_t kLongestPrompt = 600;  ///< characters; about 40 s of speech

    CallFlowId id;
    EntityMeta meta;
    std::string name;
    std::string description;
    bool enabled = true;  ///< false: calls pass it by
    FlowAnswer answer = FlowAnswer::Answer;
    std::string start;            ///< step; empty: the first
    std::vector<FlowStep> steps;  ///< empty: straight to the target
    std::optional<RouteTarget> fallback;

    const FlowStep* find(std::string_view step) const;
    const FlowStep* first() const;
};

/// The flow in itself: unique steps, references that lead somewhere, values in their ranges, and no way round in a
/// circle but by a caller's choice in a menu.
Result<void> validate(const CallFlow& flow);

}  // namespace dp::telephony
