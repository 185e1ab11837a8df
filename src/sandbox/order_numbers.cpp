#include "sandbox/order_numbers.hpp"

#include <algorithm>
#include <array>

namespace dp::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr OrderScript kOrdinary{};

constexpr auto kTable = std::to_array<OrderNumber>({
    {"+14155550200", "Ordered: active at once", {.delay = 0s}},
    {"+14155550202", "Ordered: active after 2 seconds, as any number that is not in the table", kOrdinary},
    {"+14155550220", "Ordered: active after 20 seconds", {.delay = 20s}},
    {"+14155550245", "Ordered: active after 45 seconds", {.delay = 45s}},
    {"+14155550300", "Ordered: active after 300 seconds", {.delay = 300s}},
    {"+14155550210",
     "Ordered: refused at once, NUMBER_UNAVAILABLE",
     {.code = "NUMBER_UNAVAILABLE", .text = "The number was sold to somebody else.", .refuse = 422}},
    {"+14155550211",
     "Ordered: rejected after 2 seconds, DOCUMENTS_REJECTED",
     {.end = OrderEnd::Failure, .code = "DOCUMENTS_REJECTED", .text = "The proof of address was not accepted."}},
    {"+14155550212",
     "Ordered: refused at once, INSUFFICIENT_BALANCE",
     {.code = "INSUFFICIENT_BALANCE", .text = "The account has not enough credit.", .refuse = 402}},
    {"+14155550213",
     "Ordered: refused at once, FORMAT_NOT_ACCEPTED",
     {.code = "FORMAT_NOT_ACCEPTED", .text = "The carrier has no such number range.", .refuse = 400}},
    {"+14155550214",
     "Ordered: the carrier cancels the order after 2 seconds at its own deadline",
     {.end = OrderEnd::Cancelled, .code = "ORDER_EXPIRED", .text = "The order passed its deadline."}},
    {"+14155550230",
     "Ordered: waits for manual registration (POST /v1/orders/{id}/registration)",
     {.delay = 0s,
      .end = OrderEnd::RegistrationRequired,
      .code = "REGISTRATION_REQUIRED",
      .text = "This range must be registered by hand."}},
    {"+14155550240",
     "Ordered: two requests get 429 with Retry-After: 1, two get 503, then it works",
     {.busy = 2, .broken = 2}},
    {"+14155550241", "Ordered: the order is taken, but its answer is lost", {.answer_lost = true}},
    {"+14155550250",
     "Ordered: active after 2 seconds; cannot be released, PURCHASED_TOO_RECENTLY",
     {.code = "PURCHASED_TOO_RECENTLY", .text = "The number may not be released yet.", .keeps = true}},
});

}  // namespace

std::span<const OrderNumber> order_numbers() {
    return kTable;
}

const OrderScript& order_script_for(std::string_view e164) {
    const auto found = std::ranges::find(kTable, e164, &OrderNumber::number);
    return found == kTable.end() ? kOrdinary : found->script;
}

}  // namespace dp::sandbox
