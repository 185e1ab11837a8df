#pragma once
/// @file Logging façade: one structured line per event, `topic message key=value …`. spdlog stays behind log.cpp.
///
/// Any thread; the line is formatted on the caller's thread and handed to a bounded asynchronous sink that drops and
/// counts when full. Never called per packet. Secrets, digits, audio and full numbers do not belong in a log line: use
/// `masked()`.

#include <fmt/format.h>

#include <string>
#include <string_view>

namespace dp::log {

enum class Level { Debug, Info, Warn, Error };

/// Start-up only. `path` empty = standard error. Without a call, lines of Warn and above go to standard error
/// synchronously.
void start(Level threshold, const std::string& path);
void stop();

bool enabled(Level level);
void write(Level level, std::string_view topic, std::string_view line);

template <class... Args>
void debug(std::string_view topic, fmt::format_string<Args...> text, Args&&... args) {
    if (enabled(Level::Debug)) write(Level::Debug, topic, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void info(std::string_view topic, fmt::format_string<Args...> text, Args&&... args) {
    if (enabled(Level::Info)) write(Level::Info, topic, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void warn(std::string_view topic, fmt::format_string<Args...> text, Args&&... args) {
    if (enabled(Level::Warn)) write(Level::Warn, topic, fmt::format(text, std::forward<Args>(args)...));
}
template <class... Args>
void error(std::string_view topic, fmt::format_string<Args...> text, Args&&... args) {
    if (enabled(Level::Error)) write(Level::Error, topic, fmt::format(text, std::forward<Args>(args)...));
}

/// A telephone number with all but its first three and last two characters hidden.
std::string masked(std::string_view number);

}  // namespace dp::log
