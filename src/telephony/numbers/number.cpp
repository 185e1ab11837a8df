#include "telephony/numbers/number.hpp"

#include <array>

#include "telephony/names.hpp"

namespace dp::telephony {
namespace {

struct Row {
    NumberState from;
    NumberTransition transition;
    NumberState to;
};

using enum NumberState;
using enum NumberTransition;

// product.md, "State machines". What is not in the table is refused.
constexpr auto kRows = std::to_array<Row>({
    {Pending, OrderPlaced, Provisioning},
    {Pending, Refused, Rejected},
    {Pending, LimitPassed, Failed},
    {Pending, ReleaseAsked, Releasing},
    {Provisioning, Confirmed, Active},
    {Provisioning, Refused, Rejected},
    {Provisioning, LimitPassed, Failed},
    {Provisioning, ReleaseAsked, Releasing},
    {Rejected, Retried, Pending},
    {Failed, Retried, Pending},
    {Failed, ReleaseAsked, Releasing},  // the order may still stand at the carrier, and could be filled and billed
    {Active, ReleaseAsked, Releasing},
    {Releasing, ReleaseDone, Released},
});

}  // namespace

Result<NumberState> next_state(NumberState from, NumberTransition transition) {
    for (const Row& row : kRows)
        if (row.from == from && row.transition == transition) return row.to;
    return fail(ErrorCode::Conflict,
                "The number is " + std::string(to_string(from)) + ", which does not permit this change.", "state");
}

bool is_live(NumberState state) {
    return state != Rejected && state != Failed && state != Released;
}

std::string_view to_string(NumberState state) {
    return name_of(state);
}
std::optional<NumberState> number_state_from(std::string_view text) {
    return from_name<NumberState>(text);
}
std::string_view to_string(NumberType type) {
    return name_of(type);
}
std::string_view to_string(Attention attention) {
    return attention == Attention::None ? std::string_view{} : name_of(attention);
}
std::optional<NumberType> number_type_from(std::string_view text) {
    return from_name<NumberType>(text);
}
std::string_view to_string(RoutingKind kind) {
    return name_of(kind);
}

std::optional<RoutingKind> routing_kind_from(std::string_view text) {
    return text == "ivr" ? std::optional(RoutingKind::CallFlow) : from_name<RoutingKind>(text);
}

bool is_assigned_to(const Number& number, const UserId& user) {
    return number.routing && number.routing->kind == RoutingKind::User && number.routing->id == user.str();
}

}  // namespace dp::telephony
