#include "sdp/origin.hpp"

#include <utility>

#include "base/ascii.hpp"

namespace dp::sdp {
namespace {

std::string incremented(const std::string& version) {
    return std::to_string(ascii::parse_decimal<std::uint64_t>(version).value_or(0) + 1);
}

}  // namespace

SessionDescription with_version(SessionDescription next, const SessionDescription* previous) {
    if (!previous) return next;
    next.origin = previous->origin;
    if (next == *previous) return next;
    next.origin.version = incremented(previous->origin.version);
    return next;
}

MediaSection refuse(MediaSection section) {
    MediaSection out;
    out.kind = std::move(section.kind);
    out.protocol = section.protocol;
    out.protocol_text = std::move(section.protocol_text);
    out.format_texts = std::move(section.format_texts);
    out.mid = std::move(section.mid);
    out.port = 0;
    out.direction = Direction::Inactive;
    for (const Format& format : section.formats) out.formats.push_back({.payload_type = format.payload_type});
    if (out.formats.empty() && out.format_texts.empty()) out.formats.push_back({});
    return out;
}

void finish_session(SessionDescription& description, std::size_t section, bool with_ice) {
    const MediaSection& used = description.media[section];
    if (!with_ice) description.connection = used.connection;
    description.ice_lite = with_ice;
    // RFC 8866 5.7: a section without c= needs one at session level.
    for (MediaSection& media : description.media)
        if (!media.connection) media.connection = used.connection;
    if (used.mid && with_ice) description.bundle = {{*used.mid}};
}

}  // namespace dp::sdp
