#pragma once
/// @file Making decoded speech a pitch period shorter or longer without changing its pitch: how a jitter buffer's delay
/// follows its target.
///
/// Threads: pure functions, in place. Only where the signal repeats (correlation above 0.9) or is too quiet to matter;
/// else nothing changes. Lags of 2.5 to 10 ms, so 20 ms of signal are needed.

#include "audio/pcm.hpp"

namespace dp::audio {

/// Samples left in `frame` after one period was taken out; frame.size() when none was.
std::size_t shorten(PcmOut frame, std::uint32_t rate);
/// Samples in `buffer` (its first `used` are the frame) after one period was put in; `used` when none was or there is
/// no room.
std::size_t lengthen(PcmOut buffer, std::size_t used, std::uint32_t rate);

}  // namespace dp::audio
