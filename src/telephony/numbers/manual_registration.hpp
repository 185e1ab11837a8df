#pragma once
/// @file A number that a person has registered at its carrier, because the provider orders none by itself
/// (`autoProvisionNumbers: false`).
///
/// Pure. Source: product.md "`autoProvisionNumbers: false`"; seed 0, edge case 1.

#include "telephony/numbers/number_service.hpp"

namespace dp::telephony {

/// In a job's `carrier_code` beside ManualRegistrationRequired: nothing here can order it at the carrier, so a person's
/// word that it was bought is the carrier's.
inline constexpr std::string_view kOrderedByHand = "ORDERED_BY_HAND";

/// The last step of its job. Conflict when nothing waits for a person: the carrier decides the others.
Result<NumberChange> registered_by_hand(const Number& number);

}  // namespace dp::telephony
