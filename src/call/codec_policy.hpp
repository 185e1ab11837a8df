#pragma once
/// @file Which codecs a leg offers, and in which order, so that both legs of a call end with the same one wherever they
/// can: transcoding only where nothing is common (flows.md step 7), and no re-INVITE just to fit codecs.
///
/// Pure functions. Source: house decision; product.md "G.729": passed through, transcoded only where a plug-in is
/// present.

#include <functional>
#include <vector>

#include "sdp/codec.hpp"
#include "telephony/codec.hpp"

namespace dp::call {

using Codecs = std::vector<sdp::Codec>;
using CanTranscode = std::function<bool(sdp::Codec, sdp::Codec)>;

sdp::Codec to_sdp(telephony::Codec codec);
telephony::Codec to_telephony(sdp::Codec codec);
Codecs to_sdp(const telephony::CodecList& codecs);

/// What every peer is most likely to take: G.711 where it is among them, else the first.
Codecs fewest_of(const Codecs& codecs);

/// `own` in its order, those that `liked` has in front.
Codecs favouring(const Codecs& own, const Codecs& liked);

/// What to offer to a leg that may use `own`, when the other leg has agreed on (or offered) `other`: common ones first
/// in the other leg's order, then those that can be transcoded from at least one of `other`; what fits nothing is left
/// out.
Codecs offer_towards(const Codecs& own, const Codecs& other, const CanTranscode& can_transcode);

/// The order in which to pick from an offer, when the far leg has agreed on `far`: the same codec first, then what can
/// be transcoded.
Codecs answer_towards(const Codecs& own, const Codecs& far, const CanTranscode& can_transcode);

}  // namespace dp::call
