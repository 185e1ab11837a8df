/// The tolerant parser behind sdp::parse(). Lines are taken in any order after `v=0`; what is not understood is
/// skipped, what would make media go to a wrong place (port, address, key, fingerprint) is taken exactly or not at all.

#include <algorithm>
#include <array>
#include <utility>

#include "base/ascii.hpp"
#include "sdp/session_description.hpp"

namespace dp::sdp {
namespace {

/// What one level (session or section) said; inheritance is resolved when all is read.
struct Level {
    std::optional<Connection> connection;
    std::optional<Direction> direction;
    std::optional<Setup> setup;
    std::vector<Fingerprint> fingerprints;
    IceAttributes ice;
};

struct Section {
    Level level;
    MediaSection media;
};

struct State {
    SessionDescription session;
    Level level;
    std::vector<Section> sections;

    Level& current() { return sections.empty() ? level : sections.back().level; }
    MediaSection* media() { return sections.empty() ? nullptr : &sections.back().media; }
};

/// Takes the text before `separator` off `rest`, and the separator.
std::string_view take(std::string_view& rest, char separator) {
    const std::size_t at = rest.find(separator);
    const std::string_view head = rest.substr(0, at);
    rest.remove_prefix(at == std::string_view::npos ? rest.size() : at + 1);
    return head;
}

std::string_view take_word(std::string_view& rest) {
    rest = ascii::trim(rest);
    return take(rest, ' ');
}

// --- o=, c=
// -------------------------------------------------------------------------------------------------------------------------

void read_origin(std::string_view value, SessionDescription& out) {
    Origin origin;
    origin.username = take_word(value);
    origin.session_id = take_word(value);
    origin.version = take_word(value);
    take_word(value);
    take_word(value);
    origin.address = take_word(value);
    if (!origin.address.empty()) out.origin = std::move(origin);
}

std::optional<Connection> read_connection(std::string_view value) {
    if (take_word(value) != "IN") return std::nullopt;
    take_word(value);
    const std::string_view host = value.substr(0, value.find('/'));  // a multicast TTL follows the slash
    const std::string_view trimmed = ascii::trim(host);
    if (trimmed.empty() || trimmed.size() > 255 || trimmed.find(' ') != std::string_view::npos) return std::nullopt;
    return Connection{std::string(trimmed), IpAddress::parse(trimmed)};
}

// --- m=
// -----------------------------------------------------------------------------------------------------------------------------

constexpr std::array kRtpProtocols{Protocol::RtpAvp,   Protocol::RtpAvpf,       Protocol::RtpSavp,
                                   Protocol::RtpSavpf, Protocol::UdpTlsRtpSavp, Protocol::UdpTlsRtpSavpf};

Protocol protocol_of(std::string_view text) {
    for (Protocol protocol : kRtpProtocols)
        if (ascii::iequals(text, protocol_name(protocol))) return protocol;
    return Protocol::Other;
}

/// RFC 3551 table 4, completed by rtpmap later.
Format static_format(std::uint8_t payload_type) {
    Format format{.payload_type = payload_type, .codec = codec_from_static_type(payload_type)};
    if (!format.codec) return format;
    format.encoding = facts(*format.codec).encoding;
    format.clock_rate = facts(*format.codec).clock_rate;
    return format;
}

void read_formats(std::string_view rest, MediaSection& out) {
    while (!rest.empty()) {
        const std::string_view word = take_word(rest);
        if (word.empty()) continue;
        if (out.formats.size() + out.format_texts.size() == kMaxFormats) return;
        if (out.protocol == Protocol::Other) {
            out.format_texts.emplace_back(word);
            continue;
        }
        const auto number = ascii::parse_decimal<std::uint8_t>(word);
        if (number && *number < 128 && !out.find(*number)) out.formats.push_back(static_format(*number));
    }
}

Result<void> read_media(std::string_view value, State& state) {
    if (state.sections.size() == kMaxMedia)
        return fail(ErrorCode::TooLarge, "The SDP has more than 16 media sections.");
    Section& section = state.sections.emplace_back();
    MediaSection& media = section.media;
    media.kind = ascii::lower(take_word(value));
    std::string_view port_text = take_word(value);
    const auto port =
        ascii::parse_decimal<std::uint16_t>(take(port_text, '/'));  // `/2`: a count of ports (RFC 8866 5.14)
    if (media.kind.empty() || !port)
        return fail(ErrorCode::MalformedInput, "An m= line of the SDP has no valid port.", "m");
    media.port = *port;
    media.protocol_text = take_word(value);
    if (media.protocol_text.empty())
        return fail(ErrorCode::MalformedInput, "An m= line of the SDP has no protocol.", "m");
    media.protocol = protocol_of(media.protocol_text);
    if (media.protocol != Protocol::Other) media.protocol_text.clear();
    read_formats(value, media);
    return {};
}

// --- attributes of a section
// --------------------------------------------------------------------------------------------------------

Format* find_format(MediaSection& media, std::string_view number) {
    const auto payload_type = ascii::parse_decimal<std::uint8_t>(number);
    if (!payload_type) return nullptr;
    const auto it = std::ranges::find(media.formats, *payload_type, &Format::payload_type);
    return it == media.formats.end() ? nullptr : &*it;
}

void read_rtpmap(std::string_view value, MediaSection& media) {
    Format* format = find_format(media, take_word(value));
    if (!format) return;
    value = ascii::trim(value);
    const std::string_view encoding = take(value, '/');
    const auto clock = ascii::parse_decimal<std::uint32_t>(ascii::trim(take(value, '/')));
    if (encoding.empty() || !clock || *clock == 0) return;
    format->encoding = encoding;
    format->clock_rate = *clock;
    format->channels = ascii::parse_decimal<std::uint8_t>(ascii::trim(value)).value_or(1);
    format->codec = codec_from_rtpmap(encoding, *clock);
}

void read_fmtp(std::string_view value, MediaSection& media) {
    Format* format = find_format(media, take_word(value));
    if (format && format->fmtp.empty()) format->fmtp = ascii::trim(value);
}

std::optional<std::chrono::milliseconds> read_duration(std::string_view value) {
    const auto ms = ascii::parse_decimal<std::uint16_t>(ascii::trim(value.substr(0, value.find('.'))));
    if (!ms || *ms == 0 || *ms > 1000) return std::nullopt;
    return std::chrono::milliseconds(*ms);
}

void read_rtcp(std::string_view value, MediaSection& media) {
    const auto port = ascii::parse_decimal<std::uint16_t>(take_word(value));
    if (!port) return;
    const auto connection = read_connection(value);
    media.rtcp = RtcpAddress{*port, connection ? connection->address : std::nullopt};
}

void read_crypto(std::string_view value, MediaSection& media) {
    auto crypto = parse_crypto(value);
    if (crypto && media.crypto.size() < kMaxCrypto) media.crypto.push_back(std::move(*crypto));
}

// --- attributes of either level
// -----------------------------------------------------------------------------------------------------

std::optional<std::vector<std::uint8_t>> read_hex_pairs(std::string_view text) {
    std::vector<std::uint8_t> out;
    while (!text.empty()) {
        const std::string_view pair = take(text, ':');
        if (pair.size() != 2 || !ascii::is_hex(pair[0]) || !ascii::is_hex(pair[1]) || out.size() == 64)
            return std::nullopt;
        std::uint8_t octet = 0;
        std::from_chars(pair.data(), pair.data() + 2, octet, 16);
        out.push_back(octet);
    }
    return out;
}

/// RFC 8122 5. A malformed one is no fingerprint: without any, DTLS is refused, so skipping is safe.
void read_fingerprint(std::string_view value, Level& level) {
    const std::string algorithm = ascii::lower(take_word(value));
    auto digest = read_hex_pairs(ascii::trim(value));
    if (algorithm.empty() || !digest || digest->empty() || level.fingerprints.size() == kMaxFingerprints) return;
    level.fingerprints.push_back({algorithm, std::move(*digest)});
}

std::optional<Setup> setup_of(std::string_view text) {
    if (ascii::iequals(text, "actpass")) return Setup::ActPass;
    if (ascii::iequals(text, "active")) return Setup::Active;
    if (ascii::iequals(text, "passive")) return Setup::Passive;
    if (ascii::iequals(text, "holdconn")) return Setup::HoldConn;
    return std::nullopt;
}

bool is_ice_text(std::string_view text) {  // RFC 8839 5.4: ice-char, at most 256
    return !text.empty() && text.size() <= 256 && std::ranges::all_of(text, [](char c) {
        return ascii::is_alnum(c) || c == '+' || c == '/' || c == '-' || c == '_' || c == '=';
    });
}

void read_candidate(std::string_view value, Level& level) {
    if (level.ice.candidates.size() == kMaxCandidates) return;
    if (auto candidate = parse_candidate(value)) level.ice.candidates.push_back(std::move(*candidate));
}

void read_ice_options(std::string_view value, Level& level) {
    while (!value.empty())
        if (ascii::iequals(take_word(value), "trickle")) level.ice.trickle = true;
}

void read_group(std::string_view value, State& state) {
    if (!ascii::iequals(take_word(value), "BUNDLE") || state.session.bundle.size() == kMaxMedia) return;
    std::vector<std::string> mids;
    while (!value.empty() && mids.size() < kMaxMedia) {
        const std::string_view mid = take_word(value);
        if (!mid.empty() && mid.size() <= 64) mids.emplace_back(mid);
    }
    if (!mids.empty()) state.session.bundle.push_back(std::move(mids));
}

// --- dispatch
// -----------------------------------------------------------------------------------------------------------------------

using LevelReader = void (*)(std::string_view, Level&);
using MediaReader = void (*)(std::string_view, MediaSection&);

constexpr std::array<std::pair<std::string_view, LevelReader>, 11> kLevelAttributes{{
    {"sendrecv", [](std::string_view, Level& l) { l.direction = Direction::SendRecv; }},
    {"sendonly", [](std::string_view, Level& l) { l.direction = Direction::SendOnly; }},
    {"recvonly", [](std::string_view, Level& l) { l.direction = Direction::RecvOnly; }},
    {"inactive", [](std::string_view, Level& l) { l.direction = Direction::Inactive; }},
    {"setup", [](std::string_view v, Level& l) { l.setup = setup_of(ascii::trim(v)); }},
    {"fingerprint", read_fingerprint},
    {"ice-ufrag",
     [](std::string_view v, Level& l) {
         if (is_ice_text(ascii::trim(v))) l.ice.ufrag = ascii::trim(v);
     }},
    {"ice-pwd",
     [](std::string_view v, Level& l) {
         if (is_ice_text(ascii::trim(v))) l.ice.pwd = ascii::trim(v);
     }},
    {"ice-options", read_ice_options},
    {"candidate", read_candidate},
    {"end-of-candidates", [](std::string_view, Level& l) { l.ice.end_of_candidates = true; }},
}};

constexpr std::array<std::pair<std::string_view, MediaReader>, 9> kMediaAttributes{{
    {"rtpmap", read_rtpmap},
    {"fmtp", read_fmtp},
    {"ptime", [](std::string_view v, MediaSection& m) { m.ptime = read_duration(v); }},
    {"maxptime", [](std::string_view v, MediaSection& m) { m.maxptime = read_duration(v); }},
    {"rtcp", read_rtcp},
    {"rtcp-mux", [](std::string_view, MediaSection& m) { m.rtcp_mux = true; }},
    {"rtcp-rsize", [](std::string_view, MediaSection& m) { m.rtcp_rsize = true; }},
    {"crypto", read_crypto},
    {"mid",
     [](std::string_view v, MediaSection& m) {
         v = ascii::trim(v);
         if (!v.empty() && v.size() <= 64 && v.find(' ') == std::string_view::npos) m.mid = v;
     }},
}};

template <class Table>
auto find_reader(const Table& table, std::string_view name) -> decltype(table[0].second) {
    for (const auto& [known, reader] : table)
        if (ascii::iequals(known, name)) return reader;
    return nullptr;
}

void read_attribute(std::string_view value, State& state) {
    const std::string_view name = ascii::trim(take(value, ':'));
    if (const LevelReader reader = find_reader(kLevelAttributes, name)) return reader(value, state.current());
    if (MediaSection* media = state.media()) {
        if (const MediaReader reader = find_reader(kMediaAttributes, name)) reader(value, *media);
        return;
    }
    if (ascii::iequals(name, "ice-lite")) state.session.ice_lite = true;
    if (ascii::iequals(name, "group")) read_group(value, state);
}

Result<void> read_line(std::string_view line, State& state) {
    if (line.size() < 2 || line[1] != '=') return {};  // tolerated: stray lines say nothing
    const std::string_view value = line.substr(2);
    switch (line[0]) {
        case 'o':
            read_origin(value, state.session);
            break;
        case 's':
            if (!value.empty()) state.session.session_name = value;
            break;
        case 'c':
            state.current().connection = read_connection(value);
            break;
        case 'm':
            return read_media(value, state);
        case 'a':
            read_attribute(value, state);
            break;
        default:
            break;
    }
    return {};
}

// --- inheritance
// --------------------------------------------------------------------------------------------------------------------

std::optional<IceAttributes> resolve_ice(IceAttributes own, const IceAttributes& session) {
    if (own.ufrag.empty()) own.ufrag = session.ufrag;
    if (own.pwd.empty()) own.pwd = session.pwd;
    own.trickle = own.trickle || session.trickle;
    own.end_of_candidates = own.end_of_candidates || session.end_of_candidates;
    // RFC 8839 5.4: without both there is no ICE, whatever candidates say.
    if (own.ufrag.empty() || own.pwd.empty()) return std::nullopt;
    return own;
}

MediaSection resolve(Section section, const Level& session) {
    MediaSection media = std::move(section.media);
    Level& own = section.level;
    media.connection = own.connection ? std::move(own.connection) : session.connection;
    media.direction = own.direction.value_or(session.direction.value_or(Direction::SendRecv));
    media.setup = own.setup ? own.setup : session.setup;
    media.fingerprints = own.fingerprints.empty() ? session.fingerprints : std::move(own.fingerprints);
    media.ice = resolve_ice(std::move(own.ice), session.ice);
    return media;
}

/// What a refused section still says is noise.
MediaSection reduced_when_refused(MediaSection media) {
    if (!media.refused()) return media;
    MediaSection out;
    out.kind = std::move(media.kind);
    out.port = 0;
    out.protocol = media.protocol;
    out.protocol_text = std::move(media.protocol_text);
    out.formats = std::move(media.formats);
    out.format_texts = std::move(media.format_texts);
    out.connection = std::move(media.connection);
    out.direction = Direction::Inactive;
    out.mid = std::move(media.mid);
    return out;
}

SessionDescription finish(State state) {
    SessionDescription out = std::move(state.session);
    out.connection = state.level.connection;
    for (Section& section : state.sections)
        out.media.push_back(reduced_when_refused(resolve(std::move(section), state.level)));
    return out;
}

Result<void> check_text(std::string_view text) {
    if (text.size() > kMaxSize) return fail(ErrorCode::TooLarge, "The SDP is longer than 64 KiB.");
    if (text.find('\0') != std::string_view::npos)
        return fail(ErrorCode::MalformedInput, "The SDP contains a NUL octet.");
    if (!text.starts_with("v=0")) return fail(ErrorCode::MalformedInput, "The SDP does not begin with v=0.", "v");
    return {};
}

}  // namespace

Result<SessionDescription> parse(std::string_view text) {
    while (!text.empty() && (text.front() == '\r' || text.front() == '\n')) text.remove_prefix(1);
    DP_CHECK(check_text(text));
    State state;
    while (!text.empty()) {
        std::string_view line = take(text, '\n');
        line = line.substr(0, line.find('\r'));  // a lone CR must not survive into what we write
        while (!line.empty() && ascii::is_space(line.back())) line.remove_suffix(1);
        DP_CHECK(read_line(line, state));
    }
    return finish(std::move(state));
}

}  // namespace dp::sdp
