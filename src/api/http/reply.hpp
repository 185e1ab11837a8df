#pragma once
/// @file Reply: the one answer of one API request, with the headers every answer carries (correlation id, rate-limit
/// figures). Move-only; may be completed later and from any thread; dropping it answers 500.

#include <boost/json/fwd.hpp>

#include <string>
#include <utility>
#include <vector>

#include "api/http/error_body.hpp"
#include "net/http_server.hpp"

namespace dp::api {

class Reply {
public:
    Reply(net::HttpResponder responder, std::string correlation, ErrorStyle style);
    Reply(Reply&&) noexcept = default;

    void json(int status, const boost::json::value& body) &&;
    void empty(int status) &&;
    void error(const Error& error) &&;
    /// With a status and dotted code of its own.
    void error(int status, std::string_view code, const Error& error) &&;
    void response(net::HttpResponse response) &&;
    /// Sends the head now; the body follows on the stream.
    net::HttpStream stream(net::HttpResponse head) &&;
    /// For WebSocket upgrades.
    net::HttpResponder responder() && { return std::move(responder_); }

    /// Added to whatever is answered.
    void add_header(std::string name, std::string value);
    /// In place of what was added under this name.
    void set_header(std::string_view name, std::string value);
    const std::string& correlation() const { return correlation_; }

private:
    net::HttpResponder responder_;
    std::string correlation_;
    ErrorStyle style_;
    std::vector<net::HttpHeader> headers_;
};

}  // namespace dp::api
