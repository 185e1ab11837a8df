#include "telephony/routing/route_explanation.hpp"

#include <algorithm>
#include <variant>

#include "telephony/dialing/router.hpp"
#include "telephony/routing/journey.hpp"

namespace dp::telephony {
namespace {

using namespace std::chrono_literals;

/// Nobody else calls.
class FirstMember final : public QueueTurns {
public:
    std::size_t take(const OrganizationId&, const QueueId&, std::size_t) override { return 0; }
    Ptr<Queue> present(const QueuePlace&) override { return nullptr; }
    std::uint64_t next_ticket() override { return 0; }
    void wait(const QueuePlace&) override {}
    void stop_waiting(const QueuePlace&) override {}
    std::size_t ahead_of(const QueuePlace&) const override { return 0; }
};

class Everybody final : public Availability {
public:
    Phones of(const UserId&) const override { return Phones::Free; }
};

/// The call, acted out.
class Rehearsal {
public:
    Rehearsal(const Ptr<OrganizationConfig>& config, JourneyPlan plan, const RouteQuestion& question)
        : journey_(config, std::move(plan), turns_, everybody_),
          digits_(question.digits),
          answers_(question.answers),
          wall_(question.at) {}

    void run(RouteExplanation& out) {
        JourneyMove move = journey_.start(now());
        while (true) {
            for (RouteStep& step : journey_.take_steps()) out.steps.push_back(std::move(step));
            if (out.steps.size() > RouteExplanation::kMostSteps) return out.steps.resize(RouteExplanation::kMostSteps);
            if (move.kind == JourneyMove::Kind::End) return void(out.reason = move.reason);
            if (move.kind == JourneyMove::Kind::Offer) {
                out.user = answers_ == RouteQuestion::Answers::First ? move.user : UserId();
                if (!out.user.empty()) return take(out);
            }
            move = answer(move);
        }
    }

private:
    static constexpr std::chrono::seconds kPromptTime{4};

    Journey::Now now() const { return {TimePoint(passed_), wall_ + passed_}; }
    void take(RouteExplanation& out) {
        journey_.taken(now());
        for (RouteStep& step : journey_.take_steps()) out.steps.push_back(std::move(step));
    }
    JourneyMove answer(const JourneyMove& move) {
        if (move.kind == JourneyMove::Kind::Announce || move.kind == JourneyMove::Kind::Ask) passed_ += kPromptTime;
        if (move.kind == JourneyMove::Kind::Announce) return journey_.played(now());
        if (move.kind == JourneyMove::Kind::Ask && !digits_.empty()) {
            const char digit = digits_.front();
            digits_.remove_prefix(1);
            return journey_.digit(digit, now());
        }
        if (move.kind == JourneyMove::Kind::Ask) (void)journey_.played(now());
        passed_ =
            std::max(passed_, std::chrono::ceil<std::chrono::milliseconds>(journey_.deadline().time_since_epoch()));
        return journey_.timed_out(now());
    }

    FirstMember turns_;
    Everybody everybody_;
    Journey journey_;
    std::string_view digits_;
    RouteQuestion::Answers answers_;
    WallTime wall_;
    std::chrono::milliseconds passed_{0};
};

}  // namespace

RouteExplanation explain_route(const Ptr<OrganizationConfig>& config, const RouteQuestion& question) {
    RouteExplanation out;
    const InboundRoute route = route_inbound(*config, question.called);
    if (const auto* nowhere = std::get_if<Unrouted>(&route)) {
        out.number = nowhere->number;
        out.unrouted = to_string(nowhere->reason);
        return out;
    }
    JourneyPlan plan;
    if (const auto* user = std::get_if<ToUser>(&route)) {
        out.number = user->number;
        plan.target = RouteTarget{RoutingKind::User, user->user->id.str()};
    } else {
        out.number = std::get<ToJourney>(route).number;
        plan = std::get<ToJourney>(route).plan;
    }
    Rehearsal(config, std::move(plan), question).run(out);
    return out;
}

}  // namespace dp::telephony
