#pragma once
/// @file Fixture: an engine on loopback with a control loop, and short ways to allocate, agree and connect legs.

#include <gtest/gtest.h>

#include "media/engine.hpp"
#include "media/testing/control_loop.hpp"
#include "media/testing/phone.hpp"

namespace dp::media {

using call::LegId;
using call::MediaTransport;
using sdp::Codec;
using std::chrono::milliseconds;

class EngineTest : public testing::Test {
protected:
    void SetUp() override { start(MediaConfig{}); }
    void start(MediaConfig config) {
        engine_.reset();
        auto made = Engine::create(config, control_.executor(), random_);
        ASSERT_TRUE(made) << made.error().detail;
        engine_ = std::move(*made);
        engine_->set_events(&events_);
    }
    void TearDown() override {
        engine_.reset();
        control_.drain();
    }

    LegId leg(const call::MediaLegSpec& spec = {}) {
        const LegId id(++last_id_);
        auto local = engine_->allocate(id, spec);
        EXPECT_TRUE(local) << local.error().detail;
        if (local) local_[id] = *local;
        return id;
    }
    /// Allocates a leg for the phone and agrees with it.
    LegId agree(Phone& phone, LegId beside = {}, std::function<void(sdp::NegotiatedAudio&)> change = {}) {
        const LegId id = leg({.policy = call::SourcePolicy::Nat, .beside = beside});
        auto audio = phone.agreement();
        if (change) change(audio);
        engine_->configure(id, {audio, std::nullopt});
        phone.call(local_[id].rtp);
        return id;
    }
    std::pair<LegId, LegId> bridge(Phone& a, Phone& b) {
        const LegId first = agree(a);
        const LegId second = agree(b, first);
        engine_->connect(first, second);
        return {first, second};
    }

    ControlLoop control_;
    RecordedEvents events_;
    SeededRandom random_{42};
    std::unique_ptr<Engine> engine_;
    std::map<LegId, sdp::LocalMedia> local_;
    std::uint64_t last_id_ = 0;
};

}  // namespace dp::media
