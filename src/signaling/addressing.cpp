#include "signaling/addressing.hpp"

#include "sip/header_values.hpp"
#include "sip/message_builder.hpp"
#include "sip/uri.hpp"

namespace dp::signaling {
namespace {

/// Length of the UTF-8 sequence at the start of `text`; 0 when it is none (RFC 3629).
std::size_t utf8_length(std::string_view text) {
    const auto octet = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char lead = octet(0);
    std::size_t length = 0;
    if (lead < 0x80) return 1;
    if (lead >= 0xC2 && lead <= 0xDF) length = 2;
    if (lead >= 0xE0 && lead <= 0xEF) length = 3;
    if (lead >= 0xF0 && lead <= 0xF4) length = 4;
    if (length == 0 || text.size() < length) return 0;
    for (std::size_t i = 1; i < length; ++i)
        if ((octet(i) & 0xC0) != 0x80) return 0;
    return length;
}

/// The two headers that phones know: RFC 7462's alert and the widespread Call-Info parameter.
void ask_to_answer(sip::HeaderLines& headers, std::string_view domain) {
    headers.add("Call-Info", "<" + sip_uri({}, domain) + ">;answer-after=0");
    headers.add("Alert-Info", "<" + sip_uri({}, domain) + ">;info=alert-autoanswer;delay=0");
}

}  // namespace

std::string clean_display_name(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = utf8_length(text);
        const bool control = length == 1 && (static_cast<unsigned char>(text[0]) < 0x20 || text[0] == 0x7F);
        if (length != 0 && !control) {
            if (out.size() + length > kMaxDisplayName) break;
            out.append(text.substr(0, length));
        }
        text.remove_prefix(std::max<std::size_t>(length, 1));
    }
    return out;
}

std::string sip_uri(std::string_view user, std::string_view host, std::uint16_t port, std::string_view transport) {
    sip::UriBuilder uri;
    if (!user.empty()) uri.user(user);
    uri.host(host).port(port);
    if (!transport.empty()) uri.param("transport", transport);
    return uri.str();
}

std::string name_addr(std::string_view display, std::string_view user, std::string_view host) {
    std::string out;
    if (const std::string clean = clean_display_name(display); !clean.empty()) {
        sip::append_quoted(out, clean);
        out += ' ';
    }
    return out.append("<").append(sip_uri(user, host)).append(">");
}

std::string host_of(std::string_view host_port) {
    if (host_port.starts_with('[')) return std::string(host_port.substr(0, host_port.find(']') + 1));
    return std::string(host_port.substr(0, host_port.find(':')));
}

std::string from_header(const call::CallerIdentity& caller, std::string_view host) {
    if (caller.withheld || caller.user.empty()) return name_addr("Anonymous", "anonymous", "anonymous.invalid");
    return name_addr(caller.display, caller.user, host);
}

void add_asserted_identity(sip::HeaderLines& headers, const call::CallerIdentity& caller, std::string_view host) {
    if (!caller.user.empty()) headers.add("P-Asserted-Identity", name_addr(caller.display, caller.user, host));
    if (caller.withheld) headers.add("Privacy", "id");
}

void describe_call(sip::HeaderLines& headers, const call::OutgoingLeg& call, std::string_view domain) {
    if (!call.conversation.empty()) headers.add("X-Dialplane-Conversation", call.conversation);
    if (!call.from.withheld) add_asserted_identity(headers, call.from, domain);
    if (call.answer_mode == call::AnswerMode::Automatic) ask_to_answer(headers, domain);
}

std::string q850_reason(int cause) {
    return cause == 0 ? std::string() : "Q.850;cause=" + std::to_string(cause);
}

std::string reason_of(const call::Release& release) {
    return release.answered_elsewhere ? "SIP;cause=200;text=\"Call completed elsewhere\"" : q850_reason(release.q850);
}

call::CallerIdentity caller_of(const sip::MessageView& invite, Trust trust) {
    call::CallerIdentity caller;
    caller.user = invite.from().uri().user_unescaped();
    caller.display = clean_display_name(invite.from().display_name());
    if (trust != Trust::Peer) return caller;
    caller.withheld = sip::has_privacy(invite, "id");
    const auto asserted = sip::addresses(invite, sip::HeaderId::PAssertedIdentity);
    if (!asserted || asserted->empty()) return caller;
    caller.user = asserted->front().uri().user_unescaped();
    if (const auto name = clean_display_name(asserted->front().display_name()); !name.empty()) caller.display = name;
    return caller;
}

}  // namespace dp::signaling
