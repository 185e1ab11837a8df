#include "store/store_faults.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace dp::store {
namespace {

TEST(StoreFaults, NothingIsStruckUntilAFaultIsSet) {
    StoreFaults faults;
    EXPECT_FALSE(faults.strike());
    EXPECT_EQ(faults.struck(), 0U);
}

TEST(StoreFaults, ARefusalLastsUntilItIsLifted) {
    StoreFaults faults;
    faults.set(FaultKind::Refuse);
    ASSERT_TRUE(faults.strike());
    EXPECT_EQ(faults.strike()->code, ErrorCode::Internal);
    faults.set(FaultKind::Full);
    EXPECT_EQ(faults.strike()->code, ErrorCode::Unavailable);
    faults.set(FaultKind::None);
    EXPECT_FALSE(faults.strike());
    EXPECT_EQ(faults.struck(), 3U);
}

TEST(StoreFaults, AStallEndsWhenItIsLiftedOrTheProcessEnds) {
    for (const bool process_ends : {false, true}) {
        StoreFaults faults;
        faults.set(FaultKind::Stall);
        std::optional<Error> answer = Error{};
        std::thread writer([&] { answer = faults.strike(); });
        while (faults.struck() == 0) std::this_thread::yield();
        process_ends ? faults.release() : faults.set(FaultKind::None);
        writer.join();
        EXPECT_FALSE(answer);
    }
}

}  // namespace
}  // namespace dp::store
