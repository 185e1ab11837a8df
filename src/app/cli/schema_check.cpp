#include "app/cli/schema_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

namespace dp::app::cli {

namespace json = boost::json;

namespace {

constexpr int kMaxDepth = 64;  // a schema may refer to itself

const json::value* pointed(const json::value& document, std::string_view reference) {
    if (!reference.starts_with('#')) return nullptr;
    boost::system::error_code error;
    return document.find_pointer(reference.substr(1), error);
}

bool is_of_type(const json::value& value, std::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "integer") return value.is_int64() || value.is_uint64();
    return value.is_number();
}

class SchemaCheck {
public:
    explicit SchemaCheck(const json::value& document) : document_(document) {}

    /// The first fault; empty when there is none.
    std::string fault(const json::value& schema, const json::value& value, const std::string& where, int depth = 0) {
        if (!schema.is_object() || depth > kMaxDepth) return {};
        const auto& rules = schema.get_object();
        for (const auto step : {&SchemaCheck::reference, &SchemaCheck::type, &SchemaCheck::choice, &SchemaCheck::bounds,
                                &SchemaCheck::members, &SchemaCheck::items, &SchemaCheck::combined})
            if (auto found = (this->*step)(rules, value, where, depth); !found.empty()) return found;
        return {};
    }

private:
    std::string reference(const json::object& rules, const json::value& value, const std::string& where, int depth) {
        const auto* reference = rules.if_contains("$ref");
        const auto* target =
            reference && reference->is_string() ? pointed(document_, reference->get_string()) : nullptr;
        return target ? fault(*target, value, where, depth + 1) : "";
    }
    std::string type(const json::object& rules, const json::value& value, const std::string& where, int) {
        const auto* type = rules.if_contains("type");
        if (!type) return {};
        const auto types = type->is_array() ? type->get_array() : json::array{*type};
        const bool fits = std::ranges::any_of(
            types, [&](const auto& t) { return t.is_string() && is_of_type(value, t.get_string()); });
        return fits ? "" : fmt::format("{} must be of the type {}.", where, json::serialize(*type));
    }
    std::string choice(const json::object& rules, const json::value& value, const std::string& where, int) {
        const auto* choices = rules.if_contains("enum");
        if (!choices || !choices->is_array() ||
            std::ranges::find(choices->get_array(), value) != choices->get_array().end())
            return {};
        return fmt::format("{} must be one of {}.", where, json::serialize(*choices));
    }
    std::string bounds(const json::object& rules, const json::value& value, const std::string& where, int) {
        const auto bound = [&](std::string_view name) {
            const auto* limit = rules.if_contains(name);
            return limit && limit->is_number() ? limit : nullptr;
        };
        const auto breaks = [&](double given, const json::value* low, const json::value* high) {
            return (low && given < low->to_number<double>()) || (high && given > high->to_number<double>());
        };
        if (value.is_number() && breaks(value.to_number<double>(), bound("minimum"), bound("maximum")))
            return fmt::format("{} is out of its bounds.", where);
        if (value.is_string() &&
            breaks(static_cast<double>(value.get_string().size()), bound("minLength"), bound("maxLength")))
            return fmt::format("{} is too short or too long.", where);
        return {};
    }
    std::string members(const json::object& rules, const json::value& value, const std::string& where, int depth) {
        if (!value.is_object()) return {};
        if (const auto* required = rules.if_contains("required"); required && required->is_array())
            for (const auto& name : required->get_array())
                if (name.is_string() && !value.get_object().contains(name.get_string()))
                    return fmt::format("{}.{} is missing.", where, std::string_view(name.get_string()));
        const auto* properties = rules.if_contains("properties");
        const auto* others = rules.if_contains("additionalProperties");
        for (const auto& [name, member] : value.get_object()) {
            const auto path = fmt::format("{}.{}", where, std::string_view(name));
            const auto* known =
                properties && properties->is_object() ? properties->get_object().if_contains(name) : nullptr;
            if (!known && properties && (!others || *others == false))
                return fmt::format("{} is no field of it.", path);
            const auto* schema = known ? known : others;
            if (auto found = schema ? fault(*schema, member, path, depth + 1) : ""; !found.empty()) return found;
        }
        return {};
    }
    std::string items(const json::object& rules, const json::value& value, const std::string& where, int depth) {
        const auto* schema = rules.if_contains("items");
        if (!schema || !value.is_array()) return {};
        for (std::size_t i = 0; i < value.get_array().size(); ++i)
            if (auto found = fault(*schema, value.get_array()[i], fmt::format("{}[{}]", where, i), depth + 1);
                !found.empty())
                return found;
        return {};
    }
    std::string combined(const json::object& rules, const json::value& value, const std::string& where, int depth) {
        if (const auto* all = rules.if_contains("allOf"); all && all->is_array())
            for (const auto& one : all->get_array())
                if (auto found = fault(one, value, where, depth + 1); !found.empty()) return found;
        for (const auto* name : {"oneOf", "anyOf"}) {
            const auto* choices = rules.if_contains(name);
            if (!choices || !choices->is_array() || choices->get_array().empty()) continue;
            std::string first;
            const bool fits = std::ranges::any_of(choices->get_array(), [&](const auto& one) {
                auto found = fault(one, value, where, depth + 1);
                if (first.empty()) first = found;
                return found.empty();
            });
            if (!fits) return first;
        }
        return {};
    }

    const json::value& document_;
};

}  // namespace

std::string schema_fault(const json::value& document, std::string_view name, const json::value& value) {
    const auto* schema = pointed(document, fmt::format("#/components/schemas/{}", name));
    if (!schema) return fmt::format("The server's document has no schema {}.", name);
    return SchemaCheck(document).fault(*schema, value, std::string(name));
}

bool has_path(const json::value& document, std::string_view path) {
    const auto* object = document.if_object();
    const auto* paths = object ? object->if_contains("paths") : nullptr;
    return paths && paths->is_object() && paths->get_object().contains(path);
}

}  // namespace dp::app::cli
