#pragma once
/// @file What a leg may ask of the worker that owns it. One user in the product (Worker), one in the leg's tests.
///
/// Thread: the worker's. Nothing here is called per relayed packet except scratch(), which is not virtual.

#include <chrono>

#include "base/random.hpp"
#include "call/media_engine.hpp"
#include "media/dtls.hpp"
#include "media/media_config.hpp"
#include "media/packet_ring.hpp"

namespace dp::media {

class Leg;

class LegHost {
public:
    LegHost(PacketRing& ring, Random& random, const MediaConfig& config, std::shared_ptr<const DtlsIdentity> identity)
        : ring(ring), random(random), config(config), identity(std::move(identity)) {}
    virtual ~LegHost() = default;

    virtual void path_up(Leg& leg) = 0;
    virtual void failed(Leg& leg, call::MediaFailure reason) = 0;
    virtual void timed_out(Leg& leg) = 0;
    virtual void one_way(Leg& leg) = 0;
    virtual void digit(Leg& leg, char digit, std::chrono::milliseconds duration) = 0;
    virtual void played(Leg& leg, std::uint32_t ticket) = 0;
    /// on_frame() every 20 ms from now on, or no more.
    virtual void want_frames(Leg& leg, bool wanted) = 0;
    /// step_dtls() soon (bounded per turn), and again at its deadline.
    virtual void want_handshake(Leg& leg) = 0;

    PacketRing& ring;  // NOLINT(misc-non-private-member-variables-in-classes): a bundle of references
    Random& random;
    const MediaConfig& config;
    std::shared_ptr<const DtlsIdentity> identity;
};

}  // namespace dp::media
