#pragma once
/// @file The sandbox carrier's magic numbers for orders: +1 415 555 0200 to 0299, and 0300: each with the outcome that
/// ordering it has. Beside the call numbers (magic_numbers.hpp) the other half of the table that the document, `--help`
/// and the console show. Any other number is approved two seconds after the order.

#include <chrono>
#include <cstdint>
#include <span>
#include <string_view>

namespace dp::sandbox {

/// What becomes of an order once `delay` has passed.
enum class OrderEnd : std::uint8_t { Success, Failure, Cancelled, RegistrationRequired };

struct OrderScript {
    std::chrono::milliseconds delay{2'000};
    OrderEnd end = OrderEnd::Success;
    std::string_view code{};  ///< with anything but success
    std::string_view text{};
    int refuse = 0;            ///< HTTP status of the order itself, with code and text; no order is made
    int busy = 0;              ///< the first so many requests about the number get 429 with Retry-After: 1
    int broken = 0;            ///< after those, so many get 503
    bool answer_lost = false;  ///< the order is taken, the answer never comes
    bool keeps = false;        ///< a release is refused with code and text
};

struct OrderNumber {
    std::string_view number;
    std::string_view behaviour;  ///< one sentence
    OrderScript script;
};

std::span<const OrderNumber> order_numbers();
const OrderScript& order_script_for(std::string_view e164);

}  // namespace dp::sandbox
