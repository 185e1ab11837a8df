/// @file `dialplane tail`: the event log as it is written, over server-sent events.
#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdio>
#include <thread>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/event_source_reader.hpp"
#include "app/cli/text_table.hpp"
#include "net/http_message.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

constexpr std::chrono::seconds kLongestPause{30};

std::string line_of(const SentEvent& event) {
    boost::system::error_code error;
    const auto body = json::parse(event.data, error);
    const auto* data = error ? nullptr : member_at(body, "data");
    return fmt::format("{} {} {} {} {}", event.id, text_at(body, "timestamp"), event.type, text_at(body, "resourceId"),
                       data ? json::serialize(*data) : "");
}

class Tail {
public:
    explicit Tail(const TailCommand& command) : command_(command), position_(command.since) {}

    /// One connection to its end.
    Result<void> follow() {
        DP_TRY(session, connect(command_.connection));
        connected_ = false;
        EventSourceReader reader;
        return session->follow(path(), {{"Accept", "text/event-stream"}}, [&](std::string_view octets) {
            connected_ = true;
            return reader.feed(octets, [&](const SentEvent& event) { return show(event); });
        });
    }
    bool is_done() const { return command_.limit != 0 && shown_ >= command_.limit; }
    bool was_connected() const { return connected_; }

private:
    std::string path() const {
        std::string out = "/api/v2/events/stream?filter=" + net::percent_encode(command_.filter);
        if (!position_.empty()) out += "&since=" + net::percent_encode(position_);
        return out;
    }
    bool show(const SentEvent& event) {
        if (event.type == "end") return false;  // the server cuts a slow reader: connect again
        position_ = event.id;
        fmt::print("{}\n", one_line(command_.format == Format::Json ? event.data : line_of(event)));
        std::fflush(stdout);
        ++shown_;
        return !is_done();
    }

    const TailCommand& command_;
    std::string position_;
    std::uint64_t shown_ = 0;
    bool connected_ = false;
};

bool is_refusal(const Error& error) {
    return error.code != ErrorCode::TransportFailed && error.code != ErrorCode::Timeout &&
           error.code != ErrorCode::Unavailable;
}

}  // namespace

int tail_events(const TailCommand& command) {
    Tail tail(command);
    auto pause = std::chrono::seconds(1);
    for (bool first = true;; first = false) {
        const auto ended = tail.follow();
        if (tail.is_done()) return kDone;
        if (!ended && (is_refusal(ended.error()) || (first && !tail.was_connected()))) return complain(ended.error());
        pause = tail.was_connected() ? std::chrono::seconds(1) : std::min(pause * 2, kLongestPause);
        std::this_thread::sleep_for(pause);
    }
}

}  // namespace dp::app::cli
