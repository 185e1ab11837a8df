#include "net/sip_message_counters.hpp"

#include <fmt/format.h>

#include <array>

#include "base/ascii.hpp"
#include "base/metrics.hpp"

namespace dp::net {

namespace {

constexpr std::array<std::string_view, 15> kMethods{"INVITE",    "ACK",    "BYE",     "CANCEL",  "OPTIONS",
                                                    "REGISTER",  "UPDATE", "PRACK",   "INFO",    "REFER",
                                                    "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH", "other"};
constexpr std::size_t kStatuses = 700;
constexpr std::string_view kVersion = "SIP/2.0 ";

/// Looked up once for each: registration takes a lock.
struct Counters {
    std::array<metrics::Counter*, kMethods.size()> requests{};
    std::array<metrics::Counter*, kStatuses> responses{};
};

std::string_view name_of(SipDirection direction) {
    return direction == SipDirection::In ? "in" : "out";
}

std::size_t method_of(std::string_view message) {
    const auto word = message.substr(0, message.find(' '));
    for (std::size_t i = 0; i + 1 < kMethods.size(); ++i)
        if (kMethods[i] == word) return i;
    return kMethods.size() - 1;
}

}  // namespace

void count_sip_message(SipDirection direction, std::string_view message) {
    thread_local std::array<Counters, 2> both{};
    auto& counters = both[static_cast<std::size_t>(direction)];
    if (!message.starts_with(kVersion)) {
        const auto method = method_of(message);
        auto& counter = counters.requests[method];
        if (!counter)
            counter =
                &metrics::counter("dialplane_sip_requests_total",
                                  fmt::format("direction=\"{}\",method=\"{}\"", name_of(direction), kMethods[method]),
                                  "SIP requests on the wire, retransmissions included.");
        return counter->add();
    }
    const auto status = ascii::parse_decimal<std::size_t>(message.substr(kVersion.size(), 3)).value_or(0);
    if (status < 100 || status >= kStatuses) return;
    auto& counter = counters.responses[status];
    if (!counter)
        counter = &metrics::counter("dialplane_sip_responses_total",
                                    fmt::format("direction=\"{}\",status=\"{}\"", name_of(direction), status),
                                    "SIP responses on the wire, retransmissions included.");
    counter->add();
}

}  // namespace dp::net
