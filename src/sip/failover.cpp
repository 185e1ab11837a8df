#include "sip/failover.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"

namespace dp::sip {

namespace {

using enum RetryVerdict;

/// What a row asks besides its status.
enum class Condition : std::uint8_t {
    Always,
    Rang,             ///< the callee was reached
    RetryAfter,       ///< says when to come back
    ShortRetryAfter,  ///< … within 10 s
    LimitText,        ///< the phrase names a limit of the account
};

struct Row {
    int low;
    int high;
    Condition condition;
    RetryVerdict verdict;
    int q850;
    std::string_view reason;
    bool mark = false;
    bool alarm = false;
};

using enum Condition;

// First match wins. Codes as in RFC 3398 §8.2.6.1; verdicts as argued in docs.
constexpr std::array kRows{
    Row{401, 401, Always, NextTrunk, 21, "trunk_authentication_failed", false, true},
    Row{402, 402, Always, NextTrunk, 21, "trunk_misconfigured", false, true},
    Row{403, 403, LimitText, NextTrunk, 21, "trunk_limit_reached"},
    Row{403, 403, Always, Final, 21, "rejected_by_carrier"},
    Row{404, 404, Always, Final, 1, "number_unknown"},
    Row{405, 405, Always, NextTrunk, 63, "trunk_misconfigured", false, true},
    Row{406, 406, Always, NextTrunk, 79, "trunk_misconfigured", false, true},
    Row{407, 407, Always, NextTrunk, 21, "trunk_authentication_failed", false, true},
    Row{408, 408, Rang, Final, 102, "no_answer"},
    Row{408, 408, Always, NextGateway, 102, "carrier_timeout"},
    Row{410, 410, Always, Final, 22, "number_changed"},
    Row{415, 415, Always, RetrySame, 79, "incompatible_media"},
    Row{416, 416, Always, NextTrunk, 127, "trunk_misconfigured", false, true},
    Row{420, 420, Always, NextTrunk, 127, "trunk_misconfigured", false, true},
    Row{421, 421, Always, NextTrunk, 127, "trunk_misconfigured", false, true},
    Row{422, 422, Always, RetrySame, 127, "session_interval_too_small"},
    Row{480, 480, Always, Final, 18, "unavailable"},
    Row{481, 481, Always, Final, 41, "call_failed"},
    Row{482, 483, Always, Final, 25, "routing_loop", false, true},
    Row{484, 484, Always, Final, 28, "number_incomplete"},
    Row{485, 485, Always, Final, 1, "number_unknown"},
    Row{486, 486, Always, Final, 17, "busy"},
    Row{487, 487, Always, Final, 16, "cancelled"},
    Row{488, 488, Always, RetrySame, 65, "incompatible_media"},
    Row{491, 491, Always, RetrySame, 41, "call_failed"},
    Row{500, 500, ShortRetryAfter, RetrySame, 41, "carrier_failure"},
    Row{500, 500, Always, NextGateway, 41, "carrier_failure"},
    Row{502, 502, Always, NextGateway, 38, "carrier_failure"},
    Row{503, 503, LimitText, NextTrunk, 41, "trunk_limit_reached"},
    Row{503, 503, RetryAfter, NextTrunk, 41, "carrier_unavailable", true},
    Row{503, 503, Always, NextGateway, 41, "carrier_unavailable"},
    Row{504, 504, Always, NextGateway, 102, "carrier_timeout"},
    Row{505, 505, Always, NextGateway, 127, "carrier_failure"},
    Row{513, 513, Always, NextGateway, 127, "carrier_failure"},
    Row{300, 305, Always, Follow, 23, "redirected"},
    Row{600, 600, Always, Final, 17, "busy"},
    Row{603, 603, Always, Final, 21, "declined"},
    Row{604, 604, Always, Final, 1, "number_unknown"},
    Row{606, 606, Always, RetrySame, 88, "incompatible_media"},
    Row{607, 607, Always, Final, 21, "blocked_as_unwanted", false, true},
    Row{608, 608, Always, Final, 21, "blocked_as_unwanted", false, true},
    Row{300, 399, Always, Final, 127, "call_failed"},
    Row{400, 499, Always, Final, 127, "call_failed"},
    Row{500, 599, Always, NextGateway, 41, "carrier_failure"},
    Row{600, 699, Always, Final, 127, "call_failed"},
};

constexpr Row kNoConnection{0, 0, Always, NextGateway, 38, "carrier_unreachable", true};
constexpr Row kNoAnswerAtAll{0, 0, Always, NextGateway, 102, "carrier_timeout", true};
constexpr Row kUnknown{0, 0, Always, Final, 127, "call_failed"};

constexpr std::array<std::string_view, 5> kLimitTexts{"cps", "concurrent call limit", "channel limit", "limit exceeded",
                                                      "balance"};

bool names_a_limit(std::string_view phrase) {
    const std::string text = ascii::lower(phrase);
    return std::ranges::any_of(kLimitTexts, [&](std::string_view limit) { return text.find(limit) != text.npos; });
}

bool holds(Condition condition, const CallAttempt& attempt) {
    switch (condition) {
        case Always:
            return true;
        case Rang:
            return attempt.rang;
        case RetryAfter:
            return attempt.has_retry_after;
        case ShortRetryAfter:
            return attempt.has_retry_after && attempt.retry_after <= 10;
        case LimitText:
            return names_a_limit(attempt.phrase);
    }
    return false;
}

const Row& row_of(const CallAttempt& attempt) {
    if (attempt.status == 0) return attempt.timed_out ? kNoAnswerAtAll : kNoConnection;
    const auto row = std::ranges::find_if(kRows, [&](const Row& r) {
        return attempt.status >= r.low && attempt.status <= r.high && holds(r.condition, attempt);
    });
    return row == kRows.end() ? kUnknown : *row;
}

struct Cause {
    int q850;
    int status;
    std::string_view reason;
};

// RFC 3398 §7.2.4.1.
constexpr std::array kCauses{
    Cause{1, 404, "number_unknown"},
    Cause{2, 404, "number_unknown"},
    Cause{3, 404, "number_unknown"},
    Cause{16, 480, "hung_up"},
    Cause{17, 486, "busy"},
    Cause{18, 408, "no_answer"},
    Cause{19, 480, "no_answer"},
    Cause{20, 480, "unavailable"},
    Cause{21, 403, "rejected_by_carrier"},
    Cause{22, 410, "number_changed"},
    Cause{23, 410, "redirected"},
    Cause{25, 483, "routing_loop"},
    Cause{26, 404, "number_unknown"},
    Cause{27, 502, "carrier_failure"},
    Cause{28, 484, "number_incomplete"},
    Cause{29, 501, "rejected_by_carrier"},
    Cause{31, 480, "unavailable"},
    Cause{34, 503, "carrier_unavailable"},
    Cause{38, 503, "carrier_unavailable"},
    Cause{41, 503, "carrier_unavailable"},
    Cause{42, 503, "carrier_unavailable"},
    Cause{47, 503, "carrier_unavailable"},
    Cause{55, 403, "rejected_by_carrier"},
    Cause{57, 403, "rejected_by_carrier"},
    Cause{58, 503, "carrier_unavailable"},
    Cause{63, 501, "trunk_misconfigured"},
    Cause{65, 488, "incompatible_media"},
    Cause{70, 488, "incompatible_media"},
    Cause{79, 501, "incompatible_media"},
    Cause{87, 403, "rejected_by_carrier"},
    Cause{88, 503, "incompatible_media"},
    Cause{102, 504, "carrier_timeout"},
    Cause{111, 500, "carrier_failure"},
    Cause{127, 500, "call_failed"},
};

const Cause* find_cause(int q850) {
    const auto cause = std::ranges::find(kCauses, q850, &Cause::q850);
    return cause == kCauses.end() ? nullptr : &*cause;
}

}  // namespace

CallVerdict judge(const CallAttempt& attempt) {
    const Row& row = row_of(attempt);
    CallVerdict verdict{row.verdict, row.q850, row.reason, row.mark, row.alarm};
    if (attempt.early_description)
        verdict.verdict = Final;  // the caller heard it: another attempt would be a second call
    // The carrier's own cause is nearer to the truth than the code it was squeezed into (503 with cause 17 is busy).
    const Cause* said = attempt.q850 ? find_cause(*attempt.q850) : nullptr;
    if (said) {
        verdict.q850 = said->q850;
        verdict.reason = said->reason;
        if (said->q850 == 17) verdict.verdict = Final;  // never ring a busy person again
    }
    return verdict;
}

int q850_of_status(int status) {
    CallAttempt attempt;
    attempt.status = status;
    return row_of(attempt).q850;
}

int status_of_q850(int cause) {
    const Cause* row = find_cause(cause);
    return row ? row->status : 500;
}

std::string_view reason_of_q850(int cause) {
    const Cause* row = find_cause(cause);
    return row ? row->reason : "call_failed";
}

}  // namespace dp::sip
