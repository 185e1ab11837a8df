#pragma once
/// @file The parts of an InviteSession that exist only while they are needed: before the answer, while an offer is
/// under way, between our 2xx and its ACK. A quiet confirmed session has none of them. For the invite_session*.cpp
/// files only.

#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "sip/invite_session.hpp"

namespace dp::sip {

/// Caller, from the INVITE to its final answer.
struct InviteSession::CallerPart {
    InviteRequest request;
    std::size_t hop = 0;
    bool over_stream = false;  ///< this hop's large request went over TCP (§18.1.1)
    bool stay_on_udp = false;  ///< … which failed
    bool provisional = false;  ///< a 1xx was seen: CANCEL may be sent
    bool cancel_sent = false;
    bool interval_raised = false;  ///< a 422 was obeyed
    std::string cancel_reason;
    ClientTransactionId transaction;
    std::vector<std::unique_ptr<Dialog>> forks;  ///< early dialogs in the order of their first 1xx
};

/// Callee, from the INVITE to our final answer.
struct InviteSession::CalleePart {
    struct Outgoing {
        int status = 0;
        Body body;
        HeaderLines headers;
    };
    struct InFlight {
        std::uint32_t rseq = 0;
        bool has_description = false;
        Duration interval{};
        std::string bytes;
    };
    ServerTransactionId transaction;
    std::uint32_t cseq = 0;
    ReliableAnswers reliable = ReliableAnswers::IfRequired;
    bool peer_requires_reliable = false;
    bool invite_has_offer = false;
    SessionTimerHeaders timer;
    std::uint32_t next_rseq = 0;
    std::unique_ptr<InFlight> in_flight;  ///< the reliable 1xx that waits for its PRACK
    std::deque<Outgoing> waiting;         ///< further ones: one at a time (RFC 3262 §3)
    std::unique_ptr<Outgoing> success;    ///< the 2xx that waits for the PRACK of a description
};

/// An offer (or a refresh) of ours: under way, waiting for a retry, or queued.
struct InviteSession::LocalExchange {
    enum class Kind : std::uint8_t { Offer, OfferRequest, Refresh };
    Kind kind = Kind::Offer;
    Method method = Method::Invite;
    bool in_flight = false;
    bool carries_offer = false;
    bool interval_raised = false;
    bool cancelled = false;  ///< it was heard but not answered for 64·T1
    int glare_tries = 0;
    int failures = 0;
    std::uint32_t cseq = 0;
    std::string remote_tag;  ///< which dialog it runs in
    Body body;
    ClientTransactionId transaction;
};

/// An offer of the peer's that its handler has not answered.
struct InviteSession::RemoteExchange {
    RemoteOffer::Carrier carrier = RemoteOffer::Carrier::ReInvite;
    ServerTransactionId transaction;  ///< ReInvite, Update, Prack
    bool offerless = false;           ///< a re-INVITE that asks us to offer
    std::uint32_t cseq = 0;
    std::uint32_t rseq = 0;  ///< ReliableProvisional
    std::string remote_tag;  ///< which dialog
    SessionTimerHeaders timer;
};

/// Our 2xx to an INVITE, repeated until its ACK (§13.3.1.4).
struct InviteSession::PendingSuccess {
    ServerTransactionId transaction;
    std::uint32_t cseq = 0;
    bool initial = false;
    bool carries_offer = false;
    Duration interval{};
    std::string bytes;
};

/// A 2xx of the peer's that we have not acknowledged, because its offer wants an answer first.
struct InviteSession::PendingAck {
    ClientTransactionId transaction;
    std::uint32_t cseq = 0;
};

}  // namespace dp::sip
