#include "base/log.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <atomic>
#include <memory>

#include "base/json_text.hpp"

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

// One JSON object a line: time, level, topic, message and the line's fields.
void set_format(spdlog::logger& logger) {
    logger.set_pattern(R"({"time":"%Y-%m-%dT%H:%M:%S.%eZ","level":"%l",%v})", spdlog::pattern_time_type::utc);
}

std::shared_ptr<spdlog::logger>& sink() {
    static auto logger = [] {
        auto made = std::make_shared<spdlog::logger>("dialplane", std::make_shared<spdlog::sinks::stderr_sink_mt>());
        set_format(*made);
        return made;
    }();
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
    set_format(*sink());
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

namespace {

bool is_key(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

/// Takes `key=value` or `key="a value"` off the end of the text; false when it ends in something else.
bool take_field(std::string_view& text, std::string_view& key, std::string_view& value) {
    auto end = text.size();
    const bool quoted = end > 1 && text[end - 1] == '"';
    auto equals = quoted ? text.rfind("=\"", end - 2) : text.rfind('=');
    if (equals == std::string_view::npos) return false;
    value = quoted ? text.substr(equals + 2, end - equals - 3) : text.substr(equals + 1);
    if (!quoted && value.find(' ') != std::string_view::npos) return false;
    auto start = equals;
    while (start > 0 && is_key(text[start - 1])) --start;
    if (start == equals || start == 0 || text[start - 1] != ' ') return false;
    key = text.substr(start, equals - start);
    text = text.substr(0, start - 1);
    return true;
}

/// `,"topic":…,"message":…` and a member for each field behind the message.
std::string members_of(std::string_view topic, std::string_view line) {
    std::string out = "\"topic\":", fields;
    append_json_string(out, topic);
    std::string_view key, value;
    while (take_field(line, key, value)) {
        std::string field = ",";
        append_json_string(field, key);
        field += ':';
        append_json_string(field, value);
        fields.insert(0, field);
    }
    out += ",\"message\":";
    append_json_string(out, line);
    return out + fields;
}

}  // namespace

void write(Level level, std::string_view topic, std::string_view line) {
    sink()->log(to_spdlog(level), "{}", members_of(topic, line));
}

std::string masked(std::string_view number) {
    if (number.size() <= 5) return std::string(number.size(), '*');
    return fmt::format("{}{}{}", number.substr(0, 3), std::string(number.size() - 5, '*'),
                       number.substr(number.size() - 2));
}

}  // namespace dp::log
