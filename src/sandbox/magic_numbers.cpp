#include "sandbox/magic_numbers.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "base/ascii.hpp"

namespace dp::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr sdp::Codec kPcma = sdp::Codec::Pcma;
constexpr sdp::Codec kG722 = sdp::Codec::G722;
constexpr sdp::Codec kOpus = sdp::Codec::Opus;
constexpr sdp::Codec kPcmu = sdp::Codec::Pcmu;

constexpr Script kOrdinary{.ring = 1000ms};

constexpr auto kTable = std::to_array<MagicNumber>({
    {"+14155550110", "Rings one second, answers, speaks, then echoes what it hears", kOrdinary},
    {"+14155550111", "Answers at once and echoes", {.sound = Sound::Echo}},
    {"+14155550112", "Answers at once with a 1004 Hz tone", {.sound = Sound::Tone}},
    {"+14155550113", "Answers at once with silence", {.sound = Sound::Silence}},
    {"+14155550114", "Reads DTMF digits back, spoken and as digits, after the hash key", {.sound = Sound::ReadBack}},
    {"+14155550115", "Slow answer: rings 5 seconds", {.ring = 5s}},
    {"+14155550116", "Slow answer: rings 15 seconds", {.ring = 15s}},
    {"+14155550117", "Rings and never answers", {.ring = 1s, .never_answer = true}},
    {"+14155550118", "No reply at all, not even 100 Trying", {.no_reply = true}},
    {"+14155550119", "Early media: 183 with speech for 4 seconds, then answers", {.ring = 4s, .early_media = true}},
    {"+14155550120",
     "Early media: 183 with speech for 4 seconds, then 480",
     {.ring = 4s, .early_media = true, .refuse = 480, .q850 = 18}},
    {"+14155550121", "Answers, hangs up after 3 seconds", {.hang_up = 3s}},
    {"+14155550122", "Answers, hangs up after 10 seconds", {.hang_up = 10s}},
    {"+14155550123", "Answers, puts the call on hold after 2 seconds, resumes 2 seconds later", {.hold = 2s}},
    {"+14155550124", "Answers and never sends audio", {.sound = Sound::Silence, .mute = 1ms}},
    {"+14155550125", "Answers, sends no audio any more after 5 seconds", {.mute = 5s}},
    {"+14155550126", "Answers with PCMU only", {.only_codec = &kPcmu}},
    {"+14155550127", "Answers with PCMA only, else 488", {.only_codec = &kPcma}},
    {"+14155550128", "Answers with G.722 only, else 488", {.only_codec = &kG722}},
    {"+14155550129", "Answers with Opus only, else 488", {.only_codec = &kOpus}},
    {"+14155550130", "486 Busy Here", {.refuse = 486, .q850 = 17}},
    {"+14155550131", "480 Temporarily Unavailable", {.refuse = 480, .q850 = 18}},
    {"+14155550132", "404 Not Found: unallocated number", {.refuse = 404, .q850 = 1}},
    {"+14155550133", "403 Forbidden", {.refuse = 403, .q850 = 21}},
    {"+14155550134", "484 Address Incomplete", {.refuse = 484, .q850 = 28}},
    {"+14155550135", "410 Gone: number changed", {.refuse = 410, .q850 = 22}},
    {"+14155550136", "488 Not Acceptable Here", {.refuse = 488, .q850 = 88}},
    {"+14155550137", "500 Server Internal Error", {.refuse = 500, .q850 = 41}},
    {"+14155550138", "503 Service Unavailable", {.refuse = 503, .q850 = 41}},
    {"+14155550139", "503 Service Unavailable with Retry-After: 30", {.refuse = 503, .q850 = 42, .retry_after = 30}},
    {"+14155550140", "603 Decline", {.refuse = 603, .q850 = 21}},
    {"+14155550141", "607 Unwanted", {.refuse = 607, .q850 = 21}},
    {"+14155550142", "608 Rejected by call analytics", {.refuse = 608, .q850 = 21}},
    {"+14155550143", "600 Busy Everywhere", {.refuse = 600, .q850 = 17}},
    {"+14155550144", "604 Does Not Exist Anywhere", {.refuse = 604, .q850 = 1}},
    {"+14155550145", "408 Request Timeout", {.refuse = 408, .q850 = 102}},
    {"+14155550146", "502 Bad Gateway", {.refuse = 502, .q850 = 38}},
    {"+14155550147", "504 Server Time-out", {.refuse = 504, .q850 = 102}},
    {"+14155550148",
     "Rings 3 seconds, then 486 Busy Here: the callee declined",
     {.ring = 3s, .refuse = 486, .q850 = 17}},
    {"+14155550170",
     "Answers, asks you to hang up, and calls your caller ID back 3 seconds later",
     {.sound = Sound::Callback}},
});

/// `+` and digits of what was dialled, without a 9 that stands before the `+` (seed 0's first dial rule).
std::string normalised(std::string_view dialled) {
    std::string out;
    for (char c : dialled)
        if (ascii::is_digit(c) || c == '+') out += c;
    if (out.starts_with("9+")) out.erase(0, 1);
    if (!out.starts_with('+') && out.size() == 11 && out.front() == '1') out.insert(0, "+");
    return out;
}

}  // namespace

std::span<const MagicNumber> magic_numbers() {
    return kTable;
}

const Script& script_for(std::string_view dialled) {
    const auto number = normalised(dialled);
    const auto found = std::ranges::find(kTable, std::string_view(number), &MagicNumber::number);
    return found == kTable.end() ? kOrdinary : found->script;
}

}  // namespace dp::sandbox
