#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

namespace dp::log {
namespace {

std::atomic<Level> g_threshold{Level::Warn};

spdlog::level::level_enum to_spdlog(Level level) {
    switch (level) {
        case Level::Debug:
            return spdlog::level::debug;
        case Level::Info:
            return spdlog::level::info;
        case Level::Warn:
            return spdlog::level::warn;
        case Level::Error:
            return spdlog::level::err;
    }
    return spdlog::level::err;
}

std::shared_ptr<spdlog::logger>& sink() {
    static auto logger =
        std::make_shared<spdlog::logger>("dialplane", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    return logger;
}

}  // namespace

void start(Level threshold, const std::string& path) {
    spdlog::init_thread_pool(8192, 1);
    std::shared_ptr<spdlog::sinks::sink> out;
    if (path.empty())
        out = std::make_shared<spdlog::sinks::stderr_sink_mt>();
    else
        out = std::make_shared<spdlog::sinks::basic_file_sink_mt>(path);
    sink() = std::make_shared<spdlog::async_logger>("dialplane", out, spdlog::thread_pool(),
                                                    spdlog::async_overflow_policy::overrun_oldest);
    sink()->set_level(to_spdlog(threshold));
    sink()->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
    sink()->flush_on(spdlog::level::info);
    g_threshold = threshold;
}

void stop() {
    sink()->flush();
    spdlog::shutdown();
}

bool enabled(Level level) {
    return level >= g_threshold.load(std::memory_order_relaxed);
}

void write(Level level, std::string_view topic, std::string_view line) {
    sink()->log(to_spdlog(level), "{} {}", topic, line);
}

std::string masked(std::string_view number) {
    if (number.size() <= 5) return std::string(number.size(), '*');
    return fmt::format("{}{}{}", number.substr(0, 3), std::string(number.size() - 5, '*'),
                       number.substr(number.size() - 2));
}

}  // namespace dp::log
