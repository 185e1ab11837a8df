#pragma once
/// @file Which SSRC a leg on a shared port believes from the address that its peer has announced.
///
/// Problem: a peer that sends all its calls from one address may begin with the next call before its description has
/// told us so; those packets must not be heard in the call that has the address now. What distinguishes them is their
/// SSRC. So another SSRC than the first is believed only after a pause: it has been there for a second, and the one
/// before has been silent for as long. By then the next call's description has come (announced_addresses.hpp). A carrier
/// that changes its SSRC within a call without a description loses that second. Thread: the leg's worker.

#include <optional>

#include "media/shared_port.hpp"

namespace dp::media {

class StreamGuard {
public:
    static constexpr Duration kPause = std::chrono::seconds(1);

    /// The peer has announced another address.
    void begin(std::optional<SharedPort::Former> former) {
        ssrc_.reset();
        newcomer_.reset();
        former_ = former;
    }
    /// `heard`: when the SSRC believed so far was heard last.
    bool admits(std::uint32_t ssrc, TimePoint heard, TimePoint now) {
        if (ssrc_ == ssrc) return true;
        if (former_ && former_->ssrc == ssrc && now < former_->until) return false;
        if (ssrc_ && !outlasts(ssrc, heard, now)) return false;
        ssrc_ = ssrc;
        newcomer_.reset();
        return true;
    }
    std::optional<std::uint32_t> ssrc() const { return ssrc_; }

private:
    struct Newcomer {
        std::uint32_t ssrc;
        TimePoint since;
    };
    bool outlasts(std::uint32_t ssrc, TimePoint heard, TimePoint now) {
        if (!newcomer_ || newcomer_->ssrc != ssrc) newcomer_ = {ssrc, now};
        return now - newcomer_->since >= kPause && now - heard >= kPause;
    }

    std::optional<std::uint32_t> ssrc_;
    std::optional<Newcomer> newcomer_;
    std::optional<SharedPort::Former> former_;
};

}  // namespace dp::media
