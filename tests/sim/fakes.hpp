#pragma once
/// @file The simulation's side of the control shard's ports: an executor on the virtual loop, media without packets, a
/// list of records, names without DNS, secrets under a fixed key.

#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/mailbox.hpp"
#include "base/timer_wheel.hpp"
#include "call/conversation_sink.hpp"
#include "call/media_engine.hpp"
#include "call/prompt_book.hpp"
#include "signaling/host_resolver.hpp"
#include "signaling/load_gauge.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::sim {

/// Tasks run on the virtual loop, at the same instant, after what is running.
class SimExecutor final : public Executor {
public:
    SimExecutor(TimerWheel& timers, const Clock& clock) : timers_(timers), clock_(clock), timer_([this] { drain(); }) {}

    [[nodiscard]] bool post(Task task) override {
        if (full) return false;
        tasks_.push_back(std::move(task));
        if (!timer_.armed()) timers_.arm(timer_, clock_.now());
        return true;
    }
    bool full = false;

private:
    void drain() {
        std::deque<Task> now = std::exchange(tasks_, {});
        for (auto& task : now) task();
    }
    TimerWheel& timers_;
    const Clock& clock_;
    std::deque<Task> tasks_;
    Timer timer_;
};

/// Legs without sockets. A plain leg's path stands as soon as it is configured with an address, a browser's after
/// `browser_delay`.
class SimMedia final : public call::MediaEngine {
public:
    struct Leg {
        call::MediaLegSpec spec;
        std::optional<sdp::NegotiatedAudio> audio;
        int configured = 0;
        call::LegId peer;
        std::optional<call::Tone::Kind> tone;
        std::string digits;
        int announced = 0;
        bool path_up = false;
    };

    SimMedia(Executor& executor, TimerWheel& timers, const Clock& clock)
        : executor_(executor), timers_(timers), clock_(clock) {}

    void set_events(call::MediaEvents& events) { events_ = &events; }
    std::map<call::LegId, Leg> legs;
    std::size_t allocated = 0;
    std::size_t capacity = 1000;
    bool paths_come_up = true;
    Duration browser_delay = std::chrono::milliseconds(300);
    std::vector<std::string> history;  ///< connect, play … in order

    Result<sdp::LocalMedia> allocate(call::LegId leg, const call::MediaLegSpec& spec) override {
        if (legs.size() >= capacity) return fail(ErrorCode::Unavailable, "No port is left.");
        legs[leg].spec = spec;
        sdp::LocalMedia local;
        local.rtp = {*IpAddress::parse("10.0.0.1"), static_cast<std::uint16_t>(20'000 + 2 * (allocated++ % 5000))};
        if (spec.transport == call::MediaTransport::Webrtc) {
            sdp::IceAttributes ice;
            ice.ufrag = "ufrag" + std::to_string(allocated);
            ice.pwd = "a-password-of-twenty-two-c";
            local.ice = ice;
            local.fingerprints.push_back({"sha-256", std::vector<std::uint8_t>(32, 7)});
        }
        return local;
    }
    Result<sdp::LocalMedia> restart_ice(call::LegId) override { return fail(ErrorCode::NotFound, "No ICE here."); }

    void configure(call::LegId id, const call::MediaPeer& peer) override {
        Leg* leg = find(id);
        if (leg == nullptr) return;
        leg->audio = peer.audio;
        ++leg->configured;
        if (leg->path_up || !paths_come_up) return;
        leg->path_up = true;
        const bool browser = leg->spec.transport == call::MediaTransport::Webrtc;
        if (!browser) {
            (void)executor_.post([this, id] { events_->on_media_path_up(id); });
            return;
        }
        auto timer = std::make_shared<Timer>();
        timer->set_callback([this, id] { events_->on_media_path_up(id); });
        timers_.arm(*timer, clock_.now() + browser_delay);
        waiting_.push_back(std::move(timer));
    }
    void connect(call::LegId a, call::LegId b) override {
        history.push_back("connect");
        if (Leg* leg = find(a)) leg->peer = b, leg->tone.reset();
        if (Leg* leg = find(b)) leg->peer = a, leg->tone.reset();
    }
    void disconnect(call::LegId id) override {
        if (Leg* leg = find(id)) leg->peer = {};
    }
    void play(call::LegId id, const call::Tone& tone) override {
        history.push_back(tone.kind == call::Tone::Kind::Ringback ? "ringback" : "silence");
        if (Leg* leg = find(id)) leg->tone = tone.kind;
    }
    void stop_tone(call::LegId id) override {
        if (Leg* leg = find(id)) leg->tone.reset();
    }
    /// Every recording takes `prompt_time`.
    void announce(call::LegId id, std::shared_ptr<const audio::Recording>, std::uint32_t ticket) override {
        history.push_back("announce");
        if (Leg* leg = find(id)) leg->tone.reset(), ++leg->announced;
        auto timer = std::make_shared<Timer>();
        timer->set_callback([this, id, ticket] { events_->on_media_played(id, ticket); });
        timers_.arm(*timer, clock_.now() + prompt_time);
        waiting_.push_back(std::move(timer));
    }
    Duration prompt_time = std::chrono::seconds(2);
    void send_digit(call::LegId id, char digit, std::chrono::milliseconds) override {
        if (Leg* leg = find(id)) leg->digits += digit;
    }
    void release(call::LegId id) override { legs.erase(id); }
    bool can_transcode(sdp::Codec from, sdp::Codec to) const override { return known(from) && known(to); }

    bool bridged() const {
        return std::ranges::any_of(legs, [&](const auto& entry) { return entry.second.peer.valid(); });
    }
    call::MediaEvents& events() { return *events_; }

private:
    static bool known(sdp::Codec codec) {
        return codec == sdp::Codec::Opus || codec == sdp::Codec::G722 || codec == sdp::Codec::Pcmu ||
               codec == sdp::Codec::Pcma;
    }
    Leg* find(call::LegId id) {
        const auto it = legs.find(id);
        return it == legs.end() ? nullptr : &it->second;
    }
    Executor& executor_;
    TimerWheel& timers_;
    const Clock& clock_;
    call::MediaEvents* events_ = nullptr;
    std::vector<std::shared_ptr<Timer>> waiting_;
};

/// What was asked for, in order; the recordings stay empty.
class SimPrompts final : public call::PromptBook {
public:
    std::shared_ptr<const audio::Recording> of(const std::string& text) override {
        asked.push_back(text);
        return std::make_shared<audio::Recording>();
    }
    std::vector<std::string> asked;
};

/// Every version of every conversation, and every event, in order.
class SimSink final : public call::ConversationSink {
public:
    void record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event> batch) override {
        versions[conversation->id.str()].push_back(std::move(conversation));
        for (auto& event : batch) events.push_back(std::move(event));
    }
    void record(std::vector<telephony::Event> batch) override {
        for (auto& event : batch) events.push_back(std::move(event));
    }
    bool accepting() const override { return accepts; }

    bool accepts = true;
    std::map<std::string, std::vector<telephony::Ptr<telephony::Conversation>>> versions;
    std::vector<telephony::Event> events;

    std::size_t count(std::string_view type) const {
        return static_cast<std::size_t>(
            std::ranges::count_if(events, [&](const auto& event) { return event.type == type; }));
    }
};

class SimResolver final : public signaling::HostResolver {
public:
    explicit SimResolver(Executor& executor) : executor_(executor) {}
    std::map<std::string, std::string> hosts;  ///< name → address

    void resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                 signaling::ResolveReply done) override {
        const auto known = hosts.find(host);
        const auto address = IpAddress::parse(known == hosts.end() ? host : known->second);
        (void)executor_.post([done = std::move(done), address, port, transport]() mutable {
            if (!address) return done(fail(ErrorCode::NotFound, "The name has no address."));
            sip::Target target;
            target.transport = transport;
            target.remote = {*address, port == 0 ? sip::default_port(transport) : port};
            done(std::vector{target});
        });
    }

private:
    Executor& executor_;
};

/// Seals by saying what it is for: enough to see that a value opens only in its own context.
class SimLoad final : public signaling::LoadGauge {
public:
    Duration lag() const override { return standing; }
    Duration standing{};
};

class SimSecrets final : public telephony::Secrets {
public:
    telephony::Sealed seal(std::string_view plain, std::string_view context) const override {
        return {std::string(context) + '\n' + std::string(plain)};
    }
    Result<std::string> open(const telephony::Sealed& sealed, std::string_view context) const override {
        const std::string head = std::string(context) + '\n';
        if (!sealed.bytes.starts_with(head)) return fail(ErrorCode::Internal, "The secret does not open.");
        return sealed.bytes.substr(head.size());
    }
    std::string derive(std::string_view purpose) const override {
        std::string key(purpose);
        key.resize(32, 'k');
        return key;
    }
};

}  // namespace dp::sim
