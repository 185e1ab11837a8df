#pragma once
/// @file EventStreams: server-sent events at `GET /api/v2/events/stream?since=SEQ&filter=…`: each reader is a cursor on
/// the event log. `Last-Event-ID` beats `since`; without either a stream begins with what happens next. A comment every
/// 15 s keeps proxies awake. A reader that takes nothing for 30 s is told where to resume (`event: end`) and cut; so is
/// one whose credential ends, or whose roles no longer permit reading events.
///
/// API thread only; committed() may be called from any thread.

#include <memory>
#include <set>

#include "api/api_context.hpp"
#include "api/auth/authenticator.hpp"
#include "api/http/router.hpp"
#include "events/event_tail.hpp"

namespace dp::api {

class EventStreams {
public:
    /// Both outlive the object.
    EventStreams(ApiContext& context, const Authenticator& authenticator);
    ~EventStreams();
    EventStreams(const EventStreams&) = delete;
    EventStreams& operator=(const EventStreams&) = delete;

    void add_routes(Router& router);
    void committed(const events::EventBatch& events);
    /// Cuts the readers who may not read any more.
    void check_credentials();
    /// Heartbeats, readers that were waiting, readers that are too slow. Once a second.
    void tick();
    void stop();

private:
    struct Reader;
    using ReaderPtr = std::shared_ptr<Reader>;

    void open(const ApiRequest& request, Reply reply);
    void pump_all();
    void pump(const ReaderPtr& reader);
    void read_log(const ReaderPtr& reader);
    template <class Events>
    void give(Reader& reader, const Events& events) const;
    void end(Reader& reader, std::string_view reason) const;

    ApiContext& context_;
    const Authenticator& authenticator_;
    events::EventTail tail_;
    std::uint64_t last_head_ = 0;  ///< at the last tick
    std::set<ReaderPtr> readers_;
};

}  // namespace dp::api
