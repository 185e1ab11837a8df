/// What the API asks of a running call.

#include <algorithm>

#include "call/call.hpp"

namespace dp::call {
namespace {

constexpr std::chrono::milliseconds kDigitLength{100};

}  // namespace

using telephony::CallOrder;
using telephony::EndReason;
using telephony::Reached;

Result<void> Call::obey(const CallOrder& order, TransferPlanner& planner) {
    const auto* transfer = std::get_if<telephony::TransferCall>(&order.action);
    if (transfer != nullptr) {
        DP_TRY(leg, leg_of(order, Party::Agent));
        return start_transfer(*leg, transfer->target, transfer->consult, planner);
    }
    return std::visit(
        [&](const auto& action) -> Result<void> {
            if constexpr (requires { carry_out(order, action); })
                return carry_out(order, action);
            else
                return {};
        },
        order.action);
}

Result<void> Call::carry_out(const CallOrder&, const telephony::EndCall&) {
    end(reached() == Reached::Connected ? EndReason::ApiDisconnect : EndReason::Cancelled);
    return {};
}

Result<void> Call::carry_out(const CallOrder& order, const telephony::LeaveCall&) {
    if (transfer_ == TransferState::None) {
        DP_CHECK(leg_of(order, Party::Agent));
        return carry_out(order, telephony::EndCall{});
    }
    const auto& participants = report_.conversation().participants;
    if (target_.participant && participants[*target_.participant].id == order.participant)
        return carry_out(order, telephony::CancelConsult{});
    DP_TRY(leg, leg_of(order, Party::Agent));
    lost(*side_of(leg->id), telephony::terminate(EndReason::ApiDisconnect, Reached::Connected));
    return {};
}

Result<void> Call::carry_out(const CallOrder&, const telephony::SpeakTo& wanted) {
    if (transfer_ != TransferState::Talking && transfer_ != TransferState::Aside)
        return fail(ErrorCode::Conflict, "The target of the consultation has not answered.");
    take(wanted.target ? TransferEvent::SpeakToTarget : TransferEvent::SpeakToObject);
    return {};
}

Result<void> Call::carry_out(const CallOrder&, const telephony::CancelConsult&) {
    if (transfer_ == TransferState::None) return fail(ErrorCode::Conflict, "No transfer is under way.");
    transfer_end_ = telephony::terminate(EndReason::ApiDisconnect, reached());
    take(TransferEvent::Cancelled);
    return {};
}

Result<void> Call::carry_out(const CallOrder& order, const telephony::SetParty& wanted) {
    DP_TRY(leg, leg_of(order, Party::Agent));
    CallLeg* partner = partner_of(leg->id);
    if (leg->state != LegState::Answered || (partner == nullptr && transfer_ == TransferState::None))
        return fail(ErrorCode::Conflict, "Only a party that has answered can be held or muted.");
    if (!leg->anchored()) return fail(ErrorCode::Conflict, "This call's media does not pass through the server.");
    if (wanted.held) leg->asked.held = wanted.held;
    if (wanted.muted) leg->asked.muted = wanted.muted;
    if (wanted.confined) leg->asked.confined = wanted.confined;
    if (partner != nullptr) media_.gate(*leg, *partner);
    report_flags(*leg);
    return {};
}

Result<void> Call::carry_out(const CallOrder& order, const telephony::SendDigits& wanted) {
    constexpr std::string_view kDigits = "0123456789*#ABCD";
    constexpr std::size_t kMost = 64;
    const std::string& digits = wanted.digits;
    if (digits.empty() || digits.size() > kMost || digits.find_first_not_of(kDigits) != std::string::npos)
        return fail(ErrorCode::InvalidValue, "digits must be 1 to 64 of 0-9, *, #, A-D.", "digits");
    DP_TRY(leg, leg_of(order, Party::Remote));
    for (char digit : digits)
        if (!media_.send_digit(*leg, digit, kDigitLength)) ports_.signaling.send_digit(leg->id, digit, kDigitLength);
    return {};
}

/// The live leg of the party that the order names. NotFound: no such party in this conversation; Conflict: it is not
/// in the call at this moment.
Result<CallLeg*> Call::leg_of(const CallOrder& order, Party otherwise) {
    const auto& participants = report_.conversation().participants;
    if (!order.participant.empty() && std::ranges::none_of(participants, [&](const auto& participant) {
            return participant.id == order.participant;
        }))
        return fail(ErrorCode::NotFound, "There is no such participant in the conversation.", order.participant.str());
    for (CallSide* side : {&first_, &second_, &target_}) {
        CallLeg* leg = side->standing();
        if (leg == nullptr || !leg->live()) continue;
        const auto& participant = participants[leg->record.participant];
        const auto& communication = participant.communications[leg->record.communication];
        if (order.participant.empty() ? side->party != otherwise : participant.id != order.participant) continue;
        if (!order.communication.empty() && communication.id != order.communication)
            return fail(ErrorCode::NotFound, "The participant has no such communication.", order.communication.str());
        return leg;
    }
    return fail(ErrorCode::Conflict, "The participant is not in the call at the moment.");
}

/// What the record shows: held by the phone itself or through the API.
void Call::report_flags(const CallLeg& leg) {
    report_.leg_flags(leg.record, {.held = leg.held || leg.waits || leg.asked.held.value_or(false),
                                   .muted = leg.asked.muted.value_or(false),
                                   .confined = leg.asked.confined.value_or(false)});
}

}  // namespace dp::call
