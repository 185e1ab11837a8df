#include "api/notifications/channel_hub.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "api/http/json_reader.hpp"
#include "api/http/reply.hpp"
#include "api/resources/entity_routes.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxChannels = 20;
constexpr std::size_t kMaxTopics = 1000;
constexpr std::chrono::hours kLifetime{24};
constexpr std::chrono::seconds kHeartbeat{30};
constexpr std::chrono::minutes kWarning{1};

std::string follower_key(const telephony::OrganizationId& organization, std::string_view topic) {
    return fmt::format("{}|{}", organization.str(), topic);
}

}  // namespace

struct ChannelHub::Channel {
    std::string id;
    std::string owner;  ///< the caller's rate-limit bucket: one application or console user
    Caller caller;
    WallTime expires;
    std::set<std::string> topics;  ///< as asked
    std::set<std::string> expanded;
    std::shared_ptr<net::WebSocketSession> session;
    TimePoint last_beat{};
    bool warned = false;
    bool gone = false;  ///< forgotten while a socket was on its way

    json::object to_json(std::string_view connect_uri) const {
        return {{"id", id}, {"connectUri", connect_uri}, {"expires", to_rfc3339(expires)}};
    }
};

/// One channel's WebSocket. A second connection to the same channel takes it over.
class ChannelHub::Socket final : public net::WebSocketHandler {
public:
    Socket(ChannelPtr channel, const Clock& clock) : channel_(std::move(channel)), clock_(clock) {}

    void on_open(std::shared_ptr<net::WebSocketSession> session) override {
        if (channel_->gone) return session->close(net::websocket_code::kSessionEnded, "the channel is gone");
        if (channel_->session)
            channel_->session->close(net::websocket_code::kNormal, "taken over by a newer connection");
        channel_->session = std::move(session);
        channel_->last_beat = clock_.now();
        channel_->session->send_text(channel_frame("WebSocket Heartbeat"));
    }
    void on_message(net::WebSocketSession& session, net::WebSocketKind, std::string_view payload) override {
        const auto parsed = parse_json_object(payload);
        const auto* message = parsed ? (*parsed)->get_object().if_contains("message") : nullptr;
        if (message && message->is_string() && message->get_string() == "ping")
            session.send_text(channel_frame("pong"));
    }
    void on_closed(net::WebSocketSession& session, std::uint16_t, std::string_view) override {
        if (channel_->session && channel_->session->id() == session.id()) channel_->session.reset();
    }

private:
    ChannelPtr channel_;
    const Clock& clock_;
};

void ChannelHub::add_routes(Router& router) {
    const Scopes any{};
    router.add({"POST", "/api/v2/notifications/channels", any,
                [this](ApiRequest request, Reply reply) { create(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/notifications/channels", any,
                [this](ApiRequest request, Reply reply) { list(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/notifications/availabletopics", any,
                [this](ApiRequest, Reply reply) { topics(std::move(reply)); }});
    router.add({"GET", "/api/v2/notifications/channels/{channelId}", any,
                [this](ApiRequest request, Reply reply) { channel(request, std::move(reply)); }});
    router.add({"GET", "/api/v2/notifications/channels/{channelId}/subscriptions", any,
                [this](ApiRequest request, Reply reply) { subscriptions(request, std::move(reply)); }});
    for (std::string_view method : {"POST", "PUT", "DELETE"})
        router.add({method, "/api/v2/notifications/channels/{channelId}/subscriptions", any,
                    [this](ApiRequest request, Reply reply) { subscribe(request, std::move(reply)); }});
    router.add({"GET", "/ws/notifications/{channelId}", any,
                [this](ApiRequest request, Reply reply) { connect(std::move(request), std::move(reply)); },
                ScopeRefusal::Forbidden, ErrorStyle::Genesys, RouteAccess::Open});
}

ChannelHub::ChannelPtr ChannelHub::find_own(const ApiRequest& request) const {
    auto it = channels_.find(request.parameter("channelId"));
    const bool own = it != channels_.end() && it->second->owner == request.caller->bucket();
    return own && it->second->expires > context_.clock.wall() ? it->second : nullptr;
}

std::size_t ChannelHub::count_of(const std::string& owner) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(channels_, [&](const auto& entry) { return entry.second->owner == owner; }));
}

void ChannelHub::forget_expired() {
    const auto now = context_.clock.wall();
    std::erase_if(channels_, [&](const auto& entry) {
        const auto& channel = entry.second;
        if (channel->expires > now) return false;
        forget(channel, net::websocket_code::kNormal, "the channel has expired");
        return true;
    });
}

void ChannelHub::check_credentials() {
    const auto snapshot = context_.store.snapshots().current();
    const auto now = context_.clock.wall();
    std::erase_if(channels_, [&](const auto& entry) {
        const auto caller = authenticator_.renewed(entry.second->caller, *snapshot, now);
        if (!caller) forget(entry.second, net::websocket_code::kSessionEnded, caller.error().detail);
        return !caller;
    });
}

/// All but its place among the channels.
void ChannelHub::forget(const ChannelPtr& channel, std::uint16_t code, std::string_view reason) {
    for (const auto& topic : channel->expanded)
        followers_[follower_key(channel->caller.organization, topic)].erase(channel);
    std::erase_if(followers_, [](const auto& entry) { return entry.second.empty(); });
    channel->gone = true;
    if (channel->session) channel->session->close(code, reason);
}

namespace {

std::string connect_uri(const ApiRequest& request, std::string_view id) {
    return fmt::format("{}://{}/ws/notifications/{}", request.http.is_tls ? "wss" : "ws", request.http.header("Host"),
                       id);
}

}  // namespace

void ChannelHub::channel(const ApiRequest& request, Reply reply) const {
    const auto own = find_own(request);
    if (!own) return std::move(reply).error(not_found("channel", request.parameter("channelId")));
    std::move(reply).json(200, own->to_json(connect_uri(request, own->id)));
}

void ChannelHub::create(const ApiRequest& request, Reply reply) {
    forget_expired();
    if (count_of(request.caller->bucket()) >= kMaxChannels)
        return std::move(reply).error(
            {ErrorCode::TooManyRequests, fmt::format("At most {} channels may be open at once.", kMaxChannels), ""});
    auto channel = std::make_shared<Channel>();
    channel->id = "streaming-" + context_.random.token(24);
    channel->owner = request.caller->bucket();
    channel->caller = *request.caller;
    channel->expires = context_.clock.wall() + kLifetime;
    channels_.emplace(channel->id, channel);
    std::move(reply).json(200, channel->to_json(connect_uri(request, channel->id)));
}

void ChannelHub::list(const ApiRequest& request, Reply reply) const {
    json::array entities;
    for (const auto& [id, channel] : channels_)
        if (channel->owner == request.caller->bucket()) entities.push_back(channel->to_json(connect_uri(request, id)));
    std::move(reply).json(200, json::object{{"entities", std::move(entities)}});
}

void ChannelHub::subscriptions(const ApiRequest& request, Reply reply) const {
    const auto channel = find_own(request);
    if (!channel) return std::move(reply).error(not_found("channel", request.parameter("channelId")));
    json::array entities;
    for (const auto& topic : channel->topics) entities.push_back(json::object{{"id", topic}, {"state", "Permitted"}});
    std::move(reply).json(200, json::object{{"entities", std::move(entities)}});
}

namespace {

/// The topics of a subscription body: an array of `{"id": topic}`.
Result<std::vector<std::string>> topics_of(const net::HttpRequest& request) {
    std::vector<std::string> out;
    if (request.body.empty()) return out;
    const auto parsed = parse_json_object(R"({"topics":)" + request.body + "}");
    if (!parsed) return fail(ErrorCode::MalformedInput, "The body must be an array of {\"id\": topic}.");
    JsonReader body((*parsed)->get_object());
    for (auto* item : body.objects("topics", kMaxTopics)) out.push_back(item->required_text("id", 256));
    DP_CHECK(body.finish());
    return out;
}

}  // namespace

// POST adds, PUT replaces, DELETE clears: one change, all topics checked before any is taken.
void ChannelHub::subscribe(const ApiRequest& request, Reply reply) {
    const auto channel = find_own(request);
    if (!channel) return std::move(reply).error(not_found("channel", request.parameter("channelId")));
    const auto asked = request.http.method == "DELETE" ? Result<std::vector<std::string>>() : topics_of(request.http);
    if (!asked) return std::move(reply).error(asked.error());
    const bool add = request.http.method == "POST";
    auto topics = add ? channel->topics : std::set<std::string>{};
    auto expanded = add ? channel->expanded : std::set<std::string>{};
    for (const auto& topic : *asked) {
        const auto single = expand_topic(topic);
        if (single.empty())
            return std::move(reply).error({ErrorCode::InvalidValue, fmt::format("There is no topic {}.", topic), "id"});
        for (const auto& one : single) {
            if (!may_follow(*request.caller, one))
                return std::move(reply).error(
                    {ErrorCode::Forbidden, fmt::format("The topic {} is not permitted to this caller.", topic), "id"});
            expanded.insert(one);
        }
        topics.insert(topic);
    }
    if (topics.size() > kMaxTopics)
        return std::move(reply).error(
            {ErrorCode::InvalidValue, fmt::format("A channel follows at most {} topics.", kMaxTopics), "id"});
    for (const auto& topic : channel->expanded)
        followers_[follower_key(channel->caller.organization, topic)].erase(channel);
    channel->topics = std::move(topics);
    channel->expanded = std::move(expanded);
    for (const auto& topic : channel->expanded)
        followers_[follower_key(channel->caller.organization, topic)].insert(channel);
    std::erase_if(followers_, [](const auto& entry) { return entry.second.empty(); });
    // An owner whose token is about to expire carries the channel over with the next one.
    if (std::ranges::all_of(channel->expanded, [&](const auto& topic) { return may_follow(*request.caller, topic); }))
        channel->caller = *request.caller;
    subscriptions(request, std::move(reply));
}

void ChannelHub::connect(ApiRequest request, Reply reply) {
    auto it = channels_.find(request.parameter("channelId"));
    if (it == channels_.end() || it->second->expires <= context_.clock.wall())
        return std::move(reply).error(not_found("channel", request.parameter("channelId")));
    // The channel id is the credential: a page of another origin cannot know it.
    std::move(reply).responder().accept_websocket("", std::make_shared<Socket>(it->second, context_.clock));
}

void ChannelHub::publish(const telephony::OrganizationId& organization, const Frame& frame) {
    auto it = followers_.find(follower_key(organization, frame.topic));
    if (it == followers_.end()) return;
    for (const auto& channel : it->second)
        if (channel->session) channel->session->send_text(frame.text);
}

void ChannelHub::publish(const telephony::Conversation& conversation) {
    if (followers_.empty()) return;
    for (const auto& frame : frames_of(conversation)) publish(conversation.meta.organization, frame);
}

void ChannelHub::publish(const telephony::Station& station) {
    if (!followers_.empty()) publish(station.organization, frame_of(station));
}

void ChannelHub::publish(const std::vector<telephony::Event>& events) {
    if (followers_.empty()) return;
    for (const auto& event : events)
        for (const auto& frame : frames_of(event)) publish(event.organization, frame);
}

void ChannelHub::tick() {
    forget_expired();
    check_credentials();
    const auto now = context_.clock.now();
    for (const auto& [id, channel] : channels_) {
        if (!channel->session) continue;
        if (now - channel->last_beat >= kHeartbeat) {
            channel->last_beat = now;
            channel->session->send_text(channel_frame("WebSocket Heartbeat"));
        }
        if (!channel->warned && channel->expires - context_.clock.wall() <= kWarning) {
            channel->warned = true;
            channel->session->send_text(closing_frame());
        }
    }
}

void ChannelHub::topics(Reply reply) const {
    json::array entities;
    for (const auto& topic : available_topics())
        entities.push_back(
            json::object{{"id", topic.id}, {"description", topic.description}, {"transports", json::array{"All"}}});
    std::move(reply).json(200, json::object{{"entities", std::move(entities)}});
}

void ChannelHub::stop() {
    for (const auto& [id, channel] : channels_)
        if (channel->session) channel->session->close(net::websocket_code::kGoingAway, "the server is stopping");
}

}  // namespace dp::api
