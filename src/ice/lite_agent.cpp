#include "ice/lite_agent.hpp"

#include <algorithm>

namespace dp::ice {
namespace {

constexpr std::chrono::seconds kAggressiveWindow{1};

std::string ice_chars(Random& random, std::size_t length) {
    // ice-char is ALPHA / DIGIT / "+" / "/": the token alphabet with its two other characters replaced.
    std::string text = random.token(length);
    std::ranges::replace(text, '-', '+');
    std::ranges::replace(text, '_', '/');
    return text;
}

Bytes success(const StunMessage& request, const Endpoint& source, std::string_view key,
              std::span<std::uint8_t> buffer) {
    StunWriter writer(buffer, StunClass::Success, request.transaction);
    writer.add_xor_mapped(source);
    writer.add_integrity(key);
    writer.add_fingerprint();
    return writer.bytes();
}

/// RFC 8489 section 6.3.1.1: 420 lists what was not understood.
Bytes refuse_unknown(const StunMessage& request, std::string_view key, std::span<std::uint8_t> buffer) {
    std::array<std::uint8_t, 16> list{};
    for (std::size_t i = 0; i < request.unknown_count; ++i) {
        list[2 * i] = static_cast<std::uint8_t>(request.unknown[i] >> 8);
        list[2 * i + 1] = static_cast<std::uint8_t>(request.unknown[i]);
    }
    StunWriter writer(buffer, StunClass::Error, request.transaction);
    writer.add_error(420, "Unknown Attribute");
    writer.add(StunAttribute::UnknownAttributes, Bytes{list.data(), 2 * request.unknown_count});
    writer.add_integrity(key);
    writer.add_fingerprint();
    return writer.bytes();
}

}  // namespace

Credentials Credentials::fresh(Random& random) {
    return {ice_chars(random, 8), ice_chars(random, 24)};
}

std::optional<std::string_view> local_ufrag_of(const StunMessage& request) {
    if (!request.username) return std::nullopt;
    const auto colon = request.username->find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    return request.username->substr(0, colon);
}

Bytes refuse(const StunMessage& request, std::uint16_t code, std::string_view reason, std::span<std::uint8_t> buffer) {
    StunWriter writer(buffer, StunClass::Error, request.transaction);
    writer.add_error(code, reason);
    writer.add_fingerprint();
    return writer.bytes();
}

void LiteAgent::restart(Credentials fresh, std::string_view remote_ufrag, TimePoint now) {
    previous_ = std::move(local_);
    previous_remote_ufrag_ = std::move(remote_ufrag_);
    previous_until_ = now + kRestartOverlap;
    local_ = std::move(fresh);
    remote_ufrag_ = remote_ufrag;
    first_nomination_.reset();
}

bool LiteAgent::accepts_ufrag(std::string_view ufrag) const {
    return ufrag == local_.ufrag || (previous_ && ufrag == previous_->ufrag);
}

const Credentials* LiteAgent::credentials_for(const StunMessage& request, TimePoint now) const {
    const auto ufrag = local_ufrag_of(request);
    if (!ufrag) return nullptr;
    const std::string_view theirs = request.username->substr(ufrag->size() + 1);
    const auto fits = [&](const Credentials& ours, const std::string& remote) {
        return *ufrag == ours.ufrag && (remote.empty() || theirs == remote);
    };
    if (fits(local_, remote_ufrag_)) return &local_;
    if (previous_ && now < previous_until_ && fits(*previous_, previous_remote_ufrag_)) return &*previous_;
    return nullptr;
}

const LiteAgent::Pair* LiteAgent::find(const Endpoint& source) const {
    const auto end = pairs_.begin() + static_cast<std::ptrdiff_t>(count_);
    const auto at = std::find_if(pairs_.begin(), end, [&](const Pair& pair) { return pair.remote == source; });
    return at == end ? nullptr : &*at;
}

/// The pair of this source; the least recently heard one that is not selected gives way when all places are taken.
LiteAgent::Pair& LiteAgent::admit(const Endpoint& source, TimePoint now, CheckOutcome& outcome) {
    Pair* pair = const_cast<Pair*>(find(source));  // NOLINT(cppcoreguidelines-pro-type-const-cast): our own array
    if (!pair && count_ < pairs_.size()) {
        pair = &pairs_[count_++];
    } else if (!pair) {
        for (Pair& candidate : pairs_)
            if (candidate.remote != selected_ && (!pair || candidate.last < pair->last)) pair = &candidate;
        outcome.evicted = pair->remote;
    }
    pair->remote = source;
    pair->last = now;
    return *pair;
}

void LiteAgent::nominate(const Pair& pair, TimePoint now, CheckOutcome& outcome) {
    const bool first = !first_nomination_;
    if (first) first_nomination_ = now;
    const bool settling = !first && now - *first_nomination_ < kAggressiveWindow;
    if (settling && pair.priority < selected_priority_) return;
    outcome.selection_changed = selected_ != pair.remote;
    selected_ = pair.remote;
    selected_priority_ = pair.priority;
}

CheckOutcome LiteAgent::on_request(const StunMessage& request, const Endpoint& source, TimePoint now, bool may_refuse,
                                   std::span<std::uint8_t> buffer) {
    CheckOutcome outcome;
    const Credentials* ours = credentials_for(request, now);
    if (request.kind != StunClass::Request || request.method != kBindingMethod || !ours) return outcome;
    if (!request.integrity_at) {
        if (may_refuse) outcome.reply = refuse(request, 400, "Bad Request", buffer);
        return outcome;
    }
    if (!request.integrity_ok(ours->pwd)) {
        if (may_refuse) outcome.reply = refuse(request, 401, "Unauthorized", buffer);
        return outcome;
    }
    if (request.unknown_count != 0) {
        if (may_refuse) outcome.reply = refuse_unknown(request, ours->pwd, buffer);
        return outcome;
    }
    outcome.authenticated = true;
    last_check_ = now;
    outcome.reply = success(request, source, ours->pwd, buffer);
    if (ours == &local_ && previous_) {
        previous_.reset();
        outcome.restart_completed = true;
    }
    Pair& pair = admit(source, now, outcome);
    pair.priority = request.priority.value_or(0);
    if (request.use_candidate) {
        nominate(pair, now, outcome);
    } else if (!selected_) {
        selected_ = source;
        outcome.selection_changed = true;
    }
    return outcome;
}

}  // namespace dp::ice
