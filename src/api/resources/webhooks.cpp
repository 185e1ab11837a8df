/// @file Webhooks in seed 1's shape (step 5), and what an operator needs beside it: deliveries, replay, test, a new
/// secret.

#include <algorithm>
#include <boost/json.hpp>

#include "api/resources/entity_routes.hpp"
#include "api/resources/resources.hpp"
#include "base/ascii.hpp"
#include "base/timed_uuid.hpp"
#include "events/signature.hpp"
#include "events/webhook_dispatcher.hpp"
#include "telephony/names.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::OrganizationConfig;
using telephony::Webhook;
using telephony::WebhookId;

namespace {

constexpr std::string_view kWebhooks = "/api/v2/webhooks";
constexpr std::string_view kWebhook = "/api/v2/webhooks/{webhookId}";
constexpr std::chrono::hours kChangeOver{24};  ///< an old secret signs too for so long
const Scopes kRead{"webhook:write", "integrations:readonly"};
const Scopes kWrite{"webhook:write", "integrations"};

json::object webhook_json(const Webhook& webhook, const telephony::Secrets& secrets) {
    auto out = envelope(webhook.id.str(), webhook.name, webhook.meta, kWebhooks);
    out["description"] = webhook.description;
    out["apiVersion"] = "v2";
    out["eventType"] = json::array(webhook.event_types.begin(), webhook.event_types.end());
    out["filterCriteria"] = webhook.filter;
    out["targetUri"] = webhook.target_uri;
    json::object headers;
    for (const auto& header : webhook.headers) {
        const auto value = secrets.open(header.value, telephony::header_context(webhook.id, header.name));
        headers[header.name] = telephony::is_secret_header(header.name) || !value ? telephony::kMaskedSecret : *value;
    }
    out["headers"] = std::move(headers);
    out["enabled"] = webhook.enabled;
    out["secret"] = telephony::kMaskedSecret;
    return out;
}

bool is_header_value(std::string_view value) {
    return value.size() <= telephony::kMaxWebhookHeaderValue &&
           std::ranges::none_of(value, [](char c) { return (c >= 0 && c < ' ' && c != '\t') || c == 0x7F; });
}

void fill_headers(JsonReader& body, Webhook& webhook, const telephony::Secrets& secrets) {
    const auto given = body.text_map("headers", telephony::kMaxWebhookHeaders);
    if (!given) return;
    const auto before = std::exchange(webhook.headers, {});
    for (const auto& [name, value] : *given) {
        if (!is_header_value(value)) body.refuse("headers", "holds a value that is too long or no header value");
        const auto same = [&name](const auto& header) { return ascii::iequals(header.name, name); };
        if (std::ranges::any_of(webhook.headers, same)) body.refuse("headers", "holds a name twice");
        const auto held = std::ranges::find_if(before, same);
        const auto context = telephony::header_context(webhook.id, name);
        // Sealed anew it would look changed: what is the same stays as it is.
        const bool kept = held != before.end() && (value == telephony::kMaskedSecret ||
                                                   secrets.open(held->value, context).value_or("") == value);
        if (kept)
            webhook.headers.push_back({name, held->value});
        else
            webhook.headers.push_back({name, secrets.seal(value, context)});
    }
}

void fill(JsonReader& body, Webhook& webhook, const telephony::Secrets& secrets) {
    webhook.name = body.required_text("name");
    webhook.description = body.text("description", 1024).value_or("");
    if (const auto version = body.text("apiVersion", 8); version && *version != "v2")
        body.refuse("apiVersion", "must be v2");
    webhook.event_types = body.texts("eventType", 64, 64).value_or(std::vector<std::string>{});
    webhook.filter = body.text("filterCriteria", 4096).value_or("");
    webhook.target_uri = body.required_text("targetUri", 2048);
    fill_headers(body, webhook, secrets);
    if (const auto enabled = body.boolean("enabled")) webhook.enabled = *enabled;
    body.ignore(kEnvelopeFields);
    body.ignore({"secret"});
}

json::object delivery_json(const telephony::WebhookDelivery& d) {
    json::object out{{"id", std::to_string(d.event)},
                     {"eventSequence", d.event},
                     {"state", telephony::name_of(d.state)},
                     {"attempts", d.attempts},
                     {"firstAttempt", to_rfc3339(d.first_attempt)},
                     {"lastAttempt", to_rfc3339(d.last_attempt)},
                     {"latencyMs", d.latency.count()}};
    if (d.state == telephony::DeliveryState::Pending) out["nextAttempt"] = to_rfc3339(d.next_attempt);
    if (d.http_status) out["httpStatus"] = d.http_status;
    if (!d.error.empty()) out["error"] = d.error;
    return out;
}

class WebhookRoutes {
public:
    explicit WebhookRoutes(ApiContext& context) : context_(context) {
        shape_ = {kWebhooks,
                  kWebhook,
                  "webhookId",
                  "webhook",
                  kRead,
                  kWrite,
                  [&context](const Webhook& webhook, const OrganizationConfig&) {
                      return webhook_json(webhook, context.secrets);
                  },
                  nullptr,
                  ScopeRefusal::InsufficientScope};
    }
    const Shape<Webhook>& shape() const { return shape_; }

    void create(const ApiRequest& request, Reply reply) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        Webhook webhook;
        webhook.id = WebhookId((*body)->text("id", 64).value_or(timed_uuid(context_.random, context_.clock.wall())));
        if (!is_valid_id(webhook.id.str())) (*body)->refuse("id", "must be 1 to 64 of A-Z a-z 0-9 . _ -");
        webhook.meta.organization = request.caller->organization;
        fill(**body, webhook, context_.secrets);
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        const auto secret = events::make_secret(context_.random);
        webhook.secret = context_.secrets.seal(secret, telephony::secret_context(webhook.id));
        store_entity(context_, request, std::move(reply), shape_, std::move(webhook), 201,
                     json::object{{"secret", secret}});
    }

    void replace(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        auto version = expected_version(request, **body);
        if (!version) return std::move(reply).error(version.error());
        Webhook webhook = *present;
        fill(**body, webhook, context_.secrets);
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        context_.configuration.replace(write_context(request, context_.clock), std::move(webhook), *version,
                                       context_.executor, when_stored(std::move(reply), shape_, 200));
    }

    /// A new secret, shown once; the one before signs too for a day.
    void rotate(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        Webhook webhook = *present;
        const auto secret = events::make_secret(context_.random);
        webhook.previous_secret = webhook.secret;
        webhook.previous_until = context_.clock.wall() + kChangeOver;
        webhook.secret = context_.secrets.seal(secret, telephony::secret_context(webhook.id));
        store_entity(context_, request, std::move(reply), shape_, std::move(webhook), 200,
                     json::object{{"secret", secret}});
    }

    void deliveries(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        telephony::DeliveryQuery query;
        query.organization = present->meta.organization;
        query.webhook = present->id;
        if (const auto state = request.http.query_value("state")) {
            query.state = telephony::from_name<telephony::DeliveryState>(*state);
            if (!query.state)
                return std::move(reply).error(
                    {ErrorCode::InvalidValue, "state must be pending, delivered or dead.", "state"});
        }
        const auto page = page_of(request.http);
        if (!page) return std::move(reply).error(page.error());
        const auto before = entries_before(request.http, *page);
        if (!before) return std::move(reply).error(before.error());
        if (const auto cursor = request.http.query_value("cursor")) {
            query.before = ascii::parse_decimal<std::uint64_t>(*cursor).value_or(0);
            if (query.before == 0)
                return std::move(reply).error(
                    {ErrorCode::InvalidValue, "cursor must be one that this API gave.", "cursor"});
        }
        query.limit = *before + page->size;
        context_.store.find_deliveries(query, context_.executor,
                                       [reply = std::move(reply), size = page->size, before = *before](
                                           Result<std::vector<telephony::WebhookDelivery>> found) mutable {
                                           if (!found) return std::move(reply).error(found.error());
                                           json::array entities;
                                           for (std::size_t i = before; i < found->size(); ++i)
                                               entities.push_back(delivery_json((*found)[i]));
                                           json::object out{{"entities", std::move(entities)}, {"pageSize", size}};
                                           if (found->size() == before + size)
                                               out["cursor"] = std::to_string(found->back().event);
                                           std::move(reply).json(200, out);
                                       });
    }

    /// `{}`: the dead letters; `{"since": sequence}`: everything after that event, delivered or not.
    void replay(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        events::Replay what;
        if (!request.http.body.empty()) {
            auto body = body_of(request);
            if (!body) return std::move(reply).error(body.error());
            if (const auto since = (*body)->integer("since", 0, std::int64_t{1} << 53U))
                what.since = static_cast<std::uint64_t>(*since);
            if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        }
        send_replay(*present, what, std::move(reply));
    }

    void replay_one(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        const auto& id = request.parameter("deliveryId");
        const auto sequence = ascii::parse_decimal<std::uint64_t>(id);
        if (!sequence) return std::move(reply).error(not_found("delivery", id));
        send_replay(*present, {.delivery = *sequence, .since = std::nullopt}, std::move(reply));
    }

    void test(const ApiRequest& request, Reply reply) const {
        const auto present = find(request, reply);
        if (!present) return;
        context_.webhooks.test(present->meta.organization, present->id, context_.executor,
                               [reply = std::move(reply)](Result<events::TestOutcome> outcome) mutable {
                                   if (!outcome) return std::move(reply).error(outcome.error());
                                   const bool good = outcome->http_status >= 200 && outcome->http_status < 300;
                                   json::object out{{"delivered", good}, {"latencyMs", outcome->latency.count()}};
                                   if (outcome->http_status) out["httpStatus"] = outcome->http_status;
                                   if (!outcome->error.empty()) out["error"] = outcome->error;
                                   std::move(reply).json(200, out);
                               });
    }

private:
    /// Answers 404 itself when it is not there.
    telephony::Ptr<Webhook> find(const ApiRequest& request, Reply& reply) const {
        const auto& id = request.parameter("webhookId");
        auto present = request.config().all<Webhook>().find(id);
        if (!present) std::move(reply).error(not_found("webhook", id));
        return present;
    }
    void send_replay(const Webhook& webhook, const events::Replay& what, Reply reply) const {
        context_.webhooks.replay(webhook.meta.organization, webhook.id, what, context_.executor,
                                 [reply = std::move(reply), since = what.since](Result<std::size_t> count) mutable {
                                     if (!count) return std::move(reply).error(count.error());
                                     // How many follow a point of the log shows when it is read again.
                                     std::move(reply).json(202, since ? json::object{{"since", *since}}
                                                                      : json::object{{"requeued", *count}});
                                 });
    }

    ApiContext& context_;
    Shape<Webhook> shape_;
};

}  // namespace

void add_webhooks(Router& router, ApiContext& context) {
    const auto routes = std::make_shared<WebhookRoutes>(context);
    const auto add = [&](std::string_view method, std::string_view path, const Scopes& scopes,
                         void (WebhookRoutes::*handler)(const ApiRequest&, Reply) const) {
        router.add({method, path, scopes,
                    [routes, handler](ApiRequest request, Reply reply) {
                        (routes.get()->*handler)(request, std::move(reply));
                    },
                    ScopeRefusal::InsufficientScope});
    };
    add_reads(router, routes->shape());
    add("POST", kWebhooks, kWrite, &WebhookRoutes::create);
    add("PUT", kWebhook, kWrite, &WebhookRoutes::replace);
    add_remove(router, context, routes->shape(), telephony::EntityType::Webhook);
    add("POST", "/api/v2/webhooks/{webhookId}/secret", kWrite, &WebhookRoutes::rotate);
    add("POST", "/api/v2/webhooks/{webhookId}/test", kWrite, &WebhookRoutes::test);
    add("POST", "/api/v2/webhooks/{webhookId}/replay", kWrite, &WebhookRoutes::replay);
    add("GET", "/api/v2/webhooks/{webhookId}/deliveries", kRead, &WebhookRoutes::deliveries);
    add("POST", "/api/v2/webhooks/{webhookId}/deliveries/{deliveryId}/replay", kWrite, &WebhookRoutes::replay_one);
}

}  // namespace dp::api
