#include "app/cli/event_source_reader.hpp"

namespace dp::app::cli {

namespace {
constexpr std::size_t kMaxLine = std::size_t{1} << 20U;
}

bool EventSourceReader::feed(std::string_view octets, const std::function<bool(const SentEvent&)>& take) {
    for (const char c : octets) {
        if (c == '\n') {
            if (line_.ends_with('\r')) line_.pop_back();
            if (!end_line(take)) return false;
            line_.clear();
        } else if (line_.size() < kMaxLine) {
            line_ += c;
        }
    }
    return true;
}

bool EventSourceReader::end_line(const std::function<bool(const SentEvent&)>& take) {
    if (line_.empty()) {
        const bool is_event = !event_.data.empty();
        if (is_event) event_.data.pop_back();  // the line feed behind the last line
        const bool more = !is_event || take(event_);
        event_ = {event_.id, "", ""};
        return more;
    }
    const auto colon = line_.find(':');
    const std::string_view name = std::string_view(line_).substr(0, colon);
    std::string_view value =
        colon == std::string::npos ? std::string_view() : std::string_view(line_).substr(colon + 1);
    if (value.starts_with(' ')) value.remove_prefix(1);
    if (name == "id") event_.id = value;
    if (name == "event") event_.type = value;
    if (name == "data") event_.data += std::string(value) + '\n';
    return true;
}

}  // namespace dp::app::cli
