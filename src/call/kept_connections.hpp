#pragma once
/// @file KeptConnections: the persistent connections of browser phones, at rest or lent to a call; the states are
/// kept_connection_fsm's, where the whole design is told.
///
/// Threads: control shard. Lifetime: owned by the CallBook; the ports outlive it. Events of a leg that is at rest come
/// here; those of a lent one go to the call that has it.

#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/timer_wheel.hpp"
#include "call/call_leg.hpp"
#include "call/kept_connection_fsm.hpp"
#include "call/media_wiring.hpp"
#include "call/phone_directory.hpp"

namespace dp::call {

/// A call's name here: the first of the leg ids that were reserved for it.
using BorrowerId = LegId;

class KeptConnections {
public:
    struct Ports {
        LegSignaling& signaling;
        MediaEngine& media;
        const PhoneDirectory& phones;
        TimerWheel& timers;
        const Clock& clock;
    };
    explicit KeptConnections(const Ports& ports);
    ~KeptConnections();

    // What a call asks.
    /// The leg that stands with this contact, if it is at rest; on whatever worker its media lives, the engine bridges.
    /// It is the borrower's until rest(), leave_untaken() or dropped().
    std::optional<CallLeg> borrow(ContactId contact, BorrowerId borrower);
    /// May this leg rest when its call is over?
    bool wants(const CallLeg& leg) const;
    /// The call on it is over. Only what wants() has agreed to.
    void rest(CallLeg leg);
    /// It was borrowed for a call that was declined, cancelled or not answered.
    void leave_untaken(CallLeg leg);
    /// The borrower has closed it, dialog and media.
    void dropped(LegId leg);

    // What the book asks.
    bool holds(LegId leg) const;
    /// The call that has borrowed it; invalid: it is not lent.
    BorrowerId borrower_of(LegId leg) const;
    /// It went over into another call. False: it is not lent.
    bool reassign(LegId leg, BorrowerId borrower);
    /// Live now, lent ones included.
    std::size_t size() const { return kept_.size(); }

    /// The contact is not registered any more.
    void contact_gone(ContactId contact);
    /// The server stops: nothing rests any more.
    void close_all();

    // Of a leg that holds().
    void on_offer(LegId leg, const PeerSdp& sdp);
    void on_offer_answered(LegId leg, const PeerSdp& sdp);
    void on_offer_refused(LegId leg);
    std::string current_sdp(LegId leg) const;
    void on_ended(LegId leg);
    void on_path_lost(LegId leg);

private:
    struct Kept;

    Kept* at_rest(LegId leg) const;
    void take(Kept& kept, KeptEvent event);
    void run(Kept& kept, KeptAction action);
    void offer_inactive(Kept& kept);
    void answered(Kept& kept, const PeerSdp& sdp);
    void hang_up(Kept& kept);
    /// Destroys it.
    void forget(Kept& kept);

    Ports ports_;
    MediaWiring media_;
    bool closing_ = false;
    std::unordered_map<ContactId, std::unique_ptr<Kept>> kept_;
    std::unordered_map<LegId, ContactId> contacts_;  ///< of every leg in kept_
};

}  // namespace dp::call
