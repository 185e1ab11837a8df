#include "sandbox/number_desk.hpp"

namespace dp::sandbox {
namespace {

std::string key_of(const std::string& account, const std::string& key) {
    return account + '\n' + key;
}

bool is_over(OrderStatus status) {
    return status == OrderStatus::Failure || status == OrderStatus::Cancelled || status == OrderStatus::Released;
}

}  // namespace

OrderStatus status_of(const NumberOrder& order, TimePoint now) {
    if (order.released) return OrderStatus::Released;
    if (now < order.placed + order.script->delay) return OrderStatus::Pending;
    switch (order.script->end) {
        case OrderEnd::Success:
            return OrderStatus::Success;
        case OrderEnd::Failure:
            return OrderStatus::Failure;
        case OrderEnd::Cancelled:
            return OrderStatus::Cancelled;
        case OrderEnd::RegistrationRequired:
            return order.registered ? OrderStatus::Success : OrderStatus::RegistrationRequired;
    }
    return OrderStatus::Pending;
}

std::string_view to_string(OrderStatus status) {
    constexpr std::string_view kNames[] = {"pending", "registration_required", "success", "failure", "cancelled",
                                           "released"};
    return kNames[static_cast<std::size_t>(status)];
}

NumberDesk::Placement NumberDesk::place(const std::string& account, const std::string& key, const std::string& number,
                                        TimePoint now) {
    if (const auto* known = find_key(account, key)) return {Placed::Known, known};
    if (!is_free(number, now)) return {Placed::Taken, &orders_.at(by_number_.at(number))};
    if (orders_.size() >= kMaxOrders) return {Placed::Closed, nullptr};
    const auto id = next_id_++;
    auto& order = orders_[id];
    order = {
        .id = id, .account = account, .key = key, .number = number, .script = &order_script_for(number), .placed = now};
    by_key_[key_of(account, key)] = id;
    by_number_[number] = id;
    return {Placed::New, &order};
}

const NumberOrder* NumberDesk::find(const std::string& account, std::uint64_t id) const {
    const auto found = orders_.find(id);
    return found == orders_.end() || found->second.account != account ? nullptr : &found->second;
}

const NumberOrder* NumberDesk::find_key(const std::string& account, const std::string& key) const {
    const auto found = by_key_.find(key_of(account, key));
    return found == by_key_.end() ? nullptr : &orders_.at(found->second);
}

std::vector<const NumberOrder*> NumberDesk::orders_of(const std::string& account) const {
    std::vector<const NumberOrder*> out;
    for (const auto& [id, order] : orders_)
        if (order.account == account) out.push_back(&order);
    return out;
}

bool NumberDesk::register_by_hand(const std::string& account, std::uint64_t id) {
    const auto found = orders_.find(id);
    if (found == orders_.end() || found->second.account != account) return false;
    found->second.registered = true;
    return true;
}

NumberDesk::Release NumberDesk::release(const std::string& account, const std::string& number, TimePoint now) {
    const auto found = by_number_.find(number);
    if (found == by_number_.end()) return Release::NotYours;
    auto& order = orders_.at(found->second);
    if (order.account != account || is_over(status_of(order, now))) return Release::NotYours;
    if (order.script->keeps) return Release::Refused;
    order.released = true;
    return Release::Done;
}

bool NumberDesk::is_free(std::string_view number, TimePoint now) const {
    const auto found = by_number_.find(std::string(number));
    return found == by_number_.end() || is_over(status_of(orders_.at(found->second), now));
}

}  // namespace dp::sandbox
