#pragma once
/// @file Ids that grow with time: what is made one after the other stands side by side in every index, so that a
/// transaction of many creates touches a few pages instead of one for each row and index.
///
/// RFC 9562 version 7: 48 bits of milliseconds, 74 random ones. When something was made can be read from its id; what
/// must not be guessed is made by Random::token().

#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"

namespace dp {

std::string timed_uuid(Random& random, WallTime now);

}  // namespace dp
