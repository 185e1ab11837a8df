#include "telephony/numbers/number_provisioner.hpp"

#include <atomic>

#include "base/log.hpp"
#include "telephony/accounts/telephony_configuration.hpp"
#include "telephony/trunks/trunk.hpp"

namespace dp::telephony {
namespace {

using namespace std::chrono_literals;

/// Requests under way at all carriers together; whoever is due beyond that waits its turn.
constexpr std::size_t kMaxInFlight = 32;
/// An answer that has not come by then never will: the client below gave up long before.
constexpr auto kAnswerLimit = 60s;
constexpr auto kStoreRetry = 250ms;
constexpr int kMaxRefusals = 4;
/// A look-out that no message depends on: what a full mailbox lost is found again.
constexpr auto kSweep = 10s;

}  // namespace

struct NumberProvisioner::Entry {
    Key key;
    ProvisioningRun run;
    TimePoint due = kNever;           ///< where it stands in the schedule
    TimePoint answer_until = kNever;  ///< while a request is under way
    std::uint64_t request = 0;        ///< counts; an answer to an older one is nobody's
    bool storing = false;
    int refusals = 0;                       ///< by the store, in a row
    std::optional<NumberChange> unsaved{};  ///< stored before anything else happens
};

struct NumberProvisioner::Link {
    NumberProvisioner* provisioner = nullptr;  ///< owner thread only
    Executor* owner = nullptr;
    std::atomic<bool> missed{false};  ///< a commit could not be told
};

NumberProvisioner::NumberProvisioner(Ports ports, ProvisioningTiming timing)
    : ports_(ports), timing_(timing), timer_([this] { tick(); }), link_(std::make_shared<Link>()) {
    link_->provisioner = this;
    link_->owner = &ports_.owner;
}

NumberProvisioner::~NumberProvisioner() {
    stop();
}

void NumberProvisioner::stop() {
    link_->provisioner = nullptr;
    timer_.cancel();
    schedule_.clear();
    runs_.clear();
}

void NumberProvisioner::start() {
    ports_.store.on_commit([link = link_](const std::shared_ptr<const std::vector<Event>>& events) {
        std::vector<Key> numbers;
        bool providers = false;
        for (const Event& event : *events) {
            if (event.type == event_type::kNumberStateChanged)
                numbers.push_back({event.organization, NumberId(event.resource_id)});
            providers |= event.type == event_type::kTrunkUpdated;
        }
        if (numbers.empty() && !providers) return;
        const bool told = link->owner->post([link, numbers = std::move(numbers), providers] {
            if (!link->provisioner) return;
            for (const Key& key : numbers) link->provisioner->look_at(key, RunOrigin::Fresh);
            if (providers) link->provisioner->look_at_provider();
        });
        if (!told) link->missed = true;
    });
    take_up_all();
    arm();
}

void NumberProvisioner::take_up_all() {
    const auto snapshot = ports_.store.snapshots().current();
    snapshot->organizations().for_each([&](const Ptr<OrganizationConfig>& config) {
        config->all<Number>().for_each([&](const Ptr<Number>& number) {
            if (number->job) look_at({config->id(), number->id}, RunOrigin::Resumed);
        });
    });
    look_at_provider();
}

Ptr<Number> NumberProvisioner::number_of(const Key& key) const {
    const auto snapshot = ports_.store.snapshots().current();
    const auto& config = snapshot->organization(key.organization);
    return config ? config->number(key.number) : nullptr;
}

NumberProvisioner::Provider NumberProvisioner::provider_of(const Key& key) const {
    const auto snapshot = ports_.store.snapshots().current();
    const auto& config = snapshot->organization(key.organization);
    const auto number = config ? config->number(key.number) : nullptr;
    if (!number) return {};
    if (const auto trunk = config->trunk_of_provider(number->provider))
        return {ports_.carriers.carrier_of(trunk), trunk->auto_provision_numbers};
    if (const auto& account = config->find<TelephonyConfiguration>(TelephonyConfigurationId(number->provider)))
        return {ports_.carriers.carrier_of(account)};
    return {};
}

void NumberProvisioner::look_at(const Key& key, RunOrigin origin) {
    const auto number = number_of(key);
    if (!number || !number->job) return drop(key);
    const auto found = runs_.find(key);
    if (found == runs_.end()) return begin(key, *number, origin);
    const auto& entry = *found->second;
    const auto& job = entry.run.job();
    if (job.id == number->job->id && job.kind == number->job->kind && job.began == number->job->began) return;
    // A new job while a request of the old one is under way: its answer decides when we may go on.
    if (entry.answer_until == kNever && !entry.storing) begin(key, *number, RunOrigin::Resumed);
}

void NumberProvisioner::begin(const Key& key, const Number& number, RunOrigin origin) {
    drop(key);
    const auto provider = provider_of(key);
    if (!provider.carrier) return;
    ProvisioningRun run(number, origin, timing_, provider.carrier->give_up_after(), ports_.clock.now());
    if (run.stage() == RunStage::Over) return;
    auto entry = std::make_shared<Entry>(Entry{.key = key, .run = std::move(run)});
    runs_[key] = entry;
    if (auto change = entry->run.provision_automatically(provider.automatic, ports_.clock.now(), ports_.clock.wall()))
        return store(entry, std::move(*change));
    schedule(*entry);
}

void NumberProvisioner::drop(const Key& key) {
    const auto found = runs_.find(key);
    if (found == runs_.end()) return;
    schedule_.erase({found->second->due, key});
    if (found->second->answer_until != kNever) --in_flight_;
    runs_.erase(found);
    ports_.progress.erase(key.number);
}

void NumberProvisioner::look_at_provider() {
    std::vector<EntryPtr> entries;
    for (const auto& [key, entry] : runs_) entries.push_back(entry);
    for (const auto& entry : entries) {
        const auto provider = provider_of(entry->key);
        if (!provider.carrier || entry->storing || entry->answer_until != kNever) continue;
        if (auto change =
                entry->run.provision_automatically(provider.automatic, ports_.clock.now(), ports_.clock.wall()))
            store(entry, std::move(*change));
        else
            schedule(*entry);
    }
}

void NumberProvisioner::schedule(Entry& entry) {
    schedule_.erase({entry.due, entry.key});
    const auto now = ports_.clock.now();
    const auto mark = now + std::max<Duration>(entry.run.next_mark() - ports_.clock.wall(), 0s);
    // One thing at a time: while the carrier is being asked, its answer comes first.
    entry.due = entry.answer_until != kNever ? entry.answer_until : std::min(entry.run.due(), mark);
    if (entry.storing) entry.due = kNever;
    if (entry.due != kNever) schedule_.insert({entry.due, entry.key});
    publish(entry);
    arm();
}

void NumberProvisioner::publish(const Entry& entry) {
    auto progress = std::make_shared<ProvisioningProgress>();
    progress->attempts = entry.run.attempts();
    if (const auto due = entry.run.due(); due != kNever)
        progress->next_poll = ports_.clock.wall() + std::chrono::duration_cast<std::chrono::milliseconds>(
                                                        std::max<Duration>(due - ports_.clock.now(), 0s));
    ports_.progress.put(entry.key.number, std::move(progress));
}

void NumberProvisioner::arm() {
    const auto sweep = ports_.clock.now() + kSweep;
    ports_.timers.arm(timer_, schedule_.empty() ? sweep : std::min(sweep, schedule_.begin()->first));
}

void NumberProvisioner::tick() {
    if (link_->missed.exchange(false)) take_up_all();
    const auto now = ports_.clock.now();
    while (!schedule_.empty() && schedule_.begin()->first <= now && in_flight_ < kMaxInFlight) {
        const EntryPtr entry = runs_.at(schedule_.begin()->second);  // kept: it may be dropped on the way
        run_due(entry);
    }
    if (in_flight_ < kMaxInFlight) return arm();
    ports_.timers.arm(timer_, now + 100ms);  // a request that comes back goes on at once, see answered()
}

void NumberProvisioner::run_due(const EntryPtr& entry) {
    const auto now = ports_.clock.now();
    schedule_.erase({entry->due, entry->key});
    if (entry->unsaved) return store(entry, std::move(*entry->unsaved));
    if (entry->answer_until <= now) return answered(entry, entry->request, {});
    if (entry->answer_until != kNever) return schedule(*entry);
    if (auto change = entry->run.elapsed(ports_.clock.wall())) return store(entry, std::move(*change));
    if (entry->answer_until == kNever && entry->run.due() <= now) return ask(entry);
    schedule(*entry);
}

void NumberProvisioner::ask(const EntryPtr& entry) {
    const auto carrier = provider_of(entry->key).carrier;
    if (!carrier) return drop(entry->key);
    const auto request = ++entry->request;
    entry->answer_until = ports_.clock.now() + kAnswerLimit;
    ++in_flight_;
    entry->run.asked();
    auto reply = [link = link_, entry, request](const CarrierAnswer& answer) {
        if (link->provisioner) link->provisioner->answered(entry, request, answer);
    };
    const auto stage = entry->run.stage();
    schedule(*entry);
    switch (stage) {
        case RunStage::Ask:
            return carrier->find_order(entry->run.order(), ports_.owner, std::move(reply));
        case RunStage::Order:
            return carrier->order(entry->run.order(), ports_.owner, std::move(reply));
        case RunStage::Poll:
            return carrier->poll(entry->run.job().external_id, ports_.owner, std::move(reply));
        case RunStage::Release:
            return carrier->release(entry->run.order(), ports_.owner, std::move(reply));
        case RunStage::Over:
            return;
    }
}

void NumberProvisioner::answered(const EntryPtr& entry, std::uint64_t request, const CarrierAnswer& answer) {
    const auto found = runs_.find(entry->key);
    if (found == runs_.end() || found->second != entry || entry->request != request || entry->answer_until == kNever)
        return;
    entry->answer_until = kNever;
    --in_flight_;
    const auto number = number_of(entry->key);
    if (!number || !number->job || number->job->began != entry->run.job().began) {  // another job by now
        drop(entry->key);
        look_at(entry->key, RunOrigin::Resumed);
        return;
    }
    if (auto change = entry->run.answered(answer, ports_.clock.now()))
        store(entry, std::move(*change));
    else
        schedule(*entry);
    if (in_flight_ + 1 == kMaxInFlight) arm();
}

void NumberProvisioner::store(const EntryPtr& entry, NumberChange change) {
    if (change.attention && *change.attention != Attention::None)
        log::warn("numbers", "number {} needs attention: {}", entry->key.number.str(), to_string(*change.attention));
    WriteContext context;
    context.organization = entry->key.organization;
    context.actor = {ActorKind::System, "provisioning"};
    context.request_id = entry->run.job().id;
    context.now = ports_.clock.wall();
    entry->unsaved = change;
    entry->storing = true;
    schedule(*entry);
    ports_.numbers.change(std::move(context), entry->key.number, change, ports_.owner,
                          [link = link_, entry](Result<Committed> done) {
                              if (link->provisioner) link->provisioner->stored(entry, std::move(done));
                          });
}

void NumberProvisioner::stored(const EntryPtr& entry, Result<Committed> done) {
    entry->storing = false;
    const auto found = runs_.find(entry->key);
    if (found == runs_.end() || found->second != entry) return;
    const auto number = number_of(entry->key);
    if (!number || !number->job || number->job->began != entry->run.job().began ||
        (done && entry->run.stage() == RunStage::Over)) {
        drop(entry->key);
        look_at(entry->key, RunOrigin::Resumed);
        // Refused or given up: how often the carrier was asked is still told.
        if (number && number->job && !runs_.contains(entry->key))
            ports_.progress.put(entry->key.number, std::make_shared<ProvisioningProgress>(entry->run.attempts()));
        return;
    }
    if (done) {
        entry->unsaved.reset();
        entry->refusals = 0;
        return schedule(*entry);
    }
    // Somebody changed the number in between, or the store is in trouble: what we know is not lost, it is written again.
    log::debug("numbers", "a step of number {} is written again: {}", entry->key.number.str(), done.error().detail);
    schedule_.erase({entry->due, entry->key});
    if (done.error().code == ErrorCode::Conflict && ++entry->refusals >= kMaxRefusals)
        return begin(entry->key, *number, RunOrigin::Resumed);  // what is stored decides, and the carrier is asked
    entry->due = ports_.clock.now() + kStoreRetry;
    schedule_.insert({entry->due, entry->key});
    arm();
}

}  // namespace dp::telephony
