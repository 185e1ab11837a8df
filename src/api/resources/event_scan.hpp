#pragma once
/// @file EventScan: reads the event log page by page and hands out what a filter takes, until the taker has enough, the
/// log ends or a bound of work is reached. For the query and its aggregates.
///
/// Threads: the executor named; the callbacks run there.

#include <functional>
#include <memory>

#include "telephony/events/event_filter.hpp"
#include "telephony/ports/store.hpp"

namespace dp::api {

class EventScan : public std::enable_shared_from_this<EventScan> {
public:
    /// False: enough.
    using Take = std::function<bool(const telephony::Event&)>;
    /// `resume`: where the next scan goes on; 0 when the log is through.
    using Done = std::move_only_function<void(Result<std::uint64_t> resume)>;

    EventScan(telephony::Store& store, Executor& executor, telephony::EventFilter filter, telephony::EventQuery query,
              Take take, Done done);
    void run();

private:
    void page(std::vector<telephony::Event> events);

    telephony::Store& store_;
    Executor& executor_;
    telephony::EventFilter filter_;
    telephony::EventQuery query_;
    Take take_;
    Done done_;
    std::size_t scanned_ = 0;
};

}  // namespace dp::api
