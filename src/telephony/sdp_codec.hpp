#pragma once
/// @file Between the domain's codecs (what may be configured) and the media formats of session descriptions, which know
/// more: comfort noise and telephone-event are nobody's preference.
///
/// Threads: pure functions.

#include <optional>

#include "sdp/codec.hpp"
#include "telephony/codec.hpp"

namespace dp::telephony {

sdp::Codec to_sdp(Codec codec);
/// Nothing for a format that is no codec of its own.
std::optional<Codec> codec_of(sdp::Codec codec);

}  // namespace dp::telephony
