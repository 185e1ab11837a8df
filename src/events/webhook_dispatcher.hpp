#pragma once
/// @file WebhookDispatcher: tells events to webhooks. One lane per webhook (delivery_lane.hpp) over the durable log;
/// results are written in batches, one unit of work at a time, so that a crash repeats an attempt but misses nothing.
///
/// Threads: lives on its own loop; committed(), replay() and test() from any thread. The address that is really
/// connected to is checked by the HTTP client, redirects are not followed (SSRF). Source: flows.md 5, Standard Webhooks.

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "events/event_tail.hpp"
#include "net/http_client.hpp"
#include "telephony/ports/secrets.hpp"
#include "telephony/ports/store.hpp"

namespace dp {
class Timer;
}
namespace dp::net {
class EventLoop;
}

namespace dp::events {

struct AttemptResult;

struct DispatcherPorts {
    net::EventLoop& loop;
    telephony::Store& store;
    const telephony::Secrets& secrets;
    net::HttpClient& http;
    const Clock& clock;
    Random& random;
    net::TargetAddresses addresses = net::TargetAddresses::PublicOnly;
};

/// What to tell again: the dead letters, one event, or everything after a point of the log.
struct Replay {
    std::optional<std::uint64_t> delivery;  ///< event sequence
    std::optional<std::uint64_t> since;     ///< event sequence, not included; needs `delivery` absent
};

struct TestOutcome {
    int http_status = 0;
    std::string error;
    std::chrono::milliseconds latency{0};
};

class WebhookDispatcher {
public:
    explicit WebhookDispatcher(DispatcherPorts ports);
    ~WebhookDispatcher();
    WebhookDispatcher(const WebhookDispatcher&) = delete;
    WebhookDispatcher& operator=(const WebhookDispatcher&) = delete;

    /// Takes up every webhook of the snapshot. Owner thread.
    void start();
    /// No further attempts; what is known is handed to the store. Owner thread.
    void stop();

    /// The store's commit listener.
    void committed(const EventBatch& events);
    /// Replies with how many deliveries were put back (0 for `since`: the log is read on). NotFound: no such webhook or
    /// delivery.
    void replay(telephony::OrganizationId organization, telephony::WebhookId webhook, Replay what, Executor& reply_on,
                telephony::Reply<std::size_t> reply);
    /// One attempt with an event that is not in the log, now and once.
    void test(telephony::OrganizationId organization, telephony::WebhookId webhook, Executor& reply_on,
              telephony::Reply<TestOutcome> reply);

private:
    struct Lane;
    using LanePtr = std::shared_ptr<Lane>;
    using Key = std::pair<std::string, std::string>;  ///< organization and webhook

    void refresh();
    LanePtr take_up(const telephony::Ptr<telephony::Webhook>& webhook);
    void configure(Lane& lane, const telephony::Ptr<telephony::Webhook>& webhook) const;
    LanePtr find(const telephony::OrganizationId& organization, const telephony::WebhookId& webhook) const;
    void pump_all();
    void pump(const LanePtr& lane);
    void feed(const LanePtr& lane);
    void read_log(const LanePtr& lane);
    void attempt(const LanePtr& lane, std::uint64_t sequence, EventPtr event, int number);
    void send(const LanePtr& lane, const telephony::Event& event, const std::string& id, int number,
              std::move_only_function<void(AttemptResult)> done);
    void finished(const LanePtr& lane, std::uint64_t sequence, const AttemptResult& result);
    void do_replay(const LanePtr& lane, const Replay& what, Executor& reply_on, telephony::Reply<std::size_t> reply);
    void requeue(const LanePtr& lane, const Replay& what, const std::vector<telephony::WebhookDelivery>& found,
                 Executor& reply_on, telephony::Reply<std::size_t> reply);
    void flush();
    void tick();

    DispatcherPorts ports_;
    EventTail tail_;
    std::map<Key, LanePtr> lanes_;
    telephony::UnitOfWork waiting_;  ///< what the store has not taken yet
    std::uint64_t last_head_ = 0;    ///< at the last tick
    bool in_flight_ = false;
    bool stopping_ = false;
    std::unique_ptr<Timer> timer_;
    std::shared_ptr<WebhookDispatcher*> self_;  ///< cleared on destruction: a late reply finds nobody
};

}  // namespace dp::events
