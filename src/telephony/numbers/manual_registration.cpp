#include "telephony/numbers/manual_registration.hpp"

#include <fmt/format.h>

#include "telephony/names.hpp"

namespace dp::telephony {

Result<NumberChange> registered_by_hand(const Number& number) {
    const bool waits = number.state == NumberState::Provisioning && number.job &&
                       number.job->attention == Attention::AutoProvisionDisabled;
    if (!waits)
        return fail(
            ErrorCode::Conflict,
            fmt::format("The number is {}{}: only one that waits with AUTO_PROVISION_DISABLED can be confirmed.",
                        to_string(number.state),
                        number.job && number.job->attention != Attention::None
                            ? fmt::format(", {}", to_string(number.job->attention))
                            : std::string()),
            "state");
    NumberChange change{.job = number.job->id};
    change.transitions = {NumberTransition::Confirmed};
    change.attention = Attention::None;
    return change;
}

}  // namespace dp::telephony
