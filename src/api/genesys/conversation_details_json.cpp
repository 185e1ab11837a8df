#include "api/genesys/conversation_details_json.hpp"

#include <boost/json.hpp>

namespace dp::api {

namespace json = boost::json;
using telephony::Communication;
using telephony::Conversation;
using telephony::Participant;
using telephony::ParticipantPurpose;

namespace {

using Moment = std::optional<WallTime>;

/// How the leg ended belongs to its last segment only.
json::object segment(std::string_view type, WallTime start, const Moment& end, const Communication* last) {
    json::object out{{"segmentType", type}, {"segmentStart", to_rfc3339(start)}, {"conference", false}};
    if (end) out["segmentEnd"] = to_rfc3339(*end);
    if (last == nullptr || !last->termination) return out;
    out["disconnectType"] = disconnect_type(*last);
    if (last->termination->sip_status) out["sipResponseCodes"] = json::array{last->termination->sip_status};
    if (last->termination->q850) out["q850ResponseCodes"] = json::array{last->termination->q850};
    return out;
}

json::array segments(const Communication& leg, bool agent) {
    json::array out;
    if (leg.started)
        out.push_back(segment(agent ? "alert" : "dialing", *leg.started, leg.connected ? leg.connected : leg.ended,
                              leg.connected ? nullptr : &leg));
    if (leg.connected) out.push_back(segment("interact", *leg.connected, leg.ended, &leg));
    return out;
}

void add_metric(json::array& out, std::string_view name, const Moment& from, const Moment& until) {
    if (!from || !until) return;
    const auto length = std::chrono::duration_cast<std::chrono::milliseconds>(*until - *from).count();
    out.push_back(json::object{{"name", name}, {"value", length}, {"emitDate", to_rfc3339(*until)}});
}

json::array metrics(const Communication& leg, bool agent) {
    json::array out;
    add_metric(out, agent ? "tAlert" : "tDialing", leg.started, leg.connected ? leg.connected : leg.ended);
    add_metric(out, "tTalk", leg.connected, leg.ended);
    return out;
}

json::object session(const Conversation& conversation, const Communication& leg, bool agent) {
    json::object out{{"sessionId", leg.id.str()},
                     {"mediaType", "voice"},
                     {"direction", telephony::to_string(leg.direction)},
                     {"ani", conversation.caller_id},
                     {"dnis", conversation.destination},
                     {"provider", "Dialplane"},
                     {"recording", false},
                     {"segments", segments(leg, agent)},
                     {"metrics", metrics(leg, agent)}};
    if (!leg.trunk.empty()) out["edgeId"] = leg.trunk.str();
    if (!leg.sip_call_id.empty()) out["protocolCallId"] = leg.sip_call_id;
    return out;
}

json::object participant_details(const Conversation& conversation, const Participant& participant) {
    const bool agent = participant.purpose == ParticipantPurpose::Agent;
    json::array sessions;
    for (const auto& leg : participant.communications) sessions.push_back(session(conversation, leg, agent));
    json::object out{{"participantId", participant.id.str()},
                     {"participantName", participant.name},
                     {"purpose", telephony::to_string(participant.purpose)},
                     {"sessions", std::move(sessions)}};
    if (!participant.user.empty()) out["userId"] = participant.user.str();
    return out;
}

}  // namespace

std::string_view disconnect_type(const Communication& leg) {
    return leg.termination ? telephony::facts(leg.termination->reason).genesys_disconnect_type : std::string_view();
}

json::object conversation_details_json(const Conversation& conversation) {
    json::array participants;
    for (const auto& each : conversation.participants) participants.push_back(participant_details(conversation, each));
    json::object out{{"conversationId", conversation.id.str()},
                     {"conversationStart", to_rfc3339(conversation.started)},
                     {"originatingDirection", telephony::to_string(conversation.direction)},
                     {"participants", std::move(participants)}};
    if (conversation.ended) out["conversationEnd"] = to_rfc3339(*conversation.ended);
    return out;
}

}  // namespace dp::api
