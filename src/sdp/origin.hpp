#pragma once
/// @file What offers and answers share at session level: the version in o=, refused sections, c= and BUNDLE. Used by
/// offer_answer only.
///
/// Threads: pure functions. Source: RFC 3264 5, 6, 8; RFC 9143 7.

#include "sdp/session_description.hpp"

namespace dp::sdp {

/// RFC 3264 8: same o= when nothing changed, otherwise the version of `previous` + 1.
SessionDescription with_version(SessionDescription next, const SessionDescription* previous);

/// Port 0, in place, with at least one format.
MediaSection refuse(MediaSection section);

/// Puts c=, a=ice-lite and the BUNDLE group of the section in use. With ICE the connection stays in the section, as
/// browsers write it.
void finish_session(SessionDescription& description, std::size_t section, bool with_ice);

}  // namespace dp::sdp
