/// SipLegs: calls inside a dialog that stays up between them: info package `dialplane-call`, as
/// call/kept_connection_fsm.hpp tells it.

#include "base/log.hpp"
#include "base/metrics.hpp"
#include "signaling/addressing.hpp"
#include "signaling/sip_legs.hpp"

namespace dp::signaling {
namespace {

using call::LegFailure;

/// A page that lives answers in a round trip; the caller shall not wait for one that does not.
constexpr std::chrono::seconds kAlertAnswered{2};

LegFailure failure(LegFailure::Kind kind, int status) {
    LegFailure out;
    out.kind = kind;
    out.status = status;
    return out;
}

void add_package(sip::HeaderLines& headers) {
    headers.add("Info-Package", kCallPackage);
    headers.add("Content-Disposition", "Info-Package");  // RFC 6086 section 5.1
}

sip::Body body_of(const CallInfo& info) {
    return {std::string(kCallBody), write_call_info(info)};
}

metrics::Counter& alerts_of(std::string_view result) {
    return metrics::counter("dialplane_signaling_inside_alerts_total", "result=\"" + std::string(result) + "\"",
                            "Calls announced to a phone inside its persistent connection.");
}

}  // namespace

/// The dialog can rest when both have said that they take calls inside it.
void SipLegs::note_abilities(call::LegId leg, const sip::Answered& answered) {
    if (answered.message != nullptr && receives_call_info(*answered.message)) inside_[leg] = {};
}

bool SipLegs::alerts(call::LegId leg) const {
    const auto it = inside_.find(leg);
    return it != inside_.end() && it->second.phase == Inside::Phase::Alerting;
}

void SipLegs::alert(call::LegId leg, call::OutgoingLeg invite) {
    sip::InviteSession* session = session_of(leg);
    const auto target = ports_.phones.target(std::get<call::ContactId>(invite.target));
    Inside& inside = inside_[leg];
    inside.phase = Inside::Phase::Alerting;
    ++inside.call;
    sip::HeaderLines headers;
    add_package(headers);
    if (target && target->config) describe_call(headers, invite, target->config->organization().sip_domain);
    const auto sent = session == nullptr ? Result<sip::InfoId>(fail(ErrorCode::NotFound, "The dialog is gone."))
                                         : session->info(body_of({.act = CallAct::Alert, .call = inside.call}), headers,
                                                         kAlertAnswered);
    if (sent)
        inside.alert = *sent;
    else
        (void)ports_.later.post([this, leg] { alert_failed(leg); });
}

void SipLegs::on_session_info_answered(sip::InviteSession& session, sip::InfoId info, int status) {
    const call::LegId leg = leg_of(session);
    if (!alerts(leg) || inside_[leg].alert != info) return;
    if (status < 300) {
        static metrics::Counter& heard = alerts_of("ringing");
        heard.add();
        return events_->on_progress(leg, 180, {});
    }
    session.set_handler(nullptr);
    session.hang_up({});
    alert_failed(leg);
}

/// The page is not there any more, or has forgotten the dialog.
void SipLegs::alert_failed(call::LegId leg) {
    if (!alerts(leg)) return;
    static metrics::Counter& lost = alerts_of("lost");
    lost.add();
    log::info("call", "a persistent connection is dead, its phone gets an INVITE");
    let_go(leg);
    events_->on_failed(leg, failure(LegFailure::Kind::Transport, 0));
}

void SipLegs::rest(call::LegId leg, const call::Release& release) {
    sip::InviteSession* session = session_of(leg);
    const auto it = inside_.find(leg);
    if (session == nullptr || it == inside_.end()) return;
    if (std::exchange(it->second.phase, Inside::Phase::Free) == Inside::Phase::Free) return;  // the phone has left it
    release_inside(*session, it->second.call, release);
}

void SipLegs::release_inside(sip::InviteSession& session, std::uint32_t call, const call::Release& release) {
    sip::HeaderLines headers;
    add_package(headers);
    if (const std::string reason = reason_of(release); !reason.empty()) headers.add("Reason", reason);
    (void)session.info(body_of({.act = CallAct::Release, .call = call}), headers);
}

/// What the phone says, of the present call or too late.
void SipLegs::take_call_info(call::LegId leg, const CallInfo& said) {
    const auto it = inside_.find(leg);
    sip::InviteSession* session = session_of(leg);
    if (it == inside_.end() || session == nullptr) return;
    Inside& inside = it->second;
    const bool alerting = inside.phase == Inside::Phase::Alerting && said.call == inside.call;
    const bool in_call = inside.phase == Inside::Phase::InCall && said.call == inside.call;
    if (said.act == CallAct::Accept && alerting) {
        inside.phase = Inside::Phase::InCall;
        events_->on_accepted(leg);
    } else if (said.act == CallAct::Accept && !in_call) {
        release_inside(*session, said.call, {});
    } else if (alerting && said.act != CallAct::Alert) {  // declined, or left while it was being accepted
        inside.phase = Inside::Phase::Free;
        events_->on_failed(leg, failure(LegFailure::Kind::Rejected, said.status));
    } else if (said.act == CallAct::Leave && in_call) {
        inside.phase = Inside::Phase::Free;
        events_->on_left(leg);
    }
}

}  // namespace dp::signaling
