#include "sip/message_builder.hpp"

#include <charconv>

#include "sip/line_reader.hpp"

namespace dp::sip {
namespace {

bool is_control(char c) {
    return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F;
}

// Requests whose 2xx or 1xx can make a dialog (RFC 3261 12.1, RFC 6665 4.4.1).
bool can_make_dialog(Method method) {
    return method == Method::Invite || method == Method::Subscribe || method == Method::Refer ||
           method == Method::Notify;
}

}  // namespace

void append_quoted(std::string& out, std::string_view text) {
    out += '"';
    for (char c : text) {
        if (is_control(c)) continue;
        if (c == '"' || c == '\\') out += '\\';
        out += c;
    }
    out += '"';
}

void MessageBuilder::put(std::string_view text) {
    while (!text.empty()) {
        const std::size_t clean = find_control(text, 0);
        out_->append(text.substr(0, clean));
        text.remove_prefix(std::min(clean + 1, text.size()));
    }
}

void MessageBuilder::put_uri(std::string_view uri) {
    while (!uri.empty()) {
        const std::size_t clean = std::min(uri.find_first_of(" <>\""), uri.size());
        put(uri.substr(0, clean));
        uri.remove_prefix(std::min(clean + 1, uri.size()));
    }
}

void MessageBuilder::put_name(HeaderId id) {
    out_->append(header_name(id)).append(": ");
}

void MessageBuilder::put_number(std::uint64_t value) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    out_->append(digits, end);
}

MessageBuilder& MessageBuilder::header(HeaderId id, std::string_view value) {
    put_name(id);
    put(value);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::header(std::string_view name, std::string_view value) {
    if (!is_token(name)) return *this;
    out_->append(name).append(": ");
    put(value);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::number(HeaderId id, std::uint64_t value) {
    put_name(id);
    put_number(value);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::via(const ViaFields& via) {
    const bool bare_v6 = via.host.find(':') != std::string_view::npos && !via.host.starts_with('[');
    out_->append("Via: SIP/2.0/").append(via_name(via.transport)).append(bare_v6 ? " [" : " ");
    put(via.host);
    if (bare_v6) out_->append("]");
    if (via.port != 0) {
        out_->append(":");
        put_number(via.port);
    }
    if (via.rport) out_->append(";rport");
    out_->append(";branch=");
    put(via.branch);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::address(HeaderId id, const NameAddrFields& address) {
    put_name(id);
    if (!address.display.empty()) {
        append_quoted(*out_, address.display);
        out_->append(" ");
    }
    out_->append("<");
    put_uri(address.uri);
    out_->append(">");
    if (!address.tag.empty()) {
        out_->append(";tag=");
        put(address.tag);
    }
    put(address.params);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::cseq(std::uint32_t number, Method method) {
    return cseq(number, method_name(method));
}

MessageBuilder& MessageBuilder::cseq(std::uint32_t number, std::string_view method) {
    put_name(HeaderId::CSeq);
    put_number(number);
    out_->append(" ");
    put(method);
    end_line();
    return *this;
}

MessageBuilder& MessageBuilder::copy(const MessageView& from, HeaderId id) {
    for (std::string_view value : from.lines(id)) header(id, value);
    return *this;
}

MessageBuilder& MessageBuilder::body(std::string_view content_type, std::string_view bytes) {
    body_ = bytes;
    return header(HeaderId::ContentType, content_type);
}

std::string_view MessageBuilder::finish() {
    number(HeaderId::ContentLength, body_.size());
    end_line();
    out_->append(body_);
    return *out_;
}

RequestBuilder::RequestBuilder(std::string& out, Method method, std::string_view request_uri)
    : RequestBuilder(out, method_name(method), request_uri) {}

RequestBuilder::RequestBuilder(std::string& out, std::string_view method, std::string_view request_uri)
    : MessageBuilder(out) {
    put(method);
    out_->append(" ");
    put_uri(request_uri);
    out_->append(" SIP/2.0\r\n");
}

ResponseBuilder::ResponseBuilder(std::string& out, const MessageView& request, int status,
                                 const ResponseOptions& options)
    : MessageBuilder(out) {
    out_->append("SIP/2.0 ");
    put_number(static_cast<std::uint64_t>(status));
    out_->append(" ");
    put(options.reason.empty() ? reason_phrase(status) : options.reason);
    end_line();
    put_vias(request, options.source);
    if (status > 100 && status < 300 && can_make_dialog(request.method())) copy(request, HeaderId::RecordRoute);
    header(HeaderId::From, request.value(HeaderId::From));
    put_name(HeaderId::To);
    put(request.value(HeaderId::To));
    if (status > 100 && request.to_tag().empty() && !options.to_tag.empty()) {
        out_->append(";tag=");
        put(options.to_tag);
    }
    end_line();
    header(HeaderId::CallId, request.value(HeaderId::CallId));
    header(HeaderId::CSeq, request.value(HeaderId::CSeq));
    if (status == 100) copy(request, HeaderId::Timestamp);  // RFC 3261 8.2.6.1
}

void ResponseBuilder::put_vias(const MessageView& request, const Endpoint* source) {
    const auto values = request.elements(HeaderId::Via);
    auto it = values.begin();
    if (it != values.end() && source != nullptr) {
        put_top_via(*it, *source);
        ++it;
    }
    for (; it != values.end(); ++it) header(HeaderId::Via, *it);
}

// RFC 3261 18.2.1 and RFC 3581 4: `received` when the address differs or rport was asked for; `rport` only when asked
// for.
void ResponseBuilder::put_top_via(std::string_view value, const Endpoint& source) {
    Via via;
    if (!Via::parse_into(value, via).empty()) {
        header(HeaderId::Via, value);
        return;
    }
    const bool wants_rport = via.params().has("rport");
    const auto host = IpAddress::parse(via.host());
    put_name(HeaderId::Via);
    put(value.substr(0, value.size() - via.params().text().size()));
    for (const Param& param : via.params()) {
        if (ascii::iequals(param.name, "received")) continue;
        out_->append(";");
        put(param.name);
        if (ascii::iequals(param.name, "rport")) {
            out_->append("=");
            put_number(source.port);
        } else if (param.has_value) {
            out_->append("=");
            put(param.value);
        }
    }
    if (wants_rport || !host || *host != source.address) out_->append(";received=").append(source.address.str());
    end_line();
}

}  // namespace dp::sip
