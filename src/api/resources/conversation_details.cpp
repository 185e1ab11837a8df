/// @file POST /api/v2/analytics/conversations/details/query (genesys-api 1.8): call records by interval and filter.

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "api/genesys/conversation_details_json.hpp"
#include "api/genesys/conversation_filter.hpp"
#include "api/http/writes.hpp"
#include "api/resources/conversation_access.hpp"
#include "telephony/events/time_text.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Conversation;
using telephony::ConversationQuery;

namespace {

constexpr std::chrono::days kLongestInterval{31};
constexpr std::int64_t kLargestPage = 100;
constexpr std::int64_t kLastPage = 100'000;
constexpr std::size_t kRead = 500;         ///< conversations at once
constexpr std::size_t kMostRead = 10'000;  ///< per query: totalHits asks for all of them

struct Asked {
    ConversationQuery query;
    ConversationFilter filter;
    std::size_t first = 0;  ///< hit
    std::size_t size = 25;
    bool newest_first = false;
};

void read_interval(JsonReader& body, ConversationQuery& query) {
    const auto text = body.required_text("interval", 80);
    if (text.empty()) return;
    const auto interval = telephony::parse_interval(text);
    if (!interval) return body.refuse("interval", "must be two times like 2026-11-21T08:00:00Z with / between");
    if (interval->until - interval->from > kLongestInterval)
        return body.refuse("interval", "must not be longer than 31 days");
    query.from = interval->from;
    query.until = interval->until;
}

void read_paging(JsonReader& body, Asked& out) {
    auto* paging = body.object("paging");
    if (!paging) return;
    const auto size = paging->integer("pageSize", 1, kLargestPage).value_or(25);
    const auto number = paging->integer("pageNumber", 1, kLastPage).value_or(1);
    out.size = static_cast<std::size_t>(size);
    out.first = static_cast<std::size_t>((number - 1) * size);
}

void read_order(JsonReader& body, Asked& out) {
    const auto order = body.text("order", 16).value_or("asc");
    if (order != "asc" && order != "desc" && order != "unordered")
        body.refuse("order", "must be asc, desc or unordered");
    out.newest_first = order == "desc";
    if (const auto by = body.text("orderBy", 32); by && *by != "conversationStart")
        body.refuse("orderBy", "must be conversationStart");
}

Result<Asked> read_query(const ApiRequest& request, Reply& reply) {
    DP_TRY(body, body_of(request));
    Asked out;
    out.query.organization = request.caller->organization;
    out.query.limit = kRead;
    read_interval(*body, out.query);
    read_paging(*body, out);
    read_order(*body, out);
    for (const std::string_view other : {"evaluationFilters", "surveyFilters", "resolutionFilters", "aggregations"})
        if (body->has(other)) body->refuse(other, "is not possible: filter by conversationFilters and segmentFilters");
    out.filter = ConversationFilter::read(*body);
    DP_CHECK(finish(body, request, reply));
    return out;
}

/// One query on its way through the store, a page of it at a time. Lives in its own callbacks.
class Scan : public std::enable_shared_from_this<Scan> {
public:
    Scan(ApiContext& context, Asked asked, Reply reply)
        : context_(context), asked_(std::move(asked)), reply_(std::move(reply)) {}

    void run() {
        context_.store.find_conversations(asked_.query, context_.executor,
                                          [self = shared_from_this()](Result<telephony::Page<Conversation>> found) {
                                              if (!found) return std::move(self->reply_).error(found.error());
                                              self->take(*found);
                                          });
    }

private:
    void take(const telephony::Page<Conversation>& page) {
        for (const Conversation& stored : page.items) {
            // What is live is newer in the table than on the disk.
            const auto live = context_.live_conversations.find(stored.id);
            const Conversation& now = live ? *live : stored;
            if (asked_.filter.matches(now)) hits_.push_back(now);
        }
        read_ += page.items.size();
        if (page.next && read_ >= kMostRead)
            return std::move(reply_).error(
                {ErrorCode::InvalidValue,
                 fmt::format("interval holds more than {} conversations: ask for a shorter one.", kMostRead),
                 "interval"});
        if (!page.next) return finish();
        asked_.query.cursor = *page.next;
        run();
    }
    void finish() {
        if (!asked_.newest_first) std::ranges::reverse(hits_);
        json::array shown;
        for (std::size_t i = asked_.first; i < std::min(hits_.size(), asked_.first + asked_.size); ++i)
            shown.push_back(conversation_details_json(hits_[i]));
        json::object out{{"totalHits", hits_.size()}};
        if (!shown.empty()) out["conversations"] = std::move(shown);
        std::move(reply_).json(200, out);
    }

    ApiContext& context_;
    Asked asked_;
    Reply reply_;
    std::vector<Conversation> hits_;  ///< newest first, as the store gives them
    std::size_t read_ = 0;
};

}  // namespace

void add_conversation_details(Router& router, ApiContext& context) {
    router.add({"POST", "/api/v2/analytics/conversations/details/query", Scopes{"analytics:readonly"},
                [&context](const ApiRequest& request, Reply reply) {
                    auto asked = read_query(request, reply);
                    if (!asked) return std::move(reply).error(asked.error());
                    std::make_shared<Scan>(context, std::move(*asked), std::move(reply))->run();
                }});
}

}  // namespace dp::api
