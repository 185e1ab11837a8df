#pragma once
/// @file NumberDesk: what the sandbox carrier sells: orders by key, their approval in time, who owns which number.
/// Sans-I/O: time goes in. In memory; a carrier that restarts has forgotten.
///
/// Threads: the sandbox's loop. Bounded: beyond kMaxOrders the desk is closed.

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "sandbox/order_numbers.hpp"

namespace dp::sandbox {

inline constexpr std::size_t kMaxOrders = 500'000;

struct NumberOrder {
    std::uint64_t id = 0;
    std::string account;
    std::string key;
    std::string number;
    const OrderScript* script = nullptr;
    TimePoint placed{};
    bool registered = false;  ///< a person did what RegistrationRequired asks for
    bool released = false;
};

enum class OrderStatus : std::uint8_t { Pending, RegistrationRequired, Success, Failure, Cancelled, Released };
OrderStatus status_of(const NumberOrder& order, TimePoint now);
std::string_view to_string(OrderStatus status);

class NumberDesk {
public:
    enum class Placed : std::uint8_t { New, Known, Taken, Closed };
    struct Placement {
        Placed placed;
        const NumberOrder* order;  ///< Taken: the one in the way; null when closed
    };
    /// The same key of an account is the same order; a number has one order that is not over.
    Placement place(const std::string& account, const std::string& key, const std::string& number, TimePoint now);
    const NumberOrder* find(const std::string& account, std::uint64_t id) const;
    const NumberOrder* find_key(const std::string& account, const std::string& key) const;
    std::vector<const NumberOrder*> orders_of(const std::string& account) const;
    bool register_by_hand(const std::string& account, std::uint64_t id);
    enum class Release : std::uint8_t { Done, NotYours, Refused };
    Release release(const std::string& account, const std::string& number, TimePoint now);
    bool is_free(std::string_view number, TimePoint now) const;
    /// How many requests about this number came before this one.
    int asked(const std::string& number) { return asked_[number]++; }

private:
    std::map<std::uint64_t, NumberOrder> orders_;
    std::unordered_map<std::string, std::uint64_t> by_key_;     ///< account and key
    std::unordered_map<std::string, std::uint64_t> by_number_;  ///< the newest order of a number
    std::unordered_map<std::string, int> asked_;                ///< magic numbers only
    std::uint64_t next_id_ = 1;
};

}  // namespace dp::sandbox
