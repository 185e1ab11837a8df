/// libFuzzer target: any text is a filter or an error with a position; what parses prints to something that parses to
/// the same.

#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "telephony/events/event_filter.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    dp::telephony::Event event;
    event.payload = text;
    const auto parsed = dp::telephony::EventFilter::parse(text);
    if (!parsed) return parsed.error().field == "filter" ? 0 : std::abort(), 0;
    const auto again = dp::telephony::EventFilter::parse(parsed->str());
    if (!again || again->str() != parsed->str() || again->matches(event) != parsed->matches(event)) std::abort();
    (void)parsed->bounds();
    return 0;
}
