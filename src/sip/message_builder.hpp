#pragma once
/// @file Outgoing messages, always rebuilt from typed fields, never patched from received bytes.
///
/// The text goes into a buffer of the caller and only through functions that leave CR, LF, NUL and other control octets
/// out, so nothing that the API, a phone or a carrier said can start a header line. Content-Length is written by
/// `finish` and is always right. Source: RFC 3261 7, 8.1.1, 8.2.6, 18.2.1; RFC 3581 4.
///
/// Lifetime: the builder refers to the buffer until `finish`; the buffer is cleared at the start.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"
#include "sip/flow.hpp"
#include "sip/header_lines.hpp"
#include "sip/message.hpp"

namespace dp::sip {

/// What goes into our own Via.
struct ViaFields {
    TransportKind transport = TransportKind::Udp;
    std::string_view host;    ///< sent-by; IPv6 with or without brackets
    std::uint16_t port = 0;   ///< 0: not written
    std::string_view branch;  ///< with cookie
    bool rport = true;        ///< RFC 3581
};

/// `"display" <uri>;tag=…;params`. `display` is plain text, quoted here; `uri` is URI text; `params` starts with `;`.
struct NameAddrFields {
    std::string_view display;
    std::string_view uri;
    std::string_view tag;
    std::string_view params;
};

/// The part that requests and responses share. Order of calls is the order on the wire.
class MessageBuilder {
public:
    MessageBuilder& header(HeaderId id, std::string_view value);
    /// `name` must be a token; a builder that was given another one writes no line.
    MessageBuilder& header(std::string_view name, std::string_view value);
    MessageBuilder& number(HeaderId id, std::uint64_t value);
    MessageBuilder& via(const ViaFields& via);
    MessageBuilder& address(HeaderId id, const NameAddrFields& address);
    MessageBuilder& cseq(std::uint32_t number, Method method);
    MessageBuilder& cseq(std::uint32_t number, std::string_view method);
    /// Copies every line of `id` in order (Record-Route; Via of a CANCEL …).
    MessageBuilder& copy(const MessageView& from, HeaderId id);
    /// Every line collected in `headers` (checked when it was added).
    MessageBuilder& lines(const HeaderLines& headers) {
        out_->append(headers.text());
        return *this;
    }
    /// Content-Type now, the bytes at `finish`. `bytes` must live until then.
    MessageBuilder& body(std::string_view content_type, std::string_view bytes);
    /// Writes Content-Length, the empty line and the body; returns the whole message in the buffer.
    std::string_view finish();

protected:
    explicit MessageBuilder(std::string& out) : out_(&out) { out.clear(); }
    /// The one way in: control octets are left out, everything else is copied.
    void put(std::string_view text);
    /// The same for a URI, which must not leave its place either: no SP, `<`, `>` or `"`.
    void put_uri(std::string_view uri);
    void put_name(HeaderId id);
    void put_number(std::uint64_t value);
    void end_line() { out_->append("\r\n"); }

    std::string* out_;
    std::string_view body_;
};

class RequestBuilder : public MessageBuilder {
public:
    RequestBuilder(std::string& out, Method method, std::string_view request_uri);
    RequestBuilder(std::string& out, std::string_view method, std::string_view request_uri);
};

/// How the first lines of a response differ by who sends it to whom.
struct ResponseOptions {
    std::string_view reason;           ///< empty: the usual phrase
    std::string_view to_tag;           ///< added when the request's To has none (RFC 3261 8.2.6.2); never for 100
    const Endpoint* source = nullptr;  ///< where the request came from: `received` and `rport` of the top Via
};

/// Status line, Via (all, top one with received and rport), From, To, Call-ID, CSeq; Record-Route in 101-299 answers to
/// requests that can make a dialog (RFC 3261 12.1.1). Works on what Parser left after Disposition::Answer, too.
class ResponseBuilder : public MessageBuilder {
public:
    ResponseBuilder(std::string& out, const MessageView& request, int status, const ResponseOptions& options = {});

private:
    void put_vias(const MessageView& request, const Endpoint* source);
    void put_top_via(std::string_view value, const Endpoint& source);
};

/// Appends text in quotes with `"` and `\` escaped and control octets left out.
void append_quoted(std::string& out, std::string_view text);

}  // namespace dp::sip
