#include "carriers/registered_trunk.hpp"

namespace dp::carriers {

using telephony::CarrierAnswer;
using telephony::CarrierOutcome;
using telephony::RegistrationState;

bool RegisteredTrunk::usable() const {
    const auto status = trunks_.find(trunk_);
    if (!status) return false;
    if (status->registration == RegistrationState::NotNeeded) return status->health != telephony::TrunkHealth::Down;
    return status->registration == RegistrationState::Registered;
}

// A full mailbox loses the answer; whoever waits for it asks again.
void RegisteredTrunk::answer(std::string id, Executor& reply_on, telephony::CarrierReply reply) const {
    CarrierAnswer out{.outcome = usable() ? CarrierOutcome::Active : CarrierOutcome::Pending};
    out.external_id = std::move(id);
    if (out.outcome == CarrierOutcome::Pending) {
        out.code = "TRUNK_NOT_REGISTERED";
        out.text = "The trunk is not registered at its carrier.";
    }
    (void)reply_on.post([reply = std::move(reply), out = std::move(out)]() mutable { reply(std::move(out)); });
}

void RegisteredTrunk::order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    answer(std::move(order.key), reply_on, std::move(reply));
}
void RegisteredTrunk::find_order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    answer(std::move(order.key), reply_on, std::move(reply));
}
void RegisteredTrunk::poll(std::string external_id, Executor& reply_on, telephony::CarrierReply reply) {
    answer(std::move(external_id), reply_on, std::move(reply));
}

void RegisteredTrunk::release(telephony::CarrierOrder, Executor& reply_on, telephony::CarrierReply reply) {
    (void)reply_on.post([reply = std::move(reply)]() mutable { reply({.outcome = CarrierOutcome::Released}); });
}

void RegisteredTrunk::verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) {
    (void)reply_on.post([reply = std::move(reply), usable = usable()]() mutable {
        usable ? reply({}) : reply(fail(ErrorCode::Unavailable, "The trunk is not registered at its carrier."));
    });
}

void RegisteredTrunk::search(telephony::CarrierSearch, Executor& reply_on,
                             std::move_only_function<void(Result<std::vector<std::string>>)> reply) {
    (void)reply_on.post([reply = std::move(reply)]() mutable { reply(std::vector<std::string>{}); });
}

}  // namespace dp::carriers
