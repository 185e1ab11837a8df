#pragma once
/// @file A media worker: one thread, one loop, the sockets and legs of its calls.
///
/// Problem: at thousands of packets a second half the cost is waking up. So a nearly idle worker wakes for every packet
/// (no added delay), a busy one at most once per tick (1 ms): it sleeps to the tick's deadline and then takes
/// everything that came. Each turn: sockets, commands, frames due (20 ms audio), at most two DTLS steps, a slice of the
/// once-a-second work, sends.
///
/// Threads: commands() and stop() from control; everything else runs on the worker's own thread. Legs live here from
/// add() to the end of their draining. No allocation, lock or log per packet.

#include <sys/epoll.h>

#include <atomic>
#include <deque>
#include <memory>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/mailbox.hpp"
#include "media/frame_clock.hpp"
#include "media/leg.hpp"
#include "media/leg_host.hpp"
#include "media/outbox.hpp"

namespace dp::media {

/// Totals of a worker, for metrics and tests; read from any thread.
struct WorkerGauges {
    std::atomic<std::uint64_t> packets{0};  ///< received
    std::atomic<std::uint64_t> wakeups{0};
    std::atomic<std::uint64_t> dropped{0};
    std::atomic<std::uint64_t> socket_overflows{0};
    std::atomic<std::uint64_t> events_lost{0};
    std::atomic<std::int64_t> legs{0};
};

class Worker final : public LegHost {
public:
    /// `shared_v4`, `shared_v6`: the bound sockets of browser legs, closed where the family is not served.
    Worker(const MediaConfig& config, std::shared_ptr<const DtlsIdentity> identity, UdpSocket shared_v4,
           UdpSocket shared_v6, Executor& control, std::shared_ptr<Listener> listener);
    ~Worker() override;

    void start();
    /// Waits for the thread; legs end without farewell.
    void stop();

    Mailbox& commands() { return commands_; }
    /// What legs of other workers have received for peers of theirs here.
    CrossingQueue& crossings() { return crossings_; }
    const WorkerGauges& gauges() const { return gauges_; }

    // Commands: run on the worker's thread, from commands().
    /// What legs share that come without sockets of their own.
    void open_shared_port(call::IpFamily family, std::uint8_t dscp, PortPair pair);
    void add(LegSetup setup, call::IpFamily family, std::uint8_t dscp, PortPair own);
    /// A leg of the shared port has been given sockets.
    void move(call::LegId id, std::uint8_t dscp, PortPair own);
    /// A leg of the shared port hears nobody until it is configured anew.
    void mute(call::LegId id);
    void release(call::LegId id);
    void connect(call::LegId a, call::LegId b);
    void disconnect(call::LegId id);
    /// `ours` is connected with `theirs`, which lives on another worker; a mirror stands for it here. The other worker is
    /// told the same the other way round.
    void cross(call::LegId ours, call::LegId theirs, const std::optional<sdp::NegotiatedAudio>& agreed, Worker& other);
    /// `theirs` has agreed on something else.
    void update_mirror(call::LegId theirs, const sdp::NegotiatedAudio& agreed);
    void uncross(call::LegId ours, call::LegId theirs);
    /// Runs `action(leg, now)` if the leg is here.
    template <class Action>
    void with(call::LegId id, Action&& action) {
        if (Leg* leg = find(id)) action(*leg, now_);
    }

    // LegHost.
    void path_up(Leg& leg) override;
    void failed(Leg& leg, call::MediaFailure reason) override;
    void timed_out(Leg& leg) override;
    void one_way(Leg& leg) override;
    void digit(Leg& leg, char digit, std::chrono::milliseconds duration) override;
    void played(Leg& leg, std::uint32_t ticket) override;
    void want_frames(Leg& leg, bool wanted) override;
    void want_handshake(Leg& leg) override;

private:
    static constexpr std::size_t kSlices = 50;  ///< the once-a-second work, spread over 20 ms steps
    static constexpr std::size_t kEvents = 128;
    static constexpr std::size_t kCommandsPerTurn = 256;
    static constexpr std::size_t kCrossingsPerTurn = 256;
    static constexpr int kHandshakesPerTurn = 2;

    struct Draining {
        TimePoint until;
        call::IpFamily family;
        PortPair sockets;
    };
    /// A leg's socket as epoll names it: found without touching the leg, which is then fetched while the kernel copies.
    struct Source {
        Leg* leg = nullptr;
        int fd = -1;
        Leg::Channel channel = Leg::Channel::Rtp;
    };
    /// A socket of many legs, as epoll names it.
    enum class Entry : std::uint8_t { Stun, Announced };  ///< how an address becomes a leg's
    struct SharedSource {
        SharedSocket* socket;
        Leg::Channel channel;
        Entry entry;
    };
    struct Owned {
        std::unique_ptr<Leg> leg;
        std::array<std::uint32_t, 2> sources{};
        std::size_t slice = 0;
        DropCounts counted;  ///< already in the metrics
    };

    void run();
    struct Inbound {
        Leg* leg;
        Leg::Channel channel;
        std::uint32_t size;
        Endpoint from;
    };

    std::size_t wait();
    std::size_t poll_again();
    void receive(std::size_t count);
    void deliver();
    void deliver_crossings();
    void sleep_to_tick(TimePoint deadline);
    TimePoint next_deadline() const;
    void watch(int fd, std::uint64_t tag);
    std::uint32_t add_source(Leg& leg, int fd, Leg::Channel channel);
    void remove_source(std::uint32_t index);
    void read_leg(const Source& source);
    void add_shared(SharedSocket& socket, Leg::Channel channel, Entry entry);
    LegTransport transport_for(const LegSetup& setup, call::IpFamily family, std::uint8_t dscp, PortPair own);
    void read_own(Owned& owned);
    void read_shared(const SharedSource& source);
    void deliver_shared(const SharedSource& source, std::span<const SharedSocket::Received> received);
    void on_stun(SharedSocket& socket, const SharedSocket::Received& received);
    void step_handshakes();
    void run_slices();
    void run_slice(std::size_t slice);
    void count_drops(Owned& owned);
    void count_unannounced();
    void measure_load();
    void close_drained();
    void drain(Owned& owned);
    void flush_sends();
    void detach(Leg& leg);
    Leg* find(call::LegId id) const;

    MediaConfig settings_;
    SecureRandom secure_random_;
    PacketRing packets_;
    SendQueue sends_;
    std::unique_ptr<PacketRing::Slot[]> inbox_slots_;  ///< of the batch at hand, one per event
    std::array<Inbound, kEvents> inbox_{};
    std::vector<Source> sources_;
    std::vector<std::uint32_t> free_sources_;
    std::size_t inbox_count_ = 0;
    Outbox outbox_;
    int epoll_ = -1;
    int wake_ = -1;
    Mailbox commands_;
    CrossingQueue crossings_;
    std::unique_ptr<SharedSocket> shared_v4_;
    std::unique_ptr<SharedSocket> shared_v6_;
    std::unique_ptr<SharedPort> port_v4_;
    std::unique_ptr<SharedPort> port_v6_;
    std::vector<SharedSource> shared_sources_;
    ice::SourceLimiter stun_limit_;
    ice::SourceLimiter refusal_limit_;

    std::unordered_map<call::LegId, Owned> legs_;
    std::unordered_map<call::LegId, std::unique_ptr<Leg>> mirrors_;  ///< of legs on other workers
    std::array<std::vector<Leg*>, kSlices> slices_;
    std::size_t next_slice_ = 0;
    TimePoint slice_due_;
    FrameClock frames_;
    std::vector<Leg*> handshakes_;  ///< legs whose association has work or a deadline
    std::deque<Draining> draining_;

    TimePoint now_;
    TimePoint tick_;
    TimePoint load_since_;
    std::uint64_t packets_in_ = 0;
    std::uint64_t packets_at_load_ = 0;
    std::uint64_t unannounced_ = 0;  ///< on shared sockets, from addresses of no leg
    std::uint64_t unannounced_counted_ = 0;
    bool coalescing_ = false;
    std::array<epoll_event, kEvents> events_{};
    std::vector<std::pair<call::LegId, call::MediaStatistics>> statistics_;

    std::thread thread_;
    std::atomic<bool> stopping_{false};
    WorkerGauges gauges_;
};

}  // namespace dp::media
