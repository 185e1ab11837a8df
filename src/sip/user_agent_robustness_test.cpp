// Hostile bytes into a user agent in the middle of calls: an answer or silence, never a crash, and nothing left behind.
#include <gtest/gtest.h>

#include "sip/session_test_support.hpp"

namespace dp::sip::test {
namespace {

/// One octet changed, a piece cut out, or a piece put in twice.
void damage(std::string& bytes, Random& random) {
    const std::size_t at = random.between(0, bytes.size() - 1);
    const std::size_t size = std::min<std::size_t>(random.between(1, 40), bytes.size() - at);
    switch (random.between(0, 3)) {
        case 0:
            bytes[at] = static_cast<char>(random.between(0, 255));
            break;
        case 1:
            bytes.erase(at, size);
            break;
        case 2:
            bytes.insert(at, bytes.substr(at, size));
            break;
        default:
            bytes[at] = "0123456789;:<>\",\r\n \t=@"[random.between(0, 21)];
    }
}

class Hostile : public testing::TestWithParam<int> {};

TEST_P(Hostile, DamagedCopiesOfRealTraffic) {
    SimulatedNetwork network(static_cast<std::uint64_t>(GetParam()));
    Station ann(network, "10.0.0.1:5060");
    Station bob(network, "10.0.0.2:5060");
    for (Station* station : {&ann, &bob}) {
        station->calls.when_offered = [](InviteSession& s, const RemoteOffer&) { (void)s.answer(sdp("answer")); };
        station->calls.when_answered = [](InviteSession& s, const Answered& a) {
            if (a.description == Description::Offer) (void)s.answer(sdp("answer"));
        };
    }
    bob.when_invited = [&](InviteSession& s, const MessageView&) {
        s.set_reliable_answers(network.random().between(0, 1) ? ReliableAnswers::IfSupported
                                                              : ReliableAnswers::IfRequired);
        (void)s.provide(183, sdp("early"));
        (void)s.accept(sdp("answer"));
    };
    bool inside = false;
    network.filter = [&](const auto&, const Flow& flow, std::string_view message) {
        if (inside || network.random().between(0, 1)) return true;
        inside = true;
        std::string bytes(message);
        for (auto n = network.random().between(1, 3); n > 0; --n) damage(bytes, network.random());
        auto& from = flow.local == ann.node.address() ? ann.node : bob.node;
        (void)from.send(flow, bytes);
        inside = false;
        return true;
    };
    for (int i = 0; i < 100; ++i) {
        InviteRequest request = ann.invite_to(bob.node.address());
        if (i % 3 == 0) request.offer = {};
        const auto id = ann.agent.place(request, ann.calls);
        network.run_for(300ms);
        if (InviteSession* session = ann.agent.find(*id)) (void)session->offer(sdp("offer-2"));
        network.run_for(300ms);
        if (InviteSession* session = ann.agent.find(*id)) session->hang_up();
    }
    network.filter = {};
    network.run_for(300s);
    EXPECT_EQ(ann.agent.stats().client_transactions, 0U);
    EXPECT_EQ(ann.agent.stats().sessions, 0U) << "every call of ours was hung up";
    EXPECT_GT(bob.agent.stats().malformed + bob.agent.stats().stray_responses + bob.agent.stats().refused, 20U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, Hostile, testing::Range(1, 9));

}  // namespace
}  // namespace dp::sip::test
