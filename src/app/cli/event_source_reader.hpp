#pragma once
/// @file EventSourceReader: octets of a text/event-stream to its events (WHATWG HTML, section 9.2.6).
///
/// Pure, sans-I/O. Comments, `retry` and unknown fields are passed over; lines end with LF, CRLF or CR LF split over two
/// pieces. A line of more than 1 MiB is cut.

#include <functional>
#include <string>
#include <string_view>

namespace dp::app::cli {

struct SentEvent {
    std::string id;  ///< the last one given, as the standard has it
    std::string type;
    std::string data;
};

class EventSourceReader {
public:
    /// `take` gets each event; false: no more is wanted, and `feed` returns false.
    bool feed(std::string_view octets, const std::function<bool(const SentEvent&)>& take);

private:
    bool end_line(const std::function<bool(const SentEvent&)>& take);

    std::string line_;
    SentEvent event_;
};

}  // namespace dp::app::cli
