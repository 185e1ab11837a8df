#pragma once
/// @file Carrier: what the platform needs of somebody who sells telephone numbers. One adapter per provider implements
/// it (carriers/); numbers/ steps its jobs through it.
///
/// Threads: called on the owner of the jobs; the answer runs on the executor named, exactly once, unless the process or
/// the client below is stopping. Rules for adapters (reference: no provider documents an idempotency key for a purchase,
/// and all of them lose answers):
///   - `order` carries a key. An adapter of a carrier without idempotency keeps the key in whatever reference field the
///     carrier has, or recognises its orders by number.
///   - `find_order` answers NotFound only when the carrier is sure: an adapter of an eventually consistent carrier says
///     Unknown until its window has passed. After NotFound the number is ordered.
///   - a request that may have had an effect although no answer came is Unknown; Busy is for what was certainly not
///     carried out.
/// Nothing here throws or fails: a failure is one of the outcomes.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "telephony/numbers/number.hpp"

namespace dp::telephony {

struct TelephonyConfiguration;
struct Trunk;

enum class CarrierOutcome : std::uint8_t {
    Pending,    ///< the carrier has the order and works on it
    Active,     ///< the number is ours and works
    Released,   ///< it is ours no more
    Rejected,   ///< the carrier says no, for good
    Cancelled,  ///< the carrier's own limit passed
    NotFound,   ///< no order has this key or id; no such number of ours
    Busy,       ///< not carried out: ask again (429)
    Unknown,    ///< perhaps carried out: no answer, or one that says nothing (5xx)
};

struct CarrierAnswer {
    CarrierOutcome outcome = CarrierOutcome::Unknown;
    std::string external_id{};  ///< the carrier's id of the order, where it told one
    std::string code{};         ///< in the carrier's words
    std::string text{};
    Attention attention = Attention::None;  ///< with Pending: what the carrier waits for
    std::chrono::seconds retry_after{0};
};
using CarrierReply = std::move_only_function<void(CarrierAnswer)>;

struct CarrierOrder {
    std::string key;  ///< idempotency key: the job's id
    std::string e164;
    NumberType type = NumberType::Pstn;
    std::string location;
};

struct CarrierSearch {
    std::string prefix;  ///< E.164 digits with `+`
    std::size_t limit = 20;
};

class Carrier {
public:
    virtual ~Carrier() = default;

    /// Are the credentials good?
    virtual void verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) = 0;
    /// Numbers that could be ordered now; no reservation.
    virtual void search(CarrierSearch search, Executor& reply_on,
                        std::move_only_function<void(Result<std::vector<std::string>>)> reply) = 0;
    virtual void order(CarrierOrder order, Executor& reply_on, CarrierReply reply) = 0;
    virtual void find_order(CarrierOrder order, Executor& reply_on, CarrierReply reply) = 0;
    virtual void poll(std::string external_id, Executor& reply_on, CarrierReply reply) = 0;
    /// Gives the number back, and cancels an order of this key that is still open. Released also when there was
    /// nothing to give back.
    virtual void release(CarrierOrder order, Executor& reply_on, CarrierReply reply) = 0;

    /// How long an order may stay open before it is `failed`.
    virtual std::chrono::hours give_up_after() const = 0;
};

/// Who serves a provider.
class CarrierDirectory {
public:
    virtual ~CarrierDirectory() = default;
    /// Never null: a SIP trunk whose carrier takes no orders has an adapter as well, and so has a carrier account whose
    /// own API none speaks.
    virtual std::shared_ptr<Carrier> carrier_of(const Ptr<Trunk>& provider) = 0;
    virtual std::shared_ptr<Carrier> carrier_of(const Ptr<TelephonyConfiguration>& account) = 0;
};

}  // namespace dp::telephony
