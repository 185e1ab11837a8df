/// The figures of the design in virtual time: a sender, a network with seeded jitter and loss, a player that pulls 10
/// ms at a time and stretches time as a real one would.
#include "rtp/jitter_buffer.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "base/random.hpp"

namespace dp::rtp {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kRate = 8000;
constexpr std::uint32_t kFrame = 160;
constexpr std::uint32_t kTick = 80;  ///< 10 ms

struct Scenario {
    Duration length = 60s;
    Duration phase{};      ///< of the player against the sender
    double drift_ppm = 0;  ///< sender's clock against ours
    std::function<Duration(std::uint32_t)> delay = [](std::uint32_t) { return Duration(20ms); };
    std::function<bool(std::uint32_t)> lost = [](std::uint32_t) { return false; };
    bool fec = false;
    std::uint64_t seed = 1;
};

struct Outcome {
    double mean_delay_ms = 0;  ///< from arrival to the loudspeaker, over the packets of the second half
    double max_delay_ms = 0;
    std::uint64_t sent = 0;
    std::uint64_t lost = 0;
    std::uint64_t concealed_ticks = 0;  ///< clock units produced by concealment after the first second
    JitterCounts counts;
    std::vector<std::pair<double, double>> delay_over_time;  ///< (s, ms of playout delay)
    std::uint64_t merges = 0;

    double concealed_share() const {
        return static_cast<double>(concealed_ticks) / (static_cast<double>(sent) * kFrame);
    }
};

class Simulation {
public:
    explicit Simulation(const Scenario& scenario) : scenario_(scenario), random_(scenario.seed), buffer_(options()) {
        send_all();
    }

    Outcome run() {
        for (TimePoint now = start_ + scenario_.phase; now < start_ + scenario_.length; now += 10ms) tick(now);
        out_.counts = buffer_.counts();
        out_.mean_delay_ms = played_ == 0 ? 0 : total_delay_ms_ / static_cast<double>(played_);
        return out_;
    }

private:
    JitterBuffer::Options options() const {
        JitterBuffer::Options out;
        out.clock_rate = kRate;
        out.frame = kFrame;
        out.fec = scenario_.fec;
        return out;
    }

    void send_all() {
        const auto period = std::chrono::duration_cast<Duration>(
            std::chrono::duration<double>(0.02 / (1 + scenario_.drift_ppm * 1e-6)));
        for (std::uint32_t i = 0; start_ + i * period < start_ + scenario_.length; ++i) {
            ++out_.sent;
            if (scenario_.lost(i)) {
                ++out_.lost;
                continue;
            }
            flight_.emplace(start_ + i * period + scenario_.delay(i), i);
        }
    }

    void tick(TimePoint now) {
        while (!flight_.empty() && flight_.begin()->first <= now) {
            const auto [arrival, i] = *flight_.begin();
            flight_.erase(flight_.begin());
            const RtpHeader header{
                .sequence = static_cast<std::uint16_t>(i + 65'000), .timestamp = i * kFrame + 0xFFFFF000U, .ssrc = 1};
            const std::array<std::uint8_t, 4> payload{static_cast<std::uint8_t>(i)};
            buffer_.insert(header, payload, kFrame, JitterBuffer::Kind::Audio, arrival);
            arrivals_[header.timestamp] = arrival;
        }
        while (queued_ < kTick) {
            const PlayDecision decision = buffer_.next(queued_, now);
            if (decision.action == PlayAction::Wait) {
                queued_ = kTick;
                break;
            }
            produce(decision, now);
        }
        queued_ -= kTick;
    }

    void produce(const PlayDecision& decision, TimePoint now) {
        const bool conceals = decision.action == PlayAction::Expand;
        if (conceals && now > start_ + 1s) out_.concealed_ticks += decision.duration;
        if (!conceals && decision.action != PlayAction::DecodeFec && decision.action != PlayAction::ComfortNoise)
            note(decision, now);
        out_.merges += decision.action == PlayAction::Merge;
        queued_ += decision.duration;
        // Two of three frames of speech have a period that can be taken out or doubled.
        const auto period = static_cast<std::uint32_t>(random_.between(40, 100));
        if (random_.between(0, 2) == 0) return;
        if (decision.action == PlayAction::Accelerate || decision.action == PlayAction::FastAccelerate)
            queued_ -= std::min(period, queued_);
        if (decision.action == PlayAction::Stretch) queued_ += period;
    }

    void note(const PlayDecision& decision, TimePoint now) {
        EXPECT_EQ(decision.payload.size(), 4u);
        const double delay = std::chrono::duration<double, std::milli>(now - arrivals_[decision.timestamp]).count() +
                             queued_ * 1000.0 / kRate;
        out_.delay_over_time.emplace_back(std::chrono::duration<double>(now - start_).count(), delay);
        out_.max_delay_ms = std::max(out_.max_delay_ms, delay);
        if (now < start_ + scenario_.length / 2) return;
        total_delay_ms_ += delay;
        ++played_;
    }

    Scenario scenario_;
    SeededRandom random_;
    JitterBuffer buffer_;
    TimePoint start_{1h};
    std::multimap<TimePoint, std::uint32_t> flight_;
    std::map<std::uint32_t, TimePoint> arrivals_;
    std::uint32_t queued_ = 0;
    Outcome out_;
    double total_delay_ms_ = 0;
    std::uint64_t played_ = 0;
};

Outcome run(const Scenario& scenario) {
    return Simulation(scenario).run();
}

std::function<Duration(std::uint32_t)> uniform_jitter(Duration either_side, std::uint64_t seed) {
    auto random = std::make_shared<SeededRandom>(seed);
    return [=](std::uint32_t) {
        return Duration(
            static_cast<std::int64_t>(random->between(0, static_cast<std::uint64_t>(2 * either_side.count()))));
    };
}

TEST(JitterBuffer, ACleanPathIsHeardWithin25Milliseconds) {
    double total = 0;
    for (int phase = 0; phase < 10; ++phase) {
        const Outcome out = run({.length = 30s, .phase = phase * 1ms, .seed = static_cast<std::uint64_t>(phase)});
        EXPECT_EQ(out.concealed_ticks, 0u) << phase;
        EXPECT_EQ(out.counts.late, 0u) << phase;
        total += out.mean_delay_ms / 10;
    }
    RecordProperty("mean_ms", std::to_string(total));
    EXPECT_LE(total, 25);
}

TEST(JitterBuffer, Uniform30MillisecondsOfJitter) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        const Outcome out = run({.length = 120s, .delay = uniform_jitter(30ms, seed), .seed = seed});
        RecordProperty("mean_ms", std::to_string(out.mean_delay_ms));
        EXPECT_LE(out.mean_delay_ms, 60) << seed;
        EXPECT_LT(out.concealed_share(), 0.01) << seed;
    }
}

TEST(JitterBuffer, FivePercentLossIsConcealedWithoutAddedDelay) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        auto random = std::make_shared<SeededRandom>(seed);
        const auto drop = [random](std::uint32_t i) { return i > 50 && random->between(0, 99) < 5; };
        const Outcome out = run({.length = 120s, .phase = 3ms, .lost = drop, .seed = seed});
        const Outcome clean = run({.length = 120s, .phase = 3ms, .seed = seed});
        const double lost = static_cast<double>(out.lost) / static_cast<double>(out.sent);
        EXPECT_NEAR(out.concealed_share(), lost, 0.003) << seed;
        EXPECT_NEAR(out.mean_delay_ms, clean.mean_delay_ms, 5) << seed;
    }
}

TEST(JitterBuffer, RecoversFromASpikeOf200MillisecondsWithinThreeSeconds) {
    const auto spike = [](std::uint32_t i) {  // at 30 s the network stalls for 200 ms, then all comes at once
        return i >= 1500 && i < 1510 ? Duration(220ms - (i - 1500) * 20ms) : Duration(20ms);
    };
    const Outcome out = run({.length = 60s, .delay = spike});
    const auto worst = std::ranges::max_element(out.delay_over_time, {}, [](const auto& p) { return p.second; });
    EXPECT_GE(worst->first, 30.0);
    for (const auto& [second, delay] : out.delay_over_time)
        if (second > 33.3) EXPECT_LE(delay, 45) << second;
    EXPECT_LT(out.max_delay_ms, 400);
}

TEST(JitterBuffer, FollowsDriftForTenMinutesWithoutConcealment) {
    for (const double ppm : {200.0, -200.0}) {
        const Outcome out = run({.length = 600s, .drift_ppm = ppm});
        EXPECT_EQ(out.concealed_ticks, 0u) << ppm;
        EXPECT_EQ(out.merges, 0u) << ppm;
        EXPECT_LE(out.mean_delay_ms, 30) << ppm;
        // 120 ms of drift in periods of about 9 ms, two of three attempts successful.
        EXPECT_LT(out.counts.accelerations + out.counts.stretches, 200u) << ppm;
    }
}

TEST(JitterBuffer, NeverHoldsMoreThanItsBoundAndShrinks) {
    JitterBuffer buffer({});
    TimePoint now{1h};
    for (std::uint16_t i = 0; i < 60; ++i) {
        buffer.insert({.sequence = i, .timestamp = i * 160U, .ssrc = 1}, {}, 160, JitterBuffer::Kind::Audio, now);
        EXPECT_LE(buffer.held(), Duration(400ms));
        now += 5ms;
    }
    EXPECT_GT(buffer.counts().overflow, 0u);
}

TEST(JitterBuffer, SpeaksAfterAStreamChange) {
    JitterBuffer buffer({});
    TimePoint now{1h};
    std::uint32_t heard = 0;
    for (std::uint32_t i = 0; i < 300; ++i, now += 20ms) {
        const std::uint32_t ssrc = i < 150 ? 1 : 2;
        const std::uint32_t base = i < 150 ? 0 : 0x7000000;
        buffer.insert(
            {.sequence = static_cast<std::uint16_t>(ssrc * 1000 + i), .timestamp = base + i * 160, .ssrc = ssrc}, {},
            160, JitterBuffer::Kind::Audio, now);
        if (buffer.next(0, now).action <= PlayAction::Merge && i > 160) ++heard;
    }
    EXPECT_GT(heard, 120u);
    EXPECT_EQ(buffer.counts().resets, 1u);
}

TEST(JitterBuffer, SilenceIsNoLoss) {
    JitterBuffer buffer({});
    TimePoint now{1h};
    std::uint16_t sequence = 0;
    std::map<PlayAction, int> seen;
    const auto talk = [&](int frames) {
        for (int i = 0; i < frames; ++i, now += 20ms) {
            buffer.insert({.sequence = sequence++,
                           .timestamp = static_cast<std::uint32_t>((now - TimePoint{1h}) / 20ms * 160),
                           .ssrc = 1},
                          {}, 160, JitterBuffer::Kind::Audio, now);
            ++seen[buffer.next(0, now).action];
        }
    };
    talk(100);
    for (int i = 0; i < 3000; ++i, now += 20ms) {  // 60 s, a refresh every 400 ms
        if (i % 20 == 0)
            buffer.insert({.sequence = sequence++,
                           .timestamp = static_cast<std::uint32_t>((now - TimePoint{1h}) / 20ms * 160),
                           .ssrc = 1},
                          {}, 160, JitterBuffer::Kind::ComfortNoise, now);
        ++seen[buffer.next(0, now).action];
    }
    talk(100);
    EXPECT_LE(seen[PlayAction::Expand], 4);
    EXPECT_GT(seen[PlayAction::ComfortNoise], 2900);
    EXPECT_EQ(buffer.counts().late, 0u);
    EXPECT_EQ(buffer.counts().resets, 0u);
    EXPECT_LE(buffer.target(), Duration(40ms)) << "refreshes stay out of the histogram";
}

TEST(JitterBuffer, RebuildsALostPacketFromItsSuccessorWhenTheCodecCan) {
    auto random = std::make_shared<SeededRandom>(3);
    const auto drop = [random](std::uint32_t i) { return i > 50 && random->between(0, 99) < 5; };
    const Outcome out = run({.length = 60s, .lost = drop, .fec = true});
    EXPECT_GT(out.counts.fec_frames, 90u);
    EXPECT_LT(out.concealed_share(), 0.02);
}

TEST(JitterBuffer, DuplicatesAndStragglersAreCountedAndNotPlayed) {
    JitterBuffer buffer({});
    TimePoint now{1h};
    for (std::uint16_t i = 0; i < 50; ++i, now += 20ms) {
        for (int copy = 0; copy < 2; ++copy)
            buffer.insert({.sequence = i, .timestamp = i * 160U, .ssrc = 1}, {}, 160, JitterBuffer::Kind::Audio, now);
        buffer.next(0, now);
    }
    EXPECT_EQ(buffer.counts().inserted, 50u);
    EXPECT_EQ(buffer.counts().duplicates + buffer.counts().late, 50u);
}

TEST(JitterBuffer, SurvivesAnythingInAnyOrder) {
    SeededRandom random(8);
    JitterBuffer buffer({.fec = true});
    TimePoint now{1h};
    std::vector<std::uint8_t> payload(2000);
    std::uint16_t sequence = 0;
    std::uint32_t timestamp = 0;
    for (int i = 0; i < 200'000; ++i) {
        now += Duration(static_cast<std::int64_t>(random.between(0, 30'000'000)));
        switch (random.between(0, 300)) {
            case 0:
                sequence = static_cast<std::uint16_t>(random.next_u32());
                break;
            case 1:
                timestamp = random.next_u32();
                break;
            default:
                break;
        }
        const RtpHeader header{.sequence = static_cast<std::uint16_t>(sequence + random.between(0, 3)),
                               .timestamp = timestamp,
                               .ssrc = 1 + static_cast<std::uint32_t>(random.between(0, 500) == 0)};
        buffer.insert(header, Bytes(payload).first(random.between(0, payload.size())),
                      static_cast<std::uint32_t>(random.between(0, 960)),
                      random.between(0, 9) == 0 ? JitterBuffer::Kind::ComfortNoise : JitterBuffer::Kind::Audio, now);
        ++sequence;
        timestamp += 160;
        const auto decision = buffer.next(0, now);
        unsigned sum = 0;
        for (std::uint8_t octet : decision.payload) sum += octet;
        EXPECT_EQ(sum, 0u);
        EXPECT_LE(buffer.held(), Duration(520ms));
    }
}

}  // namespace
}  // namespace dp::rtp
