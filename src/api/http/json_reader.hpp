#pragma once
/// @file JsonReader: takes typed fields out of a request body and remembers what went wrong, with the dotted name of
/// the field and the rule it broke. A field that was never asked for is unknown: a warning, or an error under `Prefer:
/// handling=strict` (product.md, "Unknown or read-only fields").
///
/// One reader per JSON object, on the caller's stack, for the life of the request; not thread-safe. The first error
/// wins and every later read returns an empty value, so a resource reads its fields in a row and checks once:
///
///     JsonReader body(object);
///     auto name = body.required_text("name", 256);
///     auto limit = body.required_integer("maxConcurrentSessions", 1, 2000);
///     DP_CHECK(body.finish());

#include <boost/json/fwd.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::api {

class JsonReader {
public:
    /// `object` must outlive the reader.
    explicit JsonReader(const boost::json::object& object, std::string path = {});
    ~JsonReader();
    JsonReader(const JsonReader&) = delete;
    JsonReader& operator=(const JsonReader&) = delete;

    bool has(std::string_view name) const;      ///< present and not null
    bool is_null(std::string_view name) const;  ///< present and null
    bool is_text(std::string_view name) const;

    std::optional<std::string> text(std::string_view name, std::size_t max_length = 256);
    std::string required_text(std::string_view name, std::size_t max_length = 256);
    std::optional<std::int64_t> integer(std::string_view name, std::int64_t low, std::int64_t high);
    std::int64_t required_integer(std::string_view name, std::int64_t low, std::int64_t high);
    std::optional<bool> boolean(std::string_view name);
    std::optional<std::vector<std::string>> texts(std::string_view name, std::size_t max_items,
                                                  std::size_t max_length = 256);
    /// String to string, e.g. custom headers.
    std::optional<std::vector<std::pair<std::string, std::string>>> text_map(std::string_view name,
                                                                             std::size_t max_items);
    /// An object that is carried, not understood: its text, at most `max_size` octets of it.
    std::optional<std::string> opaque_object(std::string_view name, std::size_t max_size);
    /// A nested object, or null when absent. The reader belongs to this one; its errors are ours.
    JsonReader* object(std::string_view name);
    JsonReader* required_object(std::string_view name);
    /// One reader per element of an array of objects.
    std::vector<JsonReader*> objects(std::string_view name, std::size_t max_items);
    /// Marks fields as the resource's own although nothing reads them (id, selfUri, dateCreated …): clients PUT back
    /// what they got.
    void ignore(std::initializer_list<std::string_view> names);

    /// Records an error of the resource's own rules against a field.
    void refuse(std::string_view name, std::string rule, ErrorCode code = ErrorCode::InvalidValue);

    /// The first error, if any.
    Result<void> finish() const;
    /// Dotted names of the fields nobody asked for, nested ones included.
    std::vector<std::string> unknown() const;

private:
    const boost::json::value* take(std::string_view name);
    const boost::json::value* demand(std::string_view name);
    std::string dotted(std::string_view name) const;
    JsonReader* nest(const boost::json::object& object, std::string path);

    const boost::json::object& object_;
    std::string path_;
    std::vector<std::string> asked_;
    std::vector<std::unique_ptr<JsonReader>> nested_;
    std::optional<Error> error_;
};

/// Parses `body` as a JSON object: at most 64 levels deep, valid UTF-8. Errors carry the position.
Result<std::unique_ptr<boost::json::value>> parse_json_object(std::string_view body);

}  // namespace dp::api
