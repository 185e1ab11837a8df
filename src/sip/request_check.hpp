#pragma once
/// @file What every UAS checks before it does anything with a request outside or inside a dialog (RFC 3261 8.2.1
/// to 8.2.3): method, scheme of the R-URI, Require, body. One function, so that phones, trunks and the sandbox refuse
/// alike.

#include <span>
#include <string>
#include <string_view>

#include "sip/message.hpp"
#include "sip/parser.hpp"

namespace dp::sip {

/// What this user agent can do. The spans must outlive the profile.
struct UasProfile {
    std::span<const Method> methods;               ///< others: 405, or 501 when the name is unknown to us
    std::span<const std::string_view> extensions;  ///< option tags we honour in Require
    std::span<const std::string_view> body_types;  ///< `application/sdp` …
};

struct Refusal {
    Verdict verdict;  ///< Accept when nothing is wrong; ACK and CANCEL are never answered here
    HeaderId header =
        HeaderId::Unknown;  ///< the header the answer carries: Allow, Unsupported, Accept, Accept-Encoding
    std::string header_value;
};

Refusal check_request(const MessageView& request, const UasProfile& profile);

/// `INVITE, ACK, …` for Allow.
std::string allow_value(std::span<const Method> methods);

}  // namespace dp::sip
