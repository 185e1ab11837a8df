#include "events/webhook_dispatcher.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "events/delivery_lane.hpp"
#include "events/event_text.hpp"
#include "events/signature.hpp"
#include "net/event_loop.hpp"
#include "telephony/config/snapshot.hpp"
#include "telephony/events/event_filter.hpp"

namespace dp::events {

namespace t = dp::telephony;
using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds kConnectTimeout{5};
constexpr std::chrono::seconds kAnswerTimeout{15};
constexpr std::size_t kMaxAnswer = 64 * 1024;
constexpr std::size_t kLogPage = 256;
constexpr std::size_t kReplayPage = 1000;
constexpr std::size_t kUnitRows = 2048;

metrics::Counter& attempts_total(bool good) {
    static auto& delivered =
        metrics::counter("dialplane_webhook_attempts_total", "outcome=\"delivered\"", "Webhook attempts by outcome");
    static auto& failed =
        metrics::counter("dialplane_webhook_attempts_total", "outcome=\"failed\"", "Webhook attempts by outcome");
    return good ? delivered : failed;
}

AttemptResult result_of(const Result<net::HttpClientResponse>& answer) {
    AttemptResult out;
    if (!answer) {
        out.error = answer.error().detail;
        return out;
    }
    out.http_status = answer->status;
    out.latency = answer->elapsed;
    if (answer->status < 200 || answer->status >= 300) out.error = fmt::format("answered {}", answer->status);
    if (const auto after = ascii::parse_decimal<std::uint32_t>(answer->header("Retry-After")))
        out.retry_after = std::chrono::seconds(*after);
    return out;
}

}  // namespace

struct WebhookDispatcher::Lane {
    t::Ptr<t::Webhook> webhook;
    t::EventFilter filter;
    std::vector<net::HttpHeader> headers;
    std::vector<std::string> secrets;
    std::optional<DeliveryLane> machine;  ///< once the store has said where it stands
    bool reading = false;                 ///< a page of the log is on its way
    Timer timer;

    bool matches(const t::Event& event) const {
        const auto& types = webhook->event_types;
        return webhook->enabled && (types.empty() || std::ranges::find(types, event.type) != types.end()) &&
               filter.matches(event);
    }
};

WebhookDispatcher::WebhookDispatcher(DispatcherPorts ports)
    : ports_(ports),
      tail_(ports.store.health().last_event),
      timer_(std::make_unique<Timer>()),
      self_(std::make_shared<WebhookDispatcher*>(this)) {}

WebhookDispatcher::~WebhookDispatcher() {
    *self_ = nullptr;
}

void WebhookDispatcher::start() {
    timer_->set_callback([this] { tick(); });
    ports_.loop.arm(*timer_, 1s);
    refresh();
}

void WebhookDispatcher::stop() {
    stopping_ = true;
    timer_->cancel();
    for (auto& [key, lane] : lanes_) lane->timer.cancel();
    flush();
}

// Once a second: cursors that moved without a result, a unit that the store refused, a batch that got lost.
void WebhookDispatcher::tick() {
    ports_.loop.arm(*timer_, 1s);
    if (std::exchange(last_head_, tail_.head()) == tail_.head()) tail_.advance(ports_.store.health().last_event);
    pump_all();
    flush();
}

void WebhookDispatcher::committed(const EventBatch& events) {
    const bool changed = std::ranges::any_of(*events, [](const t::Event& e) { return e.resource_type == "webhook"; });
    // A full mailbox loses the batch, not its events: the tail sees the gap and the lanes read the log.
    (void)ports_.loop.post([self = self_, events, changed] {
        if (!*self || (*self)->stopping_) return;
        (*self)->tail_.append(events);
        if (changed) (*self)->refresh();
        (*self)->pump_all();
    });
}

void WebhookDispatcher::refresh() {
    std::map<Key, LanePtr> kept;
    const auto snapshot = ports_.store.snapshots().current();
    snapshot->organizations().for_each([&](const auto& organization) {
        organization->template all<t::Webhook>().for_each([&](const t::Ptr<t::Webhook>& webhook) {
            auto lane = find(webhook->meta.organization, webhook->id);
            if (!lane)
                lane = take_up(webhook);
            else if (lane->webhook != webhook)
                configure(*lane, webhook);
            kept.emplace(Key{webhook->meta.organization.str(), webhook->id.str()}, std::move(lane));
        });
    });
    for (auto& [key, lane] : lanes_)
        if (!kept.contains(key)) lane->timer.cancel();
    lanes_ = std::move(kept);
    pump_all();
}

WebhookDispatcher::LanePtr WebhookDispatcher::find(const t::OrganizationId& organization,
                                                   const t::WebhookId& webhook) const {
    const auto found = lanes_.find({organization.str(), webhook.str()});
    return found == lanes_.end() ? nullptr : found->second;
}

WebhookDispatcher::LanePtr WebhookDispatcher::take_up(const t::Ptr<t::Webhook>& webhook) {
    auto lane = std::make_shared<Lane>();
    configure(*lane, webhook);
    lane->timer.set_callback([this, weak = std::weak_ptr(lane)] {
        if (auto held = weak.lock()) pump(held);
    });
    ports_.store.find_webhook_backlog(webhook->meta.organization, webhook->id, ports_.loop,
                                      [self = self_, lane](Result<t::WebhookBacklog> found) {
                                          if (!*self || !found || !found->found) return;
                                          const auto& hook = *lane->webhook;
                                          lane->machine.emplace(hook.meta.organization, hook.id, *found);
                                          lane->machine->set_enabled(hook.enabled);
                                          (*self)->pump(lane);
                                      });
    return lane;
}

void WebhookDispatcher::configure(Lane& lane, const t::Ptr<t::Webhook>& webhook) const {
    lane.webhook = webhook;
    lane.headers.clear();
    lane.secrets.clear();
    if (auto filter = t::EventFilter::parse(webhook->filter)) lane.filter = std::move(*filter);
    for (const auto& header : webhook->headers)
        if (auto value = ports_.secrets.open(header.value, t::header_context(webhook->id, header.name)))
            lane.headers.push_back({header.name, std::move(*value)});
    for (const auto* sealed : {&webhook->secret, &webhook->previous_secret}) {
        if (sealed->empty()) continue;
        auto secret = ports_.secrets.open(*sealed, t::secret_context(webhook->id));
        secret
            ? lane.secrets.push_back(std::move(*secret))
            : log::error("webhooks", "the secret of {} does not open: is secret.key the right one?", webhook->id.str());
    }
    if (lane.machine) lane.machine->set_enabled(webhook->enabled);
}

void WebhookDispatcher::pump_all() {
    for (const auto& [key, lane] : lanes_) pump(lane);
}

void WebhookDispatcher::pump(const LanePtr& lane) {
    if (stopping_ || !lane->machine) return;
    feed(lane);
    const WallTime now = ports_.clock.wall();
    while (auto next = lane->machine->next(now)) {
        attempt(lane, next->sequence, std::move(next->event), next->number);
        feed(lane);
    }
    if (const auto deadline = lane->machine->next_deadline(now))
        ports_.loop.arm(lane->timer, *deadline - now);
    else
        lane->timer.cancel();
    if (lane->machine->has_results()) flush();
}

void WebhookDispatcher::feed(const LanePtr& lane) {
    DeliveryLane& machine = *lane->machine;
    const auto& organization = lane->webhook->meta.organization;
    while (!lane->reading && machine.wants_more() && machine.position() < tail_.head()) {
        const auto events = tail_.after(machine.position(), kLogPage);
        if (!events) return read_log(lane);
        for (const EventPtr& event : *events) {
            if (!machine.wants_more()) return;
            if (event->organization == organization)
                machine.offer(event, lane->matches(*event));
            else
                machine.pass(event->sequence);
        }
    }
}

void WebhookDispatcher::read_log(const LanePtr& lane) {
    lane->reading = true;
    t::EventQuery query;
    query.organization = lane->webhook->meta.organization;
    query.after = lane->machine->position();
    query.limit = kLogPage;
    const auto head = tail_.head();
    ports_.store.find_events(query, ports_.loop,
                             [self = self_, lane, head, after = query.after](Result<std::vector<t::Event>> found) {
                                 if (!*self) return;
                                 lane->reading = false;
                                 // Rewound meanwhile: this page is of another place.
                                 if (!found || lane->machine->position() != after) return;
                                 for (t::Event& event : *found) {
                                     if (!lane->machine->wants_more()) return;
                                     const bool matches = lane->matches(event);
                                     lane->machine->offer(std::make_shared<const t::Event>(std::move(event)), matches);
                                 }
                                 if (found->size() < kLogPage) lane->machine->pass(head);
                                 (*self)->pump(lane);
                             });
}

void WebhookDispatcher::attempt(const LanePtr& lane, std::uint64_t sequence, EventPtr event, int number) {
    if (!event) {
        t::EventQuery query;
        query.organization = lane->webhook->meta.organization;
        query.after = sequence - 1;
        query.before = sequence + 1;
        query.limit = 1;
        return ports_.store.find_events(
            query, ports_.loop, [self = self_, lane, sequence, number](Result<std::vector<t::Event>> found) {
                if (!*self) return;
                if (found && !found->empty())
                    return (*self)->attempt(lane, sequence, std::make_shared<const t::Event>(std::move(found->front())),
                                            number);
                const std::string why = found ? "the event is no longer in the log" : found.error().detail;
                (*self)->finished(lane, sequence, {.http_status = 0, .error = why, .latency = 0ms, .retry_after = {}});
            });
    }
    const auto id = fmt::format("evt_{}_{}", lane->webhook->id.str().substr(0, 8), sequence);
    send(lane, *event, id, number, [self = self_, lane, sequence](const AttemptResult& result) {
        if (*self) (*self)->finished(lane, sequence, result);
    });
}

void WebhookDispatcher::send(const LanePtr& lane, const t::Event& event, const std::string& id, int number,
                             std::move_only_function<void(AttemptResult)> done) {
    const auto now = ports_.clock.wall();
    const auto timestamp =
        fmt::to_string(std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count());
    net::OutgoingHttpRequest request;
    request.method = "POST";
    request.url = lane->webhook->target_uri;
    request.body = event_text(event);
    request.headers = lane->headers;
    request.headers.push_back({"Content-Type", "application/json"});
    request.headers.push_back({"User-Agent", "Dialplane-Webhooks/1"});
    request.headers.push_back({"webhook-id", id});
    request.headers.push_back({"webhook-timestamp", timestamp});
    std::string signatures;
    const bool previous_counts = lane->webhook->previous_until && now < *lane->webhook->previous_until;
    for (std::size_t i = 0; i < lane->secrets.size() && (i == 0 || previous_counts); ++i)
        signatures += (i ? " " : "") + sign(lane->secrets[i], id, timestamp, request.body);
    request.headers.push_back({"webhook-signature", signatures});
    request.headers.push_back({"X-Dialplane-Attempt", fmt::to_string(number)});
    request.connect_timeout = kConnectTimeout;
    request.total_timeout = kAnswerTimeout;
    request.max_response = kMaxAnswer;
    request.addresses = ports_.addresses;
    auto kept = std::make_shared<std::move_only_function<void(AttemptResult)>>(std::move(done));
    const bool taken = ports_.http.send(std::move(request), ports_.loop, [kept](const auto& answer) {
        auto result = result_of(answer);
        attempts_total(result.error.empty()).add();
        (*kept)(std::move(result));
    });
    if (!taken)
        (*kept)({.http_status = 0, .error = "too many requests are on their way", .latency = 0ms, .retry_after = {}});
}

void WebhookDispatcher::finished(const LanePtr& lane, std::uint64_t sequence, const AttemptResult& result) {
    lane->machine->finished(sequence, result, ports_.clock.wall(), ports_.random);
    pump(lane);
}

void WebhookDispatcher::replay(t::OrganizationId organization, t::WebhookId webhook, Replay what, Executor& reply_on,
                               t::Reply<std::size_t> reply) {
    auto kept = std::make_shared<t::Reply<std::size_t>>(std::move(reply));
    const bool posted = ports_.loop.post([self = self_, organization, webhook, what, &reply_on, kept] {
        const auto lane = *self ? (*self)->find(organization, webhook) : nullptr;
        if (lane && lane->machine) return (*self)->do_replay(lane, what, reply_on, std::move(*kept));
        (void)reply_on.post(
            [kept] { (*kept)(fail(ErrorCode::Unavailable, "The webhook is not taken up yet: try again.")); });
    });
    if (!posted) (*kept)(fail(ErrorCode::Unavailable, "Too many requests for webhooks: try again."));
}

void WebhookDispatcher::do_replay(const LanePtr& lane, const Replay& what, Executor& reply_on,
                                  t::Reply<std::size_t> reply) {
    const auto& hook = *lane->webhook;
    if (what.since) {
        flush();  // results that are known go first: the rewind forgets them
        lane->machine->rewind(std::min(*what.since, tail_.head()));
        t::UnitOfWork unit;
        unit.rewinds.push_back({hook.meta.organization, hook.id, lane->machine->position()});
        ports_.store.submit(std::move(unit), reply_on, [reply = std::move(reply)](Result<t::Committed> done) mutable {
            done ? reply(std::size_t{0}) : reply(std::unexpected(done.error()));
        });
        return pump(lane);
    }
    t::DeliveryQuery query;
    query.organization = hook.meta.organization;
    query.webhook = hook.id;
    if (what.delivery)
        query.before = *what.delivery + 1;
    else
        query.state = t::DeliveryState::Dead;
    query.limit = what.delivery ? 1 : kReplayPage;
    ports_.store.find_deliveries(query, ports_.loop,
                                 [self = self_, lane, what, &reply_on,
                                  reply = std::move(reply)](Result<std::vector<t::WebhookDelivery>> found) mutable {
                                     if (*self)
                                         (*self)->requeue(lane, what,
                                                          found ? *found : std::vector<t::WebhookDelivery>(), reply_on,
                                                          std::move(reply));
                                 });
}

void WebhookDispatcher::requeue(const LanePtr& lane, const Replay& what, const std::vector<t::WebhookDelivery>& found,
                                Executor& reply_on, t::Reply<std::size_t> reply) {
    std::size_t count = 0;
    for (const auto& delivery : found) {
        if (what.delivery && delivery.event != *what.delivery) continue;
        lane->machine->requeue(delivery, ports_.clock.wall());
        ++count;
    }
    const bool missing = what.delivery && count == 0;
    (void)reply_on.post([reply = std::move(reply), count, missing]() mutable {
        missing ? reply(fail(ErrorCode::NotFound, "There is no such delivery.")) : reply(count);
    });
    flush();
    pump(lane);
}

void WebhookDispatcher::test(t::OrganizationId organization, t::WebhookId webhook, Executor& reply_on,
                             t::Reply<TestOutcome> reply) {
    auto kept = std::make_shared<t::Reply<TestOutcome>>(std::move(reply));
    const bool posted = ports_.loop.post([self = self_, organization, webhook, &reply_on, kept] {
        const auto lane = *self ? (*self)->find(organization, webhook) : nullptr;
        if (!lane)
            return (void)reply_on.post(
                [kept] { (*kept)(fail(ErrorCode::Unavailable, "The webhook is not taken up yet: try again.")); });
        t::Event event;
        event.organization = organization;
        event.type = "webhook.test";
        event.resource_type = "webhook";
        event.resource_id = webhook.str();
        event.time = (*self)->ports_.clock.wall();
        (*self)->send(lane, event, "test_" + (*self)->ports_.random.uuid(), 1, [&reply_on, kept](AttemptResult result) {
            (void)reply_on.post([kept, result = std::move(result)] {
                (*kept)(TestOutcome{result.http_status, result.error, result.latency});
            });
        });
    });
    if (!posted) (*kept)(fail(ErrorCode::Unavailable, "Too many requests for webhooks: try again."));
}

// One unit at a time; while it is with the store, results gather for the next.
void WebhookDispatcher::flush() {
    if (in_flight_) return;
    for (auto& [key, lane] : lanes_) {
        if (!lane->machine || waiting_.deliveries.size() > kUnitRows) continue;
        auto changes = lane->machine->take_changes();
        std::ranges::move(changes.deliveries, std::back_inserter(waiting_.deliveries));
        if (changes.lane) waiting_.lanes.push_back(std::move(*changes.lane));
    }
    if (waiting_.deliveries.empty() && waiting_.lanes.empty()) return;
    in_flight_ = true;
    ports_.store.submit(waiting_, ports_.loop, [self = self_](Result<t::Committed> done) {
        if (!*self) return;
        (*self)->in_flight_ = false;
        if (!done) return;  // the next tick tries again
        (*self)->waiting_ = {};
        (*self)->flush();
    });
}

}  // namespace dp::events
