#include "api/notifications/topics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "api/genesys/conversation_json.hpp"
#include "api/http/json_writer.hpp"
#include "base/ascii.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr std::string_view kUsers = "v2.users.";
constexpr std::string_view kConversations = "v2.conversations.";
constexpr std::string_view kEdges = "v2.telephony.providers.edges.";
constexpr std::string_view kTrunks = "v2.telephony.providers.edges.trunks.";
constexpr auto kTopics = std::to_array<TopicFacts>({
    {"v2.users.{id}.conversations", "A conversation of the user, whole, at each change"},
    {"v2.users.{id}.conversations.calls", "The same, calls only"},
    {"v2.users.{id}.station", "The user's station: registration, transport"},
    {"v2.conversations.{id}", "One conversation, whole, at each change"},
    {"v2.telephony.providers.edges.{id}", "An edge (a carrier trunk): registration, health, changes of its settings"},
    {"v2.telephony.providers.edges.trunks.{id}", "The same, as a trunk"},
});
constexpr std::array<std::string_view, 3> kUserTopics{"conversations", "conversations.calls", "station"};

std::string frame_text(std::string_view topic, json::value body) {
    return json_text(json::object{{"topicName", topic},
                                  {"version", "2"},
                                  {"eventBody", std::move(body)},
                                  {"metadata", json::object{{"CorrelationId", ""}}}});
}

/// `{user, rest}` of `v2.users.{id}.rest`; ids may hold dots, so the known tails decide.
std::optional<std::pair<std::string_view, std::string_view>> user_topic(std::string_view topic) {
    if (!topic.starts_with(kUsers)) return std::nullopt;
    const auto body = topic.substr(kUsers.size());
    std::string_view best;
    for (auto tail : kUserTopics)
        if (body.size() > tail.size() + 1 && body.ends_with(tail) && body[body.size() - tail.size() - 1] == '.' &&
            tail.size() > best.size())
            best = tail;
    if (best.empty()) return std::nullopt;
    return std::pair{body.substr(0, body.size() - best.size() - 1), best};
}

/// A trunk's id after either prefix; ids may hold dots, so `edges.trunks.x` is the trunk x.
bool is_edge_topic(std::string_view topic) {
    for (auto prefix : {kTrunks, kEdges})
        if (topic.starts_with(prefix)) return is_valid_id(topic.substr(prefix.size()));
    return false;
}

}  // namespace

std::vector<std::string> expand_topic(std::string_view topic) {
    const auto question = topic.find('?');
    std::vector<std::string> out;
    if (question == std::string_view::npos) {
        const bool conversation = topic.starts_with(kConversations) && is_valid_id(topic.substr(kConversations.size()));
        if (conversation || is_edge_topic(topic) || user_topic(topic)) out.emplace_back(topic);
        return out;
    }
    for (auto part : ascii::split(topic.substr(question + 1), '&')) {
        auto single = fmt::format("{}.{}", topic.substr(0, question), part);
        if (!user_topic(single)) return {};
        out.push_back(std::move(single));
    }
    return out;
}

bool may_follow(const Caller& caller, std::string_view topic) {
    const bool wide = holds_any(caller, {"conversation:call:write", "conversations:readonly", "notifications"});
    if (is_edge_topic(topic)) return holds_any(caller, {"telephony:readonly", "telephony:edge:read", "notifications"});
    const auto user = user_topic(topic);
    if (user && !caller.user.empty()) return user->first == caller.user.str();
    return wide;
}

std::vector<Frame> frames_of(const telephony::Conversation& conversation) {
    const auto body = conversation_json(conversation);
    std::vector<std::string> topics{std::string(kConversations) + conversation.id.str()};
    std::vector<std::string_view> seen;
    for (const auto& participant : conversation.participants) {
        const std::string_view user = participant.user.str();
        if (user.empty() || std::ranges::find(seen, user) != seen.end()) continue;
        seen.push_back(user);
        topics.push_back(fmt::format("v2.users.{}.conversations", user));
        topics.push_back(fmt::format("v2.users.{}.conversations.calls", user));
    }
    std::vector<Frame> out;
    for (auto& topic : topics) {
        auto text = frame_text(topic, body);
        out.push_back({std::move(topic), std::move(text)});
    }
    return out;
}

Frame frame_of(const telephony::Station& station) {
    const bool online = station.state != telephony::StationState::Offline;
    const std::string topic = fmt::format("v2.users.{}.station", station.user.str());
    json::object body{{"associatedStation", json::object{{"id", station.id.str()}}},
                      {"registrationState", telephony::to_string(station.state)},
                      {"transport", station.transport}};
    json::object frame{
        {"topicName", topic},
        {"version", "2"},
        {"eventBody", std::move(body)},
        {"metadata", json::object{{"CorrelationId", ""}, {"action", online ? "Associated" : "Disassociated"}}}};
    return {topic, json_text(frame)};
}

std::vector<Frame> frames_of(const telephony::Event& event) {
    std::vector<Frame> out;
    if (event.resource_type != "edge") return out;
    boost::system::error_code error;
    auto payload = json::parse(event.payload, error);
    json::object body{{"id", event.resource_id},
                      {"eventType", event.type},
                      {"timestamp", to_rfc3339(event.time)},
                      {"sequence", event.sequence}};
    if (!error) body["data"] = std::move(payload);
    for (auto prefix : {kEdges, kTrunks}) {
        std::string topic = std::string(prefix) + event.resource_id;
        auto text = frame_text(topic, body);
        out.push_back({std::move(topic), std::move(text)});
    }
    return out;
}

std::span<const TopicFacts> available_topics() {
    return kTopics;
}

std::string closing_frame() {
    return json_text(json::object{{"topicName", "v2.system.socket_closing"},
                                  {"eventBody", json::object{{"message", "the channel expires in a minute"}}}});
}

std::string channel_frame(std::string_view message) {
    return json_text(
        json::object{{"topicName", "channel.metadata"}, {"eventBody", json::object{{"message", message}}}});
}

}  // namespace dp::api
