#pragma once
/// @file CallLeg and CallSide: what a call knows of one of its legs, and of the one or several legs that stand for a
/// party.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "call/codec_policy.hpp"
#include "call/dial_plan.hpp"
#include "call/leg.hpp"
#include "call/media_engine.hpp"
#include "call/negotiation.hpp"
#include "call/report.hpp"
#include "telephony/conversation/call_order.hpp"

namespace dp::call {

enum class LegState : std::uint8_t {
    Arrived,  ///< incoming, not answered
    Placed,   ///< our INVITE is out
    Ringing,
    EarlyMedia,
    Taken,  ///< alerted inside a kept dialog: the phone accepts, its media is not open yet
    Answered,
    Gone,
};

/// The media of a kept leg that a call has borrowed.
enum class Opening : std::uint8_t {
    Closed,  ///< `inactive`, or on its way to it
    Asked,   ///< our `sendrecv` is out
    Open,
};

/// Our end of a leg's media is elsewhere than its peer has been told.
enum class Move : std::uint8_t {
    None,
    Due,   ///< as soon as the dialog allows an offer
    Told,  ///< our offer is out
};

struct CallLeg {
    LegId id;
    LegState state = LegState::Placed;
    MediaTransport transport = MediaTransport::Rtp;
    Codecs codecs;                             ///< all that this leg may use, in its own order
    std::unique_ptr<Negotiation> negotiation;  ///< null: media bypass
    std::string peer_sdp;                      ///< bypass only: what has to cross next
    IpAddress signalled_from;
    CommunicationRef record;
    telephony::TrunkId trunk;  ///< not empty: holds one of its sessions
    GatewayId gateway;
    telephony::StationId station;
    ContactId contact;  ///< of a phone that we called
    bool kept = false;  ///< borrowed: its dialog and media stood before this call
    Opening opening = Opening::Closed;
    bool path_up = false;
    bool held = false;            ///< by its peer
    telephony::SetParty asked{};  ///< what the API has asked of this party
    bool waits = false;           ///< while its partner consults somebody else
    bool joined = false;
    bool silenced = false;    ///< hears silence instead of its partner
    bool late_offer = false;  ///< its INVITE came without SDP
    Move move = Move::None;
    bool one_way = false;  ///< we have sent for seconds and nothing came
    std::uint64_t packets_heard = 0;
    std::optional<MediaStatistics> before;  ///< of a kept one: what its media had counted when this call began

    bool live() const { return state != LegState::Gone; }
    bool anchored() const { return negotiation != nullptr; }
    /// Through the API: it neither hears nor is heard.
    bool cut_off() const { return asked.held.value_or(false) || asked.confined.value_or(false); }
    bool heard_by_others() const { return !held && !cut_off() && !asked.muted.value_or(false); }
};

struct CallSide {
    Party party = Party::Agent;
    DialPlan plan = {};
    std::vector<CallLeg> legs = {};
    LegId winner = {};  ///< the leg that stands for the party: the incoming one, or the one that answered first
    std::optional<std::uint16_t> participant = {};  ///< in the record; none: found by the party

    CallLeg* find(LegId id);
    CallLeg* standing() { return winner.valid() ? find(winner) : nullptr; }
    std::size_t live_legs() const;
};

inline CallLeg* CallSide::find(LegId id) {
    for (auto& leg : legs)
        if (leg.id == id) return &leg;
    return nullptr;
}

inline std::size_t CallSide::live_legs() const {
    std::size_t n = 0;
    for (const auto& leg : legs) n += leg.live() ? 1 : 0;
    return n;
}

}  // namespace dp::call
