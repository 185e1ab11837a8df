#pragma once
/// @file What a final answer to an outgoing INVITE means for the call: try again, another gateway, another trunk, or
/// over; with the Q.850 cause and a stable reason word. Data, not code: one row per answer, tested row by row.
///
/// Source: RFC 3263 §4.3, 3398 §7.2.4.1 and §8.2.6.1, 4028, 8197, 8688; carriers' documentation.

#include <cstdint>
#include <optional>
#include <string_view>

namespace dp::sip {

enum class RetryVerdict : std::uint8_t {
    Final,        ///< tell the caller
    NextGateway,  ///< another gateway of the same trunk, then the next trunk
    NextTrunk,    ///< this trunk will not do it
    RetrySame,    ///< once more, same gateway, changed as the answer asks
    Follow,       ///< 3xx: follow inside the trust only, else next trunk
};

/// What came back, as far as the verdict depends on it.
struct CallAttempt {
    int status = 0;                  ///< final answer; 0: none
    bool connect_failed = false;     ///< with status 0: no connection, no address
    bool timed_out = false;          ///< with status 0: Timer B
    bool answered_100 = false;       ///< any 1xx was seen
    bool rang = false;               ///< 180 was seen
    bool early_description = false;  ///< 18x with a description was seen: the caller heard it
    bool has_retry_after = false;
    std::uint32_t retry_after = 0;
    std::string_view phrase;  ///< carriers say limits in words
    std::optional<int> q850;  ///< from the peer's Reason header: it wins over the code
};

struct CallVerdict {
    RetryVerdict verdict = RetryVerdict::Final;
    int q850 = 127;
    std::string_view reason = "call_failed";  ///< stable word for records and metrics
    bool mark_gateway = false;                ///< counts against the gateway's health
    bool alarm = false;                       ///< an operator should look: configuration or a loop
};

CallVerdict judge(const CallAttempt& attempt);

/// RFC 3398 §8.2.6.1: cause for a final SIP answer.
int q850_of_status(int status);
/// RFC 3398 §7.2.4.1: SIP answer for a Q.850 cause; 500 for causes without a row.
int status_of_q850(int cause);
/// The reason word of a cause: `busy`, `no_answer`, `number_unknown` …
std::string_view reason_of_q850(int cause);

}  // namespace dp::sip
