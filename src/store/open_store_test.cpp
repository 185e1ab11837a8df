// Opening, locking, faults of the disk and kill -9: what is special to the store on a file.

#include "store/open_store.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <set>
#include <thread>

#include "store/documents/documents.hpp"
#include "store/sealing_key.hpp"
#include "store/sqlite/migrations.hpp"
#include "store/sqlite/queries.hpp"
#include "store/testing/opened.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;

std::string database_in(const TemporaryDirectory& directory) {
    return directory.path() + "/dialplane.db";
}

std::unique_ptr<sqlite::Connection> direct(const TemporaryDirectory& directory) {
    return std::move(*sqlite::Connection::open(database_in(directory), sqlite::Access::Write));
}

unsigned mode_of(const std::string& path) {
    struct stat facts{};
    ::stat(path.c_str(), &facts);
    return facts.st_mode & 0777U;
}

TEST(OpenStore, MakesAPrivateDirectoryAndPrivateFiles) {
    TemporaryDirectory directory;
    const std::string inner = directory.path() + "/deep/data";
    Opened opened(inner);
    ASSERT_TRUE(opened.store) << opened.error.detail;
    opened.found();
    EXPECT_EQ(mode_of(inner), 0700U);
    for (const char* file : {"/dialplane.db", "/dialplane.db-wal", "/dialplane.lock"})
        EXPECT_EQ(mode_of(inner + file), 0600U) << file;
}

TEST(OpenStore, OneProcessPerDirectory) {
    TemporaryDirectory directory;
    Opened first(directory.path());
    Opened second(directory.path());
    EXPECT_FALSE(second.store);
    EXPECT_EQ(second.error.code, ErrorCode::Unavailable);
    EXPECT_NE(second.error.detail.find(std::to_string(::getpid())), std::string::npos)
        << "names the process that has it";
    first.store->stop();
    EXPECT_TRUE(Opened(directory.path()).store);
}

TEST(OpenStore, ADamagedDatabaseIsRefusedWithAdvice) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    {
        std::fstream file(database_in(directory), std::ios::in | std::ios::out | std::ios::binary);
        file.write("this is no database at all, not one bit of it", 45);
    }
    Opened opened(directory.path());
    EXPECT_FALSE(opened.store);
    EXPECT_EQ(opened.error.code, ErrorCode::Internal);
    EXPECT_NE(opened.error.detail.find("restore"), std::string::npos) << opened.error.detail;
}

TEST(OpenStore, ADamagedDocumentIsRefusedNotGuessed) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    for (const char* document : {"{\"name\":7}", "{", "[]"}) {
        ASSERT_TRUE(sqlite::run(*direct(directory), "UPDATE organizations SET doc = ?", document));
        Opened opened(directory.path());
        EXPECT_FALSE(opened.store) << document;
        EXPECT_EQ(opened.error.code, ErrorCode::Internal);
    }
}

TEST(OpenStore, ADatabaseOfANewerProgramIsRefused) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    ASSERT_TRUE(direct(directory)->execute("INSERT INTO schema_migrations VALUES (9999, 'future', 'x', 0)"));
    Opened opened(directory.path());
    EXPECT_FALSE(opened.store);
    EXPECT_NE(opened.error.detail.find("newer"), std::string::npos) << opened.error.detail;
}

TEST(OpenStore, AChangedSchemaStepIsRefused) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    ASSERT_TRUE(direct(directory)->execute("UPDATE schema_migrations SET sha256 = 'other'"));
    EXPECT_FALSE(Opened(directory.path()).store);
}

TEST(Migrations, WhoeverWasThereBeforeRolesKeepsWhatTheyCouldDo) {
    TemporaryDirectory directory;
    auto connection = direct(directory);
    const auto all = sqlite::embedded_migrations();
    ASSERT_TRUE(sqlite::migrate(*connection, all.first(1), WallTime{}));
    constexpr const char* kHead =
        "(organization_id, id, version, created_at, modified_at, created_by, modified_by, doc";
    const auto insert = [&](std::string_view table, std::string_view more_columns, std::string_view more_values) {
        return connection->execute(
            fmt::format("INSERT INTO {} {}{}) VALUES ('o', 'o', 1, 0, 0, '', '', '{{\"name\":\"x\"}}'{})", table, kHead,
                        more_columns, more_values));
    };
    ASSERT_TRUE(insert("organizations", ", sip_domain", ", 'x.test'"));
    ASSERT_TRUE(insert("oauth_clients", "", ""));
    ASSERT_TRUE(insert("api_keys", ", key_sha256", ", 'k'"));
    ASSERT_TRUE(insert("console_credentials", ", login", ", 'l'"));
    ASSERT_TRUE(insert("users", "", ""));
    ASSERT_TRUE(sqlite::migrate(*connection, all, WallTime{}));
    const auto holds = [&](std::string_view table, std::string_view role) {
        auto select = connection->prepare_once(
            fmt::format("SELECT id FROM {} WHERE json_extract(doc, '$.roles[0]') = '{}'", table, role));
        std::size_t rows = 0;
        (void)sqlite::each_row((*select)->bind(), [&](sqlite::Statement&) { ++rows; });
        return rows == 1;
    };
    for (const char* table : {"oauth_clients", "api_keys", "console_credentials"})
        EXPECT_TRUE(holds(table, kAdministratorRole)) << table;
    EXPECT_TRUE(holds("users", kAgentRole));
    for (const Role& role : built_in_roles()) {
        auto select = connection->prepare_once(fmt::format("SELECT doc FROM roles WHERE id = '{}'", role.id.str()));
        std::string document;
        (void)sqlite::each_row((*select)->bind(), [&](sqlite::Statement& row) { document = row.text(0); });
        EXPECT_EQ(document, to_document(Entity(role), Secrecy::Stored));
    }
}

TEST(Migrations, TrunksOfTheFirstSchemaKeepTheirPlaceAndTheirKey) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    const auto steps = sqlite::embedded_migrations();
    const auto is_of_trunks = [](const auto& step) {
        return step.name.find("trunk_accounts") != std::string_view::npos;
    };
    const auto step = std::ranges::find_if(steps, is_of_trunks);
    ASSERT_NE(step, steps.end());
    // Back to what the first schema made of a trunk that registers and one that does not.
    auto connection = direct(directory);
    ASSERT_TRUE(connection->execute("DROP TABLE trunks"));
    const std::string first(steps.front().sql);
    const auto begin = first.find("CREATE TABLE trunks (");
    ASSERT_TRUE(connection->execute(first.substr(begin, first.find(");", begin) + 2 - begin)));
    ASSERT_TRUE(sqlite::run(*connection, "DELETE FROM schema_migrations WHERE version = ?", step->version));
    ASSERT_TRUE(connection->execute("PRAGMA foreign_keys = OFF"));
    for (const char* row : {"'a', 'REGISTER'", "'b', 'NONE'"}) {
        const std::string id(row, 3), type = std::string(row).substr(5);
        ASSERT_TRUE(connection->execute("INSERT INTO trunks SELECT id, " + id +
                                        ", 1, 0, 0, '', '', NULL, NULL, 'host', " + id +
                                        ", json_object('registration', json_object('type', " + type +
                                        ", 'port', 5070)) FROM organizations LIMIT 1"));
    }
    ASSERT_TRUE(sqlite::migrate(*connection, steps, WallTime{}));
    auto ports = connection->prepare_once("SELECT registration_port FROM trunks ORDER BY id");
    ASSERT_TRUE(ports);
    std::vector<std::string> found;
    ASSERT_TRUE(sqlite::each_row((*ports)->bind(), [&](sqlite::Statement& row) { found.emplace_back(row.text(0)); }));
    EXPECT_EQ(found, (std::vector<std::string>{"0", "5070"}));
}

TEST(Migrations, TheRegionsThatSitesNamedBecomeEntities) {
    TemporaryDirectory directory;
    auto connection = direct(directory);
    const auto all = sqlite::embedded_migrations();
    ASSERT_TRUE(sqlite::migrate(*connection, all.first(1), WallTime{}));
    constexpr const char* kColumns =
        "(organization_id, id, version, created_at, modified_at, created_by, modified_by, doc";
    ASSERT_TRUE(connection->execute(fmt::format(
        "INSERT INTO organizations {}, sip_domain) VALUES ('o', 'o', 1, 0, 0, '', '', '{{}}', 'x.test')", kColumns)));
    for (const auto& [id, regions] : {std::pair{"a", R"("us-east-1","eu-west-1")"}, {"b", R"("eu-west-1")"}, {"c", ""}})
        ASSERT_TRUE(connection->execute(
            fmt::format("INSERT INTO sites {}) VALUES ('o', '{}', 1, 0, 0, '', '', '{{\"mediaRegions\":[{}]}}')",
                        kColumns, id, regions)));
    ASSERT_TRUE(sqlite::migrate(*connection, all, WallTime{}));
    auto select = connection->prepare_once("SELECT id, json_extract(doc, '$.tier') FROM media_regions ORDER BY id");
    ASSERT_TRUE(select);
    std::vector<std::string> found;
    ASSERT_TRUE(sqlite::each_row((*select)->bind(), [&](sqlite::Statement& row) {
        found.push_back(fmt::format("{} {}", row.text(0), row.text(1)));
    }));
    EXPECT_EQ(found, (std::vector<std::string>{"eu-west-1 Core", "us-east-1 Home"}));
}

TEST(Migrations, AStepThatFailsLeavesTheOldSchema) {
    TemporaryDirectory directory;
    auto connection = direct(directory);
    const sqlite::Migration broken[] = {{1, "one", "CREATE TABLE a (x INTEGER)"},
                                        {2, "two", "CREATE TABLE b (x INTEGER); NONSENSE"}};
    EXPECT_FALSE(sqlite::migrate(*connection, broken, WallTime{}));
    EXPECT_FALSE(connection->in_transaction());
    EXPECT_TRUE(connection->prepare_once("SELECT x FROM a"));
    EXPECT_FALSE(connection->prepare_once("SELECT x FROM b"));
    const sqlite::Migration mended[] = {{1, "one", "CREATE TABLE a (x INTEGER)"},
                                        {2, "two", "CREATE TABLE b (x INTEGER)"}};
    EXPECT_TRUE(sqlite::migrate(*connection, mended, WallTime{}));
    EXPECT_TRUE(connection->prepare_once("SELECT x FROM b"));
}

// A limit on the size of files stands in for a full disk: the write fails in the same place.
TEST(DiskFault, AFullDiskIsAClearAnswerAndLosesNothingThatWasAcknowledged) {
    TemporaryDirectory directory;
    {
        Opened opened(directory.path());
        opened.found();
        ASSERT_TRUE(opened.put(opened.user("before")));
        struct rlimit old{};
        ::getrlimit(RLIMIT_FSIZE, &old);
        const auto ignored = std::signal(SIGXFSZ, SIG_IGN);
        const struct rlimit tight{16'384, old.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &tight);
        const auto refused = opened.put(opened.user("during"));
        const auto health = opened.store->health();
        ::setrlimit(RLIMIT_FSIZE, &old);
        std::signal(SIGXFSZ, ignored);
        ASSERT_FALSE(refused);
        EXPECT_EQ(refused.error().code, ErrorCode::Unavailable) << refused.error().detail;
        EXPECT_FALSE(health.writable);
        EXPECT_FALSE(health.problem.empty());
        EXPECT_EQ(opened.config().user(UserId("during")), nullptr);
        EXPECT_TRUE(opened.put(opened.user("after"))) << "it recovers by itself";
        EXPECT_TRUE(opened.store->health().writable);
    }
    Opened again(directory.path());
    again.organization = OrganizationId("org");
    EXPECT_NE(again.config().user(UserId("before")), nullptr);
    EXPECT_EQ(again.config().user(UserId("during")), nullptr);
    EXPECT_NE(again.config().user(UserId("after")), nullptr);
}

TEST(AuditChain, VerifiesAndFindsTheEntryThatWasChanged) {
    TemporaryDirectory directory;
    {
        Opened opened(directory.path());
        opened.seed();
        for (int i = 0; i < 5; ++i) {
            UnitOfWork unit;
            AuditEntry entry;
            entry.organization = opened.organization;
            entry.action = "call.place";
            entry.entity_type = "conversation";
            entry.entity_id = "c" + std::to_string(i);
            unit.audit.push_back(std::move(entry));
            ASSERT_TRUE(opened.submit(std::move(unit)));
        }
    }
    auto connection = direct(directory);
    EXPECT_TRUE(sqlite::verify_audit_chain(*connection));
    ASSERT_TRUE(connection->execute(
        "UPDATE audit_entries SET before_doc = '', after_doc = '', salt = NULL WHERE sequence = 2"));
    EXPECT_TRUE(sqlite::verify_audit_chain(*connection)) << "an erased payload does not break it";
    ASSERT_TRUE(connection->execute("UPDATE audit_entries SET actor_id = 'somebody' WHERE sequence = 4"));
    const auto tampered = sqlite::verify_audit_chain(*connection);
    ASSERT_FALSE(tampered);
    EXPECT_NE(tampered.error().detail.find("entry 4"), std::string::npos);
    ASSERT_TRUE(connection->execute("DELETE FROM audit_entries WHERE sequence = 3"));
    EXPECT_FALSE(sqlite::verify_audit_chain(*connection));
}

// kill -9: a child acknowledges units over a pipe and is killed at some moment; whatever it acknowledged must be there.

constexpr int kWriters = 8;

[[noreturn]] void write_until_killed(const std::string& directory, int acknowledged, int round) {
    Opened opened(directory);
    if (!opened.store) ::_exit(2);
    opened.organization = OrganizationId("org");
    std::vector<std::jthread> threads;
    for (int t = 0; t < kWriters; ++t)
        threads.emplace_back([&, t] {
            for (int i = 0;; ++i) {
                const std::string id = fmt::format("r{}.{}.{}", round, t, i);
                UnitOfWork unit;
                unit.puts.push_back({opened.user(id), kMustNotExist});
                unit.conversations.push_back(make_inbound_conversation(
                    ConversationId(id), opened.organization, "+15550001111", "+15551234567", opened.clock.wall()));
                unit.events.push_back(opened.event(id));
                AuditEntry entry;
                entry.organization = opened.organization;
                entry.action = "create";
                entry.entity_type = "user";
                entry.entity_id = id;
                unit.audit.push_back(std::move(entry));
                if (!opened.submit(std::move(unit))) ::_exit(3);
                const std::string line = id + "\n";
                if (::write(acknowledged, line.data(), line.size()) < 0) ::_exit(4);
            }
        });
    threads.clear();
    ::_exit(0);
}

std::vector<std::string> run_and_kill(const std::string& directory, int round, std::size_t after) {
    int ends[2];
    EXPECT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(ends[0]);
        write_until_killed(directory, ends[1], round);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[4096];
    std::size_t lines = 0;
    bool killed = false;
    for (ssize_t got = 0; (got = ::read(ends[0], buffer, sizeof buffer)) > 0;) {
        text.append(buffer, static_cast<std::size_t>(got));
        lines += static_cast<std::size_t>(std::count(buffer, buffer + got, '\n'));
        if (lines >= after && !killed) killed = ::kill(child, SIGKILL) == 0;
    }
    ::close(ends[0]);
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child stopped by itself: " << WEXITSTATUS(status);
    std::vector<std::string> ids;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
        ids.push_back(text.substr(at, end - at));
    return ids;
}

TEST(Kill9, NothingAcknowledgedIsMissingAndTheChainVerifies) {
    TemporaryDirectory directory;
    {
        Opened(directory.path()).found();
    }
    std::vector<std::string> acknowledged;
    for (int round = 0; round < 6; ++round) {
        for (std::string& id : run_and_kill(directory.path(), round, 40 + 37 * static_cast<std::size_t>(round)))
            acknowledged.push_back(std::move(id));
        Opened opened(directory.path());
        ASSERT_TRUE(opened.store) << opened.error.detail;
        opened.organization = OrganizationId("org");
        std::set<std::string> with_event;
        for (const Event& event : opened.events({.after = 0, .types = {"configuration.changed"}, .limit = 10'000}))
            with_event.insert(event.resource_id);
        for (const std::string& id : acknowledged) {
            ASSERT_NE(opened.config().user(UserId(id)), nullptr) << id;
            ASSERT_TRUE(with_event.contains(id)) << id;
            ASSERT_EQ(opened.conversation(id)->termination->reason, EndReason::ServerRestart) << id;
        }
        EXPECT_EQ(opened.config().all<User>().size(), with_event.size())
            << "a user without its event, or the other way round";
        opened.store->stop();
        EXPECT_TRUE(sqlite::verify_audit_chain(*direct(directory)));
    }
    EXPECT_GT(acknowledged.size(), 500U);
}

TEST(SealingKey, IsMadeOnceKeptPrivateAndRefusedWhenItIsNot) {
    TemporaryDirectory directory;
    const std::string path = directory.path() + "/secrets.key";
    SecureRandom random;
    const auto first = SealingKey::load_or_create(path, random);
    ASSERT_TRUE(first);
    EXPECT_EQ(mode_of(path), 0600U);
    const Sealed sealed = (*first)->seal("trunk password", "trunk/1");
    const auto second = SealingKey::load_or_create(path, random);
    EXPECT_EQ((*second)->open(sealed, "trunk/1").value(), "trunk password");
    EXPECT_FALSE((*second)->open(sealed, "trunk/2")) << "not in another row";
    EXPECT_EQ((*first)->derive("a"), (*second)->derive("a"));
    EXPECT_NE((*first)->derive("a"), (*first)->derive("b"));
    ::chmod(path.c_str(), 0640);
    EXPECT_EQ(SealingKey::load_or_create(path, random).error().code, ErrorCode::Unavailable);
    ::chmod(path.c_str(), 0600);
    std::filesystem::resize_file(path, 31);
    EXPECT_FALSE(SealingKey::load_or_create(path, random));
}

TEST(SealingKey, IsNotMadeForADatabaseThatHadOne) {
    TemporaryDirectory directory;
    const auto missing = SealingKey::load(directory.path() + "/secret.key");
    EXPECT_EQ(missing.error().code, ErrorCode::Unavailable);
    EXPECT_NE(missing.error().detail.find("put the one that belongs"), std::string::npos);
    EXPECT_FALSE(std::filesystem::exists(directory.path() + "/secret.key"));
}

TEST(Secrets, NoneStandsInAnyFileOfTheDataDirectory) {
    TemporaryDirectory directory;
    Opened opened(directory.path());
    opened.seed();
    ASSERT_TRUE(opened.error.detail.empty()) << opened.error.detail;
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(directory.path())) {
        std::ifstream in(file.path(), std::ios::binary);
        all.append(std::istreambuf_iterator<char>(in), {});
    }
    ASSERT_NE(all.find("John Doe"), std::string::npos) << "the search works";
    for (const std::string& secret :
         {opened.secrets.oauth_client_secret, opened.secrets.api_key, opened.secrets.console_password,
          opened.secrets.agents[0].sip_password, std::string("acme-password")})
        EXPECT_EQ(all.find(secret), std::string::npos);
}

}  // namespace
}  // namespace dp::store
