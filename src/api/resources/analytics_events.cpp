/// @file The events query in seed 1's shape (step 6), and the percentiles of registration latency over the same filter.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

#include "api/http/writes.hpp"
#include "api/resources/entity_routes.hpp"
#include "api/resources/event_scan.hpp"
#include "api/resources/resources.hpp"
#include "base/ascii.hpp"
#include "events/event_text.hpp"
#include "telephony/events/time_text.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Event;
using telephony::EventFilter;
using telephony::EventQuery;

namespace {

constexpr std::size_t kDefaultPage = 100;
constexpr std::int64_t kLargestPage = 1000;
constexpr std::int64_t kLastPage = 1'000'000;
constexpr std::size_t kMostBefore = 10'000;
constexpr std::size_t kMostSamples = 100'000;
const Scopes kScopes{"analytics:events:query", "analytics:readonly", "audits:readonly"};

struct Asked {
    EventFilter filter;
    EventQuery query;
    std::size_t page_size = kDefaultPage;
    std::size_t page_number = 1;
    std::vector<std::uint64_t> ids;  ///< empty: any
};

void narrow(EventQuery& query, std::optional<WallTime> from, std::optional<WallTime> until) {
    if (from) query.from = query.from ? std::max(*query.from, *from) : *from;
    if (until) query.until = query.until ? std::min(*query.until, *until) : *until;
}

void read_ids(JsonReader& body, std::vector<std::uint64_t>& out) {
    for (const auto& text : body.texts("eventIds", 500, 20).value_or(std::vector<std::string>{})) {
        const auto id = ascii::parse_decimal<std::uint64_t>(text);
        id ? out.push_back(*id) : body.refuse("eventIds", "must hold ids of events, as an answer shows them");
    }
}

/// `pageSize` and `pageNumber`, beside the filter or, as the real API's analytics queries have them, in `paging`.
void read_page(JsonReader& body, Asked& asked) {
    const auto take = [&](JsonReader& from) {
        if (const auto size = from.integer("pageSize", 1, kLargestPage))
            asked.page_size = static_cast<std::size_t>(*size);
        if (const auto number = from.integer("pageNumber", 1, kLastPage))
            asked.page_number = static_cast<std::size_t>(*number);
    };
    take(body);
    if (auto* paging = body.object("paging")) take(*paging);
    if ((asked.page_number - 1) * asked.page_size > kMostBefore)
        body.refuse("pageNumber", fmt::format("has more than {} events before it: follow cursor", kMostBefore));
}

void read_order(JsonReader& body, Asked& asked) {
    const auto order = body.text("order", 8).value_or("asc");
    if (!ascii::iequals(order, "asc") && !ascii::iequals(order, "desc")) body.refuse("order", "must be asc or desc");
    if (ascii::iequals(order, "desc")) asked.query.order = telephony::LogOrder::NewestFirst;
    const auto cursor = body.text("cursor", 20);
    if (!cursor) return;
    const auto at = ascii::parse_decimal<std::uint64_t>(*cursor);
    if (!at) return body.refuse("cursor", "must be one that this API gave");
    asked.page_number = 1;  // behind a cursor the page is the one that follows
    (asked.query.order == telephony::LogOrder::NewestFirst ? asked.query.before : asked.query.after) = *at;
}

/// `{type, eventIds, filter, interval, pageSize, pageNumber, cursor, order}`; `eventIds: null` means all.
Result<Asked> read_query(const ApiRequest& request, Reply& reply) {
    DP_TRY(body, body_of(request));
    Asked out;
    out.query.organization = request.caller->organization;
    if (const auto type = body->text("type", 16); type && *type != "events") body->refuse("type", "must be events");
    read_ids(*body, out.ids);
    const auto filter = EventFilter::parse(body->text("filter", 8192).value_or(""), "filter");
    const auto interval_text = body->text("interval", 80);
    const auto interval = interval_text ? telephony::parse_interval(*interval_text) : std::nullopt;
    if (interval_text && !interval)
        body->refuse("interval", "must be two times like 2026-11-21T08:00:00Z with / between");
    read_page(*body, out);
    read_order(*body, out);
    DP_CHECK(finish(body, request, reply));
    if (!filter) return std::unexpected(filter.error());
    out.filter = *filter;
    const auto bounds = out.filter.bounds();
    out.query.types = bounds.types.value_or(std::vector<std::string>{});
    out.query.resource_ids = bounds.resource_ids.value_or(std::vector<std::string>{});
    narrow(out.query, bounds.from, bounds.until);
    if (interval) narrow(out.query, interval->from, interval->until);
    return out;
}

bool has_id(const Asked& asked, const Event& event) {
    return asked.ids.empty() || std::ranges::find(asked.ids, event.sequence) != asked.ids.end();
}

void query_events(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto asked = read_query(request, reply);
    if (!asked) return std::move(reply).error(asked.error());
    struct Found {
        Reply reply;
        std::string events;
        std::size_t before = 0;  ///< events on earlier pages, still to be passed over
        std::size_t count = 0;
    };
    auto found = std::make_shared<Found>(Found{std::move(reply), {}, (asked->page_number - 1) * asked->page_size, 0});
    const auto take = [found, asked = *asked](const Event& event) {
        if (!has_id(asked, event)) return true;
        if (found->before > 0) return --found->before, true;
        if (found->count++) found->events += ',';
        found->events += events::event_text(event);
        return found->count < asked.page_size;
    };
    auto done = [found, size = asked->page_size](Result<std::uint64_t> resume) {
        if (!resume) return std::move(found->reply).error(resume.error());
        // A page may be short where the filter takes little: only an absent cursor is the end.
        const auto cursor = *resume ? fmt::format(",\"cursor\":\"{}\"", *resume) : std::string();
        std::move(found->reply)
            .response({200,
                       {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}},
                       fmt::format("{{\"events\":[{}],\"pageSize\":{}{}}}", found->events, size, cursor)});
    };
    std::make_shared<EventScan>(context.store, context.executor, asked->filter, asked->query, take, std::move(done))
        ->run();
}

using Samples = std::map<std::string, std::vector<std::int64_t>>;

/// Nearest rank; `sorted` is not empty.
std::int64_t percentile(const std::vector<std::int64_t>& sorted, unsigned percent) {
    const std::size_t rank = (sorted.size() * percent + 99) / 100;
    return sorted[std::max<std::size_t>(rank, 1) - 1];
}

json::object statistics(std::vector<std::int64_t> values) {
    std::ranges::sort(values);
    return {{"count", values.size()},        {"min", values.front()},         {"max", values.back()},
            {"p50", percentile(values, 50)}, {"p95", percentile(values, 95)}, {"p99", percentile(values, 99)}};
}

void query_latency(ApiContext& context, const ApiRequest& request, Reply reply) {
    auto asked = read_query(request, reply);
    if (!asked) return std::move(reply).error(asked.error());
    struct Found {
        Reply reply;
        Samples samples;
        std::size_t count = 0;
    };
    auto found = std::make_shared<Found>(Found{std::move(reply), {}, 0});
    const auto take = [found, asked = *asked](const Event& event) {
        const auto text = telephony::payload_field(event.payload, "registrationLatencyMs");
        const auto value = text ? ascii::parse_decimal<std::uint32_t>(*text) : std::nullopt;
        if (!value || event.type != telephony::event_type::kTrunkRegistrationSuccess || !has_id(asked, event))
            return true;
        found->samples[event.resource_id].push_back(*value);
        return ++found->count < kMostSamples;
    };
    auto done = [found](Result<std::uint64_t> resume) {
        if (!resume) return std::move(found->reply).error(resume.error());
        json::array results;
        for (auto& [id, values] : found->samples)
            results.push_back(
                json::object{{"resourceId", id}, {"registrationLatencyMs", statistics(std::move(values))}});
        json::object out{{"results", std::move(results)}};
        if (*resume) out["cursor"] = std::to_string(*resume);
        std::move(found->reply).json(200, out);
    };
    std::make_shared<EventScan>(context.store, context.executor, asked->filter, asked->query, take, std::move(done))
        ->run();
}

}  // namespace

void add_analytics_events(Router& router, ApiContext& context) {
    router.add({"POST", "/api/v2/analytics/events/query", kScopes,
                [&context](ApiRequest request, Reply reply) { query_events(context, request, std::move(reply)); },
                ScopeRefusal::InsufficientScope});
    router.add({"POST", "/api/v2/analytics/events/aggregates/query", kScopes,
                [&context](ApiRequest request, Reply reply) { query_latency(context, request, std::move(reply)); },
                ScopeRefusal::InsufficientScope});
}

}  // namespace dp::api
