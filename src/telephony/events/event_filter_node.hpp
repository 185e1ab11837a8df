#pragma once
/// @file EventFilter's tree, between its parser (event_filter_parser.cpp) and its evaluator (event_filter.cpp).

#include <cstdint>
#include <string>
#include <vector>

#include "telephony/events/event_filter.hpp"
#include "telephony/events/time_text.hpp"

namespace dp::telephony {

enum class FilterField : std::uint8_t { EventType, ResourceId, ResourceType, Timestamp, Sequence, Latency, Data };
enum class FilterOperator : std::uint8_t { In, Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

struct FilterValue {
    std::string text;
    bool prefix = false;    ///< stood as `text*`
    std::int64_t number{};  ///< of numeric fields; milliseconds of a timestamp
    Interval interval{};    ///< of `timestamp:`
};

struct EventFilter::Node {
    enum class Kind : std::uint8_t { And, Or, Not, Condition };
    Kind kind = Kind::Condition;
    std::vector<Node> children;  ///< And, Or: two or more; Not: one
    FilterField field{};
    std::string data_name;  ///< of FilterField::Data
    FilterOperator op{};
    std::vector<FilterValue> values;
};

Result<EventFilter::Node> parse_filter(std::string_view text, std::string_view field);

inline constexpr std::string_view kFilterOperators[] = {":", "=", "!=", "<", "<=", ">", ">="};

}  // namespace dp::telephony
