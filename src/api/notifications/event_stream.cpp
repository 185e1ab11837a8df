#include "api/notifications/event_stream.hpp"

#include <fmt/format.h>

#include "api/auth/route_permissions.hpp"
#include "api/http/reply.hpp"
#include "base/ascii.hpp"
#include "events/event_text.hpp"
#include "telephony/events/event_filter.hpp"

namespace dp::api {
namespace {

constexpr std::string_view kPath = "/api/v2/events/stream";
constexpr std::size_t kMaxReaders = 256;
constexpr std::size_t kHighWater = 256 * 1024;
constexpr std::size_t kPage = 256;
constexpr std::size_t kPiece = 32 * 1024;
constexpr std::chrono::seconds kHeartbeat{15};
constexpr std::chrono::seconds kPatience{30};

}  // namespace

struct EventStreams::Reader {
    Caller caller;
    telephony::EventFilter filter;
    std::uint64_t position = 0;
    net::HttpStream stream;
    TimePoint wrote{};     ///< anything, heartbeats included
    TimePoint moving{};    ///< when its queue was last not full
    bool reading = false;  ///< a page of the log is on its way
    bool giving = false;   ///< a queue that drains under what is being written calls back: not a second time
};

EventStreams::EventStreams(ApiContext& context, const Authenticator& authenticator)
    : context_(context), authenticator_(authenticator), tail_(context.store.health().last_event) {}

EventStreams::~EventStreams() = default;

void EventStreams::add_routes(Router& router) {
    Route route{"GET",
                kPath,
                {"analytics:events:query", "notifications", "audits:readonly"},
                [this](ApiRequest request, Reply reply) { open(request, std::move(reply)); }};
    route.produces = "text/event-stream";
    router.add(std::move(route));
}

namespace {

/// Where to begin; nothing: with what comes next.
Result<std::optional<std::uint64_t>> since_of(const net::HttpRequest& request) {
    const auto last = request.header("Last-Event-ID");
    const auto since = last.empty() ? request.query_value("since") : std::optional<std::string_view>(last);
    if (!since) return std::optional<std::uint64_t>();
    const auto sequence = ascii::parse_decimal<std::uint64_t>(*since);
    if (!sequence) return fail(ErrorCode::InvalidValue, "since must be the sequence of an event.", "since");
    return std::optional<std::uint64_t>(*sequence);
}

}  // namespace

void EventStreams::open(const ApiRequest& request, Reply reply) {
    const auto since = since_of(request.http);
    if (!since) return std::move(reply).error(since.error());
    auto filter = telephony::EventFilter::parse(request.http.query_value("filter").value_or(""));
    if (!filter) return std::move(reply).error(filter.error());
    if (readers_.size() >= kMaxReaders)
        return std::move(reply).error(
            {ErrorCode::Unavailable, fmt::format("There are {} readers already.", kMaxReaders), {}});
    auto reader = std::make_shared<Reader>();
    reader->caller = *request.caller;
    reader->filter = std::move(*filter);
    reader->position = std::min(since->value_or(tail_.head()), tail_.head());
    reader->wrote = reader->moving = context_.clock.now();
    reader->stream = std::move(reply).stream(
        {200,
         {{"Content-Type", "text/event-stream"}, {"Cache-Control", "no-store"}, {"X-Accel-Buffering", "no"}},
         fmt::format(": from {}\nretry: 2000\n\n", reader->position)});
    readers_.insert(reader);
    std::weak_ptr<Reader> weak = reader;
    reader->stream.on_closed([this, weak] {
        if (auto held = weak.lock()) readers_.erase(held);
    });
    reader->stream.on_drained([this, weak] {
        if (auto held = weak.lock()) pump(held);
    });
    pump(reader);
}

void EventStreams::committed(const events::EventBatch& events) {
    tail_.append(events);
    pump_all();
}

void EventStreams::pump_all() {
    const auto readers = readers_;  // a reader that is cut leaves the set
    for (const auto& reader : readers) pump(reader);
}

namespace {

const telephony::Event& event_in(const telephony::Event& event) {
    return event;
}
const telephony::Event& event_in(const std::shared_ptr<const telephony::Event>& event) {
    return *event;
}

}  // namespace

/// Many in one piece: a write is a system call.
template <class Events>
void EventStreams::give(Reader& reader, const Events& events) const {
    reader.giving = true;
    std::string text;
    const auto send = [&] {
        if (text.empty()) return;
        reader.wrote = context_.clock.now();
        reader.stream.write(std::exchange(text, {}));
    };
    for (const auto& each : events) {
        const telephony::Event& event = event_in(each);
        reader.position = event.sequence;
        if (event.organization != reader.caller.organization || !reader.filter.matches(event)) continue;
        fmt::format_to(std::back_inserter(text), "id: {}\nevent: {}\ndata: {}\n\n", event.sequence, event.type,
                       events::event_text(event));
        if (text.size() >= kPiece) send();
    }
    send();
    reader.giving = false;
}

// As much as the reader's queue takes; it goes on when that has drained.
void EventStreams::pump(const ReaderPtr& reader) {
    while (!reader->reading && !reader->giving && reader->position < tail_.head() &&
           reader->stream.waiting() < kHighWater) {
        const auto events = tail_.after(reader->position, kPage);
        if (!events) return read_log(reader);
        give(*reader, *events);
    }
    if (reader->stream.waiting() < kHighWater) reader->moving = context_.clock.now();
}

void EventStreams::read_log(const ReaderPtr& reader) {
    reader->reading = true;
    telephony::EventQuery query;
    query.organization = reader->caller.organization;
    query.after = reader->position;
    query.limit = kPage;
    std::weak_ptr<Reader> weak = reader;
    context_.store.find_events(query, context_.executor,
                               [this, weak, head = tail_.head()](Result<std::vector<telephony::Event>> found) {
                                   const auto held = weak.lock();
                                   if (!held) return;
                                   held->reading = false;
                                   if (!found) return end(*held, "log_unavailable");
                                   give(*held, *found);
                                   if (found->size() < kPage) held->position = std::max(held->position, head);
                                   pump(held);
                               });
}

void EventStreams::end(Reader& reader, std::string_view reason) const {
    reader.stream.write(
        fmt::format("event: end\ndata: {{\"reason\":\"{}\",\"resume\":{}}}\n\n", reason, reader.position));
    reader.stream.end();
}

void EventStreams::check_credentials() {
    const auto snapshot = context_.store.snapshots().current();
    const auto needed = route_permissions("GET", kPath);
    const auto readers = readers_;
    for (const auto& reader : readers) {
        const auto caller = authenticator_.renewed(reader->caller, *snapshot, context_.clock.wall());
        if (caller && may_any(*caller, needed)) continue;
        end(*reader, caller ? "permission_withdrawn" : "credential_ended");
        readers_.erase(reader);
    }
}

void EventStreams::tick() {
    check_credentials();
    // Nothing came for a second: perhaps a batch was lost on the way.
    if (std::exchange(last_head_, tail_.head()) == tail_.head()) tail_.advance(context_.store.health().last_event);
    const auto now = context_.clock.now();
    const auto readers = readers_;
    for (const auto& reader : readers) {
        pump(reader);
        if (now - reader->moving > kPatience) {
            end(*reader, "slow_reader");
            readers_.erase(reader);
        } else if (now - reader->wrote > kHeartbeat) {
            reader->wrote = now;
            reader->stream.write(": heartbeat\n\n");
        }
    }
}

void EventStreams::stop() {
    const auto readers = std::exchange(readers_, {});  // ending one calls back
    for (const auto& reader : readers) end(*reader, "server_stopping");
}

}  // namespace dp::api
