#include "store/spill_file.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <optional>

#include "store/testing/opened.hpp"
#include "telephony/conversation/conversation_service.hpp"

namespace dp::store {
namespace {

using namespace telephony;
using testing::DirectExecutor;
using testing::Opened;
using testing::TemporaryDirectory;

class SpillFileTest : public ::testing::Test {
protected:
    void SetUp() override {
        start();
        here->found();
        organization = here->organization;
    }

    /// A process on this directory; the one before has died.
    void start() {
        here.reset();
        here = std::make_unique<Opened>(directory.path(), Threading::Inline);
        ASSERT_TRUE(here->store) << here->error.detail;
        here->organization = organization;
    }

    /// The call's version and the event that tells of it.
    OutboxEntry entry(std::int64_t version, ConversationStatus status) {
        Conversation call = make_inbound_conversation(ConversationId("c"), organization, "+15550001111", "+15551234567",
                                                      here->clock.wall());
        call.status = ConversationStatus::Ringing;
        std::string_view type = event_type::kConversationUpdated;
        if (is_final(status)) {
            EXPECT_TRUE(end(call, terminate(EndReason::RemoteHangup, Reached::Connected), here->clock.wall()));
            type = event_type::kConversationEnded;
        }
        call.status = status;
        call.meta.version = version;  // end() counts too
        const auto kept = std::make_shared<const Conversation>(std::move(call));
        return {kept, {conversation_event(*kept, type, here->clock.wall())}};
    }
    OutboxEntry only_event(const std::string& resource) { return {nullptr, {here->event(resource)}}; }

    void commit(const OutboxEntry& entry) {
        UnitOfWork unit;
        if (entry.conversation) unit.conversations.push_back(*entry.conversation);
        unit.events = entry.events;
        ASSERT_TRUE(here->submit(std::move(unit)));
    }
    std::vector<OutboxEntry> read() { return *read_spill_file(path); }
    std::vector<std::string> event_types() {
        std::vector<std::string> out;
        for (const auto& event : here->events()) out.push_back(event.type);
        return out;
    }

    TemporaryDirectory directory;
    const std::string path = spill_path(directory.path());
    OrganizationId organization;
    std::unique_ptr<Opened> here;
    DirectExecutor executor;
};

using Types = std::vector<std::string>;

TEST_F(SpillFileTest, WithoutAFileThereIsNothing) {
    EXPECT_TRUE(read().empty());
}

TEST_F(SpillFileTest, WhatIsKeptIsReadBackInOrder) {
    SpillFile spill(path, executor);
    auto odd = only_event("line\nbreak \"quoted\"");
    odd.events[0].payload = R"({"name":"Zoë"})";
    ASSERT_TRUE(spill.keep({entry(2, ConversationStatus::Connected), odd}));
    ASSERT_TRUE(spill.keep({entry(3, ConversationStatus::Disconnected)}));
    const auto found = read();
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(found[0].conversation->id.str(), "c");
    EXPECT_EQ(found[0].conversation->meta.organization, organization);
    EXPECT_EQ(found[0].conversation->meta.version, 2);
    EXPECT_EQ(found[0].conversation->status, ConversationStatus::Connected);
    EXPECT_FALSE(found[1].conversation);
    EXPECT_EQ(found[1].events[0].resource_id, odd.events[0].resource_id);
    EXPECT_EQ(found[1].events[0].payload, odd.events[0].payload);
    EXPECT_EQ(found[1].events[0].time, odd.events[0].time);
    EXPECT_EQ(found[2].conversation->termination->reason, EndReason::RemoteHangup);
}

TEST_F(SpillFileTest, ALineThatWasNotFinishedEndsTheReading) {
    {
        SpillFile spill(path, executor);
        ASSERT_TRUE(spill.keep({only_event("a"), only_event("b")}));
    }
    std::filesystem::resize_file(path, std::filesystem::file_size(path) - 10);
    EXPECT_EQ(read().size(), 1U);
    std::ofstream(path) << "no checksum\n";
    EXPECT_TRUE(read().empty());
}

TEST_F(SpillFileTest, ReleasedItIsEmptyAndCanBeUsedAgain) {
    SpillFile spill(path, executor);
    ASSERT_TRUE(spill.keep({only_event("a")}));
    ASSERT_TRUE(spill.release());
    EXPECT_TRUE(read().empty());
    ASSERT_TRUE(spill.keep({only_event("b")}));
    EXPECT_EQ(read().size(), 1U);
}

/// The process may make files of so many octets: beyond that a write fails, after it has taken a part.
class FileLimit {
public:
    explicit FileLimit(rlim_t octets) {
        std::signal(SIGXFSZ, SIG_IGN);
        ::getrlimit(RLIMIT_FSIZE, &before_);
        const rlimit limit{octets, before_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &limit);
    }
    ~FileLimit() { ::setrlimit(RLIMIT_FSIZE, &before_); }
    FileLimit(const FileLimit&) = delete;
    FileLimit& operator=(const FileLimit&) = delete;

private:
    rlimit before_{};
};

TEST_F(SpillFileTest, WhatAFullDiskDidNotTakeIsWrittenOnceThereIsRoom) {
    SpillFile spill(path, executor);
    ASSERT_TRUE(spill.keep({only_event("a")}));
    const auto one_line = std::filesystem::file_size(path);
    {
        const FileLimit full(one_line + one_line / 2);
        ASSERT_TRUE(spill.keep({only_event("b")}));
        EXPECT_EQ(read().size(), 1U);
        ASSERT_TRUE(spill.keep({only_event("c")}));
    }
    ASSERT_TRUE(spill.keep({}));
    const auto found = read();
    ASSERT_EQ(found.size(), 3U) << "no unfinished line in between ends the reading";
    EXPECT_EQ(found[2].events[0].resource_id, only_event("c").events[0].resource_id);
}

TEST_F(SpillFileTest, RoomIsSetAsideBeforeItIsNeeded) {
    SpillFile spill(path, executor);
    spill.reserve();
    EXPECT_TRUE(read().empty());
    struct stat facts{};
    ASSERT_EQ(::stat(path.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_size, 0);
    EXPECT_GE(facts.st_blocks * 512, kSpillReserve);
    ASSERT_TRUE(spill.keep({only_event("a")}));
    EXPECT_EQ(read().size(), 1U);
}

TEST_F(SpillFileTest, AFileThatCannotBeWrittenIsNoEndOfTheProcess) {
    SpillFile spill(directory.path() + "/no/such/folder", executor);
    EXPECT_TRUE(spill.keep({only_event("a")})) << "taken; the outbox holds it until it is committed";
    EXPECT_TRUE(spill.release());
}

TEST_F(SpillFileTest, TheNextProcessWritesWhatTheDeadOneCouldNot) {
    commit(entry(1, ConversationStatus::Ringing));
    {
        SpillFile spill(path, executor);
        ASSERT_TRUE(spill.keep({entry(2, ConversationStatus::Connected), only_event("station"),
                                entry(3, ConversationStatus::Disconnected)}));
    }
    start();
    EXPECT_FALSE(std::filesystem::exists(path));
    EXPECT_EQ(here->closed_conversations, 0U) << "the call had ended";
    EXPECT_EQ(here->conversation("c")->termination->reason, EndReason::RemoteHangup);
    const Types expected{"conversation.updated", "conversation.updated", "configuration.changed", "conversation.ended"};
    EXPECT_EQ(event_types(), expected);
    start();
    EXPECT_EQ(event_types(), expected);
}

TEST_F(SpillFileTest, WhatWasCommittedAfterItWasSpilledComesOnce) {
    const auto first = entry(2, ConversationStatus::Connected), station = only_event("station");
    const auto last = entry(3, ConversationStatus::Disconnected);
    {
        SpillFile spill(path, executor);
        ASSERT_TRUE(spill.keep({first, station, last}));
    }
    commit(first);
    commit(station);
    start();
    EXPECT_EQ(event_types(), (Types{"conversation.updated", "configuration.changed", "conversation.ended"}));
    EXPECT_EQ(here->conversation("c")->meta.version, 3);
}

TEST_F(SpillFileTest, ACallThatWasStillUpEndsAsServerRestart) {
    {
        SpillFile spill(path, executor);
        ASSERT_TRUE(spill.keep({entry(2, ConversationStatus::Connected)}));
    }
    start();
    EXPECT_EQ(here->closed_conversations, 1U);
    EXPECT_EQ(here->conversation("c")->termination->reason, EndReason::ServerRestart);
}

}  // namespace
}  // namespace dp::store
