#include "sandbox/carrier_call.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"

namespace dp::sandbox {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kSdp = "application/sdp";
constexpr double kToneHertz = 1004;

sip::Body sdp_body(std::string text) {
    return {std::string(kSdp), std::move(text)};
}

std::string reason(int q850) {
    return q850 ? fmt::format("Q.850;cause={}", q850) : std::string();
}

}  // namespace

CarrierCall::CarrierCall(const CallContext& context, const Script& script, std::function<void(CarrierCall&)> over)
    : context_(context), script_(script), over_(std::move(over)) {}

CarrierCall::~CarrierCall() {
    if (session_) session_->set_handler(nullptr);
}

sdp::Capabilities CarrierCall::capabilities() const {
    sdp::Capabilities out;
    out.codecs = AudioLine::codecs();
    if (script_.only_codec) out.codecs = {*script_.only_codec};
    out.direction = direction_;
    return out;
}

/// In the caller's order (RFC 3264 section 6.1): what it has first needs no transcoding at its side.
sdp::Capabilities CarrierCall::capabilities_for(const sdp::SessionDescription& offer) const {
    auto out = capabilities();
    const auto wanted = sdp::offered_codecs(offer);
    std::ranges::sort(out.codecs, {},
                      [&wanted](sdp::Codec codec) { return std::ranges::find(wanted, codec) - wanted.begin(); });
    return out;
}

Result<void> CarrierCall::open_line() {
    if (line_) return {};
    DP_TRY(line, AudioLine::open(context_.loop, context_.media_address, context_.random));
    line_ = std::move(line);
    line_->on_digit([this](char digit) { hear(digit); });
    return {};
}

Result<std::string> CarrierCall::answer_to(std::string_view offer) {
    DP_TRY(parsed, sdp::parse(offer));
    DP_CHECK(open_line());
    sdp::DialogState state;
    state.origin.session_id = "1";
    if (described_) state.local = &local_, state.remote = &remote_;
    DP_TRY(answer, sdp::make_answer(parsed, capabilities_for(parsed), line_->local(), state));
    local_ = std::move(answer.description);
    remote_ = std::move(parsed);
    described_ = true;
    audio_ = answer.audio;
    line_->start(audio_);
    return sdp::serialise(local_);
}

Result<std::string> CarrierCall::make_offer() {
    DP_CHECK(open_line());
    sdp::DialogState state;
    state.origin.session_id = "1";
    if (described_) state.local = &local_, state.remote = &remote_;
    local_ = sdp::make_offer(capabilities(), line_->local(), state);
    return sdp::serialise(local_);
}

void CarrierCall::after(Timer& timer, std::chrono::milliseconds delay, Timer::Callback then) {
    timer.set_callback(std::move(then));
    context_.loop.timers().arm(timer, context_.loop.now() + delay);
}

void CarrierCall::begin(sip::InviteSession& session, std::string_view offer) {
    session_ = &session;
    session.set_handler(this);
    offer_ = offer;
    if (script_.early_media) {
        const auto body = answer_to(offer_);
        if (!body) return refuse(488, 88);
        (void)session.provide(183, sdp_body(*body));
        line_->play(context_.voice.phrase(Phrase::Early, line_->rate()));
    } else if (script_.ring > 0ms) {
        (void)session.provide(180);
    }
    if (script_.never_answer) return;
    after(stage_, script_.ring, [this] { outcome(); });
}

void CarrierCall::outcome() {
    if (script_.refuse) return refuse(script_.refuse, script_.q850);
    answer();
}

void CarrierCall::refuse(int status, int q850) {
    sip::HeaderLines headers;
    if (q850) headers.add("Reason", reason(q850));
    if (script_.retry_after) headers.add("Retry-After", fmt::to_string(script_.retry_after));
    (void)session_->reject(status, {}, headers);
}

void CarrierCall::answer() {
    // A late offer: our offer goes into the 200, the answer comes with the ACK.
    auto body = offer_.empty() ? make_offer()
                : described_   ? Result<std::string>(sdp::serialise(local_))
                               : answer_to(offer_);
    if (!body) return refuse(488, 88);
    if (!session_->accept(sdp_body(std::move(*body)))) return;
    sound();
    if (script_.hang_up > 0ms)
        after(end_, script_.hang_up, [this] {
            line_->play(context_.voice.phrase(Phrase::Goodbye, line_->rate()));
            hang_up();
        });
    if (script_.hold > 0ms)
        after(hold_, script_.hold, [this] {
            set_hold(sdp::Direction::SendOnly);
            after(hold_, 2s, [this] { set_hold(sdp::Direction::SendRecv); });
        });
    if (script_.mute > 0ms) after(mute_, script_.mute, [this] { line_->set_muted(true); });
}

void CarrierCall::sound() {
    auto& voice = context_.voice;
    switch (script_.sound) {
        case Sound::SpeechThenEcho:
            line_->play(voice.phrase(Phrase::Greeting, line_->rate()));
            line_->set_echo(true);
            break;
        case Sound::Echo:
            line_->set_echo(true);
            break;
        case Sound::Tone:
            line_->set_tone(kToneHertz);
            break;
        case Sound::Silence:
            break;
        case Sound::ReadBack:
            line_->play(voice.phrase(Phrase::Readback, line_->rate()));
            break;
        case Sound::Callback:
            line_->play(voice.phrase(Phrase::Callback, line_->rate()));
            break;
    }
}

// Digits up to the hash key come back twice: spoken, and as telephone-events.
void CarrierCall::hear(char digit) {
    if (script_.sound != Sound::ReadBack) return;
    if (digits_.size() < 64) digits_ += digit;
    if (digit != '#') return;
    for (char each : digits_) line_->play(context_.voice.digit(each, line_->rate()));
    line_->send_digits(digits_);
    digits_.clear();
}

void CarrierCall::set_hold(sdp::Direction direction) {
    direction_ = direction;
    if (auto offer = make_offer(); offer && session_) (void)session_->offer(sdp_body(std::move(*offer)));
}

void CarrierCall::hang_up() {
    if (session_) session_->hang_up(reason(script_.q850 ? script_.q850 : 16));
}

void CarrierCall::on_session_answered(sip::InviteSession&, const sip::Answered& answered) {
    const auto parsed = sdp::parse(answered.body.bytes);
    if (!parsed) return hang_up();
    const auto audio = sdp::accept_answer(local_, *parsed, capabilities(), line_->local());
    if (!audio) return hang_up();
    remote_ = *parsed;
    described_ = true;
    line_->start(*audio);
    sound();
}

void CarrierCall::on_session_offered(sip::InviteSession& session, const sip::RemoteOffer& offer) {
    auto body = offer.body.empty() ? make_offer() : answer_to(offer.body.bytes);
    if (!body) return (void)session.refuse_offer();
    (void)session.answer(sdp_body(std::move(*body)));
}

void CarrierCall::on_session_offer_answered(sip::InviteSession&, sip::BodyView answer) {
    const auto parsed = sdp::parse(answer.bytes);
    if (!parsed) return;
    const auto audio = sdp::accept_answer(local_, *parsed, capabilities(), line_->local());
    if (!audio) return;
    remote_ = *parsed;
    described_ = true;
    line_->start(*audio);
}

// application/dtmf-relay: `Signal=5`.
void CarrierCall::on_session_info(sip::InviteSession&, const sip::MessageView& info) {
    const auto body = info.body();
    const auto signal = body.find("Signal=");
    if (signal == std::string_view::npos) return;
    const auto digit = ascii::trim(body.substr(signal + 7, 2));
    if (!digit.empty()) hear(digit.front());
}

void CarrierCall::on_session_ended(sip::InviteSession&, const sip::SessionEnd&) {
    session_ = nullptr;
    for (Timer* timer : {&stage_, &end_, &hold_, &mute_}) timer->cancel();
    over_(*this);
}

}  // namespace dp::sandbox
