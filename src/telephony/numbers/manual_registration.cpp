#include "telephony/numbers/manual_registration.hpp"

#include <fmt/format.h>

#include "telephony/names.hpp"

namespace dp::telephony {

namespace {

bool waits_for_a_person(const Number& number) {
    if (number.state != NumberState::Provisioning || !number.job) return false;
    const auto& job = *number.job;
    return job.attention == Attention::AutoProvisionDisabled ||
           (job.attention == Attention::ManualRegistrationRequired && job.carrier_code == kOrderedByHand);
}

}  // namespace

Result<NumberChange> registered_by_hand(const Number& number) {
    if (!waits_for_a_person(number))
        return fail(ErrorCode::Conflict,
                    fmt::format("The number is {}{}: only one that waits with AUTO_PROVISION_DISABLED or "
                                "ORDERED_BY_HAND can be confirmed.",
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
