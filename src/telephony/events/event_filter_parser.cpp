#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "telephony/events/event_filter_node.hpp"

namespace dp::telephony {
namespace {

using Node = EventFilter::Node;

constexpr std::size_t kMaxLength = 4096;
constexpr int kMaxDepth = 16;
constexpr std::size_t kMaxConditions = 128;
constexpr std::size_t kMaxValues = 256;
constexpr std::size_t kMaxValueLength = 256;

struct FieldName {
    std::string_view name;
    FilterField field;
};
constexpr auto kFields = std::to_array<FieldName>({{"eventTypes", FilterField::EventType},
                                                   {"eventType", FilterField::EventType},
                                                   {"resourceIds", FilterField::ResourceId},
                                                   {"resourceId", FilterField::ResourceId},
                                                   {"resourceTypes", FilterField::ResourceType},
                                                   {"resourceType", FilterField::ResourceType},
                                                   {"timestamp", FilterField::Timestamp},
                                                   {"sequence", FilterField::Sequence},
                                                   {"registrationLatencyMs", FilterField::Latency}});

bool is_bare(char c) {
    return c > ' ' && c != 0x7F && !std::string_view(",[]()\"=!<>").contains(c);
}

bool is_order(FilterOperator op) {
    return op >= FilterOperator::Less;
}

class Parser {
public:
    Parser(std::string_view text, std::string_view field) : text_(text), name_(field) {}

    Result<Node> whole() {
        DP_TRY(node, expression(0));
        if (!at_end()) return expected("AND, OR or the end");
        return node;
    }
    std::unexpected<Error> error(std::size_t position, std::string_view what) const {
        return fail(ErrorCode::InvalidValue, fmt::format("{}: at position {}: {}.", name_, position + 1, what),
                    std::string(name_));
    }

private:
    std::unexpected<Error> expected(std::string_view what) const {
        std::string_view found = text_.substr(at_, 1);
        const bool plain = !found.empty() && found[0] > ' ' && found[0] < 0x7F;
        return error(at_, at_ >= text_.size() ? fmt::format("expected {}, found the end", what)
                          : plain             ? fmt::format("expected {}, found '{}'", what, found)
                                              : fmt::format("expected {}", what));
    }
    void skip_space() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    }
    bool at_end() {
        skip_space();
        return at_ >= text_.size();
    }
    bool take(std::string_view mark) {
        skip_space();
        if (!text_.substr(at_).starts_with(mark)) return false;
        at_ += mark.size();
        return true;
    }
    std::string_view word() const {
        std::size_t end = at_;
        while (end < text_.size() && (ascii::is_alnum(text_[end]) || text_[end] == '_' || text_[end] == '.')) ++end;
        return text_.substr(at_, end - at_);
    }
    bool take_keyword(std::string_view keyword) {
        skip_space();
        const auto found = word();
        if (!ascii::iequals(found, keyword)) return false;
        at_ += found.size();
        return true;
    }

    /// Operands of one kind of operator; a single operand is itself.
    template <class Operand>
    Result<Node> chain(Node::Kind kind, std::string_view keyword, Operand operand) {
        DP_TRY(first, operand());
        Node out;
        out.kind = kind;
        out.children.push_back(std::move(first));
        while (take_keyword(keyword)) {
            DP_TRY(next, operand());
            out.children.push_back(std::move(next));
        }
        if (out.children.size() > 1) return out;
        Node only = std::move(out.children.front());
        return only;
    }
    Result<Node> expression(int depth) {
        return chain(Node::Kind::Or, "OR", [&] { return term(depth); });
    }
    Result<Node> term(int depth) {
        return chain(Node::Kind::And, "AND", [&] { return factor(depth); });
    }

    Result<Node> factor(int depth) {
        skip_space();
        if (depth >= kMaxDepth) return error(at_, fmt::format("more than {} levels", kMaxDepth));
        if (take_keyword("NOT")) {
            DP_TRY(inner, factor(depth + 1));
            Node out;
            out.kind = Node::Kind::Not;
            out.children.push_back(std::move(inner));
            return out;
        }
        if (!take("(")) return condition();
        DP_TRY(inner, expression(depth + 1));
        if (!take(")")) return expected("AND, OR or ')'");
        return inner;
    }

    Result<Node> condition() {
        if (++conditions_ > kMaxConditions) return error(at_, fmt::format("more than {} conditions", kMaxConditions));
        Node out;
        DP_CHECK(field_of(out));
        skip_space();
        const std::size_t operator_at = at_;
        DP_TRY(op, operator_of());
        out.op = op;
        const bool text_field = out.field <= FilterField::ResourceType;
        if (is_order(op) && text_field) return error(operator_at, "this field has no order: use ':', '=' or '!='");
        if (op == FilterOperator::In && take("["))
            DP_CHECK(list(out));
        else
            DP_CHECK(value(out));
        return out;
    }

    Result<void> field_of(Node& out) {
        skip_space();
        const auto name = word();
        if (name.empty()) return expected("a field, NOT or '('");
        if (name.starts_with("data.") && name.size() > 5 && name.size() <= 64 && !name.substr(5).contains('.')) {
            out.field = FilterField::Data;
            out.data_name = name.substr(5);
        } else {
            const auto known = std::ranges::find(kFields, name, &FieldName::name);
            if (known == kFields.end())
                return error(at_, fmt::format("there is no field '{}': the fields are eventTypes, resourceIds, "
                                              "resourceTypes, timestamp, sequence, registrationLatencyMs and data.NAME",
                                              name.substr(0, 64)));
            out.field = known->field;
        }
        at_ += name.size();
        return {};
    }

    Result<FilterOperator> operator_of() {
        // The two-character ones first.
        for (const auto op : {FilterOperator::NotEqual, FilterOperator::LessEqual, FilterOperator::GreaterEqual,
                              FilterOperator::In, FilterOperator::Equal, FilterOperator::Less, FilterOperator::Greater})
            if (take(kFilterOperators[static_cast<std::size_t>(op)])) return op;
        return expected("':' or a comparison");
    }

    Result<void> list(Node& out) {
        do {
            DP_CHECK(value(out));
        } while (take(","));
        if (!take("]")) return expected("',' or ']'");
        return {};
    }

    Result<void> value(Node& out) {
        skip_space();
        const std::size_t begin = at_;
        if (++values_ > kMaxValues) return error(begin, fmt::format("more than {} values", kMaxValues));
        FilterValue made;
        if (take("\"")) {
            DP_CHECK(quoted(made.text));
        } else {
            while (at_ < text_.size() && is_bare(text_[at_])) made.text += text_[at_++];
            if (made.text.empty()) return expected("a value");
            if (out.field <= FilterField::ResourceType && made.text.ends_with('*')) {
                made.prefix = true;
                made.text.pop_back();
            }
        }
        if (made.text.size() > kMaxValueLength)
            return error(begin, fmt::format("a value of more than {} characters", kMaxValueLength));
        DP_CHECK(typed(out, made, begin));
        out.values.push_back(std::move(made));
        return {};
    }

    Result<void> quoted(std::string& out) {
        const std::size_t begin = at_ - 1;
        for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
            if (text_[at_] != '\\') {
                out += text_[at_];
                continue;
            }
            if (++at_ >= text_.size() || (text_[at_] != '"' && text_[at_] != '\\'))
                return error(at_ - 1, "a backslash stands before '\"' or '\\' only");
            out += text_[at_];
        }
        if (at_ >= text_.size()) return error(begin, "the quotation mark is not closed");
        ++at_;
        return {};
    }

    /// The value must be of its field's kind.
    Result<void> typed(const Node& node, FilterValue& value, std::size_t begin) const {
        switch (node.field) {
            case FilterField::EventType:
                return known_type(value, begin);
            case FilterField::Timestamp:
                return timestamp(node, value, begin);
            case FilterField::Sequence:
            case FilterField::Latency:
                return number(value, begin);
            case FilterField::Data:
                return is_order(node.op) ? number(value, begin) : Result<void>();
            default:
                return {};
        }
    }
    Result<void> known_type(const FilterValue& value, std::size_t begin) const {
        const bool known = std::ranges::any_of(event_type::kAll, [&](std::string_view type) {
            return value.prefix ? type.starts_with(value.text) : type == value.text;
        });
        if (known) return {};
        auto error = unknown_event_type(value.text, name_).error();
        error.detail = fmt::format("{}: at position {}: {}", name_, begin + 1, error.detail);
        return std::unexpected(std::move(error));
    }
    Result<void> timestamp(const Node& node, FilterValue& value, std::size_t begin) const {
        if (const auto interval = parse_interval(value.text); interval && node.op == FilterOperator::In) {
            value.interval = *interval;
            return {};
        }
        const auto point = parse_rfc3339(value.text);
        if (!point) return error(begin, "expected a time like 2026-11-21T08:00:00Z, or after ':' from/until");
        value.number = to_millis(*point);
        value.interval = {*point, *point + std::chrono::milliseconds(1)};
        return {};
    }
    Result<void> number(FilterValue& value, std::size_t begin) const {
        const auto parsed = ascii::parse_decimal<std::uint64_t>(value.text);
        if (!parsed || *parsed > static_cast<std::uint64_t>(INT64_MAX)) return error(begin, "expected a whole number");
        value.number = static_cast<std::int64_t>(*parsed);
        return {};
    }

    std::string_view text_;
    std::string_view name_;
    std::size_t at_ = 0;
    std::size_t conditions_ = 0;
    std::size_t values_ = 0;
};

}  // namespace

Result<Node> parse_filter(std::string_view text, std::string_view field) {
    Parser parser(text, field);
    if (text.size() > kMaxLength) return parser.error(kMaxLength, "more than 4096 characters");
    if (!is_valid_utf8(text)) return parser.error(0, "not UTF-8");
    return parser.whole();
}

}  // namespace dp::telephony
