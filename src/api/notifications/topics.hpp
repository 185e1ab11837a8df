#pragma once
/// @file Topics: which notification topics exist, who may subscribe, and which frames an event or a changed
/// conversation makes. Pure functions.
///
/// Source: genesys-api 1.7. A frame is `{topicName, version:"2", eventBody, metadata:{CorrelationId}}`.

#include <boost/json/fwd.hpp>

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/caller.hpp"
#include "telephony/conversation/conversation.hpp"
#include "telephony/events/event.hpp"
#include "telephony/live/station.hpp"

namespace dp::api {

struct Frame {
    std::string topic;
    std::string text;  ///< the whole JSON frame
};

/// `v2.users.{id}.conversations`, `….conversations.calls`, `….station` (also combined as
/// `v2.users.{id}?conversations&station`), `v2.conversations.{id}`, `v2.telephony.providers.edges.{id}` and
/// `….edges.trunks.{id}`. Empty for a topic that is none of them.
std::vector<std::string> expand_topic(std::string_view topic);

/// A user may follow themselves; a client with conversation scopes follows everybody of its organization.
bool may_follow(const Caller& caller, std::string_view expanded_topic);

std::vector<Frame> frames_of(const telephony::Conversation& conversation);
Frame frame_of(const telephony::Station& station);
/// Of a trunk's event: as an edge and as a trunk. Other events have none.
std::vector<Frame> frames_of(const telephony::Event& event);
/// Every topic there is, with `{id}` where an id stands, and what its frames carry.
struct TopicFacts {
    std::string_view id;
    std::string_view description;
};
std::span<const TopicFacts> available_topics();
/// One minute before a channel's end.
std::string closing_frame();
/// The channel's own heartbeat and pong.
std::string channel_frame(std::string_view message);

}  // namespace dp::api
