#pragma once
/// @file PhoneDirectory: the port that tells the call core where a user can be reached at this moment.
///
/// Two users: signaling's registrar and the simulated phones of the call core's tests. Control shard only.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "call/leg.hpp"
#include "call/media_engine.hpp"
#include "telephony/ids.hpp"
#include "telephony/phones/bound_settings.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::call {

/// One live binding. All contacts of a user that are given ring together.
struct PhoneContact {
    ContactId id;
    telephony::PhoneId phone;
    telephony::StationId station;
    MediaTransport media = MediaTransport::Rtp;
    IpFamily family = IpFamily::V4;
    bool busy = false;                                  ///< its station is in a call
    telephony::Ptr<telephony::BoundSettings> settings;  ///< what its session logged in with; null: nothing is known
};

class PhoneDirectory {
public:
    virtual ~PhoneDirectory() = default;
    /// Preferred ones only: a contact of a lower q value (RFC 3261 §16.6) is given when there is none of a higher one.
    virtual std::vector<PhoneContact> contacts_of(const telephony::OrganizationId& organization,
                                                  const telephony::UserId& user) const = 0;
    /// How long the contact's connection stays up after a call; zero: not at all, or the contact is gone.
    virtual std::chrono::seconds keeps_connection(ContactId contact) const = 0;
    /// A call has begun or ended on a station: it shows as in use.
    virtual void station_busy(const telephony::StationId& station, int delta) = 0;
    /// How a call's media does on a station, about once a second while it is up. `one_way`: we have sent for seconds
    /// and nothing came.
    virtual void media_observed(const telephony::StationId& station, const telephony::ConversationId& conversation,
                                const MediaStatistics& statistics, bool one_way) = 0;
};

/// The directory as a journey sees it: a queue does not disturb a call.
class PhoneAvailability final : public telephony::Availability {
public:
    PhoneAvailability(const PhoneDirectory& phones, telephony::OrganizationId organization)
        : phones_(phones), organization_(std::move(organization)) {}
    Phones of(const telephony::UserId& user) const override {
        const auto contacts = phones_.contacts_of(organization_, user);
        if (contacts.empty()) return Phones::None;
        return std::ranges::any_of(contacts, &PhoneContact::busy) ? Phones::InCall : Phones::Free;
    }

private:
    const PhoneDirectory& phones_;
    telephony::OrganizationId organization_;
};

}  // namespace dp::call
