#pragma once
/// @file media::Engine: the product's MediaEngine. On control it lends ports, makes credentials and keeps the list of
/// legs; everything else is a command to the leg's worker.
///
/// Threads: all public functions on the control thread. Lifetime: stop() (or destruction) joins the workers; events
/// still on their way to control find nobody. Errors: as the port says.

#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "call/media_engine.hpp"
#include "media/announced_addresses.hpp"
#include "media/media_config.hpp"
#include "media/port_pool.hpp"
#include "media/worker.hpp"

namespace dp::media {

class Engine final : public call::MediaEngine {
public:
    /// Binds the shared sockets and the first ports, makes the DTLS certificate, starts the workers.
    static Result<std::unique_ptr<Engine>> create(const MediaConfig& config, Executor& control, Random& random);
    ~Engine() override;

    /// Who is told. Set before the first leg; null stops telling.
    void set_events(call::MediaEvents* events) { listener_->events = events; }
    void stop();

    Result<sdp::LocalMedia> allocate(call::LegId leg, const call::MediaLegSpec& spec) override;
    Result<sdp::LocalMedia> restart_ice(call::LegId leg) override;
    void configure(call::LegId leg, const call::MediaPeer& peer) override;
    void connect(call::LegId a, call::LegId b) override;
    void disconnect(call::LegId leg) override;
    void play(call::LegId leg, const call::Tone& tone) override;
    void stop_tone(call::LegId leg) override;
    void announce(call::LegId leg, std::shared_ptr<const audio::Recording> recording, std::uint32_t ticket) override;
    void send_digit(call::LegId leg, char digit, std::chrono::milliseconds duration) override;
    void release(call::LegId leg) override;
    bool can_transcode(sdp::Codec from, sdp::Codec to) const override;

    /// For the operator: how far the range and the workers are used.
    std::size_t legs() const { return legs_.size(); }
    /// No command of ours is waiting for a worker.
    bool idle() const;
    const PortPool* ports(call::IpFamily family) const { return pool(family); }
    const WorkerGauges& gauges(std::size_t worker) const { return workers_[worker]->gauges(); }

private:
    struct Held {
        std::size_t worker = 0;
        call::MediaLegSpec spec;
        sdp::LocalMedia local;
        std::optional<sdp::NegotiatedAudio> agreed{};
        call::LegId across{};  ///< its peer, when that lives on another worker
    };

    Engine(const MediaConfig& config, Executor& control, Random& random);
    Result<void> start_workers();
    Result<UdpSocket> bind_shared(call::IpFamily family);
    PortPool* pool(call::IpFamily family) const;
    std::size_t choose_worker(const call::MediaLegSpec& spec) const;
    IpAddress announced(call::IpFamily family) const;
    bool may_share(std::size_t worker, const call::MediaLegSpec& spec) const;
    Result<std::uint16_t> shared_port(std::size_t worker, const call::MediaLegSpec& spec);
    /// False: the leg has failed.
    bool claim_address(call::LegId leg, const Endpoint& remote);
    bool move(call::LegId leg);
    void fail_leg(call::LegId leg, call::MediaFailure reason);
    Result<sdp::LocalMedia> browser_media(std::size_t worker, const call::MediaLegSpec& spec);
    sdp::IceAttributes ice_attributes(const Endpoint& candidate);
    void refill_later(call::IpFamily family);
    void cross(call::LegId a, call::LegId b);
    void uncross(call::LegId leg);
    using Action = std::move_only_function<void(Worker&)>;
    /// False when the worker's queue is full.
    bool post(call::LegId leg, Action action);
    /// The same; a refusal becomes on_media_failed(Overloaded).
    void command(call::LegId leg, Action action);

    MediaConfig config_;
    Executor& control_;
    Random& random_;
    std::shared_ptr<Listener> listener_;
    std::shared_ptr<DtlsIdentity> identity_;
    std::unique_ptr<PortPool> ports_v4_;
    std::unique_ptr<PortPool> ports_v6_;
    struct SharedPorts {
        std::uint16_t v4 = 0;
        std::uint16_t v6 = 0;
    };
    std::vector<std::unique_ptr<Worker>> workers_;
    std::vector<SharedPorts> shared_ports_;
    std::vector<SharedPorts> trunk_ports_;  ///< 0: not needed yet
    std::vector<AnnouncedAddresses> addresses_;
    std::unordered_map<std::string, TimePoint> distrusted_;  ///< carriers with an address for two calls, until when
    std::vector<std::size_t> load_;                          ///< legs per worker
    std::unordered_map<call::LegId, Held> legs_;
    bool refilling_ = false;
};

}  // namespace dp::media
