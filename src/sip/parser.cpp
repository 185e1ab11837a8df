#include "sip/parser.hpp"

#include <algorithm>
#include <memory>

#include "sip/line_reader.hpp"

namespace dp::sip {
namespace {

constexpr std::string_view kVersion = "SIP/2.0";

// RFC 3261 20 allows these once; a second one is how two readers are made to disagree.
constexpr bool must_be_single(HeaderId id) {
    return id == HeaderId::From || id == HeaderId::To || id == HeaderId::CallId || id == HeaderId::CSeq ||
           id == HeaderId::MaxForwards || id == HeaderId::ContentLength;
}

// Line ends before a message (RFC 3261 7.5).
std::size_t skip_newlines(std::span<const char> bytes) {
    std::size_t pos = 0;
    while (pos < bytes.size() && (bytes[pos] == '\r' || bytes[pos] == '\n')) ++pos;
    return pos;
}

// Some phones keep a NAT binding open with a datagram of NULs.
bool is_all_nul(std::span<const char> bytes) {
    return bytes[0] == '\0' && std::ranges::all_of(bytes, [](char c) { return c == '\0'; });
}

bool is_call_id(std::string_view text) {
    if (text.empty()) return false;
    for (char c : text)
        if (!is_class(c, kWordChar)) return false;
    return true;
}

// The last word of a request line when it is a SIP version, else nothing.
std::string_view version_of(std::string_view line) {
    if (line.ends_with(" SIP/2.0")) return line.substr(line.size() - kVersion.size());
    line = ascii::trim(line);
    const std::size_t space = line.rfind(' ');
    if (space == std::string_view::npos || !ascii::iequals(line.substr(space + 1, 4), "SIP/")) return {};
    return line.substr(space + 1);
}

}  // namespace

// The first fault decides: faults of the start line come before those of headers, as in RFC 3261 8.2 and 16.3.
void Parser::note(std::uint16_t status, std::string_view reason) {
    if (verdict_.ok()) verdict_ = {Disposition::Answer, status, reason};
}

Verdict Parser::conclude() const {
    if (verdict_.ok()) return verdict_;
    const bool answerable = view_.is_request() && view_.method() != Method::Ack && !view_.top_via().host().empty();
    if (answerable && verdict_.disposition == Disposition::Answer) return verdict_;
    return {Disposition::Drop, 0, verdict_.reason};
}

Verdict Parser::parse(std::span<char> bytes, const ParseContext& context) {
    std::construct_at(&view_);  // assigned, it would be made beside and copied
    verdict_ = {};
    const std::size_t skipped = skip_newlines(bytes);
    if (skipped == bytes.size() || is_all_nul(bytes)) return {Disposition::Drop, 0, "keep-alive"};
    bytes = bytes.subspan(skipped);
    view_.base_ = bytes.data();
    view_.headers_ = table_.data();
    view_.size_ = static_cast<std::uint32_t>(bytes.size());
    view_.body_ = view_.size_;
    if (bytes.size() > limits::kStreamMessage) note(513, "message too large");

    const std::size_t headers = read_start_line(bytes, 0);
    if (verdict_.disposition == Disposition::Drop) return verdict_;
    const std::size_t body = read_header_lines(bytes, headers);
    read_vias();
    read_parties();
    read_call_id();
    read_cseq();
    read_max_forwards();
    read_contacts();
    read_body(body, context);
    return conclude();
}

std::size_t Parser::read_start_line(std::span<const char> bytes, std::size_t pos) {
    const std::string_view text(bytes.data(), bytes.size());
    const Line line = read_line(text, pos);
    const std::string_view content = text.substr(line.begin, line.end - line.begin);
    if (!line.ended()) {
        verdict_ = {Disposition::Drop, 0, "not SIP"};
        return text.size();
    }
    const bool is_response = content.size() > 4 && ascii::iequals(content.substr(0, 4), "SIP/");
    if (is_response)
        read_status_line(content);
    else
        read_request_line(content);
    if (line.has_control) note(400, "control octet in the start line");
    return line.next;
}

// Request-Line = Method SP Request-URI SP SIP-Version, with exactly these two SP (RFC 3261 7.1).
void Parser::read_request_line(std::string_view line) {
    const std::size_t first = std::min(line.find(' '), line.size());
    const std::size_t second = line.find(' ', first + 1);
    const std::string_view version = version_of(line);
    if (version.empty()) {
        verdict_ = {Disposition::Drop, 0, "not SIP"};
        return;
    }
    const std::string_view method = line.substr(0, first);
    view_.method_ = method_of(method);
    view_.method_text_ = view_.span_of(method);
    if (!ascii::iequals(version, kVersion)) note(505, "Version Not Supported");
    if (view_.method_ == Method::Unknown && !is_token(method)) note(400, "malformed method");
    // The version stands right behind the second SP and at the end, and there is something between the two SP.
    const bool three_words =
        second != std::string_view::npos && second > first + 1 && line.size() == second + 1 + version.size();
    if (!three_words) return note(400, "malformed request line");
    read_request_uri(line.substr(first + 1, second - first - 1));
}

void Parser::read_request_uri(std::string_view text) {
    if (text.size() > limits::kUri) return note(414, "Request-URI Too Long");
    if (!UriView::parse_into(text, view_.request_uri_).empty()) return note(400, "malformed Request-URI");
    if (view_.request_uri_.scheme() == UriScheme::Other) return note(416, "Unsupported URI Scheme");
    // RFC 3261 19.1.1, table 1: a Request-URI carries no headers.
    if (!view_.request_uri_.headers().empty()) note(400, "Request-URI with headers");
}

// Status-Line = SIP-Version SP 3DIGIT SP Reason-Phrase; the phrase may be missing, with or without its SP.
void Parser::read_status_line(std::string_view line) {
    const std::size_t space = std::min(line.find(' '), line.size());
    const std::string_view rest = line.substr(std::min(space + 1, line.size()));
    const std::string_view digits = rest.substr(0, 3);
    const auto status = ascii::parse_decimal<std::uint16_t>(digits);
    const bool ended = rest.size() == 3 || (rest.size() > 3 && rest[3] == ' ');
    if (!ascii::iequals(line.substr(0, space), kVersion) || digits.size() != 3 || !ended || !status || *status < 100 ||
        *status > 699) {
        verdict_ = {Disposition::Drop, 0, "malformed status line"};
        return;
    }
    view_.status_ = *status;
    view_.reason_ = view_.span_of(rest.substr(std::min<std::size_t>(4, rest.size())));
}

// Returns where the body begins.
std::size_t Parser::read_header_lines(std::span<char> bytes, std::size_t pos) {
    while (pos < bytes.size()) {
        Line line = read_line({bytes.data(), bytes.size()}, pos);
        if (!line.empty() && line.ended() && line.next < bytes.size() && ascii::is_space(bytes[line.next]))
            line = read_folded_line(bytes, pos);
        const std::size_t next = line.ended() ? line.next : bytes.size();
        if (next > limits::kHeaderSection) {
            note(513, "header section too large");
            return bytes.size();
        }
        if (line.ended() && line.empty()) return next;
        if (!line.ended()) break;
        if (next - line.begin > limits::kHeaderLine)
            note(400, "header line too long");
        else if (line.has_control)
            note(400, "control octet in a header");
        else
            read_header_line({bytes.data() + line.begin, line.end - line.begin});
        pos = next;
    }
    note(400, "header section without end");
    return bytes.size();
}

void Parser::read_header_line(std::string_view line) {
    HeaderField field;
    if (!split_header(line, field)) return note(400, "malformed header line");
    if (view_.header_count_ == limits::kHeaderLines) return note(400, "too many headers");
    const std::uint8_t here = view_.header_count_++;
    table_[here] = {view_.span_of(field.name).begin,
                    view_.span_of(field.value).begin,
                    static_cast<std::uint16_t>(field.name.size()),
                    static_cast<std::uint16_t>(field.value.size()),
                    field.id,
                    MessageView::kNone};
    if (field.id != HeaderId::Unknown) chain_header(field.id, here);
}

void Parser::chain_header(HeaderId id, std::uint8_t here) {
    std::uint8_t& first = view_.first_[MessageView::index(id)];
    std::uint8_t& last = last_[MessageView::index(id)];
    if (first == MessageView::kNone) {
        first = here;
    } else {
        table_[last].next = here;
        if (must_be_single(id)) note(400, "repeated header that must be single");
    }
    last = here;
}

void Parser::read_vias() {
    const auto values = view_.elements(HeaderId::Via);
    auto it = values.begin();
    if (it == values.end()) return note(400, "no Via");
    if (!Via::parse_into(*it, view_.top_via_).empty()) return note(400, "malformed Via");
    // RFC 4475 3.3.10: the cookie alone makes no transaction unique.
    if (view_.top_via_.branch() == kBranchCookie) return note(400, "empty branch");
    std::size_t count = 0;
    for (; it != values.end(); ++it) ++count;
    if (count > limits::kViaValues) return note(400, "too many Via values");
    // RFC 3261 8.1.3.3: a response with two Via values was not for us.
    if (view_.is_response() && count > 1) note(400, "response with several Via values");
}

void Parser::read_parties() {
    const Strictness strictness = view_.is_request() ? Strictness::Request : Strictness::Response;
    const std::string_view from = view_.value(HeaderId::From);
    const std::string_view to = view_.value(HeaderId::To);
    if (from.empty())
        note(400, "no From");
    else if (!NameAddr::parse_into(from, strictness, view_.from_).empty())
        note(400, "malformed From");
    if (to.empty())
        note(400, "no To");
    else if (!NameAddr::parse_into(to, strictness, view_.to_).empty())
        note(400, "malformed To");
}

void Parser::read_call_id() {
    const std::string_view text = view_.value(HeaderId::CallId);
    if (text.size() > limits::kIdentifier) return note(400, "Call-ID too long");
    if (!is_call_id(text)) return note(400, text.empty() ? "no Call-ID" : "malformed Call-ID");
    view_.call_id_ = view_.span_of(text);
}

void Parser::read_cseq() {
    const std::string_view text = view_.value(HeaderId::CSeq);
    std::size_t digits = 0;
    while (digits < text.size() && ascii::is_digit(text[digits])) ++digits;
    const auto number = ascii::parse_decimal<std::uint32_t>(text.substr(0, digits));
    const std::string_view method = ascii::trim(text.substr(digits));
    if (!number || !is_token(method) || method.data() == text.data() + digits) return note(400, "malformed CSeq");
    view_.cseq_ = *number;
    view_.cseq_method_text_ = view_.span_of(method);
    if (view_.is_response()) {
        view_.method_ = view_.cseq_method_ = method_of(method);
        view_.method_text_ = view_.cseq_method_text_;
    } else if (method == view_.method_text()) {
        view_.cseq_method_ = view_.method_;
    } else {
        // RFC 4475 3.1.2.17, 3.1.2.18.
        if (view_.method_ == Method::Unknown) note(501, "Not Implemented");
        note(400, "CSeq of another method");
    }
}

void Parser::read_max_forwards() {
    if (!view_.has(HeaderId::MaxForwards)) return;
    const auto value = ascii::parse_decimal<std::uint8_t>(view_.value(HeaderId::MaxForwards));
    if (!value) return note(400, "malformed Max-Forwards");
    view_.max_forwards_ = *value;
}

// A response is worth reading although its Contact is not; a request is refused (RFC 4475 3.1.2.14, 3.1.2.15).
void Parser::read_contacts() {
    std::size_t count = 0;
    for (std::string_view text : view_.elements(HeaderId::Contact)) {
        if (view_.is_response() && count > 0) return;
        if (++count > limits::kContacts) return note(400, "too many Contact values");
        if (text == "*") {
            view_.contact_is_star_ = true;
            continue;
        }
        NameAddr contact;
        const bool fine = NameAddr::parse_into(text, Strictness::Request, contact).empty();
        if (!fine && view_.is_request()) return note(400, "malformed Contact");
        if (fine && view_.contact_.empty()) view_.contact_ = contact;
    }
}

// RFC 3261 18.3: a datagram may have more octets than the body (they are noise), never fewer; a stream message was cut
// to size and a WebSocket message is one SIP message, so there the length must be exact.
void Parser::read_body(std::size_t begin, const ParseContext& context) {
    const std::size_t available = view_.size_ - begin;
    const bool is_stream = context.transport == TransportKind::Tcp || context.transport == TransportKind::Tls;
    view_.body_ = static_cast<std::uint32_t>(begin);
    if (!view_.has(HeaderId::ContentLength)) {
        if (is_stream) note(400, "no Content-Length");
        return;
    }
    const auto length = ascii::parse_decimal<std::uint32_t>(view_.value(HeaderId::ContentLength));
    if (!length) return note(400, "malformed Content-Length");
    const bool must_be_exact = context.transport != TransportKind::Udp;
    if (*length > available || (must_be_exact && *length != available)) return note(400, "wrong Content-Length");
    view_.size_ = view_.body_ + *length;
}

}  // namespace dp::sip
