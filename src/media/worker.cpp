#include "media/worker.hpp"

#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>

namespace dp::media {
namespace {

TimePoint clock_now() {
    return std::chrono::steady_clock::now();
}

timespec to_timespec(Duration duration) {
    const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
    return {static_cast<time_t>(whole.count()), static_cast<long>((duration - whole).count())};
}

// epoll tags: the wake-up, then kFirstSharedTag + index into shared_sources_ (browsers, RTP and RTCP of the shared port,
// each in two families), then kFirstSourceTag + index into sources_.
constexpr std::uint64_t kWakeTag = 0;
constexpr std::uint64_t kFirstSharedTag = 1;
constexpr std::uint64_t kFirstSourceTag = kFirstSharedTag + 6;

constexpr std::chrono::milliseconds kLoadPeriod{100};
constexpr std::uint16_t kStunPerSecond = 200;
constexpr std::uint16_t kRefusalsPerSecond = 5;
constexpr std::size_t kCommandCapacity = 16384;
constexpr std::size_t kCrossingCapacity = 1024;
constexpr int kBatchesPerTurn = 8;

SipKey random_key(Random& random) {
    return {random.next_u64(), random.next_u64()};
}

}  // namespace

Worker::Worker(const MediaConfig& config, std::shared_ptr<const DtlsIdentity> dtls_identity, UdpSocket shared_v4,
               UdpSocket shared_v6, Executor& control, std::shared_ptr<Listener> listener)
    : LegHost(packets_, secure_random_, settings_, std::move(dtls_identity)),
      settings_(config),
      packets_([this] { flush_sends(); }),
      inbox_slots_(std::make_unique<PacketRing::Slot[]>(kEvents)),
      outbox_(control, std::move(listener)),
      epoll_(::epoll_create1(EPOLL_CLOEXEC)),
      wake_(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      commands_(kCommandCapacity,
                [this] {
                    const std::uint64_t one = 1;
                    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
                }),
      crossings_(config.workers > 1 ? kCrossingCapacity : 1,
                 [this] {
                     const std::uint64_t one = 1;
                     [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
                 }),
      stun_limit_(random_key(secure_random_), kStunPerSecond),
      refusal_limit_(random_key(secure_random_), kRefusalsPerSecond),
      slice_due_(clock_now()),
      frames_(clock_now()),
      now_(clock_now()),
      tick_(now_),
      load_since_(now_) {
    watch(wake_, kWakeTag);
    if (shared_v4.open()) {
        shared_v4_ = std::make_unique<SharedSocket>(std::move(shared_v4), config.browser_dscp);
        add_shared(*shared_v4_, Leg::Channel::Rtp, Entry::Stun);
    }
    if (shared_v6.open()) {
        shared_v6_ = std::make_unique<SharedSocket>(std::move(shared_v6), config.browser_dscp);
        add_shared(*shared_v6_, Leg::Channel::Rtp, Entry::Stun);
    }
}

Worker::~Worker() {
    stop();
    legs_.clear();
    mirrors_.clear();
    ::close(wake_);
    ::close(epoll_);
}

void Worker::start() {
    thread_ = std::thread([this] { run(); });
}

void Worker::stop() {
    if (!thread_.joinable()) return;
    stopping_ = true;
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    thread_.join();
}

void Worker::watch(int fd, std::uint64_t tag) {
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u64 = tag;
    ::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event);
}

void Worker::add_shared(SharedSocket& socket, Leg::Channel channel, Entry entry) {
    watch(socket.socket().fd(), kFirstSharedTag + shared_sources_.size());
    shared_sources_.push_back({&socket, channel, entry});
}

std::uint32_t Worker::add_source(Leg& leg, int fd, Leg::Channel channel) {
    if (free_sources_.empty()) {
        free_sources_.push_back(static_cast<std::uint32_t>(sources_.size()));
        sources_.emplace_back();
    }
    const std::uint32_t index = free_sources_.back();
    free_sources_.pop_back();
    sources_[index] = {&leg, fd, channel};
    watch(fd, kFirstSourceTag + index);
    return index;
}

void Worker::remove_source(std::uint32_t index) {
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, sources_[index].fd, nullptr);
    sources_[index] = {};
    free_sources_.push_back(index);
}

void Worker::run() {
    ::pthread_setname_np(::pthread_self(), "media");
    ::prctl(PR_SET_TIMERSLACK, 1UL);  // the tick is 1 ms; the default slack of 50 us would be 5 % of it
    while (!stopping_) {
        std::size_t count = wait();
        gauges_.wakeups.fetch_add(1, std::memory_order_relaxed);
        now_ = clock_now();
        for (int batch = 0; count > 0 && batch < kBatchesPerTurn; ++batch) {
            receive(count);
            count = inbox_count_ > 0 ? poll_again() : 0;  // shared sockets have been read until they were empty
            deliver();
            flush_sends();
        }
        commands_.drain(kCommandsPerTurn);
        deliver_crossings();
        frames_.advance(now_, [](Leg& leg, TimePoint due) { leg.on_frame(due); });
        step_handshakes();
        if (now_ >= slice_due_) run_slices();
        close_drained();
        measure_load();
        flush_sends();
        outbox_.flush();
    }
}

TimePoint Worker::next_deadline() const {
    TimePoint deadline = coalescing_ ? kNever : slice_due_;  // the tick comes by soon enough for a slice
    if (legs_.empty() && draining_.empty()) deadline = now_ + std::chrono::seconds(1);
    deadline = std::min(deadline, frames_.next_deadline());
    if (!draining_.empty()) deadline = std::min(deadline, draining_.front().until);
    for (const Leg* leg : handshakes_) deadline = std::min(deadline, leg->dtls_deadline());
    if (!outbox_.empty()) deadline = std::min(deadline, now_ + std::chrono::milliseconds(5));
    return deadline;
}

/// Sleeps to the next tick whatever arrives: everything that came meanwhile is then one batch.
void Worker::sleep_to_tick(TimePoint deadline) {
    if (tick_ <= now_) tick_ = std::max(tick_ + settings_.tick, now_);  // not when a deadline before it woke us
    const timespec until = to_timespec(std::min(tick_, deadline).time_since_epoch());
    ::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr);
}

std::size_t Worker::wait() {
    const bool urgent = !commands_.empty() || !crossings_.empty() ||
                        std::ranges::any_of(handshakes_, [](const Leg* leg) { return leg->has_dtls_input(); });
    const TimePoint now = clock_now();
    Duration timeout{};
    if (!urgent) {
        const TimePoint deadline = next_deadline();
        if (coalescing_)
            sleep_to_tick(deadline);
        else
            timeout = std::max(Duration{}, deadline - now);
    }
    const timespec limit = to_timespec(timeout);
    const int count = ::epoll_pwait2(epoll_, events_.data(), kEvents, &limit, nullptr);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

/// At once, while the sockets just read are still in the cache: epoll looks at each of them again before it forgets it.
std::size_t Worker::poll_again() {
    const int count = ::epoll_wait(epoll_, events_.data(), kEvents, 0);
    return count > 0 ? static_cast<std::size_t>(count) : 0;
}

void Worker::receive(std::size_t count) {
    inbox_count_ = 0;
    for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t tag = events_[i].data.u64;
        if (tag == kWakeTag) {
            std::uint64_t value = 0;
            [[maybe_unused]] const auto got = ::read(wake_, &value, sizeof value);
        } else if (tag < kFirstSourceTag) {
            read_shared(shared_sources_[tag - kFirstSharedTag]);
        } else {
            read_leg(sources_[tag - kFirstSourceTag]);
        }
    }
}

/// One datagram per event: a call has one in 20 ms, a second look would find nothing.
void Worker::read_leg(const Source& source) {
    source.leg->prefetch_receiving();
    auto& slot = inbox_slots_[inbox_count_].octets;
    sockaddr_storage address;
    socklen_t length = sizeof address;
    const ssize_t size =
        ::recvfrom(source.fd, slot.data(), slot.size(), MSG_TRUNC, reinterpret_cast<sockaddr*>(&address), &length);
    if (size <= 0 || static_cast<std::size_t>(size) > slot.size()) return;  // an ICMP error, or truncated
    source.leg->prefetch_route(slot[1]);
    if (const Leg* peer = source.leg->peer()) peer->prefetch_sending();
    inbox_[inbox_count_++] = {source.leg, source.channel, static_cast<std::uint32_t>(size),
                              Endpoint::from_sockaddr(reinterpret_cast<const sockaddr*>(&address))};
}

void Worker::deliver() {
    packets_in_ += inbox_count_;
    for (std::size_t i = 0; i < inbox_count_; ++i) {
        const Inbound& in = inbox_[i];
        in.leg->on_datagram(rtp::MutableBytes(inbox_slots_[i].octets).first(in.size), in.from, in.channel, now_);
    }
    inbox_count_ = 0;
}

void Worker::deliver_crossings() {
    crossings_.take(kCrossingsPerTurn, [this](call::LegId from, rtp::Bytes packet) {
        const auto mirror = mirrors_.find(from);
        if (mirror == mirrors_.end()) return;  // disconnected meanwhile
        const rtp::MutableBytes slot = packets_.next();
        std::ranges::copy(packet, slot.begin());
        mirror->second->on_crossed(slot.first(packet.size()), now_);
    });
}

void Worker::read_shared(const SharedSource& source) {
    for (int batch = 0; batch < kBatchesPerTurn; ++batch) {
        deliver_shared(source, source.socket->receive(packets_));
        if (!source.socket->may_have_more()) return;
    }
}

/// In passes: what the legs of a batch will touch is on its way into the cache before the first is served.
void Worker::deliver_shared(const SharedSource& source, std::span<const SharedSocket::Received> received) {
    std::array<Leg*, SharedSocket::kBatch> legs;
    const Demultiplexer& known = source.socket->legs();
    for (const auto& datagram : received) known.prefetch(datagram.from);
    for (std::size_t i = 0; i < received.size(); ++i)
        if ((legs[i] = known.by_remote(received[i].from))) legs[i]->prefetch_receiving();
    for (std::size_t i = 0; i < received.size(); ++i) {
        if (!legs[i] || received[i].datagram.size() < 2) continue;
        legs[i]->prefetch_route(received[i].datagram[1]);
        if (const Leg* peer = legs[i]->peer()) peer->prefetch_sending();
    }
    packets_in_ += received.size();
    for (std::size_t i = 0; i < received.size(); ++i) {
        if (source.entry == Entry::Stun && rtp::classify(received[i].datagram) == rtp::DatagramClass::Stun) {
            on_stun(*source.socket, received[i]);
            continue;
        }
        // STUN of this very batch may have made the address known.
        Leg* leg = legs[i] ? legs[i] : known.by_remote(received[i].from);
        if (leg)
            leg->on_datagram(received[i].datagram, received[i].from, source.channel, now_);
        else
            ++unannounced_;
    }
}

/// RFC 8489 section 9.1.3: without USERNAME or integrity 400; an unknown ufrag gets silence.
void Worker::on_stun(SharedSocket& socket, const SharedSocket::Received& received) {
    const bool known = socket.legs().by_remote(received.from) != nullptr;
    if (!known && !stun_limit_.allow(received.from.address, now_)) return;
    const auto request = ice::StunMessage::parse(received.datagram);
    if (!request || request->kind != ice::StunClass::Request) return;
    const auto ufrag = ice::local_ufrag_of(*request);
    Leg* leg = ufrag ? socket.legs().by_ufrag(*ufrag) : nullptr;
    if (leg) return leg->on_stun(*request, received.from, refusal_limit_.allow(received.from.address, now_), now_);
    if (ufrag || !refusal_limit_.allow(received.from.address, now_)) return;
    std::array<std::uint8_t, ice::kMaxStunReply> buffer{};
    const auto reply = ice::refuse(*request, 400, "Bad Request", buffer);
    const SocketAddress to(received.from);
    ::sendto(socket.socket().fd(), reply.data(), reply.size(), 0, to.get(), to.length);
}

/// A full handshake step costs 350 µs: a storm of browsers must not stand in the way of calls that are up.
void Worker::step_handshakes() {
    int budget = kHandshakesPerTurn;
    for (std::size_t i = 0; i < handshakes_.size();) {
        Leg* leg = handshakes_[i];
        if ((leg->has_dtls_input() || leg->dtls_deadline() <= now_) && budget-- > 0) leg->step_dtls(now_);
        const bool idle = !leg->has_dtls_input() && leg->dtls_deadline() == kNever;
        if (idle) {
            handshakes_[i] = handshakes_.back();
            handshakes_.pop_back();
        } else {
            ++i;
        }
        if (budget <= 0) break;
    }
    // Whoever was not served this turn comes first in the next.
    if (budget <= 0 && handshakes_.size() > 1) std::ranges::rotate(handshakes_, handshakes_.begin() + 1);
}

void Worker::measure_load() {
    const Duration passed = now_ - load_since_;
    if (passed < kLoadPeriod) return;
    const double rate =
        static_cast<double>(packets_in_ - packets_at_load_) / std::chrono::duration<double>(passed).count();
    const double limit = settings_.coalesce_above;
    coalescing_ = rate > (coalescing_ ? limit * 3 / 4 : limit);
    packets_at_load_ = packets_in_;
    load_since_ = now_;
}

void Worker::flush_sends() {
    sends_.flush();
    if (shared_v4_) shared_v4_->flush();
    if (shared_v6_) shared_v6_->flush();
    if (port_v4_) port_v4_->flush();
    if (port_v6_) port_v6_->flush();
}

}  // namespace dp::media
