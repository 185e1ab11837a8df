#pragma once
/// @file HttpRequestParser: one HTTP/1.1 request from octets, strictly. Boost.Beast's parser for the header section,
/// behind a guard that refuses what it lets pass (request smuggling by Transfer-Encoding, folded headers, missing or
/// repeated Host, bare line feeds). Sans-I/O.
///
/// Threads: one owner. Errors: the HTTP status to answer with; the connection closes after it.

#include <cstdint>
#include <string_view>

#include "net/chunked_decoder.hpp"
#include "net/http_message.hpp"

namespace dp::net {

struct HttpParserLimits {
    std::size_t header = 32 * 1024;
    std::size_t body = 1 << 20;
    std::size_t target = 8 * 1024;
    std::size_t fields = 128;
};

class HttpRequestParser {
public:
    enum class State : std::uint8_t { Header, Body, Complete, Failed };

    explicit HttpRequestParser(HttpParserLimits limits);

    /// Returns how many octets were taken. In state Header nothing is taken until the whole header section is there:
    /// call again with the same octets and more. After Complete the rest belongs to the next request.
    std::size_t parse(std::string_view octets);
    /// For the next request on the connection.
    void reset();

    State state() const { return state_; }
    /// When Failed: what to answer, and why for the body of the answer.
    int error_status() const { return error_status_; }
    std::string_view error_reason() const { return error_reason_; }

    /// Once the header is complete. The connection persists after this request (RFC 9112 section 9.3).
    bool keep_alive() const { return keep_alive_; }
    bool is_http_1_0() const { return is_http_1_0_; }
    bool expects_continue() const { return expects_continue_; }
    HttpRequest take() { return std::move(request_); }
    const HttpRequest& request() const { return request_; }

private:
    class Machine;
    std::size_t parse_header(std::string_view octets);
    void read_header(std::string_view section);
    std::size_t parse_body(std::string_view octets);
    bool find_header_end(std::string_view octets);
    void check_header();
    void check_framing();
    void check_host();
    void check_expectation();
    void split_target();
    void note_upgrade();
    void fail(int status, std::string_view reason);

    HttpParserLimits limits_;
    ChunkedDecoder chunks_;
    HttpRequest request_;
    State state_ = State::Header;
    std::uint64_t left_ = 0;  ///< octets of a body of known length
    bool chunked_ = false;
    std::size_t scanned_ = 0;     ///< octets searched for the empty line
    std::size_t header_end_ = 0;  ///< 0 = not found yet
    int error_status_ = 0;
    std::string_view error_reason_;
    bool keep_alive_ = false, is_http_1_0_ = false, expects_continue_ = false;
};

}  // namespace dp::net
