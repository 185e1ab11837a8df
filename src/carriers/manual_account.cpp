#include "carriers/manual_account.hpp"

#include <fmt/format.h>

#include "telephony/numbers/manual_registration.hpp"

namespace dp::carriers {

using telephony::CarrierOutcome;

// A full mailbox loses the answer; whoever waits for it asks again.
void ManualAccount::wait_for_a_person(std::string id, Executor& reply_on, telephony::CarrierReply reply) const {
    telephony::CarrierAnswer out{.outcome = CarrierOutcome::Pending,
                                 .external_id = std::move(id),
                                 .code = std::string(telephony::kOrderedByHand),
                                 .attention = telephony::Attention::ManualRegistrationRequired};
    out.text =
        fmt::format("Numbers of {} are ordered at the carrier by hand: confirm this one when it is yours.", carrier_);
    (void)reply_on.post([reply = std::move(reply), out = std::move(out)]() mutable { reply(std::move(out)); });
}

void ManualAccount::order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    wait_for_a_person(std::move(order.key), reply_on, std::move(reply));
}
void ManualAccount::find_order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    wait_for_a_person(std::move(order.key), reply_on, std::move(reply));
}
void ManualAccount::poll(std::string external_id, Executor& reply_on, telephony::CarrierReply reply) {
    wait_for_a_person(std::move(external_id), reply_on, std::move(reply));
}

void ManualAccount::release(telephony::CarrierOrder, Executor& reply_on, telephony::CarrierReply reply) {
    (void)reply_on.post([reply = std::move(reply)]() mutable { reply({.outcome = CarrierOutcome::Released}); });
}

void ManualAccount::verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) {
    (void)reply_on.post([reply = std::move(reply), carrier = carrier_]() mutable {
        reply(fail(ErrorCode::Unavailable, fmt::format("The API of {} is not asked.", carrier)));
    });
}

void ManualAccount::search(telephony::CarrierSearch, Executor& reply_on,
                           std::move_only_function<void(Result<std::vector<std::string>>)> reply) {
    (void)reply_on.post([reply = std::move(reply)]() mutable { reply(std::vector<std::string>{}); });
}

}  // namespace dp::carriers
