#include "media/spoken_prompts.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "audio/wav.hpp"

namespace dp::media {
namespace {

/// A program of our own in place of espeak-ng.
class Speaker : public testing::Test {
protected:
    void SetUp() override {
        std::string name = testing::TempDir() + "speaker-XXXXXX";
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        folder = name;
    }
    void TearDown() override { std::filesystem::remove_all(folder); }
    std::string program(const std::string& body) const {
        const std::string path = folder + "/speaker";
        std::ofstream(path) << "#!/bin/sh\n" << body << '\n';
        ::chmod(path.c_str(), 0700);
        return path;
    }
    std::string wav(std::size_t samples) const {
        const std::string path = folder + "/said.wav";
        EXPECT_TRUE(audio::write_wav(
            path, {.rate = 16000, .channels = 1, .samples = std::vector<audio::Sample>(samples, 500)}));
        return path;
    }
    std::string folder;
};

TEST_F(Speaker, SaysATextThatItReadsFromItsInput) {
    const auto said = speak(program("cat > " + folder + "/text; cat " + wav(16000)), "Hello; rm -rf $HOME `id` --help");
    ASSERT_TRUE(said) << said.error().detail;
    EXPECT_NEAR(static_cast<double>(said->size()), 8000, 10) << "at 8 kHz";
    std::ifstream text(folder + "/text");
    EXPECT_EQ(std::string(std::istreambuf_iterator<char>(text), {}), "Hello; rm -rf $HOME `id` --help");
}

TEST_F(Speaker, WhatGoesWrongIsAnError) {
    EXPECT_FALSE(speak(folder + "/nothing-here", "Hello"));
    EXPECT_FALSE(speak(program("exit 1"), "Hello"));
    EXPECT_FALSE(speak(program("echo no sound"), "Hello"));
    EXPECT_FALSE(speak(program("cat /dev/zero"), "Hello")) << "bounded";
    EXPECT_FALSE(speak(program("cat"), std::string(5000, 'x')));
}

TEST_F(Speaker, AMissingOneBecomesATone) {
    SpokenPrompts prompts(folder + "/nothing-here");
    const auto recording = prompts.of("Hello");
    EXPECT_EQ(recording, prompts.of("Hello")) << "spoken once";
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!recording->ready() && std::chrono::steady_clock::now() < until) std::this_thread::yield();
    EXPECT_EQ(recording->samples().size(), 8000U);
}

}  // namespace
}  // namespace dp::media
