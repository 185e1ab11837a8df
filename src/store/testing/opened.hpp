#pragma once
/// @file For tests on a real store: a data directory of its own that goes away, and calls that wait for their reply.

#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "store/open_store.hpp"
#include "telephony/testing/example.hpp"

namespace dp::store::testing {

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = std::filesystem::temp_directory_path() / "dialplane-store-XXXXXX";
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

/// Runs replies where they are posted.
class DirectExecutor final : public Executor {
public:
    bool post(Task task) override {
        task();
        return true;
    }
};

/// A store in a directory, with calls that wait.
class Opened {
public:
    explicit Opened(const std::string& directory, Threading threading = Threading::Threads, std::size_t queue = 8192) {
        StoreOptions options;
        options.directory = directory;
        options.threading = threading;
        options.queue = queue;
        auto opened = open_store(options, clock, random);
        if (!opened) {
            error = opened.error();
            return;
        }
        store = std::move(opened->store);
        first_run = opened->first_run;
        closed_conversations = opened->closed_conversations;
    }

    Result<telephony::Committed> submit(telephony::UnitOfWork unit) {
        return wait<telephony::Committed>(
            [&](auto reply) { store->submit(std::move(unit), executor, std::move(reply)); });
    }
    template <class T>
    Result<telephony::Committed> put(T entity, std::int64_t expected = telephony::kMustNotExist) {
        telephony::UnitOfWork unit;
        unit.puts.push_back({std::move(entity), expected});
        return submit(std::move(unit));
    }
    Result<telephony::Committed> remove(telephony::EntityType type, std::string id) {
        telephony::UnitOfWork unit;
        unit.removes.push_back({type, organization, std::move(id), telephony::kAnyVersion});
        return submit(std::move(unit));
    }
    std::vector<telephony::Event> events(telephony::EventQuery query = {}) {
        query.organization = organization;
        return *wait<std::vector<telephony::Event>>(
            [&](auto reply) { store->find_events(query, executor, std::move(reply)); });
    }
    std::vector<telephony::AuditEntry> audit(telephony::AuditQuery query = {}) {
        query.organization = organization;
        return *wait<std::vector<telephony::AuditEntry>>(
            [&](auto reply) { store->find_audit(query, executor, std::move(reply)); });
    }
    telephony::Ptr<telephony::Conversation> conversation(const std::string& id) {
        return *wait<telephony::Ptr<telephony::Conversation>>([&](auto reply) {
            store->find_conversation(organization, telephony::ConversationId(id), executor, std::move(reply));
        });
    }
    Result<telephony::Page<telephony::Conversation>> conversations(telephony::ConversationQuery query) {
        query.organization = organization;
        return wait<telephony::Page<telephony::Conversation>>(
            [&](auto reply) { store->find_conversations(query, executor, std::move(reply)); });
    }

    template <class T>
    static Result<T> wait(auto start) {
        auto promise = std::make_shared<std::promise<Result<T>>>();
        auto future = promise->get_future();
        start([promise](Result<T> result) { promise->set_value(std::move(result)); });
        return future.get();
    }

    /// The example organization, with its secrets kept.
    void seed() {
        telephony::testing::FixedSecrets fixed;
        telephony::ExampleOptions options;
        options.carrier = {
            .host = "carrier.dialplane.test", .port = 5070, .username = "acme", .password = "acme-password"};
        options.now = clock.wall();
        auto example = telephony::make_example_organization(options, fixed, random);
        secrets = std::move(example.secrets);
        organization = secrets.organization;
        auto done = submit(std::move(example.unit));
        if (!done) error = done.error();
    }
    const telephony::OrganizationConfig& config() {
        return *(held = store->snapshots().current())->organization(organization);
    }
    /// An organization and nothing else.
    void found(const std::string& id = "org") {
        organization = telephony::OrganizationId(id);
        telephony::Organization made;
        made.id = organization;
        made.meta.organization = organization;
        made.name = id;
        made.sip_domain = id + ".test";
        auto done = put(std::move(made));
        if (!done) error = done.error();
    }
    telephony::User user(const std::string& id, const std::string& name = "A User") {
        telephony::User out;
        out.id = telephony::UserId(id);
        out.meta.organization = organization;
        out.name = name;
        return out;
    }
    telephony::Event event(const std::string& resource,
                           std::string_view type = telephony::event_type::kConfigurationChanged) {
        telephony::Event out;
        out.organization = organization;
        out.type = type;
        out.resource_type = "user";
        out.resource_id = resource;
        out.time = clock.wall();
        return out;
    }

    ManualClock clock;
    SeededRandom random{11};
    DirectExecutor executor;
    std::unique_ptr<telephony::Store> store;
    telephony::OrganizationId organization;
    telephony::FirstRunSecrets secrets;
    telephony::Ptr<telephony::Snapshot> held;
    Error error{.code = ErrorCode::Internal, .detail = {}, .field = {}};
    bool first_run = false;
    std::size_t closed_conversations = 0;
};

}  // namespace dp::store::testing
