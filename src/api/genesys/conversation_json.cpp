#include "api/genesys/conversation_json.hpp"

#include <boost/json.hpp>

#include "api/genesys/envelope.hpp"
#include "api/genesys/route_steps_json.hpp"

namespace dp::api {

namespace json = boost::json;
using telephony::Communication;
using telephony::Conversation;
using telephony::Participant;

namespace {

void put_time(json::object& out, std::string_view key, const std::optional<WallTime>& time) {
    if (time) out[key] = to_rfc3339(*time);
}

json::object call_json(const Communication& leg) {
    json::object out{{"id", leg.id.str()},
                     {"state", telephony::to_string(leg.state)},
                     {"direction", telephony::to_string(leg.direction)},
                     {"address", leg.address},
                     {"held", leg.held},
                     {"muted", leg.muted},
                     {"confined", leg.confined},
                     {"recording", false},
                     {"provider", "Dialplane"}};
    if (leg.codec) out["codec"] = telephony::name_of(*leg.codec, telephony::CodecSpelling::Sdp);
    put_time(out, "startAlertingTime", leg.started);
    put_time(out, "connectedTime", leg.connected);
    put_time(out, "disconnectedTime", leg.ended);
    if (leg.termination) out["disconnectType"] = telephony::facts(leg.termination->reason).genesys_disconnect_type;
    if (!leg.trunk.empty()) out["trunkId"] = leg.trunk.str();
    return out;
}

json::object participant_json(const Participant& participant) {
    json::array calls;
    for (const auto& leg : participant.communications) calls.push_back(call_json(leg));
    json::object out{{"id", participant.id.str()},
                     {"purpose", telephony::to_string(participant.purpose)},
                     {"name", participant.name},
                     {"address", participant.address},
                     {"calls", std::move(calls)}};
    if (!participant.user.empty()) out["userId"] = participant.user.str();
    return out;
}

}  // namespace

json::object conversation_json(const Conversation& conversation) {
    json::object out{{"id", conversation.id.str()},
                     {"conversationId", conversation.id.str()},
                     {"status", telephony::to_string(conversation.status)}};
    if (conversation.termination) {
        const auto& termination = *conversation.termination;
        out["reason"] = telephony::facts(termination.reason).name;
        out["result"] = telephony::to_string(termination.result);
        if (termination.sip_status) out["sipStatus"] = termination.sip_status;
        if (termination.q850) out["q850Cause"] = termination.q850;
    }
    json::object from{{"phoneNumber", conversation.caller_id}, {"name", conversation.caller_name}};
    json::object to{{"phoneNumber", conversation.destination}};
    if (!conversation.dialed.empty()) to["dialed"] = conversation.dialed;
    // The agent stands where the call begins or where it ends.
    const bool inbound = conversation.direction == telephony::Direction::Inbound;
    if (!conversation.agent.empty()) (inbound ? to : from)["id"] = conversation.agent.str();
    out["direction"] = telephony::to_string(conversation.direction);
    out["from"] = std::move(from);
    out["to"] = std::move(to);
    out["type"] = "pstn";
    out["startTime"] = to_rfc3339(conversation.started);
    put_time(out, "initiatedTime", conversation.initiated);
    put_time(out, "ringingTime", conversation.ringing);
    put_time(out, "connectedTime", conversation.connected);
    put_time(out, "endTime", conversation.ended);
    json::array participants;
    for (const auto& participant : conversation.participants) participants.push_back(participant_json(participant));
    out["participants"] = std::move(participants);
    if (!conversation.route.empty()) out["route"] = route_steps_json(conversation.route);
    out["version"] = conversation.meta.version;
    out["selfUri"] = "/api/v2/conversations/" + conversation.id.str();
    return out;
}

}  // namespace dp::api
