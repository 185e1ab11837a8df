#pragma once
/// @file Spill: the port through which the outbox keeps what the store does not take, so that a process that dies while
/// its store stands still loses nothing that callers and readers have seen.
///
/// Threads: the outbox's owner calls; an implementation hands over and never waits. Two real users: the spill file of
/// the data directory, a list in tests. Source: flows.md 1, row 9.

#include <vector>

#include "telephony/conversation/conversation.hpp"
#include "telephony/events/event.hpp"

namespace dp::telephony {

/// A conversation's version with its events, or events of something else.
struct OutboxEntry {
    Ptr<Conversation> conversation;  ///< may be empty
    std::vector<Event> events;
};

class Spill {
public:
    virtual ~Spill() = default;
    /// Takes them behind what it has; with none it tries again what it could not write. False: not now, nothing was
    /// taken.
    [[nodiscard]] virtual bool keep(std::vector<OutboxEntry> entries) = 0;
    /// All that it was given is committed: it may forget it. False: not now.
    [[nodiscard]] virtual bool release() = 0;
};

}  // namespace dp::telephony
