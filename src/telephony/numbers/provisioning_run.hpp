#pragma once
/// @file ProvisioningRun: the state machine of one number's job (flows.md 4). Sans-I/O: time and the carrier's answers
/// go in; the next request, and what must be stored before it, come out.
///
///     stage    asks the carrier   answer                        then
///     Ask      find_order(key)    NotFound                      Order
///                                 Pending                       store external id; Poll
///     Order    order(key)         Pending                       store `provisioning` and external id; Poll
///                                 Unknown                       Ask (it may have been carried out)
///                                 Busy                          Order again
///     Poll     poll(id)           Pending, Busy, Unknown        Poll again
///                                 NotFound                      Ask
///     any of these                Active, Rejected, Cancelled   store it; Over
///     Release  release(key)       Released, NotFound            store it; Over
///                                 Rejected                      store the reason; Release again
///     Over     nothing
///
/// A run that did not begin with its job in this process starts at Ask: nobody knows whether the order was sent. Without
/// automatic provisioning Ask and Order wait, and `provisioning` says why. Intervals: 3 s doubling to 60 s per stage, or
/// what the carrier asks for.
///
/// Threads: the provisioner's.

#include "telephony/numbers/number_service.hpp"
#include "telephony/ports/carrier.hpp"

namespace dp::telephony {

/// What is the owner's to choose; the rest stands in the carrier's limits.
struct ProvisioningTiming {
    std::chrono::milliseconds first_interval{3'000};  ///< seed 0: "starting at 3 seconds, capping at 60 seconds"
    std::chrono::milliseconds last_interval{60'000};
    std::chrono::seconds attention_after{300};  ///< the client's polling window (seed 0)
};

/// Carrier code of an order that we stopped waiting for: it may still stand, and be filled and billed.
inline constexpr std::string_view kLimitPassed = "LIMIT_PASSED";

enum class RunStage : std::uint8_t { Ask, Order, Poll, Release, Over };

/// Does the run begin with its job, or take it over from a process that died?
enum class RunOrigin { Fresh, Resumed };

class ProvisioningRun {
public:
    ProvisioningRun(const Number& number, RunOrigin origin, const ProvisioningTiming& timing,
                    std::chrono::hours give_up_after, TimePoint now);

    RunStage stage() const { return stage_; }
    const ProvisioningJob& job() const { return job_; }
    /// When the carrier is to be asked next; kNever while nothing is to be asked.
    TimePoint due() const { return held_ || stage_ == RunStage::Over ? kNever : due_; }
    /// When elapsed() has something to say, at the latest.
    WallTime next_mark() const;
    int attempts() const { return attempts_; }
    /// Of the request that is about to be sent.
    CarrierOrder order() const;

    /// The provider's switch. Off stops what has not been ordered yet; the change says so once.
    std::optional<NumberChange> provision_automatically(bool on, TimePoint now, WallTime wall);
    void asked() { ++attempts_; }
    std::optional<NumberChange> answered(const CarrierAnswer& answer, TimePoint now);
    /// What time alone brings: attention after the client's window, the carrier's limit.
    std::optional<NumberChange> elapsed(WallTime now);

private:
    void enter(RunStage stage, TimePoint now, std::chrono::milliseconds first);
    void wait(const CarrierAnswer& answer, TimePoint now);
    NumberChange change() const;
    std::optional<NumberChange> finish(const CarrierAnswer& answer);
    std::optional<NumberChange> pending(const CarrierAnswer& answer, TimePoint now);
    std::optional<NumberChange> released(const CarrierAnswer& answer, TimePoint now);
    std::optional<NumberChange> raise(Attention attention);

    ProvisioningJob job_;
    NumberState state_;
    std::string e164_;
    NumberType type_;
    std::string location_;
    ProvisioningTiming timing_;
    std::chrono::hours give_up_after_;
    RunStage stage_ = RunStage::Over;
    bool held_ = false;
    WallTime patient_since_;  ///< the client's window counts from here
    TimePoint due_;
    std::chrono::milliseconds interval_;
    int attempts_ = 0;
    int silences_ = 0;  ///< requests in a row without a usable answer
};

}  // namespace dp::telephony
