#pragma once
/// @file Bodies: what type a message carries, and the SDP in it even when carriers wrap it (RFC 5621: `multipart/mixed`
/// with ISUP or PIDF-LO beside it).
///
/// Lifetime: views into the message. Bounded: limits::kBodyParts parts, limits::kBodyDepth levels.

#include <string_view>
#include <vector>

#include "sip/message.hpp"

namespace dp::sip {

struct MediaType {
    std::string_view type;
    std::string_view subtype;
    ParamList params;
    bool is(std::string_view wanted_type, std::string_view wanted_subtype) const;
};
Result<MediaType> parse_media_type(std::string_view value);
/// Content-Type of the message.
Result<MediaType> content_type(const MessageView& message);

struct BodyPart {
    MediaType type;
    std::string_view disposition;  ///< `session`, `render` …; empty when not said
    bool required = true;          ///< `handling=` is not `optional` (RFC 5621 3.1: required is the default)
    std::string_view content;
};
/// The leaf parts; a body that is no multipart is one part. Empty without body.
Result<std::vector<BodyPart>> body_parts(const MessageView& message);

/// The session description: a view of the SDP, empty when there is none. UnsupportedMedia when a part that must be
/// understood (handling=required) is something else, or when the body is compressed.
Result<std::string_view> sdp_body(const MessageView& message);

}  // namespace dp::sip
