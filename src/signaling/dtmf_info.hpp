#pragma once
/// @file Digits in SIP INFO: `application/dtmf-relay` (Signal=, Duration=) and `application/dtmf` (the digit alone), as
/// phones send them (JsSIP's default). Pure functions; nothing for what is neither.

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "sip/message.hpp"

namespace dp::signaling {

inline constexpr std::string_view kDtmfRelay = "application/dtmf-relay";

struct DigitPress {
    char digit = '0';  ///< `0-9*#A-D`
    std::chrono::milliseconds duration{100};
};

std::optional<DigitPress> read_dtmf_info(const sip::MessageView& info);
std::string write_dtmf_relay(const DigitPress& press);

}  // namespace dp::signaling
