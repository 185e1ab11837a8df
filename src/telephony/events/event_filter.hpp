#pragma once
/// @file EventFilter: the filter language of the events query and of webhooks (seed 1, step 6), as a parser, an
/// evaluator and a printer. Pure; a parsed filter is immutable and shared by its copies.
///
///     resourceIds:[edge-1,edge-2] AND (eventTypes:[telephony:edge:*] OR NOT data.sipStatus >= 400)
///
///     expression = term { "OR" term }            term = factor { "AND" factor }
///     factor     = "NOT" factor | "(" expression ")" | condition
///     condition  = field ":" ( value | "[" value { "," value } "]" )   one of these; `*` at the end: any that begins so
///                | field ( "=" | "!=" | "<" | "<=" | ">" | ">=" ) value
///     value      = '"' characters, \" and \\ '"' | characters but white space and , [ ] ( ) " = ! < >
///
/// Fields: eventTypes, resourceIds, resourceTypes (also in the singular), timestamp (RFC 3339; after `:` also an
/// interval `from/until`), sequence, registrationLatencyMs, and `data.NAME` for a field of the event's payload. An absent
/// payload field makes every comparison false but `!=`. An empty filter matches everything. Bounds: 4,096 characters, 16
/// levels, 128 conditions, 256 values. Errors name the position (from 1) and what was expected there.

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "telephony/events/event.hpp"

namespace dp::telephony {

/// What every matching event satisfies, for an index to begin with; the filter itself decides.
struct EventBounds {
    std::optional<std::vector<std::string>> types;  ///< absent: any
    std::optional<std::vector<std::string>> resource_ids;
    std::optional<WallTime> from;
    std::optional<WallTime> until;  ///< not included
};

class EventFilter {
public:
    struct Node;

    /// Matches everything.
    EventFilter() = default;
    /// `field`: the request's field that errors name.
    static Result<EventFilter> parse(std::string_view text, std::string_view field = "filter");

    bool matches(const Event& event) const;
    EventBounds bounds() const;
    /// In one canonical spelling, which parses to an equal filter.
    std::string str() const;

private:
    explicit EventFilter(std::shared_ptr<const Node> root) : root_(std::move(root)) {}
    std::shared_ptr<const Node> root_;
};

bool is_known_event_type(std::string_view name);
/// The 400 that carries the list of what there is.
std::unexpected<Error> unknown_event_type(std::string_view name, std::string_view field);

}  // namespace dp::telephony
