#pragma once
/// @file ProvisioningJob: the durable part of what is under way with a number at its carrier: an order or a release.
/// Stored with the number, present while there is something to do or to tell (flows.md 4).
///
/// The job's id is the idempotency key of its order. It is stored before the order is sent, the carrier's id before the
/// first poll: whenever the process dies, the next one knows whom to ask for what.

#include <cstdint>
#include <string>

#include "base/clock.hpp"

namespace dp::telephony {

enum class JobKind : std::uint8_t { Order, Release };

/// Why a person should look at it; the job goes on all the same (product.md, "A number past 300 s").
enum class Attention : std::uint8_t {
    None,
    AutoProvisionDisabled,
    ManualRegistrationRequired,
    CarrierSlow,
    CarrierUnreachable,
    ReleaseRefused,
};

struct ProvisioningJob {
    std::string id;
    JobKind kind = JobKind::Order;
    std::string external_id;  ///< the carrier's id of the order; empty until it has told one
    WallTime began{};
    bool may_exist = false;  ///< an order with this key may have been sent: ask before ordering
    Attention attention = Attention::None;
    std::string carrier_code;  ///< why it was refused, in the carrier's words
    std::string carrier_text;
};

}  // namespace dp::telephony
