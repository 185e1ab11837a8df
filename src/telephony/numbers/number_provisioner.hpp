#pragma once
/// @file NumberProvisioner: keeps every number's job going: asks carriers when a run is due, stores what came of it,
/// and only then goes on. After a start it takes up what the last process left.
///
/// Threads: one owner (the API thread); `look_at` and `look_at_provider` post to it from anywhere. It learns of new jobs
/// from the store's commits. Nothing is sent for a number before what led to it is on disk.

#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "base/timer_wheel.hpp"
#include "telephony/numbers/provisioning_progress.hpp"
#include "telephony/numbers/provisioning_run.hpp"

namespace dp::telephony {

class NumberProvisioner {
public:
    struct Ports {
        Store& store;
        NumberService& numbers;
        CarrierDirectory& carriers;
        LiveProvisioning& progress;
        Executor& owner;
        TimerWheel& timers;
        const Clock& clock;
    };

    /// On the owner, construction and destruction included.
    NumberProvisioner(Ports ports, ProvisioningTiming timing);
    ~NumberProvisioner();
    NumberProvisioner(const NumberProvisioner&) = delete;
    NumberProvisioner& operator=(const NumberProvisioner&) = delete;

    /// Takes up every job of the snapshot, and follows the store's commits from here on. Once.
    void start();
    void stop();
    /// Runs that are not over.
    std::size_t active() const { return runs_.size(); }

private:
    struct Key {
        OrganizationId organization;
        NumberId number;
        auto operator<=>(const Key&) const = default;
    };
    struct Entry;
    struct Link;
    using EntryPtr = std::shared_ptr<Entry>;

    void take_up_all();
    void look_at(const Key& key, RunOrigin origin);
    void look_at_provider();
    void begin(const Key& key, const Number& number, RunOrigin origin);
    void drop(const Key& key);
    void schedule(Entry& entry);
    void arm();
    void tick();
    void run_due(const EntryPtr& entry);
    void ask(const EntryPtr& entry);
    void answered(const EntryPtr& entry, std::uint64_t request, const CarrierAnswer& answer);
    void store(const EntryPtr& entry, NumberChange change);
    void stored(const EntryPtr& entry, Result<Committed> done);
    void publish(const Entry& entry);
    struct Provider {
        std::shared_ptr<Carrier> carrier;  ///< null: the provider is gone
        bool automatic = true;
    };
    Provider provider_of(const Key& key) const;
    Ptr<Number> number_of(const Key& key) const;

    Ports ports_;
    ProvisioningTiming timing_;
    Timer timer_;
    std::map<Key, EntryPtr> runs_;
    std::set<std::pair<TimePoint, Key>> schedule_;
    std::size_t in_flight_ = 0;
    std::shared_ptr<Link> link_;  ///< what other threads and late answers hold; empty once stopped
};

}  // namespace dp::telephony
