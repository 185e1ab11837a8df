#pragma once
/// @file SqliteStore: the Store port on one SQLite database. Many threads submit, one writer thread drains the queue
/// into one transaction (group commit), publishes the next snapshot and replies in order; a few reader threads answer
/// what the snapshot does not.

#include <atomic>
#include <deque>
#include <mutex>
#include <semaphore>
#include <stop_token>
#include <thread>

#include "base/clock.hpp"
#include "store/open_store.hpp"
#include "store/sqlite/connection.hpp"
#include "store/sqlite/event_retention.hpp"
#include "store/sqlite/reader_pool.hpp"
#include "store/sqlite/reply_line.hpp"
#include "store/sqlite/unit_writer.hpp"
#include "telephony/ports/spill.hpp"

namespace dp::store::sqlite {

class SqliteStore final : public telephony::Store {
public:
    struct Parts {
        std::unique_ptr<Connection> connection;
        std::unique_ptr<ReaderPool> readers;  ///< none with Threading::Inline
        telephony::Ptr<telephony::Snapshot> snapshot;
        std::shared_ptr<void> lock;  ///< held until the store is closed
        std::string path;
    };

    SqliteStore(Parts parts, const StoreOptions& options, const Clock& clock, Random& random);
    ~SqliteStore() override;

    /// Before the first submit: reads where the logs stand, writes what a dead process had spilled and not committed,
    /// ends conversations that it left open; says how many.
    Result<std::size_t> recover(const std::vector<telephony::OutboxEntry>& spilled);
    void start();

    void submit(telephony::UnitOfWork unit, Executor& reply_on, telephony::Reply<telephony::Committed> reply) override;
    void find_conversation(telephony::OrganizationId organization, telephony::ConversationId id, Executor& reply_on,
                           telephony::Reply<telephony::Ptr<telephony::Conversation>> reply) override;
    void find_conversations(telephony::ConversationQuery query, Executor& reply_on,
                            telephony::Reply<telephony::Page<telephony::Conversation>> reply) override;
    void find_events(telephony::EventQuery query, Executor& reply_on,
                     telephony::Reply<std::vector<telephony::Event>> reply) override;
    void find_audit(telephony::AuditQuery query, Executor& reply_on,
                    telephony::Reply<std::vector<telephony::AuditEntry>> reply) override;
    void find_webhook_backlog(telephony::OrganizationId organization, telephony::WebhookId webhook, Executor& reply_on,
                              telephony::Reply<telephony::WebhookBacklog> reply) override;
    void find_deliveries(telephony::DeliveryQuery query, Executor& reply_on,
                         telephony::Reply<std::vector<telephony::WebhookDelivery>> reply) override;
    void verify_audit(Executor& reply_on, telephony::Reply<telephony::AuditVerdict> reply) override;
    void find_idempotency(std::string scope, std::string key, Executor& reply_on,
                          telephony::Reply<std::optional<telephony::IdempotencyRecord>> reply) override;
    const telephony::SnapshotHub& snapshots() const override { return hub_; }
    std::vector<telephony::AccessGrant> load_grants(WallTime now) override;
    void on_commit(telephony::CommitListener listener) override;
    telephony::StoreHealth health() const override;
    void stop() override;

private:
    struct Request {
        telephony::UnitOfWork unit;
        Executor* reply_on;
        telephony::Reply<telephony::Committed> reply;
        Result<Applied> outcome;
    };
    using Batch = std::vector<std::shared_ptr<Request>>;

    Result<void> take_spilled(const std::vector<telephony::OutboxEntry>& spilled);
    Result<std::size_t> close_open_conversations();
    void write_loop();
    void commit_queued();
    void commit(Batch& batch);
    Outcome<void> write(Batch& batch);
    void publish(Batch& batch);
    void reply(Batch& batch);
    void give_up(Batch& batch, const Fault& fault);
    void note(const std::string& problem);
    void note_damage(const Error& error);
    void read_through(const std::stop_token& stop);
    void upkeep();
    void probe();
    void purge();
    Outcome<bool> trim_events();
    template <class T, class Find>
    void read(Executor& reply_on, telephony::Reply<T> reply, Find find);

    StoreOptions options_;
    const Clock& clock_;
    std::string path_;
    std::shared_ptr<void> lock_;
    std::unique_ptr<Connection> connection_;
    std::unique_ptr<ReaderPool> readers_;
    UnitWriter writer_;
    bool heads_known_ = true;  ///< false: a fault kept the writer from reading where the logs stand
    std::chrono::steady_clock::time_point next_probe_, next_purge_;
    unsigned probes_ = 0;
    EventRetention retention_;
    telephony::SnapshotHub hub_;
    ReplyLine replies_;
    Batch batch_;

    std::counting_semaphore<> wake_{0};
    Mailbox queue_;
    std::atomic<bool> stopping_{false};
    std::atomic<int> submitting_{0};
    std::atomic<std::size_t> queued_{0};
    std::atomic<std::uint64_t> committed_{0};
    std::atomic<std::uint64_t> last_event_{0};

    mutable std::mutex listeners_mutex_;
    std::vector<telephony::CommitListener> listeners_;
    mutable std::mutex problem_mutex_;
    std::string problem_;  ///< why the last write failed; empty again once one succeeds
    std::string damage_;   ///< the file is damaged: no later success makes that good
    std::once_flag stopped_;
    std::thread thread_;
    std::jthread reading_through_;
};

}  // namespace dp::store::sqlite
