#include "api/resources/event_scan.hpp"

namespace dp::api {
namespace {

constexpr std::size_t kPage = 1000;
constexpr std::size_t kMostScanned = 50'000;  // some 100 ms of a reader's time

}  // namespace

EventScan::EventScan(telephony::Store& store, Executor& executor, telephony::EventFilter filter,
                     telephony::EventQuery query, Take take, Done done)
    : store_(store),
      executor_(executor),
      filter_(std::move(filter)),
      query_(std::move(query)),
      take_(std::move(take)),
      done_(std::move(done)) {
    query_.limit = kPage;
}

void EventScan::run() {
    store_.find_events(query_, executor_, [self = shared_from_this()](Result<std::vector<telephony::Event>> found) {
        found ? self->page(std::move(*found)) : self->done_(std::unexpected(found.error()));
    });
}

void EventScan::page(std::vector<telephony::Event> events) {
    scanned_ += events.size();
    for (const auto& event : events) {
        (query_.order == telephony::LogOrder::OldestFirst ? query_.after : query_.before) = event.sequence;
        if (filter_.matches(event) && !take_(event)) return done_(event.sequence);
    }
    if (events.size() < kPage) return done_(std::uint64_t{0});
    if (scanned_ >= kMostScanned) return done_(events.back().sequence);
    run();
}

}  // namespace dp::api
