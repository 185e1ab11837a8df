#pragma once
/// @file RegisteredTrunk: a SIP trunk whose carrier takes no orders: its numbers were bought elsewhere and come over the
/// trunk. Such a number is active once the trunk is: registered, or in no need of it. Nothing is ever bought, so there
/// is nothing to find again.
///
/// Threads: any. Answers are posted, as any carrier's are.

#include "telephony/live/trunk_status.hpp"
#include "telephony/ports/carrier.hpp"

namespace dp::carriers {

class RegisteredTrunk final : public telephony::Carrier {
public:
    RegisteredTrunk(const telephony::LiveTrunks& trunks, telephony::TrunkId trunk)
        : trunks_(trunks), trunk_(std::move(trunk)) {}

    void verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) override;
    /// No catalogue: an empty list.
    void search(telephony::CarrierSearch search, Executor& reply_on,
                std::move_only_function<void(Result<std::vector<std::string>>)> reply) override;
    void order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    void find_order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    void poll(std::string external_id, Executor& reply_on, telephony::CarrierReply reply) override;
    void release(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    std::chrono::hours give_up_after() const override { return std::chrono::hours(24 * 30); }

private:
    bool usable() const;
    void answer(std::string id, Executor& reply_on, telephony::CarrierReply reply) const;

    const telephony::LiveTrunks& trunks_;
    telephony::TrunkId trunk_;
};

}  // namespace dp::carriers
