#pragma once
/// @file Reply: the one answer of one API request, with the headers every answer carries (correlation id, rate-limit
/// figures). Move-only; may be completed later and from any thread; dropping it answers 500.

#include <boost/json/fwd.hpp>

#include <functional>
#include <memory>
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
    /// JSON that was made before.
    void ready_json(int status, std::shared_ptr<const std::string> body) &&;
    void empty(int status) &&;
    void error(const Error& error) &&;
    /// With a status and dotted code of its own.
    void error(int status, std::string_view code, const Error& error) &&;
    void response(net::HttpResponse response) &&;
    /// Sends the head now; the body follows on the stream.
    net::HttpStream stream(net::HttpResponse head) &&;
    /// For WebSocket upgrades.
    net::HttpResponder responder() && { return std::move(responder_); }

    /// Sees the finished answer before it goes out and sends it on; dropped unused when nothing is answered this way
    /// (an upgrade, a stream, a dropped reply).
    using Finish = std::move_only_function<void(net::HttpResponse, net::HttpResponder)>;
    void on_response(Finish finish) { finish_ = std::move(finish); }
    /// Told the status and the correlation id when an answer is ready: for figures and the log. Not told of upgrades
    /// and streams.
    using Observer = std::move_only_function<void(int status, const std::string& correlation)>;
    void observe(Observer observer) { observer_ = std::move(observer); }
    /// The request's preconditions (RFC 9110 section 13): a 200 whose ETag is in `if_none_match` becomes 304, and a
    /// version conflict 412 when the request had If-Match.
    void set_conditions(std::string if_none_match, bool has_if_match) {
        if_none_match_ = std::move(if_none_match);
        has_if_match_ = has_if_match;
    }
    /// Added to whatever is answered.
    void add_header(std::string name, std::string value);
    /// In place of what was added under this name.
    void set_header(std::string_view name, std::string value);
    const std::string& correlation() const { return correlation_; }

private:
    void json_response(int status, net::HttpBody body) &&;

    net::HttpResponder responder_;
    std::string correlation_;
    ErrorStyle style_;
    std::vector<net::HttpHeader> headers_;
    Finish finish_;
    Observer observer_;
    std::string if_none_match_;
    bool has_if_match_ = false;
};

}  // namespace dp::api
