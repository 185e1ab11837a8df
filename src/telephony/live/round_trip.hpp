#pragma once
/// @file RoundTrips: how far the media regions' STUN and TURN servers are, as last measured: from here, by whoever
/// probes them, and from the phones that report it.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "telephony/ids.hpp"
#include "telephony/live/live_table.hpp"

namespace dp::telephony {

struct RoundTrip {
    std::optional<std::chrono::microseconds> time;  ///< nothing: the server did not answer
    WallTime measured{};
};

/// One user's browser phone's own.
struct PhoneRoundTrips {
    struct Entry {
        std::string uri;
        std::chrono::microseconds time;
    };
    std::vector<Entry> entries;
    WallTime reported{};
};

/// Servers are named by their URIs as the media regions spell them.
struct LiveRoundTrips {
    LiveTable<std::string, RoundTrip> servers;
    LiveTable<UserId, PhoneRoundTrips> phones;
};

}  // namespace dp::telephony
