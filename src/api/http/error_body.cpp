#include "api/http/error_body.hpp"

#include <boost/json.hpp>

#include "api/http/json_writer.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

/// Messages name what was sent, which need not be text.
net::HttpResponse json_response(int status, const json::value& body) {
    return {status, {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}}, json_text(body)};
}

/// What was wrong, and where: `{"detail": [{"loc": ["body", "config", "api_key"], "msg", "type"}]}`.
json::object validation_detail(const Error& error) {
    json::array where{"body"};
    for (std::string_view rest = error.field; !rest.empty();) {
        const auto dot = rest.find('.');
        where.emplace_back(rest.substr(0, dot));
        rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    }
    const bool missing = error.code == ErrorCode::MissingField;
    return {{"detail",
             json::array{json::object{
                 {"loc", std::move(where)}, {"msg", error.detail}, {"type", missing ? "missing" : "value_error"}}}}};
}

}  // namespace

net::HttpResponse error_response(int status, std::string_view code, const Error& error, std::string_view correlation) {
    json::object body{{"message", error.detail}, {"code", code}, {"status", status}, {"contextId", correlation}};
    json::array details;
    // The id of what exists (seed 1's "PUT instead" becomes one step), or of what was asked for.
    const bool names_entity = error.code == ErrorCode::Duplicate || error.code == ErrorCode::NotFound;
    if (names_entity && !error.field.empty())
        body["entityId"] = error.field;
    else if (!error.field.empty())
        details.push_back(json::object{{"errorCode", code}, {"fieldName", error.field}});
    body["messageParams"] = json::object{};
    body["details"] = details;
    body["errors"] = json::array{};
    return json_response(status, body);
}

net::HttpResponse error_response(const Error& error, ErrorStyle style, std::string_view correlation) {
    const auto& known = facts(error.code);
    switch (style) {
        case ErrorStyle::OAuth: {
            const bool bad_client = error.code == ErrorCode::Unauthenticated;
            return oauth_error(known.http_status, bad_client ? "invalid_client" : "invalid_request", error.detail);
        }
        case ErrorStyle::Detail: {
            if (known.http_status != 400)
                return json_response(known.http_status, json::object{{"detail", error.detail}});
            return json_response(422, validation_detail(error));
        }
        case ErrorStyle::Genesys:
            break;
    }
    return error_response(known.http_status, known.api_code, error, correlation);
}

net::HttpResponse oauth_error(int status, std::string_view error, std::string_view description) {
    return json_response(
        status, json::object{{"error", error}, {"error_description", description}, {"description", description}});
}

}  // namespace dp::api
