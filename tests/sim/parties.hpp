#pragma once
/// @file Parties: who most calls of the simulation are between: Alice (the agent) and Bob (a colleague), each with a
/// phone, and a carrier behind a trunk; and who hears whom.

#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "sim/sim_world.hpp"

namespace dp::sim {

class Parties : public ::testing::Test {
protected:
    /// Bob's id as a user, and his number (empty: none).
    Parties(const std::string& colleague, const std::string& number) {
        world.add_user(colleague, number);
        world.add_phone(std::string(kAgent), "alice");
        world.add_phone(colleague, "bob");
        world.add_trunk({});
        alice = &world.phone("alice", "10.0.1.1:5060");
        bob = &world.phone("bob", "10.0.1.2:5060");
        carrier = &world.carrier("10.0.9.1:5060");
    }
    SimMedia::Leg* media_of(FarEnd& end, std::size_t nth = 0) {
        for (auto& [leg, media] : world.media.legs)
            if (media.audio && media.audio->remote_rtp &&
                media.audio->remote_rtp->address == end.node().address().address && nth-- == 0)
                return &media;
        return nullptr;
    }
    bool talk(FarEnd& a, FarEnd& b, std::size_t nth_b = 0) {
        const auto* one = media_of(a);
        const auto* two = media_of(b, nth_b);
        if (one == nullptr || two == nullptr || one->tone || two->tone) return false;
        return one->peer.valid() && two->peer.valid() && &world.media.legs.at(one->peer) == two;
    }

    SimWorld world;
    FarEnd* alice = nullptr;
    FarEnd* bob = nullptr;
    FarEnd* carrier = nullptr;
};

/// Alice and Bob are the members of the queue `sales`, and a number leads there.
class QueueParties : public Parties {
protected:
    explicit QueueParties(const char* number) : Parties("bob", "") {
        telephony::Queue queue;
        queue.id = telephony::QueueId("sales");
        queue.name = "Sales";
        queue.members = {telephony::UserId(std::string(kAgent)), telephony::UserId("bob")};
        world.put(queue);
        world.add_number(number, telephony::RoutingKind::Queue, "sales");
        world.run(std::chrono::milliseconds(10));
    }
    void change_queue(const std::function<void(telephony::Queue&)>& change) {
        telephony::Queue queue = *world.config().find<telephony::Queue>(telephony::QueueId("sales"));
        change(queue);
        world.put(queue);
        world.run(std::chrono::milliseconds(10));
    }
};

}  // namespace dp::sim
