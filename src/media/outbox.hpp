#pragma once
/// @file Events of the media plane on their way to the control thread: in order, bounded, never lost to a full mailbox
/// for a moment.
///
/// Thread: put() and flush() on the worker; the events run on control. When control's mailbox is full they wait here
/// and are tried again every turn; beyond the bound they are dropped and counted.

#include <atomic>
#include <deque>
#include <functional>
#include <memory>

#include "base/mailbox.hpp"
#include "call/media_engine.hpp"

namespace dp::media {

/// Where events go; emptied on control when the engine stops, so that what is still on its way finds nobody.
struct Listener {
    call::MediaEvents* events = nullptr;                                  ///< control thread only
    std::function<void(call::IpFamily, std::uint16_t port)> port_closed;  ///< control thread only
};

class Outbox {
public:
    using Event = std::move_only_function<void(Listener&)>;
    static constexpr std::size_t kBound = 8192;

    Outbox(Executor& control, std::shared_ptr<Listener> listener) : control_(control), listener_(std::move(listener)) {}

    void put(Event event);
    void flush();
    bool empty() const { return waiting_.empty(); }
    std::uint64_t dropped() const { return dropped_; }

private:
    bool post(Event& event);

    Executor& control_;
    std::shared_ptr<Listener> listener_;
    std::deque<Event> waiting_;
    std::uint64_t dropped_ = 0;
};

}  // namespace dp::media
