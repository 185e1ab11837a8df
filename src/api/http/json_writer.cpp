#include "api/http/json_writer.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>
#include <iterator>
#include <utility>

#include "base/json_text.hpp"

namespace dp::api {
namespace {

namespace json = boost::json;

void append(std::string& out, const json::value& value);

void append(std::string& out, const json::object& object) {
    out += '{';
    for (bool first = true; const auto& [key, member] : object) {
        if (!std::exchange(first, false)) out += ',';
        append_json_string(out, key);
        out += ':';
        append(out, member);
    }
    out += '}';
}

void append(std::string& out, const json::array& array) {
    out += '[';
    for (bool first = true; const auto& item : array) {
        if (!std::exchange(first, false)) out += ',';
        append(out, item);
    }
    out += ']';
}

/// JSON has no infinity (RFC 8259 section 6).
void append(std::string& out, double number) {
    if (std::isfinite(number))
        fmt::format_to(std::back_inserter(out), "{}", number);
    else
        out += "null";
}

void append(std::string& out, const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            out += "null";
            return;
        case json::kind::bool_:
            out += value.get_bool() ? "true" : "false";
            return;
        case json::kind::int64:
            fmt::format_to(std::back_inserter(out), "{}", value.get_int64());
            return;
        case json::kind::uint64:
            fmt::format_to(std::back_inserter(out), "{}", value.get_uint64());
            return;
        case json::kind::double_:
            return append(out, value.get_double());
        case json::kind::string:
            return append_json_string(out, value.get_string());
        case json::kind::array:
            return append(out, value.get_array());
        case json::kind::object:
            return append(out, value.get_object());
    }
}

}  // namespace

std::string json_text(const boost::json::value& value) {
    std::string out;
    out.reserve(1024);
    append(out, value);
    return out;
}

}  // namespace dp::api
