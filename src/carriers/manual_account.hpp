#pragma once
/// @file ManualAccount: a carrier account whose own API no adapter speaks. Its numbers are bought at the carrier by a
/// person, who then confirms them here; until then an order waits and says so. Nothing is ever sent, so there is nothing
/// to find again, and a release has nobody to tell.
///
/// Threads: any. Answers are posted, as any carrier's are.

#include "telephony/ports/carrier.hpp"

namespace dp::carriers {

class ManualAccount final : public telephony::Carrier {
public:
    explicit ManualAccount(std::string carrier) : carrier_(std::move(carrier)) {}

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
    void wait_for_a_person(std::string id, Executor& reply_on, telephony::CarrierReply reply) const;

    std::string carrier_;  ///< key in the catalogue, for the text
};

}  // namespace dp::carriers
