#include "telephony/routing/journey.hpp"

#include <algorithm>

#include "telephony/events/event.hpp"
#include "telephony/routing/routing_rules.hpp"

namespace dp::telephony {
namespace {

const QueueId kNoQueue;

}  // namespace

Journey::Journey(Ptr<OrganizationConfig> config, JourneyPlan plan, QueueTurns& turns, const Availability& availability)
    : config_(std::move(config)), plan_(std::move(plan)), turns_(turns), availability_(availability) {}

Journey::~Journey() {
    if (waiting_) turns_.stop_waiting(place_);
}

const QueueId& Journey::queue() const {
    return queue_ ? queue_->id : kNoQueue;
}

RouteStep& Journey::note(std::string_view type, std::string detail) {
    RouteStep& step = steps_.emplace_back();
    step.time = now_.wall;
    step.type = type;
    if (flow_) step.flow = flow_->id;
    if (queue_) step.queue = queue_->id;
    if (step_ != nullptr) step.step = step_->id;
    step.user = offered_;
    step.detail = std::move(detail);
    return step;
}

JourneyMove Journey::begin(JourneyMove::Kind kind, State state, Duration limit) {
    state_ = state;
    deadline_ = now_.steady + limit;
    const bool waits = state == State::Pausing;
    if (waits && !waiting_) turns_.wait(place_);
    if (!waits && waiting_) turns_.stop_waiting(place_);
    waiting_ = waits;
    JourneyMove move;
    move.kind = kind;
    if (flow_) move.answer = flow_->answer;
    return move;
}

JourneyMove Journey::stop(EndReason reason) {
    JourneyMove move = begin(JourneyMove::Kind::End, State::Done, Duration::zero());
    move.reason = reason;
    return move;
}

JourneyMove Journey::start(Now now) {
    if (state_ != State::Idle) return {};
    now_ = now;
    return plan_.flow.empty() ? leave_flow() : enter_flow(plan_.flow);
}

JourneyMove Journey::played(Now now) {
    now_ = now;
    if (state_ == State::Announcing) return go_to_step(step_->next);
    if (state_ != State::Asking) return {};
    return begin(JourneyMove::Kind::Listen, State::Asking, step_->digit_timeout);
}

JourneyMove Journey::digit(char digit, Now now) {
    if (state_ != State::Asking) return {};
    now_ = now;
    const auto choice = std::ranges::find(step_->choices, std::string(1, digit), &MenuChoice::digit);
    if (choice == step_->choices.end()) return no_digit(std::string("invalid ") + digit);
    note(event_type::kFlowDigit, std::string(1, digit));
    return go_to_step(choice->next);
}

JourneyMove Journey::timed_out(Now now) {
    now_ = now;
    switch (state_) {
        case State::Announcing:
            return go_to_step(step_->next);
        case State::Asking:
            return no_digit("none");
        case State::Offering:
            return not_taken(EndReason::AgentNoAnswer, now);
        case State::Pausing:
            return next_member();
        case State::Idle:
        case State::Done:
            break;
    }
    return {};
}

JourneyMove Journey::not_taken(EndReason why, Now now) {
    if (state_ != State::Offering) return {};
    now_ = now;
    last_failure_ = why;
    note(queue_ ? event_type::kQueueMissed : event_type::kUserMissed, std::string(facts(why).name));
    offered_ = {};
    if (!queue_) return fall_back(why);
    return next_member();
}

void Journey::taken(Now now) {
    if (state_ != State::Offering) return;
    now_ = now;
    note(queue_ ? event_type::kQueueAnswered : event_type::kUserAnswered);
    state_ = State::Done;
}

JourneyMove Journey::enter(const RouteTarget& target) {
    if (++targets_taken_ > kMostTargets || !exists(*config_, target)) return fall_back(EndReason::Unrouted);
    flow_ = nullptr;
    step_ = nullptr;
    queue_ = nullptr;
    switch (target.kind) {
        case RoutingKind::User:
            return offer(UserId(target.id), ring_time_of(UserId(target.id)));
        case RoutingKind::Queue:
            return enter_queue(QueueId(target.id));
        case RoutingKind::CallFlow:
            return enter_flow(CallFlowId(target.id));
    }
    return fall_back(EndReason::Unrouted);
}

JourneyMove Journey::enter_flow(const CallFlowId& id) {
    flow_ = config_->find<CallFlow>(id);
    step_ = nullptr;
    if (!flow_ || !flow_->enabled) {
        flow_ = nullptr;
        return leave_flow();
    }
    note(event_type::kFlowStarted, flow_->name);
    if (flow_->fallback) fallback_ = flow_->fallback;
    const FlowStep* first = flow_->first();
    return first != nullptr ? go_to_step(first->id) : leave_flow();
}

JourneyMove Journey::go_to_step(const std::string& step) {
    const FlowStep* next = flow_->find(step);
    if (next == nullptr) return leave_flow();
    if (++steps_taken_ > kMostSteps) return fall_back(EndReason::Unrouted);
    step_ = next;
    return run_step(*next);
}

JourneyMove Journey::run_step(const FlowStep& step) {
    switch (step.kind) {
        case FlowStepKind::Announce: {
            note(event_type::kFlowAnnounced);
            JourneyMove move = begin(JourneyMove::Kind::Announce, State::Announcing, kLongestPrompt);
            move.prompt = step.prompt;
            return move;
        }
        case FlowStepKind::Menu:
            tries_left_ = step.tries;
            return ask(step);
        case FlowStepKind::Schedule: {
            const auto& group = config_->find<ScheduleGroup>(step.schedule_group);
            const ScheduleState state = group ? state_at(*config_, *group, now_.wall) : ScheduleState::Closed;
            note(event_type::kFlowSchedule, std::string(to_string(state)));
            if (state == ScheduleState::Open) return go_to_step(step.open);
            return go_to_step(state == ScheduleState::Holiday && !step.holiday.empty() ? step.holiday : step.next);
        }
        case FlowStepKind::Transfer:
            note(event_type::kFlowEnded, "transfer");
            return enter(*step.target);
        case FlowStepKind::Disconnect:
            note(event_type::kFlowEnded, "disconnect");
            return stop(EndReason::FlowEnded);
    }
    return leave_flow();
}

JourneyMove Journey::ask(const FlowStep& step) {
    note(event_type::kFlowMenu);
    JourneyMove move = begin(JourneyMove::Kind::Ask, State::Asking, kLongestPrompt);
    move.prompt = step.prompt;
    return move;
}

JourneyMove Journey::no_digit(std::string_view why) {
    note(event_type::kFlowNoDigit, std::string(why));
    if (--tries_left_ > 0 && ++steps_taken_ <= kMostSteps) return ask(*step_);
    return step_->no_choice.empty() ? fall_back(EndReason::Unrouted) : go_to_step(step_->no_choice);
}

/// The number's own target follows, once.
JourneyMove Journey::leave_flow() {
    if (flow_) note(event_type::kFlowEnded, "target");
    if (!plan_.target || std::exchange(target_taken_, true)) return fall_back(EndReason::Unrouted);
    const RouteTarget target = *plan_.target;
    return enter(target);
}

JourneyMove Journey::fall_back(EndReason reason) {
    if (last_failure_ == EndReason::Unrouted) last_failure_ = reason;
    if (fallback_) {
        const RouteTarget target = *std::exchange(fallback_, std::nullopt);
        note(event_type::kFlowFallback, std::string(to_string(target.kind)) + ' ' + target.id);
        return enter(target);
    }
    // A menu without a choice and without a fallback still has the number's target.
    if (flow_ && plan_.target && !target_taken_) return leave_flow();
    if (last_failure_ == EndReason::Unrouted) note(event_type::kRouteNowhere);
    return stop(last_failure_);
}

JourneyMove Journey::enter_queue(const QueueId& id) {
    queue_ = config_->find<Queue>(id);
    note(event_type::kQueueEntered, queue_->name);
    place_ = {config_->id(), queue_->id, turns_.next_ticket()};
    waited_enough_ = now_.steady + queue_->wait_timeout;
    const std::size_t count = queue_->members.size();
    const bool in_turn = queue_->order == QueueOrder::RoundRobin && count > 0;
    member_ = in_turn ? turns_.take(config_->id(), queue_->id, count) % count : 0;
    rung_ = 0;
    first_round_ = true;
    reachable_ = rang_ = false;
    return next_member();
}

JourneyMove Journey::next_member() {
    if (now_.steady >= waited_enough_) return overflow("time-out");
    if (state_ == State::Pausing) {
        rung_ = 0;
        first_round_ = false;
        reachable_ = rang_ = false;
        if (auto present = turns_.present(place_)) queue_ = std::move(present);
        if (member_ >= queue_->members.size()) member_ = 0;
    }
    if (!is_our_turn()) return pause();
    const auto& members = queue_->members;
    while (rung_ < members.size()) {
        const UserId& user = members[member_];
        member_ = (member_ + 1) % members.size();
        ++rung_;
        const auto phones = availability_.of(user);
        reachable_ = reachable_ || phones != Availability::Phones::None;
        if (first_round_ && members.size() > 1 && user == plan_.transferred_by) continue;
        if (phones == Availability::Phones::Free) {
            rang_ = true;
            return offer(user, queue_->ring_timeout);
        }
        pass_by(user, phones);
    }
    if (!reachable_) {
        last_failure_ = EndReason::AgentUnreachable;
        return overflow("no member can be reached");
    }
    return pause();
}

JourneyMove Journey::pause() {
    const Duration limit = rang_ ? kPause : kLook;
    return begin(JourneyMove::Kind::Pause, State::Pausing, std::min(limit, waited_enough_ - now_.steady));
}

/// First come, first served: the free members are for those who wait before us, one each.
bool Journey::is_our_turn() {
    const std::size_t ahead = turns_.ahead_of(place_);
    if (ahead == 0) return true;
    std::size_t free = 0;
    for (const UserId& user : queue_->members) {
        const auto phones = availability_.of(user);
        reachable_ = reachable_ || phones != Availability::Phones::None;
        free += phones == Availability::Phones::Free ? 1 : 0;
    }
    return free > ahead || !reachable_;
}

std::chrono::seconds Journey::ring_time_of(const UserId& id) const {
    const auto& user = config_->user(id);
    const auto site = user ? config_->site_of(*user) : nullptr;
    return site ? site->agent_ring_timeout : Site{}.agent_ring_timeout;
}

/// Said once per queue: a long wait is not a flood of events.
void Journey::pass_by(const UserId& user, Availability::Phones phones) {
    if (!first_round_) return;
    const EndReason why = phones == Availability::Phones::InCall ? EndReason::Busy : EndReason::AgentUnreachable;
    note(event_type::kQueueMissed, std::string(facts(why).name)).user = user;
}

JourneyMove Journey::overflow(std::string_view why) {
    note(event_type::kQueueOverflowed, std::string(why));
    if (last_failure_ == EndReason::Unrouted) last_failure_ = EndReason::AgentNoAnswer;
    if (!queue_->overflow) return fall_back(last_failure_);
    const RouteTarget target = *queue_->overflow;
    return enter(target);
}

JourneyMove Journey::offer(const UserId& user, std::chrono::seconds ring) {
    offered_ = user;
    note(queue_ ? event_type::kQueueOffered : event_type::kUserOffered);
    Duration limit = ring;
    if (queue_) limit = std::min<Duration>(limit, waited_enough_ - now_.steady);
    JourneyMove move = begin(JourneyMove::Kind::Offer, State::Offering, limit);
    move.user = user;
    return move;
}

}  // namespace dp::telephony
