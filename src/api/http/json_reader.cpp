#include "api/http/json_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

namespace dp::api {

namespace json = boost::json;

JsonReader::JsonReader(const json::object& object, std::string path) : object_(object), path_(std::move(path)) {}
JsonReader::~JsonReader() = default;

std::string JsonReader::dotted(std::string_view name) const {
    return path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name);
}

bool JsonReader::has(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value && !value->is_null();
}

bool JsonReader::is_null(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value && value->is_null();
}

bool JsonReader::is_text(std::string_view name) const {
    const auto* value = object_.if_contains(name);
    return value && value->is_string();
}

const json::value* JsonReader::take(std::string_view name) {
    asked_.emplace_back(name);
    const auto* value = object_.if_contains(name);
    return value && !value->is_null() ? value : nullptr;
}

const json::value* JsonReader::demand(std::string_view name) {
    const auto* value = take(name);
    if (!value && !error_)
        error_ = Error{ErrorCode::MissingField, fmt::format("The field {} is required.", dotted(name)), dotted(name)};
    return value;
}

void JsonReader::refuse(std::string_view name, std::string rule, ErrorCode code) {
    if (!error_) error_ = Error{code, fmt::format("The field {} {}.", dotted(name), rule), dotted(name)};
}

std::optional<std::string> JsonReader::text(std::string_view name, std::size_t max_length) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_string()) return refuse(name, "must be a string"), std::nullopt;
    const auto& text = value->get_string();
    if (text.size() > max_length)
        return refuse(name, fmt::format("must be at most {} octets long", max_length)), std::nullopt;
    if (std::ranges::any_of(text,
                            [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t'; }))
        return refuse(name, "must not contain control characters"), std::nullopt;
    return std::string(text);
}

std::string JsonReader::required_text(std::string_view name, std::size_t max_length) {
    if (!demand(name)) return {};
    auto value = text(name, max_length);
    if (value && value->empty()) refuse(name, "must not be empty");
    return value.value_or("");
}

std::optional<std::int64_t> JsonReader::integer(std::string_view name, std::int64_t low, std::int64_t high) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    std::int64_t number = 0;
    if (value->is_int64())
        number = value->get_int64();
    else if (value->is_double() && std::abs(value->get_double()) < 9e15 &&
             std::trunc(value->get_double()) == value->get_double())
        number = static_cast<std::int64_t>(value->get_double());
    else
        return refuse(name, "must be a whole number"), std::nullopt;
    if (number < low || number > high)
        return refuse(name, fmt::format("must be between {} and {}", low, high)), std::nullopt;
    return number;
}

std::int64_t JsonReader::required_integer(std::string_view name, std::int64_t low, std::int64_t high) {
    return demand(name) ? integer(name, low, high).value_or(low) : low;
}

std::optional<bool> JsonReader::boolean(std::string_view name) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_bool()) return refuse(name, "must be true or false"), std::nullopt;
    return value->get_bool();
}

std::optional<std::vector<std::string>> JsonReader::texts(std::string_view name, std::size_t max_items,
                                                          std::size_t max_length) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_array()) return refuse(name, "must be an array of strings"), std::nullopt;
    if (value->get_array().size() > max_items)
        return refuse(name, fmt::format("must have at most {} items", max_items)), std::nullopt;
    std::vector<std::string> out;
    for (const auto& item : value->get_array()) {
        if (!item.is_string() || item.get_string().size() > max_length)
            return refuse(name, fmt::format("must be an array of strings of at most {} octets", max_length)),
                   std::nullopt;
        out.emplace_back(item.get_string());
    }
    return out;
}

std::optional<std::vector<std::pair<std::string, std::string>>> JsonReader::text_map(std::string_view name,
                                                                                     std::size_t max_items) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_object() || value->get_object().size() > max_items)
        return refuse(name, fmt::format("must be an object of at most {} strings", max_items)), std::nullopt;
    std::vector<std::pair<std::string, std::string>> out;
    for (const auto& [key, item] : value->get_object()) {
        if (!item.is_string()) return refuse(name, "must be an object of strings"), std::nullopt;
        out.emplace_back(key, item.get_string());
    }
    return out;
}

std::optional<std::string> JsonReader::opaque_object(std::string_view name, std::size_t max_size) {
    const auto* value = take(name);
    if (!value) return std::nullopt;
    if (!value->is_object()) return refuse(name, "must be an object"), std::nullopt;
    auto text = json::serialize(*value);
    if (text.size() > max_size)
        return refuse(name, fmt::format("must be at most {} octets long", max_size)), std::nullopt;
    return text;
}

JsonReader* JsonReader::nest(const json::object& object, std::string path) {
    return nested_.emplace_back(std::make_unique<JsonReader>(object, std::move(path))).get();
}

JsonReader* JsonReader::object(std::string_view name) {
    const auto* value = take(name);
    if (!value) return nullptr;
    if (!value->is_object()) return refuse(name, "must be an object"), nullptr;
    return nest(value->get_object(), dotted(name));
}

JsonReader* JsonReader::required_object(std::string_view name) {
    return demand(name) ? object(name) : nullptr;
}

std::vector<JsonReader*> JsonReader::objects(std::string_view name, std::size_t max_items) {
    const auto* value = take(name);
    if (!value) return {};
    if (!value->is_array()) return refuse(name, "must be an array of objects"), std::vector<JsonReader*>{};
    const auto& items = value->get_array();
    if (items.size() > max_items)
        return refuse(name, fmt::format("must have at most {} items", max_items)), std::vector<JsonReader*>{};
    std::vector<JsonReader*> out;
    for (std::size_t i = 0; i < items.size(); ++i) {
        if (!items[i].is_object()) return refuse(name, "must be an array of objects"), std::vector<JsonReader*>{};
        out.push_back(nest(items[i].get_object(), fmt::format("{}[{}]", dotted(name), i)));
    }
    return out;
}

void JsonReader::ignore(std::initializer_list<std::string_view> names) {
    for (auto name : names) asked_.emplace_back(name);
}

Result<void> JsonReader::finish() const {
    if (error_) return std::unexpected(*error_);
    for (const auto& reader : nested_) DP_CHECK(reader->finish());
    return {};
}

std::vector<std::string> JsonReader::unknown() const {
    std::vector<std::string> out;
    for (const auto& entry : object_)
        if (std::ranges::find(asked_, std::string_view(entry.key())) == asked_.end())
            out.push_back(dotted(entry.key()));
    for (const auto& reader : nested_) std::ranges::copy(reader->unknown(), std::back_inserter(out));
    return out;
}

Result<std::unique_ptr<json::value>> parse_json_object(std::string_view body) {
    json::parse_options options;
    options.max_depth = 64;
    json::stream_parser parser({}, options);
    boost::system::error_code error;
    const std::size_t used = parser.write_some(body, error);
    if (!error && used < body.size() && body.find_first_not_of(" \t\r\n", used) != std::string_view::npos)
        return fail(ErrorCode::MalformedInput,
                    fmt::format("The body is not one JSON value: more follows at octet {}.", used));
    if (!error) parser.finish(error);
    if (error)
        return fail(ErrorCode::MalformedInput,
                    fmt::format("The body is not valid JSON at octet {}: {}.", used, error.message()));
    auto value = std::make_unique<json::value>(parser.release());
    if (!value->is_object()) return fail(ErrorCode::MalformedInput, "The body must be a JSON object.");
    return value;
}

}  // namespace dp::api
