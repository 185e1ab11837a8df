#include "net/http_parser.hpp"

#include <algorithm>
#include <boost/beast/http/basic_parser.hpp>
#include <boost/beast/http/error.hpp>
#include <cstring>

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::net {
namespace {

namespace http = boost::beast::http;
using BeastView = boost::beast::string_view;
using BeastError = boost::beast::error_code;

std::string_view view(BeastView text) {
    return {text.data(), text.size()};
}

bool has_token(std::string_view list, std::string_view wanted) {
    return std::ranges::any_of(ascii::split(list, ','),
                               [wanted](std::string_view part) { return ascii::iequals(ascii::trim(part), wanted); });
}

/// Only what a host and port can consist of (RFC 3986 3.2.2); an empty Host is legal for targets without authority.
bool is_host(std::string_view host) {
    return std::ranges::all_of(host, [](char c) {
        return ascii::is_alnum(c) || std::string_view("-._~!$&'()*+,;=%:[]").find(c) != std::string_view::npos;
    });
}

constexpr std::size_t kUsualFields = 8;
constexpr std::string_view kBodyTooLarge = "the body is larger than this server takes";

struct Refusal {
    int status;
    std::string_view reason;
};

Refusal refusal_for(const BeastError& error) {
    if (error == http::error::header_limit) return {431, "the header section is too long"};
    if (error == http::error::bad_version) return {505, "only HTTP/1.0 and HTTP/1.1 are spoken here"};
    return {400, "malformed request"};
}

}  // namespace

/// Beast calls back per part; they go straight into the HttpRequest.
class HttpRequestParser::Machine final : public http::basic_parser<true> {
public:
    Machine(HttpRequest& request, const HttpParserLimits& limits) : request_(request), limits_(limits) {
        body_limit(boost::none);                                         // ours is checked with the framing
        header_limit(static_cast<std::uint32_t>(limits.header + 1024));  // ours is checked before
    }
    int version() const { return version_; }
    bool too_many_fields() const { return too_many_fields_; }

private:
    void on_request_impl(http::verb, BeastView method, BeastView target, int version, BeastError&) override {
        request_.method = view(method);
        request_.target = view(target);
        request_.headers.reserve(kUsualFields);
        version_ = version;
    }
    void on_response_impl(int, BeastView, int, BeastError&) override {}
    void on_field_impl(http::field, BeastView name, BeastView value, BeastError& error) override {
        if (request_.headers.size() == limits_.fields) {
            too_many_fields_ = true;
            error = http::error::header_limit;
            return;
        }
        request_.headers.push_back({std::string(view(name)), std::string(ascii::trim(view(value)))});
    }
    void on_header_impl(BeastError&) override {}
    // Header sections only: bodies are read by parse_body, see ChunkedDecoder.
    void on_body_init_impl(const boost::optional<std::uint64_t>&, BeastError&) override {}
    std::size_t on_body_impl(BeastView, BeastError&) override { return 0; }
    void on_chunk_header_impl(std::uint64_t, BeastView, BeastError&) override {}
    std::size_t on_chunk_body_impl(std::uint64_t, BeastView, BeastError&) override { return 0; }
    void on_finish_impl(BeastError&) override {}

    HttpRequest& request_;
    const HttpParserLimits& limits_;
    int version_ = 0;
    bool too_many_fields_ = false;
};

HttpRequestParser::HttpRequestParser(HttpParserLimits limits) : limits_(limits), chunks_(limits.body) {}

void HttpRequestParser::reset() {
    request_ = {};
    chunks_ = ChunkedDecoder(limits_.body);
    chunked_ = false;
    left_ = 0;
    state_ = State::Header;
    scanned_ = header_end_ = 0;
    keep_alive_ = is_http_1_0_ = expects_continue_ = false;
}

void HttpRequestParser::fail(int status, std::string_view reason) {
    if (state_ == State::Failed) return;
    state_ = State::Failed;
    error_status_ = status;
    error_reason_ = reason;
    keep_alive_ = false;
}

std::size_t HttpRequestParser::parse(std::string_view octets) {
    if (state_ == State::Header) return parse_header(octets);
    return state_ == State::Body ? parse_body(octets) : 0;
}

/// Walks the lines that are complete. Strict: a line ends with CRLF (RFC 9112 2.2), none begins with blank space (5.2,
/// obs-fold).
bool HttpRequestParser::find_header_end(std::string_view octets) {
    while (scanned_ < octets.size()) {
        const auto* found =
            static_cast<const char*>(std::memchr(octets.data() + scanned_, '\n', octets.size() - scanned_));
        if (!found) return false;
        const auto at = static_cast<std::size_t>(found - octets.data());
        if (at == 0 || octets[at - 1] != '\r') {
            fail(400, "a line does not end with CRLF");
            return false;
        }
        if (ascii::is_space(octets[scanned_])) {
            fail(400, "a line is folded or begins with a blank");
            return false;
        }
        const bool empty = at == scanned_ + 1;
        scanned_ = at + 1;
        if (empty) {
            header_end_ = scanned_;
            return true;
        }
    }
    return false;
}

std::size_t HttpRequestParser::parse_header(std::string_view octets) {
    // RFC 9112 2.2: empty lines before a request are skipped.
    std::size_t skipped = 0;
    while (scanned_ == 0 && octets.substr(skipped).starts_with("\r\n")) skipped += 2;
    octets.remove_prefix(skipped);

    if (!find_header_end(octets)) {
        const bool one_line = scanned_ == 0;
        if (octets.size() > limits_.header) fail(one_line ? 414 : 431, "the header section is too long");
        return skipped;
    }
    if (header_end_ > limits_.header) {
        fail(431, "the header section is too long");
        return skipped;
    }
    read_header(octets.substr(0, header_end_));
    if (state_ == State::Failed) return skipped + header_end_;
    state_ = left_ == 0 && !chunked_ ? State::Complete : State::Body;
    octets.remove_prefix(header_end_);
    return skipped + header_end_ + (state_ == State::Body ? parse_body(octets) : 0);
}

void HttpRequestParser::read_header(std::string_view section) {
    Machine machine(request_, limits_);
    BeastError error;
    machine.put({section.data(), section.size()}, error);
    if (error) {
        const Refusal refusal = refusal_for(error);
        return fail(refusal.status, refusal.reason);
    }
    if (!machine.is_header_done()) return fail(400, "malformed request");
    is_http_1_0_ = machine.version() == 10;
    keep_alive_ = machine.keep_alive();
    check_header();
}

std::size_t HttpRequestParser::parse_body(std::string_view octets) {
    if (!chunked_) {
        const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, octets.size()));
        request_.body += octets.substr(0, size);
        left_ -= size;
        if (left_ == 0) state_ = State::Complete;
        return size;
    }
    std::size_t taken = 0;
    switch (chunks_.feed(octets, request_.body, taken)) {
        case ChunkedDecoder::Verdict::NeedMore:
            break;
        case ChunkedDecoder::Verdict::Done:
            state_ = State::Complete;
            break;
        case ChunkedDecoder::Verdict::Malformed:
            fail(400, "malformed chunk");
            break;
        case ChunkedDecoder::Verdict::TooLarge:
            fail(413, kBodyTooLarge);
            break;
    }
    return taken;
}

void HttpRequestParser::check_header() {
    if (request_.target.size() > limits_.target) return fail(414, "the request target is too long");
    check_framing();
    check_host();
    check_expectation();
    split_target();
    note_upgrade();
}

/// RFC 9112 6.1, 6.3: one way only to say how long the body is.
void HttpRequestParser::check_framing() {
    std::size_t lengths = 0, encodings = 0;
    for (const auto& field : request_.headers) {
        if (ascii::iequals(field.name, "Content-Length")) {
            ++lengths;
            const auto length = ascii::parse_decimal<std::uint64_t>(field.value);
            if (!length) fail(400, "Content-Length is not one number");
            left_ = length.value_or(0);
        }
        if (ascii::iequals(field.name, "Transfer-Encoding")) {
            ++encodings;
            chunked_ = ascii::iequals(field.value, "chunked");
        }
    }
    if (lengths > 1) return fail(400, "more than one Content-Length");
    if (left_ > limits_.body) return fail(413, kBodyTooLarge);
    if (encodings == 0) return;
    if (lengths > 0 || is_http_1_0_) return fail(400, "Transfer-Encoding together with Content-Length or in HTTP/1.0");
    if (encodings > 1 || !chunked_) return fail(501, "no transfer coding but chunked is spoken here");
}

/// RFC 9112 3.2.
void HttpRequestParser::check_host() {
    std::size_t hosts = 0;
    for (const auto& field : request_.headers) {
        if (!ascii::iequals(field.name, "Host")) continue;
        ++hosts;
        if (!is_host(field.value)) fail(400, "Host is not a host");
    }
    if (hosts > 1 || (hosts == 0 && !is_http_1_0_)) fail(400, "exactly one Host is needed");
}

/// RFC 9110 10.1.1.
void HttpRequestParser::check_expectation() {
    if (!request_.has_header("Expect") || is_http_1_0_) return;
    if (!ascii::iequals(request_.header("Expect"), "100-continue"))
        return fail(417, "only 100-continue can be expected");
    expects_continue_ = true;
}

/// RFC 9112 3.2: origin form, absolute form (whose authority replaces Host), `*`; CONNECT's authority stays as it is.
void HttpRequestParser::split_target() {
    if (state_ == State::Failed) return;
    std::string_view target = request_.target;
    if (target.find('#') != std::string_view::npos) return fail(400, "the request target has a fragment");
    if (const auto scheme = target.find("://"); !target.starts_with('/') && scheme != std::string_view::npos) {
        const std::string_view name = target.substr(0, scheme);
        if (!ascii::iequals(name, "http") && !ascii::iequals(name, "https")) return fail(400, "unknown scheme");
        target.remove_prefix(scheme + 3);
        const auto slash = std::min(target.find_first_of("/?"), target.size());
        if (slash == 0) return fail(400, "the request target has no authority");
        target.remove_prefix(slash);
    } else if (!target.starts_with('/') && target != "*" && request_.method != "CONNECT") {
        return fail(400, "the request target is not a path");
    }
    const auto question = std::min(target.find('?'), target.size());
    request_.path = question == 0 ? std::string_view("/") : target.substr(0, question);
    auto query = parse_form(target.substr(std::min(question + 1, target.size())));
    if (!query) return fail(400, "the query has a malformed escape");
    request_.query = std::move(*query);
}

/// RFC 6455 4.2.1.
void HttpRequestParser::note_upgrade() {
    if (state_ == State::Failed || request_.method != "GET" || is_http_1_0_) return;
    if (!has_token(request_.header("Upgrade"), "websocket") || !has_token(request_.header("Connection"), "upgrade"))
        return;
    const auto key = crypto::base64_decode(request_.header("Sec-WebSocket-Key"));
    request_.is_websocket_upgrade = request_.header("Sec-WebSocket-Version") == "13" && key && key->size() == 16;
}

}  // namespace dp::net
