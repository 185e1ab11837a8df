#include "media/spoken_prompts.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "audio/resampler.hpp"
#include "audio/tone.hpp"
#include "audio/wav.hpp"
#include "base/log.hpp"

extern char** environ;

namespace dp::media {
namespace {

/// One end of a pipe.
class Pipe {
public:
    explicit Pipe(int fd = -1) : fd_(fd) {}
    ~Pipe() { close(); }
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;
    int fd() const { return fd_; }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

private:
    int fd_;
};

/// The program with its standard input and output on our pipes; -1 when it cannot be started.
pid_t start(const std::string& program, int input, int output) {
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output, STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
    std::vector<std::string> words{program, "-v", "en-us", "-s", "150", "--stdin", "--stdout"};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    pid_t child = -1;
    if (posix_spawnp(&child, program.c_str(), &actions, &attributes, arguments.data(), environ) != 0) child = -1;
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return child;
}

/// Everything from the pipe; empty when the time or the bound is passed.
std::vector<std::uint8_t> read_all(int fd) {
    const auto until = std::chrono::steady_clock::now() + SpokenPrompts::kTimeLimit;
    std::vector<std::uint8_t> out;
    for (;;) {
        const auto left =
            std::chrono::duration_cast<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
        pollfd waiting{fd, POLLIN, 0};
        if (left.count() <= 0 || ::poll(&waiting, 1, static_cast<int>(left.count())) == 0) return {};
        std::array<std::uint8_t, 65536> part;
        const ssize_t got = ::read(fd, part.data(), part.size());
        if (got < 0 && errno == EINTR) continue;
        if (got <= 0) return out;
        out.insert(out.end(), part.begin(), part.begin() + got);
        if (out.size() > SpokenPrompts::kMostOctets) return {};
    }
}

/// A text is shorter than a pipe's buffer: written at once, whatever the program does with it.
std::vector<std::uint8_t> run_program(const std::string& program, const std::string& text) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0) return {};
    Pipe in_read(in[0]), in_write(in[1]);
    if (::pipe2(out, O_CLOEXEC) != 0) return {};
    Pipe out_read(out[0]), out_write(out[1]);
    if (::write(in_write.fd(), text.data(), text.size()) != static_cast<ssize_t>(text.size())) return {};
    const pid_t child = start(program, in_read.fd(), out_write.fd());
    in_write.close();
    in_read.close();
    out_write.close();
    if (child < 0) return {};
    auto wav = read_all(out_read.fd());
    ::kill(child, SIGKILL);  // it has said all, or takes too long
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return wav;
}

std::vector<audio::Sample> substitute() {
    std::vector<audio::Sample> out(audio::Recording::kRate);
    audio::ToneGenerator({.hertz = {440, 0}, .level_dbm0 = {-10, -10}, .cadence_ms = {}}, audio::Recording::kRate)
        .fill(out);
    return out;
}

}  // namespace

Result<std::vector<audio::Sample>> speak(const std::string& program, const std::string& text) {
    constexpr std::size_t kPipeBuffer = 4096;
    if (text.size() >= kPipeBuffer) return fail(ErrorCode::TooLarge, "The text of a prompt is too long.");
    const auto wav = run_program(program, text);
    if (wav.empty()) return fail(ErrorCode::Unavailable, program + " did not speak.");
    DP_TRY(parsed, audio::parse_wav(wav));
    DP_TRY(samples, audio::resample(audio::mono(parsed), parsed.rate, audio::Recording::kRate));
    if (samples.empty()) return fail(ErrorCode::Unavailable, program + " had nothing to say.");
    return samples;
}

SpokenPrompts::SpokenPrompts(std::string speaker) : speaker_(std::move(speaker)), thread_([this] { run(); }) {}

SpokenPrompts::~SpokenPrompts() {
    {
        std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    wake_.notify_one();
    thread_.join();
}

std::shared_ptr<const audio::Recording> SpokenPrompts::of(const std::string& text) {
    auto& kept = known_[text];
    if (kept) return kept;
    kept = std::make_shared<audio::Recording>();
    const auto recording = kept;
    oldest_first_.push_back(text);
    if (oldest_first_.size() > kMostPrompts) {
        known_.erase(oldest_first_.front());
        oldest_first_.pop_front();
    }
    std::lock_guard lock(mutex_);
    if (jobs_.size() >= kMostPrompts)
        recording->fill(substitute());
    else
        jobs_.push_back({text, recording});
    wake_.notify_one();
    return recording;
}

void SpokenPrompts::run() {
    for (;;) {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [&] { return stopping_ || !jobs_.empty(); });
        if (stopping_) return;
        Job job = std::move(jobs_.front());
        jobs_.pop_front();
        lock.unlock();
        auto samples = speak(speaker_, job.text);
        if (!samples) log::warn("media", "a prompt becomes a tone: {}", samples.error().detail);
        job.recording->fill(samples ? std::move(*samples) : substitute());
    }
}

}  // namespace dp::media
