#include "audio/recording.hpp"

#include <gtest/gtest.h>

namespace dp::audio {
namespace {

TEST(RecordingPlayer, IsSilentBeforeAndAfter) {
    auto recording = std::make_shared<Recording>();
    RecordingPlayer player(recording);
    std::vector<Sample> out(4, 9);
    player.fill(out, 8000);
    EXPECT_EQ(out, (std::vector<Sample>{0, 0, 0, 0}));
    EXPECT_FALSE(player.finished());
    recording->fill({1, 2, 3, 4, 5});
    player.fill(out, 8000);
    EXPECT_EQ(out, (std::vector<Sample>{1, 2, 3, 4})) << "from its beginning";
    player.fill(out, 8000);
    EXPECT_EQ(out, (std::vector<Sample>{5, 0, 0, 0}));
    EXPECT_TRUE(player.finished());
}

TEST(RecordingPlayer, StretchesToAHigherRate) {
    RecordingPlayer player(std::make_shared<Recording>(std::vector<Sample>{0, 100, 200}));
    std::vector<Sample> out(4);
    player.fill(out, 16000);
    EXPECT_EQ(out, (std::vector<Sample>{0, 50, 100, 150}));
    player.fill(out, 16000);
    EXPECT_EQ(out, (std::vector<Sample>{200, 100, 0, 0}));
}

TEST(Recording, IsFilledOnce) {
    Recording recording({1, 2});
    recording.fill({3, 4, 5});
    EXPECT_EQ(recording.samples().size(), 2U);
}

}  // namespace
}  // namespace dp::audio
