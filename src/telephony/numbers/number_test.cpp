#include "telephony/numbers/number.hpp"

#include <gtest/gtest.h>

#include <map>

namespace dp::telephony {
namespace {

using enum NumberState;
using enum NumberTransition;

// product.md: pending → provisioning → active; → rejected; → failed; active → releasing → released.
TEST(NumberLifecycle, EveryStateAndTransitionIsAllowedOrRefusedAsTheTableSays) {
    const std::map<std::pair<NumberState, NumberTransition>, NumberState> allowed{
        {{Pending, OrderPlaced}, Provisioning}, {{Pending, Refused}, Rejected},
        {{Pending, LimitPassed}, Failed},       {{Pending, ReleaseAsked}, Releasing},
        {{Provisioning, Confirmed}, Active},    {{Provisioning, Refused}, Rejected},
        {{Provisioning, LimitPassed}, Failed},  {{Provisioning, ReleaseAsked}, Releasing},
        {{Rejected, Retried}, Pending},         {{Failed, Retried}, Pending},
        {{Active, ReleaseAsked}, Releasing},    {{Releasing, ReleaseDone}, Released},
        {{Failed, ReleaseAsked}, Releasing},
    };
    for (int from = 0; from <= static_cast<int>(Released); ++from)
        for (int step = 0; step <= static_cast<int>(ReleaseDone); ++step) {
            const std::pair key{static_cast<NumberState>(from), static_cast<NumberTransition>(step)};
            const auto result = next_state(key.first, key.second);
            const auto expected = allowed.find(key);
            ASSERT_EQ(result.has_value(), expected != allowed.end()) << from << " " << step;
            if (result)
                EXPECT_EQ(*result, expected->second);
            else
                EXPECT_NE(result.error().detail.find(to_string(key.first)), std::string::npos) << "says the state";
        }
}

TEST(NumberLifecycle, ARefusedFailedOrReleasedNumberFreesItsValue) {
    for (const auto state : {Pending, Provisioning, Active, Releasing}) EXPECT_TRUE(is_live(state));
    for (const auto state : {Rejected, Failed, Released}) EXPECT_FALSE(is_live(state));
}

TEST(NumberNames, ReadBackWhatTheyWrite) {
    EXPECT_EQ(to_string(Provisioning), "provisioning");
    EXPECT_EQ(number_type_from("pstn"), NumberType::Pstn);
    EXPECT_EQ(number_type_from("PSTN"), std::nullopt);
    EXPECT_EQ(routing_kind_from("ivr"), RoutingKind::CallFlow);
    EXPECT_EQ(routing_kind_from("queue"), RoutingKind::Queue);
}

}  // namespace
}  // namespace dp::telephony
