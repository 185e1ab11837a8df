#include "rtp/source_lock.hpp"

#include <algorithm>

#include "rtp/rtp_packet.hpp"

namespace dp::rtp {
namespace {

constexpr Duration kWindow = std::chrono::seconds(3);
constexpr Duration kRebindSilence = std::chrono::seconds(5);
constexpr std::uint8_t kRun = 2;              // RFC 3550 A.1, MIN_SEQUENTIAL
constexpr std::uint8_t kRunFromAnywhere = 5;  // class D

bool same_place(const std::optional<SignalledSource>& before, const SignalledSource& now) {
    // An SDP without an address (hold, port 9) does not move the peer.
    return before && (!now.rtp || before->rtp == now.rtp);
}

}  // namespace

void SourceLock::signalled(const SignalledSource& source, TimePoint now) {
    const bool moved = !same_place(signalled_, source);
    const auto known = signalled_ ? signalled_->rtp : std::nullopt;
    signalled_ = source;
    if (!source.rtp) signalled_->rtp = known;
    if (!moved && locked_) return;
    window_end_ = now + kWindow;
    if (!moved || policy_ == SourcePolicy::Validated) return;
    // A changed SDP address always beats the lock: what was learned before it would keep one-way audio alive.
    locked_.reset();
    contenders_ = {};
    destination_ = source.rtp;
}

SourceClass SourceLock::classify(const Endpoint& from) const {
    if (!signalled_) return SourceClass::Foreign;
    if (signalled_->rtp && from == *signalled_->rtp) return SourceClass::Exact;
    if (signalled_->rtp && from.address == signalled_->rtp->address) return SourceClass::SameAddress;
    if (signalled_->signalling && from.address == *signalled_->signalling) return SourceClass::SignallingAddress;
    return signalled_->allow_anything ? SourceClass::Anything : SourceClass::Foreign;
}

/// The class as far as the policy goes.
SourceClass SourceLock::permitted_class(const Endpoint& from) const {
    const SourceClass source = classify(from);
    if (policy_ == SourcePolicy::Strict && source != SourceClass::Exact) return SourceClass::Foreign;
    if (policy_ == SourcePolicy::Asymmetric && source > SourceClass::SameAddress) return SourceClass::Foreign;
    return source;
}

bool SourceLock::may_lock(SourceClass source, const Endpoint& from, TimePoint now) const {
    if (source == SourceClass::Foreign) return false;
    const bool open = now < window_end_;
    if (!locked_) return source <= SourceClass::SameAddress || open;
    if (open && source < locked_class_) return true;
    const bool silent = now - last_heard_ >= kRebindSilence;
    return signalled_->relatch_after_silence && silent && from.address == locked_->address;
}

bool SourceLock::confirmed(const Endpoint& from, std::uint32_t ssrc, std::uint16_t sequence, SourceClass source) {
    auto it = std::ranges::find_if(contenders_,
                                   [&](const Contender& c) { return c.in_use && c.from == from && c.ssrc == ssrc; });
    if (it == contenders_.end()) {
        it = contenders_.begin() + static_cast<std::ptrdiff_t>(next_contender_);
        next_contender_ = (next_contender_ + 1) % contenders_.size();
        *it = {.from = from, .ssrc = ssrc, .sequence = sequence, .run = 1, .in_use = true};
        return false;
    }
    const bool consecutive = sequence_distance(sequence, it->sequence) == 1;
    it->run = consecutive ? static_cast<std::uint8_t>(it->run + 1) : std::uint8_t{1};
    it->sequence = sequence;
    return it->run >= (source == SourceClass::Anything ? kRunFromAnywhere : kRun);
}

SourceVerdict SourceLock::lock(const Endpoint& from, SourceClass source, TimePoint now) {
    locked_ = from;
    locked_class_ = source;
    last_heard_ = now;
    contenders_ = {};
    if (policy_ == SourcePolicy::Asymmetric || destination_ == from) return SourceVerdict::Accept;
    destination_ = from;
    return SourceVerdict::AcceptMoved;
}

SourceVerdict SourceLock::drop() {
    ++foreign_;
    return SourceVerdict::Drop;
}

SourceVerdict SourceLock::on_rtp(const Endpoint& from, std::uint32_t ssrc, std::uint16_t sequence, TimePoint now) {
    if (policy_ == SourcePolicy::Validated) return is_validated(from) ? SourceVerdict::Accept : drop();
    if (signalled_ && signalled_->authenticated) return drop();
    if (locked_ == from) {
        last_heard_ = now;
        return SourceVerdict::Accept;
    }
    const SourceClass source = permitted_class(from);
    if (!may_lock(source, from, now)) return drop();
    if (confirmed(from, ssrc, sequence, source)) return lock(from, source, now);
    // The signalled address needs no proof to be heard while nobody else was believed.
    return source == SourceClass::Exact && !locked_ ? SourceVerdict::Accept : drop();
}

SourceVerdict SourceLock::on_authenticated(const Endpoint& from, bool newest, TimePoint now) {
    if (policy_ == SourcePolicy::Validated) return is_validated(from) ? SourceVerdict::Accept : drop();
    const bool fixed = policy_ == SourcePolicy::Strict || policy_ == SourcePolicy::Asymmetric;
    if (fixed && permitted_class(from) == SourceClass::Foreign) return drop();
    if (locked_ == from) last_heard_ = now;
    if (locked_ == from || !newest) return SourceVerdict::Accept;
    return lock(from, classify(from), now);
}

void SourceLock::validated(const Endpoint& peer) {
    if (is_validated(peer)) return;
    if (validated_count_ < validated_.size()) {
        validated_[validated_count_++] = peer;
        return;
    }
    // Oldest first, but the one in use stays.
    const auto victim = std::ranges::find_if(validated_, [&](const Endpoint& e) { return destination_ != e; });
    std::rotate(victim, victim + 1, validated_.end());
    validated_.back() = peer;
}

void SourceLock::selected(const Endpoint& peer) {
    validated(peer);
    destination_ = peer;
    locked_ = peer;
}

bool SourceLock::is_validated(const Endpoint& from) const {
    const auto end = validated_.begin() + static_cast<std::ptrdiff_t>(validated_count_);
    return std::find(validated_.begin(), end, from) != end;
}

bool SourceLock::allows_rtcp(const Endpoint& from) const {
    if (policy_ == SourcePolicy::Validated) return is_validated(from);
    if (locked_) return from.address == locked_->address;
    return signalled_ && signalled_->rtp && from.address == signalled_->rtp->address;
}

}  // namespace dp::rtp
