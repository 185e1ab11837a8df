#include "api/http/reply.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "api/http/json_writer.hpp"
#include "base/ascii.hpp"

namespace dp::api {

namespace {

constexpr std::size_t kUsualHeaders = 8;

// RFC 9110 section 13.1.2: weak comparison against a list of tags, or `*`.
bool names_tag(std::string_view list, std::string_view tag) {
    for (auto each : ascii::split(list, ',')) {
        each = ascii::trim(each);
        if (each.starts_with("W/")) each.remove_prefix(2);
        if (each == "*" || each == tag) return true;
    }
    return false;
}

}  // namespace

Reply::Reply(net::HttpResponder responder, std::string correlation, ErrorStyle style)
    : responder_(std::move(responder)), correlation_(std::move(correlation)), style_(style) {
    headers_.push_back({"ININ-Correlation-Id", correlation_});
}

void Reply::add_header(std::string name, std::string value) {
    headers_.push_back({std::move(name), std::move(value)});
}

void Reply::set_header(std::string_view name, std::string value) {
    std::erase_if(headers_, [name](const net::HttpHeader& header) { return header.name == name; });
    add_header(std::string(name), std::move(value));
}

void Reply::response(net::HttpResponse response) && {
    if (response.status == 200 && !if_none_match_.empty()) {
        const auto tag = std::ranges::find(headers_, "ETag", &net::HttpHeader::name);
        if (tag != headers_.end() && names_tag(if_none_match_, tag->value)) response = {304, {}, {}};
    }
    for (auto& header : headers_) response.headers.push_back(std::move(header));
    if (observer_) observer_(response.status, correlation_);
    if (finish_) return std::exchange(finish_, nullptr)(std::move(response), std::move(responder_));
    std::move(responder_).respond(std::move(response));
}

net::HttpStream Reply::stream(net::HttpResponse head) && {
    for (auto& header : headers_) head.headers.push_back(std::move(header));
    return std::move(responder_).stream(std::move(head));
}

void Reply::json(int status, const boost::json::value& body) && {
    std::move(*this).json_response(status, json_text(body));
}

void Reply::ready_json(int status, std::shared_ptr<const std::string> body) && {
    std::move(*this).json_response(status, std::move(body));
}

void Reply::json_response(int status, net::HttpBody body) && {
    net::HttpResponse out{status, {}, std::move(body)};
    out.headers.reserve(kUsualHeaders);
    out.headers.push_back({"Content-Type", "application/json"});
    out.headers.push_back({"Cache-Control", "no-store"});
    std::move(*this).response(std::move(out));
}

void Reply::empty(int status) && {
    std::move(*this).response({status, {}, {}});
}

void Reply::error(const Error& error) && {
    if (has_if_match_ && style_ == ErrorStyle::Genesys && error.code == ErrorCode::Conflict && error.field == "version")
        return std::move(*this).error(412, "precondition.failed", error);
    auto response = error_response(error, style_, correlation_);
    std::move(*this).response(std::move(response));
}

void Reply::error(int status, std::string_view code, const Error& error) && {
    // The other families have no dotted codes.
    if (style_ != ErrorStyle::Genesys) return std::move(*this).error(error);
    auto response = error_response(status, code, error, correlation_);
    std::move(*this).response(std::move(response));
}

}  // namespace dp::api
