// Backup while writers write, restore with everything that may be wrong about it, and the log that SQLite would cut short.

#include "store/backup.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>

#include "store/sealing_key.hpp"
#include "store/sqlite/wal_check.hpp"
#include "store/testing/opened.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;
namespace fs = std::filesystem;

class BackupTest : public ::testing::Test {
protected:
    void SetUp() override {
        Opened opened(directory.path());
        opened.found();
        organization = opened.organization;
        ASSERT_TRUE(opened.put(opened.user("before")));
        SecureRandom random;
        ASSERT_TRUE(SealingKey::load_or_create(directory.path() + "/secret.key", random));
    }
    Result<BackupFacts> back_up() { return write_backup(directory.path(), file, now); }
    Result<Restored> restore() { return restore_backup(directory.path(), file, now); }
    bool has_user(const std::string& id) {
        Opened opened(directory.path());
        EXPECT_TRUE(opened.store) << opened.error.detail;
        opened.organization = organization;
        return opened.store && opened.config().user(UserId(id)) != nullptr;
    }
    void add_user(const std::string& id) {
        Opened opened(directory.path());
        opened.organization = organization;
        ASSERT_TRUE(opened.put(opened.user(id)));
    }
    static void overwrite(const std::string& path, long offset, const std::string& bytes) {
        std::fstream out(path, std::ios::in | std::ios::out | std::ios::binary);
        out.seekp(offset);
        out << bytes;
    }
    std::size_t drafts() const {
        std::size_t count = 0;
        for (const auto& entry : fs::directory_iterator(directory.path()))
            count += entry.path().string().ends_with(".part") || entry.path().string().ends_with(".restoring");
        return count;
    }

    TemporaryDirectory directory;
    OrganizationId organization;
    const std::string file = directory.path() + "/saved";
    const WallTime now = from_millis(1'790'000'000'000);
};

TEST_F(BackupTest, IsPrivateAndBringsBackWhatWasThereThen) {
    const auto made = back_up();
    ASSERT_TRUE(made) << made.error().detail;
    struct stat facts{};
    ::stat(file.c_str(), &facts);
    EXPECT_EQ(facts.st_mode & 0777U, 0600U);
    EXPECT_EQ(made->octets, static_cast<std::uint64_t>(facts.st_size));
    add_user("after");
    const auto done = restore();
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(done->backup.taken, now);
    EXPECT_EQ(done->backup.last_event, made->last_event);
    EXPECT_TRUE(has_user("before"));
    EXPECT_FALSE(has_user("after"));
    fs::rename(done->kept_as, directory.path() + "/dialplane.db");
    EXPECT_TRUE(has_user("after")) << "what was replaced is kept whole";
    EXPECT_EQ(drafts(), 0U);
}

TEST_F(BackupTest, NeverOverwritesAFile) {
    std::ofstream(file) << "something of somebody's";
    EXPECT_NE(back_up().error().detail.find("exists"), std::string::npos);
    EXPECT_EQ(fs::file_size(file), 23U);
}

TEST_F(BackupTest, TakenWhileWritersWriteItIsAWholeState) {
    Opened opened(directory.path());
    opened.organization = organization;
    std::atomic<int> written{0};
    std::jthread writer([&](const std::stop_token& stop) {
        for (int n = 0; !stop.stop_requested(); ++n) {
            UnitOfWork unit;
            unit.puts.push_back({opened.user("w" + std::to_string(n)), kMustNotExist});
            unit.events.push_back(opened.event("w" + std::to_string(n)));
            ASSERT_TRUE(opened.submit(std::move(unit)));
            written = n + 1;
        }
    });
    std::vector<std::pair<int, BackupFacts>> made;
    for (int n = 0; n < 5; ++n) {
        const int before = written;
        const auto facts = write_backup(directory.path(), file + std::to_string(n), now);
        ASSERT_TRUE(facts) << facts.error().detail;
        made.emplace_back(before, *facts);
    }
    writer.request_stop();
    writer.join();
    EXPECT_GT(made.back().first, made.front().first) << "the writer was not held up";
    opened.store->stop();
    for (std::size_t n = 0; n < made.size(); ++n) {
        ASSERT_TRUE(restore_backup(directory.path(), file + std::to_string(n), now));
        Opened restored(directory.path());
        restored.organization = organization;
        std::size_t users = 0;
        restored.config().all<User>().for_each([&](const auto& user) { users += user->id.str().starts_with("w"); });
        EXPECT_GE(users, static_cast<std::size_t>(made[n].first)) << "what was acknowledged before is in it";
        EventQuery everything;
        everything.limit = 10'000;
        const auto events = restored.events(everything);
        EXPECT_EQ(events.size(), made[n].second.last_event);
        EXPECT_EQ(events.size(), users) << "no user without its event";
    }
}

TEST_F(BackupTest, ARestoreIsRefusedWhileAServerHasTheDirectory) {
    ASSERT_TRUE(back_up());
    Opened opened(directory.path());
    EXPECT_NE(restore().error().detail.find("uses this data directory"), std::string::npos);
}

TEST_F(BackupTest, OnlyWithTheKeyThatItsSecretsNeed) {
    ASSERT_TRUE(back_up());
    fs::remove(directory.path() + "/secret.key");
    EXPECT_NE(restore().error().detail.find("is missing"), std::string::npos);
    SecureRandom random;
    ASSERT_TRUE(SealingKey::load_or_create(directory.path() + "/secret.key", random));
    EXPECT_NE(restore().error().detail.find("is not the key of this backup"), std::string::npos);
    EXPECT_TRUE(has_user("before"));
}

TEST_F(BackupTest, ADamagedBackupReplacesNothing) {
    ASSERT_TRUE(back_up());
    add_user("after");
    overwrite(file, 8 * 4096, std::string(4096, 'x'));
    const auto refused = restore();
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().detail.find("backup"), std::string::npos) << refused.error().detail;
    EXPECT_TRUE(has_user("after"));
    EXPECT_EQ(drafts(), 0U);
    std::ofstream(file, std::ios::trunc) << "this was never a database, whatever its name says it is";
    EXPECT_FALSE(restore());
    EXPECT_TRUE(has_user("after"));
}

TEST_F(BackupTest, ADatabaseThatIsNoBackupIsRefused) {
    const std::string other = directory.path() + "/other";
    fs::copy_file(directory.path() + "/dialplane.db", other);
    EXPECT_NE(restore_backup(directory.path(), other, now).error().detail.find("is no backup"), std::string::npos);
}

TEST_F(BackupTest, ARestoreThatWasCutShortIsFinishedBeforeAnythingStarts) {
    ASSERT_TRUE(back_up());
    add_user("after");
    // As far as it had come: the database is set aside, the backup has not taken its place.
    const std::string kept = directory.path() + "/before-restore-1.db";
    std::ofstream(restore_marker(directory.path())) << kept << "\n";
    fs::rename(directory.path() + "/dialplane.db", kept);
    EXPECT_NE(Opened(directory.path()).error.detail.find("restore"), std::string::npos);
    const auto done = restore();
    ASSERT_TRUE(done) << done.error().detail;
    EXPECT_EQ(done->kept_as, kept);
    EXPECT_TRUE(has_user("before"));
}

/// A log of some transactions, as a killed process leaves it.
class DamagedLog : public BackupTest {
protected:
    void SetUp() override {
        BackupTest::SetUp();
        Opened opened(directory.path());
        opened.organization = organization;
        for (int n = 0; n < 20; ++n) ASSERT_TRUE(opened.put(opened.user("u" + std::to_string(n))));
        // Copied while it is open: closing it in order would empty the log.
        for (const char* name : {"/dialplane.db", "/dialplane.db-wal", "/secret.key"})
            fs::copy_file(directory.path() + name, dead.path() + name);
        ASSERT_TRUE(sqlite::check_wal(log));
    }
    Opened open_dead() {
        Opened opened(dead.path());
        opened.organization = organization;
        return opened;
    }

    TemporaryDirectory dead;
    const std::string log = dead.path() + "/dialplane.db-wal";
};

TEST_F(DamagedLog, InTheMiddleItIsRefusedNotCutShort) {
    overwrite(log, static_cast<long>(fs::file_size(log) / 2), "damaged!");
    const auto opened = open_dead();
    EXPECT_FALSE(opened.store);
    EXPECT_EQ(opened.error.code, ErrorCode::Internal);
    EXPECT_NE(opened.error.detail.find("dialplane restore"), std::string::npos) << opened.error.detail;
    EXPECT_FALSE(write_backup(dead.path(), file, now)) << "a backup of it would be as incomplete";
}

TEST_F(DamagedLog, AnUnfinishedLastTransactionIsWhatAKillLeaves) {
    fs::resize_file(log, fs::file_size(log) - 1000);
    EXPECT_TRUE(sqlite::check_wal(log));
    auto opened = open_dead();
    ASSERT_TRUE(opened.store) << opened.error.detail;
    EXPECT_NE(opened.config().user(UserId("u18")), nullptr);
}

TEST_F(DamagedLog, WholeItLosesNothing) {
    auto opened = open_dead();
    ASSERT_TRUE(opened.store) << opened.error.detail;
    EXPECT_NE(opened.config().user(UserId("u19")), nullptr);
}

}  // namespace
}  // namespace dp::store
