#include "store/sqlite/sqlite_store.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <bit>
#include <future>

#include "base/histogram.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"
#include "store/sqlite/queries.hpp"
#include "store/store_faults.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::store::sqlite {

namespace t = dp::telephony;

namespace {

constexpr std::chrono::seconds kPurgeEvery{60};
constexpr std::chrono::seconds kProbeEvery{1};
constexpr std::uint64_t kLeastRoom = 1U << 20U;        // one page may find a place where a transaction does not
constexpr std::chrono::hours kDeliveredKept{24 * 30};  // dead and pending deliveries stay
constexpr std::chrono::milliseconds kRetryReplies{1};

metrics::Counter& units_total(std::string_view outcome) {
    return metrics::counter("dialplane_store_units_total", std::string("outcome=\"").append(outcome).append("\""),
                            "Units of work by outcome");
}

}  // namespace

SqliteStore::SqliteStore(Parts parts, const StoreOptions& options, const Clock& clock, Random& random)
    : options_(options),
      clock_(clock),
      path_(std::move(parts.path)),
      lock_(std::move(parts.lock)),
      connection_(std::move(parts.connection)),
      readers_(std::move(parts.readers)),
      writer_(*connection_, random),
      queue_(std::bit_ceil(options.queue), [this] { wake_.release(); }) {
    hub_.publish(std::move(parts.snapshot));
}

SqliteStore::~SqliteStore() {
    stop();
}

Result<std::size_t> SqliteStore::recover(const std::vector<t::OutboxEntry>& spilled) {
    if (auto heads = writer_.load_heads(); !heads) return std::unexpected(std::move(heads).error().error);
    DP_CHECK(take_spilled(spilled));
    DP_TRY(closed, close_open_conversations());
    last_event_.store(writer_.last_event(), std::memory_order_relaxed);
    return closed;
}

/// Some of it may have been committed after it was spilled: versions only grow, and events are looked up. A unit per
/// entry: one that the database no longer takes (its organization is gone) does not hold up the others.
Result<void> SqliteStore::take_spilled(const std::vector<t::OutboxEntry>& spilled) {
    Batch batch;
    for (const t::OutboxEntry& entry : spilled) {
        t::UnitOfWork unit;
        if (entry.conversation) unit.conversations.push_back(*entry.conversation);
        for (const t::Event& event : entry.events) {
            DP_TRY(stored, has_event(*connection_, event));
            if (!stored) unit.events.push_back(event);
        }
        batch.push_back(std::make_shared<Request>(Request{std::move(unit), nullptr, nullptr, {}}));
    }
    if (batch.empty()) return {};
    if (auto written = write(batch); !written) return std::unexpected(std::move(written).error().error);
    for (const auto& request : batch)
        if (!request->outcome) log::warn("store", "a spilled record was refused: {}", request->outcome.error().detail);
    return {};
}

Result<std::size_t> SqliteStore::close_open_conversations() {
    DP_TRY(open, open_conversations(*connection_));
    t::UnitOfWork unit;
    const WallTime now = clock_.wall();
    for (t::Conversation& conversation : open) {
        DP_CHECK(t::end(conversation, t::terminate(t::EndReason::ServerRestart, t::Reached::NotConnected), now));
        unit.events.push_back(t::conversation_event(conversation, t::event_type::kConversationEnded, now));
        unit.conversations.push_back(std::move(conversation));
    }
    const std::size_t closed = unit.conversations.size();
    Batch batch{std::make_shared<Request>(Request{std::move(unit), nullptr, nullptr, {}})};
    if (closed != 0)
        if (auto written = write(batch); !written) return std::unexpected(std::move(written).error().error);
    return closed;
}

void SqliteStore::start() {
    if (options_.threading != Threading::Threads) return;
    next_purge_ = std::chrono::steady_clock::now() + kPurgeEvery;
    thread_ = std::thread([this] { write_loop(); });
    reading_through_ = std::jthread([this](const std::stop_token& stop) { read_through(stop); });
}

/// Opening reads what configuration needs. Whether the rest of the file is whole is found out beside the work: damage in
/// a page that nobody asked for yet is told while there still is a recent backup. A table at a time, so that no long
/// read keeps the log from starting anew.
void SqliteStore::read_through(const std::stop_token& stop) {
    ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19);
    auto connection = Connection::open(path_, Access::Read);
    if (!connection || !(*connection)->set_cache_size(kPassingCache)) return;
    const auto aborted = [](void* token) {
        return static_cast<const std::stop_token*>(token)->stop_requested() ? 1 : 0;
    };
    sqlite3_progress_handler((*connection)->handle(), 10'000, aborted, const_cast<std::stop_token*>(&stop));
    auto damage = find_damage(**connection);
    if (!damage && damage.error().code == ErrorCode::Internal && !stop.stop_requested()) note_damage(damage.error());
    connection->reset();
    ::malloc_trim(0);  // its pages were read once
}

void SqliteStore::submit(t::UnitOfWork unit, Executor& reply_on, t::Reply<t::Committed> reply) {
    auto request = std::make_shared<Request>(Request{std::move(unit), &reply_on, std::move(reply), {}});
    submitting_.fetch_add(1);
    const bool taken = !stopping_.load() && queue_.post([this, request] { batch_.push_back(request); });
    if (taken) queued_.fetch_add(1, std::memory_order_relaxed);
    submitting_.fetch_sub(1);
    if (!taken)
        request->reply(fail(ErrorCode::Unavailable, "The store does not take writes at the moment: try again."));
    else if (options_.threading == Threading::Inline && queue_.drain(options_.batch) > 0)
        commit_queued();
}

void SqliteStore::write_loop() {
    for (bool replied = true;;) {
        const bool hurry = !replied || stopping_.load();
        (void)wake_.try_acquire_for(hurry ? kRetryReplies : std::chrono::milliseconds(kProbeEvery));
        while (queue_.drain(options_.batch) > 0) commit_queued();
        if (!hurry) upkeep();
        replied = replies_.flush();
        if (stopping_.load() && submitting_.load() == 0 && queue_.empty()) return;
    }
}

void SqliteStore::commit_queued() {
    commit(batch_);
    batch_.clear();
}

void SqliteStore::commit(Batch& batch) {
    static auto& commit_time =
        metrics::histogram("dialplane_store_commit_seconds", "", "One transaction, from its first unit to the disk.");
    queued_.fetch_sub(batch.size(), std::memory_order_relaxed);
    const auto began = std::chrono::steady_clock::now();
    if (auto written = write(batch); !written) {
        give_up(batch, written.error());
    } else {
        commit_time.observe(std::chrono::steady_clock::now() - began);
        publish(batch);
        note({});
    }
    reply(batch);
    replies_.flush();
}

/// One transaction for the whole batch; a unit that fails does not disturb its neighbours.
Outcome<void> SqliteStore::write(Batch& batch) {
    if (options_.faults)
        if (auto fault = options_.faults->strike()) return std::unexpected(Fault{Reach::Database, std::move(*fault)});
    DP_CHECK(run(*connection_, "BEGIN IMMEDIATE"));
    if (!heads_known_) DP_CHECK(writer_.load_heads());
    heads_known_ = true;
    const WallTime now = clock_.wall();
    for (auto& request : batch) {
        auto applied = writer_.apply(request->unit, now);
        if (applied)
            request->outcome = std::move(*applied);
        else if (applied.error().reach == Reach::Database)
            return std::unexpected(std::move(applied).error());
        else
            request->outcome = std::unexpected(std::move(applied).error().error);
    }
    return run(*connection_, "COMMIT");
}

void SqliteStore::give_up(Batch& batch, const Fault& fault) {
    if (connection_->in_transaction()) (void)connection_->execute("ROLLBACK");
    heads_known_ = writer_.load_heads().has_value();
    note(fault.error.detail);
    const bool injected = options_.faults && options_.faults->kind() != FaultKind::None;
    if (fault.error.code == ErrorCode::Internal && !injected) note_damage(fault.error);
    for (auto& request : batch) request->outcome = std::unexpected(fault.error);
}

void SqliteStore::publish(Batch& batch) {
    t::SnapshotBuilder builder(hub_.current());
    bool changed = false;
    auto events = std::make_shared<std::vector<t::Event>>();
    for (auto& request : batch) {
        if (!request->outcome) continue;
        for (const t::EntityPtr& entity : request->outcome->changed) builder.put(entity);
        for (const t::Remove& removed : request->outcome->removed)
            builder.remove(removed.type, removed.organization, removed.id);
        changed = changed || !request->outcome->changed.empty() || !request->outcome->removed.empty();
        for (const t::Event& event : request->outcome->events) events->push_back(event);
    }
    if (changed) hub_.publish(builder.finish());
    last_event_.store(writer_.last_event(), std::memory_order_relaxed);
    if (events->empty()) return;
    std::lock_guard lock(listeners_mutex_);
    for (const auto& listener : listeners_) listener(events);
}

void SqliteStore::reply(Batch& batch) {
    static auto& committed = units_total("committed");
    static auto& refused = units_total("refused");
    const auto snapshot = hub_.current();
    for (auto& request : batch) {
        Result<t::Committed> answer;
        if (request->outcome) {
            committed.add();
            committed_.fetch_add(1, std::memory_order_relaxed);
            answer->snapshot = snapshot;
            answer->entities = std::move(request->outcome->entities);
            answer->replay = std::move(request->outcome->replay);
            if (!request->outcome->events.empty()) answer->last_event = request->outcome->events.back().sequence;
        } else {
            refused.add();
            answer = std::unexpected(std::move(request->outcome).error());
        }
        replies_.add(*request->reply_on,
                     [request, answer = std::move(answer)]() mutable { request->reply(std::move(answer)); });
    }
}

void SqliteStore::note(const std::string& problem) {
    std::lock_guard lock(problem_mutex_);
    if (problem_ == problem) return;
    if (problem.empty())
        log::info("store", "writable again");
    else
        log::error("store", "cannot write: {}", problem);
    problem_ = problem;
}

void SqliteStore::note_damage(const Error& error) {
    std::lock_guard lock(problem_mutex_);
    if (damage_.empty()) log::error("store", "damaged: {}", error.detail);
    damage_ = error.detail;
}

/// Between transactions, at its own pace whether or not there is anything to write.
void SqliteStore::upkeep() {
    const auto now = std::chrono::steady_clock::now();
    if (!health().writable && now >= next_probe_) {
        probe();
        next_probe_ = now + kProbeEvery;
    }
    if (now >= next_purge_) purge();
}

/// A write of our own: readiness must not wait for somebody else's, because nobody sends any to a server that says it
/// is not ready.
void SqliteStore::probe() {
    if (options_.faults && options_.faults->kind() != FaultKind::None) return;
    struct statvfs disk{};
    const bool room = ::statvfs(path_.c_str(), &disk) != 0 || disk.f_bavail * disk.f_frsize >= kLeastRoom;
    // A value of its own each time: SQLite leaves a page alone that would be as it was.
    if (room && connection_->execute(fmt::format("PRAGMA user_version={}", ++probes_ % 1000))) note({});
}

void SqliteStore::purge() {
    const std::int64_t now = to_millis(clock_.wall());
    const std::int64_t life = std::chrono::milliseconds(kIdempotencyLife).count();
    auto purged = run(*connection_, "DELETE FROM access_grants WHERE expires_at < ?", now);
    if (purged) purged = run(*connection_, "DELETE FROM idempotency_keys WHERE created_at < ?", now - life);
    if (purged)
        purged = run(*connection_, "DELETE FROM webhook_deliveries WHERE state = 'delivered' AND last_attempt_at < ?",
                     now - std::chrono::milliseconds(kDeliveredKept).count());
    if (!purged) note(purged.error().error.detail);
    const auto more = trim_events();
    if (!more) note(more.error().error.detail);
    next_purge_ = std::chrono::steady_clock::now() + (more && *more ? kProbeEvery : kPurgeEvery);
}

Outcome<bool> SqliteStore::trim_events() {
    if (options_.events_kept.count() == 0) return false;
    return retention_.trim(*connection_, clock_.wall() - options_.events_kept);
}

template <class T, class Find>
void SqliteStore::read(Executor& reply_on, t::Reply<T> reply, Find find) {
    auto kept = std::make_shared<t::Reply<T>>(std::move(reply));
    ReaderPool::Job job = [this, kept, &reply_on, find = std::move(find)](Connection& connection) mutable {
        auto answer = std::make_shared<Result<T>>(find(connection));
        if (!*answer && answer->error().code == ErrorCode::Internal) note_damage(answer->error());
        // Readers may wait where the writer may not: the executor drains its mailbox or is gone with the store.
        while (!reply_on.post([kept, answer] { (*kept)(std::move(*answer)); }))
            std::this_thread::sleep_for(kRetryReplies);
    };
    if (options_.threading == Threading::Inline) return job(*connection_);
    if (!readers_->post(std::move(job)))
        (*kept)(fail(ErrorCode::Unavailable, "The store does not take reads at the moment: try again."));
}

void SqliteStore::find_conversation(t::OrganizationId organization, t::ConversationId id, Executor& reply_on,
                                    t::Reply<t::Ptr<t::Conversation>> reply) {
    read(reply_on, std::move(reply),
         [organization = std::move(organization), id = std::move(id)](Connection& connection) {
             return sqlite::find_conversation(connection, organization, id);
         });
}

void SqliteStore::find_conversations(t::ConversationQuery query, Executor& reply_on,
                                     t::Reply<t::Page<t::Conversation>> reply) {
    read(reply_on, std::move(reply),
         [query = std::move(query)](Connection& connection) { return sqlite::find_conversations(connection, query); });
}

void SqliteStore::find_events(t::EventQuery query, Executor& reply_on, t::Reply<std::vector<t::Event>> reply) {
    read(reply_on, std::move(reply),
         [query = std::move(query)](Connection& connection) { return sqlite::find_events(connection, query); });
}

void SqliteStore::find_audit(t::AuditQuery query, Executor& reply_on, t::Reply<std::vector<t::AuditEntry>> reply) {
    read(reply_on, std::move(reply),
         [query = std::move(query)](Connection& connection) { return sqlite::find_audit(connection, query); });
}

void SqliteStore::find_webhook_backlog(t::OrganizationId organization, t::WebhookId webhook, Executor& reply_on,
                                       t::Reply<t::WebhookBacklog> reply) {
    read(reply_on, std::move(reply),
         [organization = std::move(organization), webhook = std::move(webhook)](Connection& connection) {
             return sqlite::find_webhook_backlog(connection, organization, webhook);
         });
}

void SqliteStore::find_deliveries(t::DeliveryQuery query, Executor& reply_on,
                                  t::Reply<std::vector<t::WebhookDelivery>> reply) {
    read(reply_on, std::move(reply),
         [query = std::move(query)](Connection& connection) { return sqlite::find_deliveries(connection, query); });
}

void SqliteStore::verify_audit(Executor& reply_on, t::Reply<t::AuditVerdict> reply) {
    read(reply_on, std::move(reply), [](Connection& connection) { return audit_verdict(connection); });
}

void SqliteStore::find_idempotency(std::string scope, std::string key, Executor& reply_on,
                                   t::Reply<std::optional<t::IdempotencyRecord>> reply) {
    read(reply_on, std::move(reply), [this, scope = std::move(scope), key = std::move(key)](Connection& connection) {
        return sqlite::find_idempotency(connection, scope, key, clock_.wall());
    });
}

std::vector<t::AccessGrant> SqliteStore::load_grants(WallTime now) {
    // The writer's connection is the writer thread's from start() on.
    Result<std::vector<t::AccessGrant>> grants;
    if (options_.threading == Threading::Inline) {
        grants = sqlite::load_grants(*connection_, now);
    } else {
        std::promise<Result<std::vector<t::AccessGrant>>> loaded;
        auto answer = loaded.get_future();
        if (readers_->post([&](Connection& connection) { loaded.set_value(sqlite::load_grants(connection, now)); }))
            grants = answer.get();
    }
    if (grants) return std::move(*grants);
    note(grants.error().detail);
    return {};
}

void SqliteStore::on_commit(t::CommitListener listener) {
    std::lock_guard lock(listeners_mutex_);
    listeners_.push_back(std::move(listener));
}

t::StoreHealth SqliteStore::health() const {
    std::lock_guard lock(problem_mutex_);
    return {.writable = problem_.empty() && damage_.empty(),
            .problem = damage_.empty() ? problem_ : damage_,
            .queued = queued_.load(std::memory_order_relaxed),
            .committed_units = committed_.load(std::memory_order_relaxed),
            .last_event = last_event_.load(std::memory_order_relaxed)};
}

void SqliteStore::stop() {
    std::call_once(stopped_, [this] {
        stopping_.store(true);
        if (options_.faults) options_.faults->release();
        wake_.release();
        if (thread_.joinable()) thread_.join();
        if (!replies_.flush()) log::warn("store", "some replies found their thread's mailbox full at the stop");
        reading_through_.request_stop();
        if (reading_through_.joinable()) reading_through_.join();
        if (readers_) readers_->stop();
        connection_.reset();
        lock_.reset();
    });
}

}  // namespace dp::store::sqlite
