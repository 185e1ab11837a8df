// The provisioner on a real store, with a carrier that keeps a book and a clock that is turned by hand: orders, polls,
// what a process that died left behind.

#include "telephony/numbers/number_provisioner.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "store/testing/opened.hpp"
#include "telephony/trunks/trunk.hpp"

namespace dp::store {
namespace {

using namespace std::chrono_literals;
using namespace telephony;
using testing::Opened;
using testing::TemporaryDirectory;

/// Answers at once, or keeps the question; approves an order after `patience` polls.
class BookCarrier final : public Carrier {
public:
    void verify(Executor&, std::move_only_function<void(Result<void>)> reply) override { reply({}); }
    void search(CarrierSearch, Executor&,
                std::move_only_function<void(Result<std::vector<std::string>>)> reply) override {
        reply(std::vector<std::string>{});
    }
    void order(CarrierOrder order, Executor&, CarrierReply reply) override {
        book.push_back(order.key);
        if (lose_answers) return;
        reply({.outcome = CarrierOutcome::Pending, .external_id = "order-" + order.key});
    }
    void find_order(CarrierOrder order, Executor&, CarrierReply reply) override {
        ++finds;
        const bool known = std::ranges::find(book, order.key) != book.end();
        reply({.outcome = known ? CarrierOutcome::Pending : CarrierOutcome::NotFound,
               .external_id = known ? "order-" + order.key : ""});
    }
    void poll(std::string, Executor&, CarrierReply reply) override {
        reply({.outcome = ++polls > patience ? CarrierOutcome::Active : CarrierOutcome::Pending});
    }
    void release(CarrierOrder order, Executor&, CarrierReply reply) override {
        std::erase(book, order.key);
        reply({.outcome = CarrierOutcome::Released});
    }
    std::chrono::hours give_up_after() const override { return 24h; }

    std::vector<std::string> book;
    int finds = 0, polls = 0, patience = 0;
    bool lose_answers = false;
};

/// The owner's mailbox: a commit tells its listeners while it holds the store, so what they start must come later.
class Later final : public Executor {
public:
    bool post(Task task) override {
        tasks_.push_back(std::move(task));
        return true;
    }
    void run() {
        for (; !tasks_.empty(); tasks_.erase(tasks_.begin())) {
            auto task = std::move(tasks_.front());
            task();
        }
    }

private:
    std::vector<Task> tasks_;
};

class OneCarrier final : public CarrierDirectory {
public:
    std::shared_ptr<Carrier> carrier_of(const Ptr<Trunk>&) override { return carrier; }
    std::shared_ptr<Carrier> carrier_of(const Ptr<TelephonyConfiguration>&) override { return carrier; }
    std::shared_ptr<BookCarrier> carrier = std::make_shared<BookCarrier>();
};

class Provisioner : public ::testing::Test {
protected:
    void SetUp() override {
        here.seed();
        ASSERT_TRUE(here.error.detail.empty()) << here.error.detail;
        start();
    }
    void start() {
        provisioner.emplace(
            NumberProvisioner::Ports{*here.store, numbers, carriers, progress, owner, timers, here.clock},
            ProvisioningTiming{});
        provisioner->start();
    }
    void pass(Duration by) {
        for (Duration done{0}; done < by; done += 500ms) {
            here.clock.advance(500ms);
            timers.advance(here.clock.now());
            owner.run();
        }
    }
    WriteContext context() {
        WriteContext out;
        out.organization = here.organization;
        out.actor = {ActorKind::OAuthClient, "client-1"};
        out.now = here.clock.wall();
        return out;
    }
    NumberId order() {
        Number number;
        number.e164 = "+14155552671";
        number.provider = "sip-trunk-acme-us-east";
        number.location = LocationId("us_east_1");
        const auto done =
            Opened::wait<Committed>([&](auto r) { numbers.order(context(), number, here.executor, std::move(r)); });
        EXPECT_TRUE(done) << (done ? "" : done.error().detail);
        return std::get<Ptr<Number>>(done->entities.at(0))->id;
    }
    const Number& at(const NumberId& id) { return *here.config().number(id); }
    void switch_trunk(bool automatic) {
        Trunk trunk = *here.config().trunk(TrunkId("sip-trunk-acme-us-east"));
        trunk.auto_provision_numbers = automatic;
        UnitOfWork unit;
        unit.events.push_back(make_event(context(), event_type::kTrunkUpdated, "edge", trunk.id.str()));
        unit.puts.push_back({std::move(trunk), kMustExist});
        ASSERT_TRUE(here.submit(std::move(unit)));
    }

    TemporaryDirectory directory;
    Opened here{directory.path(), Threading::Inline};
    NumberService numbers{*here.store, here.random};
    OneCarrier carriers;
    BookCarrier& carrier = *carriers.carrier;
    LiveProvisioning progress;
    TimerWheel timers{here.clock.now()};
    Later owner;
    std::optional<NumberProvisioner> provisioner;
};

TEST_F(Provisioner, AnOrderedNumberBecomesActiveAndItsJobIsGone) {
    carrier.patience = 2;
    const auto id = order();
    pass(1s);
    EXPECT_EQ(at(id).state, NumberState::Provisioning);
    EXPECT_EQ(at(id).job->external_id, "order-" + at(id).job->id) << "stored before the first poll";
    EXPECT_EQ(carrier.polls, 0);
    EXPECT_EQ(progress.find(id)->attempts, 1);
    pass(30s);
    EXPECT_EQ(at(id).state, NumberState::Active);
    EXPECT_FALSE(at(id).job);
    EXPECT_EQ(carrier.book.size(), 1U);
    EXPECT_EQ(carrier.finds, 0) << "nobody else could have ordered it";
    EXPECT_EQ(provisioner->active(), 0U);
    EXPECT_EQ(progress.find(id), nullptr);
}

TEST_F(Provisioner, WhoeverTakesOverAsksFirstAndNeverOrdersTwice) {
    carrier.lose_answers = true;
    const auto id = order();
    pass(1s);
    EXPECT_EQ(at(id).state, NumberState::Pending) << "the process dies between the order and its answer";
    provisioner.reset();
    carrier.lose_answers = false;
    start();
    pass(30s);
    EXPECT_EQ(at(id).state, NumberState::Active);
    EXPECT_EQ(carrier.book.size(), 1U);
    EXPECT_GE(carrier.finds, 1);
}

TEST_F(Provisioner, AnAnswerThatNeverComesIsLookedFor) {
    carrier.lose_answers = true;
    const auto id = order();
    pass(90s);
    EXPECT_EQ(at(id).state, NumberState::Active);
    EXPECT_EQ(carrier.book.size(), 1U);
}

TEST_F(Provisioner, WithoutAutomaticProvisioningNothingIsSentUntilItIsSwitchedOn) {
    switch_trunk(false);
    const auto id = order();
    pass(60s);
    EXPECT_EQ(at(id).state, NumberState::Provisioning);
    EXPECT_EQ(at(id).job->attention, Attention::AutoProvisionDisabled);
    EXPECT_TRUE(carrier.book.empty());
    switch_trunk(true);
    pass(30s);
    EXPECT_EQ(at(id).state, NumberState::Active);
    EXPECT_EQ(carrier.book.size(), 1U);
}

TEST_F(Provisioner, ASlowOrderRaisesAttentionOnceAndIsFilledLater) {
    carrier.patience = 20;
    const auto id = order();
    pass(310s);
    EXPECT_EQ(at(id).job->attention, Attention::CarrierSlow);
    const auto raised = [&] { return std::ranges::count(here.events(), event_type::kNumberAttention, &Event::type); };
    EXPECT_EQ(raised(), 1);
    pass(1200s);
    EXPECT_EQ(at(id).state, NumberState::Active);
    EXPECT_EQ(raised(), 1);
}

TEST_F(Provisioner, AReleaseGivesBackWhatWasOrdered) {
    const auto id = order();
    pass(1s);
    ASSERT_TRUE(Opened::wait<Committed>(
        [&](auto r) { numbers.release(context(), id, kAnyVersion, here.executor, std::move(r)); }));
    pass(5s);
    EXPECT_EQ(at(id).state, NumberState::Released);
    EXPECT_TRUE(carrier.book.empty());
}

}  // namespace
}  // namespace dp::store
