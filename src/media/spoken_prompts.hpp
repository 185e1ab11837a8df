#pragma once
/// @file SpokenPrompts: the sound of prompts, spoken by espeak-ng where it is installed, else a tone.
///
/// A text is asked for on the control shard and answered at once with a recording that is filled in soon after, by one
/// thread of its own: the program is started without a shell, reads the text from its standard input and may take
/// kTimeLimit and write kMostOctets; beyond that, and where it is missing, the recording is a tone of one second. The
/// newest kMostPrompts texts are kept. Lifetime: recordings outlive it. Stop it before its destruction is not needed.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "base/result.hpp"
#include "call/prompt_book.hpp"

namespace dp::media {

class SpokenPrompts final : public call::PromptBook {
public:
    static constexpr std::size_t kMostPrompts = 1000;
    static constexpr std::chrono::seconds kTimeLimit{10};
    static constexpr std::size_t kMostOctets = 8U << 20;  ///< of WAV

    /// `speaker`: the program; tests give their own.
    explicit SpokenPrompts(std::string speaker = "espeak-ng");
    ~SpokenPrompts() override;

    std::shared_ptr<const audio::Recording> of(const std::string& text) override;

private:
    struct Job {
        std::string text;
        std::shared_ptr<audio::Recording> recording;
    };
    void run();

    std::string speaker_;
    std::unordered_map<std::string, std::shared_ptr<audio::Recording>> known_;  ///< control shard
    std::deque<std::string> oldest_first_;

    std::mutex mutex_;
    std::condition_variable wake_;
    std::deque<Job> jobs_;  ///< at most kMostPrompts
    bool stopping_ = false;
    std::thread thread_;
};

/// What the program says, at 8 kHz. Blocks.
Result<std::vector<audio::Sample>> speak(const std::string& program, const std::string& text);

}  // namespace dp::media
