#include "telephony/events/event_filter.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "telephony/events/event_filter_node.hpp"

namespace dp::telephony {
namespace {

using Node = EventFilter::Node;

bool compare(FilterOperator op, std::int64_t left, std::int64_t right) {
    switch (op) {
        case FilterOperator::In:
        case FilterOperator::Equal:
            return left == right;
        case FilterOperator::NotEqual:
            return left != right;
        case FilterOperator::Less:
            return left < right;
        case FilterOperator::LessEqual:
            return left <= right;
        case FilterOperator::Greater:
            return left > right;
        case FilterOperator::GreaterEqual:
            return left >= right;
    }
    return false;
}

bool text_matches(const Node& node, std::string_view text) {
    const bool found = std::ranges::any_of(node.values, [&](const FilterValue& value) {
        return value.prefix ? text.starts_with(value.text) : text == value.text;
    });
    return found != (node.op == FilterOperator::NotEqual);
}

bool number_matches(const Node& node, std::optional<std::int64_t> number) {
    if (!number) return node.op == FilterOperator::NotEqual;
    return std::ranges::any_of(node.values,
                               [&](const FilterValue& value) { return compare(node.op, *number, value.number); });
}

bool time_matches(const Node& node, WallTime time) {
    if (node.op != FilterOperator::In) return number_matches(node, to_millis(time));
    return std::ranges::any_of(node.values, [&](const FilterValue& value) {
        return value.interval.from <= time && time < value.interval.until;
    });
}

std::optional<std::int64_t> number_of(const std::optional<std::string>& text) {
    const auto parsed = text ? ascii::parse_decimal<std::uint64_t>(*text) : std::nullopt;
    if (!parsed || *parsed > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
    return static_cast<std::int64_t>(*parsed);
}

bool data_matches(const Node& node, const Event& event) {
    const auto found = payload_field(event.payload, node.data_name);
    if (node.op >= FilterOperator::Less) return number_matches(node, number_of(found));
    return found ? text_matches(node, *found) : node.op == FilterOperator::NotEqual;
}

bool condition_matches(const Node& node, const Event& event) {
    switch (node.field) {
        case FilterField::EventType:
            return text_matches(node, event.type);
        case FilterField::ResourceId:
            return text_matches(node, event.resource_id);
        case FilterField::ResourceType:
            return text_matches(node, event.resource_type);
        case FilterField::Timestamp:
            return time_matches(node, event.time);
        case FilterField::Sequence:
            return number_matches(node, static_cast<std::int64_t>(event.sequence));
        case FilterField::Latency:
            return number_matches(node, number_of(payload_field(event.payload, "registrationLatencyMs")));
        case FilterField::Data:
            return data_matches(node, event);
    }
    return false;
}

bool node_matches(const Node& node, const Event& event) {
    const auto matches = [&](const Node& child) { return node_matches(child, event); };
    switch (node.kind) {
        case Node::Kind::And:
            return std::ranges::all_of(node.children, matches);
        case Node::Kind::Or:
            return std::ranges::any_of(node.children, matches);
        case Node::Kind::Not:
            return !matches(node.children.front());
        case Node::Kind::Condition:
            return condition_matches(node, event);
    }
    return false;
}

// --- bounds: what all conjuncts together leave

using Texts = std::optional<std::vector<std::string>>;

void narrow(Texts& held, std::vector<std::string> allowed) {
    if (held)
        std::erase_if(*held,
                      [&](const std::string& text) { return std::ranges::find(allowed, text) == allowed.end(); });
    if (!held) held = std::move(allowed);
}

void narrow(EventBounds& bounds, const Interval& interval) {
    bounds.from = bounds.from ? std::max(*bounds.from, interval.from) : interval.from;
    bounds.until = bounds.until ? std::min(*bounds.until, interval.until) : interval.until;
}

std::vector<std::string> types_of(const Node& node) {
    std::vector<std::string> out;
    for (const std::string_view type : event_type::kAll)
        if (text_matches(node, type)) out.emplace_back(type);
    return out;
}

void narrow_time(EventBounds& bounds, const Node& node) {
    constexpr std::chrono::milliseconds kOne{1};
    const auto& value = node.values.front();
    const WallTime point = value.interval.from;
    const Interval all{WallTime::min(), WallTime::max()};
    switch (node.op) {
        case FilterOperator::In:
        case FilterOperator::Equal:
            return node.values.size() == 1 ? narrow(bounds, value.interval) : void();
        case FilterOperator::Less:
            return narrow(bounds, {all.from, point});
        case FilterOperator::LessEqual:
            return narrow(bounds, {all.from, point + kOne});
        case FilterOperator::Greater:
            return narrow(bounds, {point + kOne, all.until});
        case FilterOperator::GreaterEqual:
            return narrow(bounds, {point, all.until});
        case FilterOperator::NotEqual:
            return;
    }
}

void collect(EventBounds& bounds, const Node& node) {
    if (node.kind == Node::Kind::And)
        for (const Node& child : node.children) collect(bounds, child);
    if (node.kind != Node::Kind::Condition) return;
    if (node.field == FilterField::EventType) narrow(bounds.types, types_of(node));
    if (node.field == FilterField::Timestamp) narrow_time(bounds, node);
    const bool exact = std::ranges::none_of(node.values, &FilterValue::prefix);
    if (node.field != FilterField::ResourceId || node.op == FilterOperator::NotEqual || !exact) return;
    std::vector<std::string> ids;
    for (const FilterValue& value : node.values) ids.push_back(value.text);
    narrow(bounds.resource_ids, std::move(ids));
}

// --- text

constexpr std::string_view kFieldNames[] = {"eventTypes", "resourceIds", "resourceTypes",
                                            "timestamp",  "sequence",    "registrationLatencyMs"};

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    return out + '"';
}

std::string value_text(const FilterValue& value) {
    const bool bare = !value.text.empty() && !value.text.ends_with('*') && std::ranges::all_of(value.text, [](char c) {
        return c > ' ' && c < 0x7F && !std::string_view(",[]()\"=!<>\\").contains(c);
    });
    return value.prefix ? value.text + '*' : bare ? value.text : quoted(value.text);
}

std::string condition_text(const Node& node) {
    std::string out = node.field == FilterField::Data ? "data." + node.data_name
                                                      : std::string(kFieldNames[static_cast<std::size_t>(node.field)]);
    out += kFilterOperators[static_cast<std::size_t>(node.op)];
    if (node.op != FilterOperator::In) return out + value_text(node.values.front());
    char mark = '[';
    for (const FilterValue& value : node.values) {
        out += std::exchange(mark, ',');
        out += value_text(value);
    }
    return out + ']';
}

std::string node_text(const Node& node) {
    if (node.kind == Node::Kind::Condition) return condition_text(node);
    const auto child_text = [&](const Node& child) {
        // A child that binds more loosely, or a chain of the same operator that stood in parentheses.
        const bool loose = child.kind <= Node::Kind::Or && (child.kind >= node.kind || node.kind == Node::Kind::Not);
        return loose ? fmt::format("({})", node_text(child)) : node_text(child);
    };
    if (node.kind == Node::Kind::Not) return "NOT " + child_text(node.children.front());
    std::string out;
    for (const Node& child : node.children) {
        if (!out.empty()) out += node.kind == Node::Kind::And ? " AND " : " OR ";
        out += child_text(child);
    }
    return out;
}

}  // namespace

Result<EventFilter> EventFilter::parse(std::string_view text, std::string_view field) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) return EventFilter();
    DP_TRY(root, parse_filter(text, field));
    return EventFilter(std::make_shared<const Node>(std::move(root)));
}

bool EventFilter::matches(const Event& event) const {
    return !root_ || node_matches(*root_, event);
}

EventBounds EventFilter::bounds() const {
    EventBounds out;
    if (root_) collect(out, *root_);
    return out;
}

std::string EventFilter::str() const {
    return root_ ? node_text(*root_) : std::string();
}

bool is_known_event_type(std::string_view name) {
    return std::ranges::find(event_type::kAll, name) != event_type::kAll.end();
}

std::unexpected<Error> unknown_event_type(std::string_view name, std::string_view field) {
    return fail(ErrorCode::InvalidValue,
                fmt::format("there is no event '{}'; the events are {}.", name.substr(0, 64),
                            fmt::join(event_type::kAll, ", ")),
                std::string(field));
}

}  // namespace dp::telephony
