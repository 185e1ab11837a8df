#pragma once
/// @file The control thread of a test: a mailbox drained by whoever runs the test, and a record of what the engine
/// told.

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <map>
#include <vector>

#include "base/mailbox.hpp"
#include "call/media_engine.hpp"

namespace dp::media {

class ControlLoop {
public:
    ControlLoop() : wake_(::eventfd(0, EFD_NONBLOCK)), mailbox_(65536, [this] { signal(); }) {}
    ~ControlLoop() { ::close(wake_); }

    Executor& executor() { return mailbox_; }
    void drain() {
        std::uint64_t value = 0;
        [[maybe_unused]] const auto got = ::read(wake_, &value, sizeof value);
        while (mailbox_.drain(1024) > 0) {
        }
    }
    /// True as soon as `done` holds; false when `limit` passes first.
    bool run_until(const std::function<bool()>& done, std::chrono::milliseconds limit = std::chrono::seconds(10)) {
        const auto end = std::chrono::steady_clock::now() + limit;
        for (;;) {
            drain();
            if (done()) return true;
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
            if (left.count() <= 0) return false;
            pollfd waiting{wake_, POLLIN, 0};
            ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 20)));
        }
    }

private:
    void signal() const {
        const std::uint64_t one = 1;
        [[maybe_unused]] const auto written = ::write(wake_, &one, sizeof one);
    }
    int wake_;
    Mailbox mailbox_;
};

class RecordedEvents final : public call::MediaEvents {
public:
    void on_media_path_up(call::LegId leg) override { up[leg]++; }
    void on_media_failed(call::LegId leg, call::MediaFailure reason) override { failed[leg].push_back(reason); }
    void on_media_timeout(call::LegId leg) override { timeouts[leg]++; }
    void on_one_way(call::LegId leg) override { one_way[leg]++; }
    void on_media_digit(call::LegId leg, char digit, std::chrono::milliseconds duration) override {
        digits[leg] += digit;
        last_digit_length = duration;
    }
    void on_media_moved(call::LegId leg, const sdp::LocalMedia& local) override { moved[leg] = local; }
    void on_media_played(call::LegId leg, std::uint32_t ticket) override { played[leg].push_back(ticket); }
    void on_statistics(call::LegId leg, const call::MediaStatistics& s) override {
        statistics[leg] = s;
        reports[leg]++;
    }

    std::map<call::LegId, int> up, timeouts, one_way, reports;
    std::map<call::LegId, std::vector<call::MediaFailure>> failed;
    std::map<call::LegId, std::string> digits;
    std::map<call::LegId, sdp::LocalMedia> moved;
    std::map<call::LegId, std::vector<std::uint32_t>> played;
    std::map<call::LegId, call::MediaStatistics> statistics;
    std::chrono::milliseconds last_digit_length{};
};

}  // namespace dp::media
