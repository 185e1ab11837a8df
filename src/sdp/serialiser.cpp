#include <fmt/format.h>

#include <iterator>

#include "sdp/session_description.hpp"

namespace dp::sdp {
namespace {

class Writer {
public:
    template <class... Args>
    void line(fmt::format_string<Args...> format, Args&&... args) {
        fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
        out_ += "\r\n";
    }
    std::string take() { return std::move(out_); }

private:
    std::string out_;
};

std::string_view address_type(std::string_view host) {
    return host.find(':') == std::string_view::npos ? "IP4" : "IP6";
}

std::string_view name_of(Direction direction) {
    switch (direction) {
        case Direction::Inactive:
            return "inactive";
        case Direction::SendOnly:
            return "sendonly";
        case Direction::RecvOnly:
            return "recvonly";
        case Direction::SendRecv:
            return "sendrecv";
    }
    return "sendrecv";
}

std::string_view name_of(Setup setup) {
    switch (setup) {
        case Setup::ActPass:
            return "actpass";
        case Setup::Active:
            return "active";
        case Setup::Passive:
            return "passive";
        case Setup::HoldConn:
            return "holdconn";
    }
    return "actpass";
}

void write_connection(Writer& out, const std::optional<Connection>& connection) {
    if (connection) out.line("c=IN {} {}", address_type(connection->host), connection->host);
}

void write_media_line(Writer& out, const MediaSection& media) {
    std::string formats;
    for (const Format& format : media.formats) formats += fmt::format(" {}", format.payload_type);
    for (const std::string& text : media.format_texts) formats += fmt::format(" {}", text);
    const std::string_view protocol =
        media.protocol == Protocol::Other ? std::string_view(media.protocol_text) : protocol_name(media.protocol);
    out.line("m={} {} {}{}", media.kind, media.port, protocol, formats);
}

void write_rtcp(Writer& out, const MediaSection& media) {
    if (media.rtcp_mux) out.line("a=rtcp-mux");
    if (media.rtcp_rsize) out.line("a=rtcp-rsize");
    if (!media.rtcp) return;
    if (!media.rtcp->address) return out.line("a=rtcp:{}", media.rtcp->port);
    const std::string host = media.rtcp->address->str();
    out.line("a=rtcp:{} IN {} {}", media.rtcp->port, address_type(host), host);
}

void write_fingerprint(Writer& out, const Fingerprint& fingerprint) {
    std::string hex;
    for (std::uint8_t octet : fingerprint.digest) hex += fmt::format("{}{:02X}", hex.empty() ? "" : ":", octet);
    out.line("a=fingerprint:{} {}", fingerprint.algorithm, hex);
}

void write_candidate(Writer& out, const Candidate& c) {
    out.line("a=candidate:{} {} {} {} {} {} typ {}{}{}", c.foundation, c.component, c.transport, c.priority, c.host,
             c.port, c.type, c.tcp_type.empty() ? "" : " tcptype ", c.tcp_type);
}

void write_security(Writer& out, const MediaSection& media) {
    if (media.ice) out.line("a=ice-ufrag:{}", media.ice->ufrag);
    if (media.ice) out.line("a=ice-pwd:{}", media.ice->pwd);
    if (media.ice && media.ice->trickle) out.line("a=ice-options:trickle");
    for (const Fingerprint& fingerprint : media.fingerprints) write_fingerprint(out, fingerprint);
    if (media.setup) out.line("a=setup:{}", name_of(*media.setup));
    if (media.ice)
        for (const Candidate& candidate : media.ice->candidates) write_candidate(out, candidate);
    if (media.ice && media.ice->end_of_candidates) out.line("a=end-of-candidates");
    for (const CryptoAttribute& crypto : media.crypto)
        if (crypto.key) out.line("a=crypto:{}", crypto_value(crypto.tag, *crypto.key));
}

void write_format(Writer& out, const Format& format) {
    if (!format.encoding.empty() && format.channels > 1)
        out.line("a=rtpmap:{} {}/{}/{}", format.payload_type, format.encoding, format.clock_rate, format.channels);
    else if (!format.encoding.empty())
        out.line("a=rtpmap:{} {}/{}", format.payload_type, format.encoding, format.clock_rate);
    if (!format.fmtp.empty()) out.line("a=fmtp:{} {}", format.payload_type, format.fmtp);
}

void write_section(Writer& out, const MediaSection& media, const std::optional<Connection>& session) {
    write_media_line(out, media);
    if (media.connection != session) write_connection(out, media.connection);
    if (media.mid) out.line("a=mid:{}", *media.mid);
    // A refused section says nothing more: RFC 3264 6 lets it stand with any format.
    if (media.refused()) return out.line("a=inactive");
    out.line("a={}", name_of(media.direction));
    write_rtcp(out, media);
    write_security(out, media);
    for (const Format& format : media.formats) write_format(out, format);
    if (media.ptime) out.line("a=ptime:{}", media.ptime->count());
    if (media.maxptime) out.line("a=maxptime:{}", media.maxptime->count());
}

}  // namespace

std::string_view protocol_name(Protocol protocol) {
    switch (protocol) {
        case Protocol::RtpAvp:
            return "RTP/AVP";
        case Protocol::RtpAvpf:
            return "RTP/AVPF";
        case Protocol::RtpSavp:
            return "RTP/SAVP";
        case Protocol::RtpSavpf:
            return "RTP/SAVPF";
        case Protocol::UdpTlsRtpSavp:
            return "UDP/TLS/RTP/SAVP";
        case Protocol::UdpTlsRtpSavpf:
            return "UDP/TLS/RTP/SAVPF";
        case Protocol::Other:
            return {};
    }
    return {};
}

std::string serialise(const SessionDescription& description) {
    Writer out;
    const Origin& o = description.origin;
    out.line("v=0");
    out.line("o={} {} {} IN {} {}", o.username, o.session_id, o.version, address_type(o.address), o.address);
    out.line("s={}", description.session_name);
    write_connection(out, description.connection);
    out.line("t=0 0");
    if (description.ice_lite) out.line("a=ice-lite");
    for (const auto& group : description.bundle) out.line("a=group:BUNDLE {}", fmt::join(group, " "));
    for (const MediaSection& media : description.media) write_section(out, media, description.connection);
    return out.take();
}

}  // namespace dp::sdp
