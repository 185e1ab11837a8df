#pragma once
/// @file Counts SIP messages as they pass the endpoint: requests by method, responses by status, each direction. Reads
/// the first line only, and makes no label of what it does not know.
///
/// Control thread.

#include <string_view>

namespace dp::net {

enum class SipDirection { In, Out };

void count_sip_message(SipDirection direction, std::string_view message);

}  // namespace dp::net
