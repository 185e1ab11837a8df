#include "rtp/srtp.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "rtp/replay_window.hpp"
#include "rtp/srtp_cipher.hpp"
#include "rtp/wire.hpp"

namespace dp::rtp {
namespace {

constexpr std::size_t kStreams = 4;
constexpr std::size_t kRtcpHeader = 8;  // octets of SRTCP that stay in the clear
constexpr std::size_t kRtcpIndex = 4;   // E flag and index behind them
constexpr std::uint32_t kEncrypted = 0x80000000;
constexpr std::uint64_t kIndexLimit = std::uint64_t{1} << 48U;
constexpr std::uint64_t kIndexWarning = std::uint64_t{1} << 47U;
constexpr std::uint32_t kRtcpLimit = 0x7FFFFFFF;
constexpr std::uint32_t kRtcpWarning = std::uint32_t{1} << 30U;
constexpr int kRekeyTrials = 50;

/// RFC 3711 3.3.1: the 48-bit index nearest to `newest` whose low 16 bits are `sequence`; nothing below 0.
std::optional<std::uint64_t> nearest_index(std::uint64_t newest, std::uint16_t sequence) {
    const auto index =
        static_cast<std::int64_t>(newest) + sequence_distance(sequence, static_cast<std::uint16_t>(newest));
    if (index < 0) return std::nullopt;
    return static_cast<std::uint64_t>(index);
}

/// One way of protecting: keys, salt and contexts for either RTP or RTCP.
struct CounterMode {
    CounterMode(const SessionKeys& keys, std::size_t key_size)
        : cipher(std::span(keys.cipher).first(key_size)), hmac(keys.auth), salt(keys.salt) {}

    void apply(std::uint32_t ssrc, std::uint64_t index, MutableBytes data) {
        cipher.apply(counter_iv(salt, ssrc, index), data);
    }

    CounterCipher cipher;
    HmacSha1 hmac;
    std::array<std::uint8_t, 14> salt;
};

struct GcmMode {
    GcmMode(const SessionKeys& keys, std::size_t key_size, GcmCipher::Use use)
        : cipher(std::span(keys.cipher).first(key_size), use) {
        std::copy_n(keys.salt.begin(), salt.size(), salt.begin());
    }

    GcmIv iv(std::uint32_t ssrc, std::uint64_t index) const { return gcm_iv(salt, ssrc, index); }

    GcmCipher cipher;
    std::array<std::uint8_t, 12> salt{};
};

using Mode = std::variant<CounterMode, GcmMode>;

Mode make_mode(SrtpSuite suite, std::span<const std::uint8_t> key_salt, KeyUse use, GcmCipher::Use direction) {
    const SessionKeys keys = derive_keys(suite, key_salt, use);
    if (facts(suite).aead) return Mode(std::in_place_type<GcmMode>, keys, facts(suite).key, direction);
    return Mode(std::in_place_type<CounterMode>, keys, facts(suite).key);
}

std::array<std::uint8_t, 4> rollover_octets(std::uint64_t index) {
    std::array<std::uint8_t, 4> out{};
    wire::store32(out.data(), static_cast<std::uint32_t>(index >> 16U));
    return out;
}

Result<void> check_key(SrtpSuite suite, std::span<const std::uint8_t> key_salt) {
    if (key_salt.size() == key_salt_size(suite)) return {};
    return fail(ErrorCode::InvalidValue,
                "An SRTP master key and salt of this suite has " + std::to_string(key_salt_size(suite)) + " octets.",
                "key");
}

}  // namespace

// --- sending
// ------------------------------------------------------------------------------------------------------------------------

struct SrtpSender::State {
    struct Stream {
        std::uint32_t ssrc = 0;
        ReplayWindow used;
    };

    State(SrtpSuite s, std::span<const std::uint8_t> key_salt)
        : suite(s),
          sizes(facts(s)),
          rtp(make_mode(s, key_salt, KeyUse::Rtp, GcmCipher::Use::Seal)),
          rtcp(make_mode(s, key_salt, KeyUse::Rtcp, GcmCipher::Use::Seal)) {}

    /// Never evicts: an SSRC that came back at index 0 would repeat its keystream.
    Stream* stream_of(std::uint32_t ssrc) {
        for (std::size_t i = 0; i < count; ++i)
            if (streams[i].ssrc == ssrc) return &streams[i];
        if (count == kStreams) return nullptr;
        streams[count].ssrc = ssrc;
        return &streams[count++];
    }

    SrtpSuite suite;
    SrtpSuiteFacts sizes;
    Mode rtp;
    Mode rtcp;
    std::array<Stream, kStreams> streams{};
    std::size_t count = 0;
    std::uint32_t rtcp_index = 0;
};

namespace {

void seal_rtp(Mode& mode, MutableBytes packet, std::size_t header, std::uint64_t index, MutableBytes tag) {
    const std::uint32_t ssrc = wire::load32(packet.data() + 8);
    if (auto* gcm = std::get_if<GcmMode>(&mode)) {
        gcm->cipher.seal(gcm->iv(ssrc, index), packet.first(header), {}, packet.subspan(header), tag.first<kGcmTag>());
        return;
    }
    auto& counter = std::get<CounterMode>(mode);
    counter.apply(ssrc, index, packet.subspan(header));
    const auto digest = counter.hmac.of(packet, rollover_octets(index));
    std::copy_n(digest.begin(), tag.size(), tag.begin());
}

/// Lays out header | ciphertext | tag | index word for GCM, header | ciphertext | index word | tag for HMAC suites.
void seal_rtcp(Mode& mode, MutableBytes buffer, std::size_t size, std::uint32_t index, std::size_t tag_size) {
    const std::uint32_t ssrc = wire::load32(buffer.data() + 4);
    const MutableBytes head = buffer.first(kRtcpHeader);
    const MutableBytes body = buffer.subspan(kRtcpHeader, size - kRtcpHeader);
    std::array<std::uint8_t, kRtcpIndex> word{};
    wire::store32(word.data(), kEncrypted | index);
    if (auto* gcm = std::get_if<GcmMode>(&mode)) {
        gcm->cipher.seal(gcm->iv(ssrc, index), head, word, body, buffer.subspan(size).first<kGcmTag>());
        std::ranges::copy(word, buffer.begin() + static_cast<std::ptrdiff_t>(size + kGcmTag));
        return;
    }
    auto& counter = std::get<CounterMode>(mode);
    counter.apply(ssrc, index, body);
    const auto digest = counter.hmac.of(buffer.first(size), word);
    std::ranges::copy(word, buffer.begin() + static_cast<std::ptrdiff_t>(size));
    std::copy_n(digest.begin(), tag_size, buffer.begin() + static_cast<std::ptrdiff_t>(size + kRtcpIndex));
}

}  // namespace

SrtpSender::SrtpSender(std::unique_ptr<State> state) : state_(std::move(state)) {}
SrtpSender::SrtpSender(SrtpSender&&) noexcept = default;
SrtpSender& SrtpSender::operator=(SrtpSender&&) noexcept = default;
SrtpSender::~SrtpSender() = default;

Result<SrtpSender> SrtpSender::create(SrtpSuite suite, std::span<const std::uint8_t> key_salt) {
    DP_CHECK(check_key(suite, key_salt));
    return SrtpSender(std::make_unique<State>(suite, key_salt));
}

SrtpResult SrtpSender::protect(MutableBytes buffer, std::size_t size) {
    State& s = *state_;
    if (size > buffer.size()) return {SrtpStatus::NoRoom};
    const auto header = rtp_header_size(buffer.first(size));
    if (!header) return {SrtpStatus::Malformed};
    if (size + s.sizes.rtp_tag > buffer.size()) return {SrtpStatus::NoRoom};
    State::Stream* stream = s.stream_of(wire::load32(buffer.data() + 8));
    if (!stream) return {SrtpStatus::KeyExhausted};
    const std::uint16_t sequence = wire::load16(buffer.data() + 2);
    const auto index =
        stream->used.empty() ? std::optional<std::uint64_t>(sequence) : nearest_index(stream->used.newest(), sequence);
    if (!index) return {SrtpStatus::TooOld};
    if (*index >= kIndexLimit) return {SrtpStatus::KeyExhausted};
    const auto verdict = stream->used.check(*index);
    if (verdict == ReplayWindow::Verdict::TooOld) return {SrtpStatus::TooOld};
    if (verdict == ReplayWindow::Verdict::Seen) return {SrtpStatus::Replayed};
    stream->used.commit(*index);
    seal_rtp(s.rtp, buffer.first(size), *header, *index, buffer.subspan(size, s.sizes.rtp_tag));
    return {SrtpStatus::Ok, size + s.sizes.rtp_tag};
}

SrtpResult SrtpSender::protect_rtcp(MutableBytes buffer, std::size_t size) {
    State& s = *state_;
    if (size > buffer.size() || size + s.sizes.rtcp_tag + kRtcpIndex > buffer.size()) return {SrtpStatus::NoRoom};
    if (size < kRtcpHeader || (buffer[0] & 0xC0U) != 0x80U) return {SrtpStatus::Malformed};
    if (s.rtcp_index == kRtcpLimit) return {SrtpStatus::KeyExhausted};
    seal_rtcp(s.rtcp, buffer, size, s.rtcp_index++, s.sizes.rtcp_tag);
    return {SrtpStatus::Ok, size + s.sizes.rtcp_tag + kRtcpIndex};
}

void SrtpSender::continue_from(const SrtpSender& previous) {
    state_->streams = previous.state_->streams;
    state_->count = previous.state_->count;
}

bool SrtpSender::wants_new_key() const {
    if (state_->rtcp_index >= kRtcpWarning) return true;
    return std::any_of(
        state_->streams.begin(), state_->streams.begin() + static_cast<std::ptrdiff_t>(state_->count),
        [](const State::Stream& stream) { return !stream.used.empty() && stream.used.newest() >= kIndexWarning; });
}

SrtpSuite SrtpSender::suite() const {
    return state_->suite;
}

// --- receiving
// ----------------------------------------------------------------------------------------------------------------------

struct SrtpReceiver::State {
    struct Stream {
        std::uint32_t ssrc = 0;
        bool in_use = false;
        std::uint64_t last_used = 0;
        ReplayWindow rtp;
        ReplayWindow rtcp;
        std::optional<std::uint64_t>
            rekeyed_at;  ///< newest index under the previous key, until the new key proved an index
        int trials = 0;
    };

    State(SrtpSuite s, std::span<const std::uint8_t> key_salt, std::size_t mki)
        : suite(s),
          sizes(facts(s)),
          mki_size(mki),
          rtp(make_mode(s, key_salt, KeyUse::Rtp, GcmCipher::Use::Open)),
          rtcp(make_mode(s, key_salt, KeyUse::Rtcp, GcmCipher::Use::Open)) {}

    Stream* find(std::uint32_t ssrc) {
        for (Stream& stream : streams)
            if (stream.in_use && stream.ssrc == ssrc) return &stream;
        return nullptr;
    }

    /// Only for authenticated packets. The longest unused SSRC makes room.
    Stream& claim(std::uint32_t ssrc) {
        Stream* stream = find(ssrc);
        if (!stream) {
            stream =
                &*std::ranges::min_element(streams, {}, [](const Stream& x) { return x.in_use ? x.last_used : 0; });
            *stream = Stream{};
            stream->ssrc = ssrc;
            stream->in_use = true;
        }
        stream->last_used = ++clock;
        return *stream;
    }

    SrtpSuite suite;
    SrtpSuiteFacts sizes;
    std::size_t mki_size;
    Mode rtp;
    Mode rtcp;
    std::array<Stream, kStreams> streams{};
    std::uint64_t clock = 0;
    bool last_was_newest = false;
};

namespace {

using Stream = SrtpReceiver::State::Stream;

/// The indexes a packet may have: one by the window, or two while a re-key is not settled.
struct Candidates {
    std::array<std::uint64_t, 2> index{};
    std::size_t count = 0;

    void add(std::optional<std::uint64_t> candidate) {
        if (candidate && *candidate < kIndexLimit && (count == 0 || index[0] != *candidate))
            index[count++] = *candidate;
    }
};

Candidates candidates_for(Stream* stream, std::uint16_t sequence) {
    Candidates out;
    if (stream && !stream->rtp.empty()) {
        out.add(nearest_index(stream->rtp.newest(), sequence));
        return out;
    }
    if (stream && stream->rekeyed_at && stream->trials > 0) {
        --stream->trials;
        out.add(nearest_index(*stream->rekeyed_at, sequence));  // the rollover counter goes on (RFC 3711 3.3.1) …
    }
    out.add(sequence);  // … or starts at 0
    return out;
}

/// The pieces of a received SRTP packet.
struct RtpParts {
    MutableBytes covered;  ///< header and ciphertext
    std::size_t header = 0;
    Bytes tag;
};

std::optional<RtpParts> split_rtp(MutableBytes packet, const SrtpSuiteFacts& sizes, std::size_t mki_size) {
    const auto header = rtp_header_size(packet);
    if (!header || packet.size() < *header + sizes.rtp_tag + mki_size) return std::nullopt;
    const std::size_t body = packet.size() - sizes.rtp_tag - mki_size;
    // RFC 7714 12: the GCM tag is part of the ciphertext, the MKI follows it; else the MKI precedes the tag (RFC
    // 3711 3.1).
    const std::size_t tag = sizes.aead ? body : body + mki_size;
    return RtpParts{packet.first(body), *header, packet.subspan(tag, sizes.rtp_tag)};
}

bool open_rtp(Mode& mode, const RtpParts& parts, std::uint64_t index) {
    const std::uint32_t ssrc = wire::load32(parts.covered.data() + 8);
    const MutableBytes payload = parts.covered.subspan(parts.header);
    if (auto* gcm = std::get_if<GcmMode>(&mode)) {
        const GcmIv iv = gcm->iv(ssrc, index);
        const Bytes header = parts.covered.first(parts.header);
        if (gcm->cipher.open(iv, header, {}, payload, parts.tag.first<kGcmTag>())) return true;
        gcm->cipher.open(iv, header, {}, payload, parts.tag.first<kGcmTag>());  // the keystream twice: ciphertext again
        return false;
    }
    auto& counter = std::get<CounterMode>(mode);
    const auto digest = counter.hmac.of(parts.covered, rollover_octets(index));
    if (!equal_tags(std::span(digest).first(parts.tag.size()), parts.tag)) return false;
    counter.apply(ssrc, index, payload);
    return true;
}

struct RtcpParts {
    MutableBytes covered;  ///< header and body
    Bytes word;            ///< E and index
    Bytes tag;
};

std::optional<RtcpParts> split_rtcp(MutableBytes packet, const SrtpSuiteFacts& sizes, std::size_t mki_size) {
    if (packet.size() < kRtcpHeader + sizes.rtcp_tag + kRtcpIndex + mki_size || (packet[0] & 0xC0U) != 0x80U)
        return std::nullopt;
    const std::size_t body = packet.size() - sizes.rtcp_tag - kRtcpIndex - mki_size;
    if (sizes.aead)  // RFC 7714 9.2: tag, index word, MKI
        return RtcpParts{packet.first(body), packet.subspan(body + sizes.rtcp_tag, kRtcpIndex),
                         packet.subspan(body, sizes.rtcp_tag)};
    return RtcpParts{packet.first(body), packet.subspan(body, kRtcpIndex), packet.last(sizes.rtcp_tag)};
}

bool open_rtcp(Mode& mode, const RtcpParts& parts, bool encrypted, std::uint32_t index) {
    const std::uint32_t ssrc = wire::load32(parts.covered.data() + 4);
    const MutableBytes body = parts.covered.subspan(kRtcpHeader);
    if (auto* gcm = std::get_if<GcmMode>(&mode)) {
        const GcmIv iv = gcm->iv(ssrc, index);
        // RFC 7714 9.3: an unencrypted packet is all associated data.
        if (!encrypted) return gcm->cipher.open(iv, parts.covered, parts.word, {}, parts.tag.first<kGcmTag>());
        return gcm->cipher.open(iv, parts.covered.first(kRtcpHeader), parts.word, body, parts.tag.first<kGcmTag>());
    }
    auto& counter = std::get<CounterMode>(mode);
    // Covered octets and the index word stand side by side in the packet.
    const auto digest = counter.hmac.of(parts.covered, parts.word);
    if (!equal_tags(std::span(digest).first(parts.tag.size()), parts.tag)) return false;
    if (encrypted) counter.apply(ssrc, index, body);
    return true;
}

SrtpStatus replay_status(ReplayWindow::Verdict verdict) {
    if (verdict == ReplayWindow::Verdict::New) return SrtpStatus::Ok;
    return verdict == ReplayWindow::Verdict::Seen ? SrtpStatus::Replayed : SrtpStatus::TooOld;
}

}  // namespace

SrtpReceiver::SrtpReceiver(std::unique_ptr<State> state) : state_(std::move(state)) {}
SrtpReceiver::SrtpReceiver(SrtpReceiver&&) noexcept = default;
SrtpReceiver& SrtpReceiver::operator=(SrtpReceiver&&) noexcept = default;
SrtpReceiver::~SrtpReceiver() = default;

Result<SrtpReceiver> SrtpReceiver::create(SrtpSuite suite, std::span<const std::uint8_t> key_salt,
                                          std::size_t mki_size) {
    DP_CHECK(check_key(suite, key_salt));
    return SrtpReceiver(std::make_unique<State>(suite, key_salt, mki_size));
}

SrtpResult SrtpReceiver::unprotect(MutableBytes packet) {
    State& s = *state_;
    const auto parts = split_rtp(packet, s.sizes, s.mki_size);
    if (!parts) return {SrtpStatus::Malformed};
    const std::uint32_t ssrc = wire::load32(packet.data() + 8);
    State::Stream* known = s.find(ssrc);
    const Candidates candidates = candidates_for(known, wire::load16(packet.data() + 2));
    if (candidates.count == 0) return {SrtpStatus::TooOld};
    if (known)
        if (const auto status = replay_status(known->rtp.check(candidates.index[0])); status != SrtpStatus::Ok)
            return {status};
    for (std::size_t i = 0; i < candidates.count; ++i) {
        if (!open_rtp(s.rtp, *parts, candidates.index[i])) continue;
        State::Stream& stream = s.claim(ssrc);
        s.last_was_newest = stream.rtp.empty() || candidates.index[i] > stream.rtp.newest();
        stream.rtp.commit(candidates.index[i]);
        stream.rekeyed_at.reset();
        return {SrtpStatus::Ok, parts->covered.size()};
    }
    return {SrtpStatus::AuthFailed};
}

SrtpResult SrtpReceiver::unprotect_rtcp(MutableBytes packet) {
    State& s = *state_;
    const auto parts = split_rtcp(packet, s.sizes, s.mki_size);
    if (!parts) return {SrtpStatus::Malformed};
    const std::uint32_t word = wire::load32(parts->word.data());
    const std::uint32_t index = word & ~kEncrypted;
    const std::uint32_t ssrc = wire::load32(packet.data() + 4);
    if (State::Stream* known = s.find(ssrc))
        if (const auto status = replay_status(known->rtcp.check(index)); status != SrtpStatus::Ok) return {status};
    if (!open_rtcp(s.rtcp, *parts, (word & kEncrypted) != 0, index)) return {SrtpStatus::AuthFailed};
    s.claim(ssrc).rtcp.commit(index);
    return {SrtpStatus::Ok, parts->covered.size()};
}

bool SrtpReceiver::last_was_newest() const {
    return state_->last_was_newest;
}

void SrtpReceiver::continue_from(const SrtpReceiver& previous) {
    state_->clock = previous.state_->clock;
    for (std::size_t i = 0; i < kStreams; ++i) {
        const State::Stream& old = previous.state_->streams[i];
        State::Stream& stream = state_->streams[i];
        stream = State::Stream{};
        if (!old.in_use || old.rtp.empty()) continue;
        stream.ssrc = old.ssrc;
        stream.in_use = true;
        stream.last_used = old.last_used;
        stream.rekeyed_at = old.rtp.newest();
        stream.trials = kRekeyTrials;
    }
}

SrtpSuite SrtpReceiver::suite() const {
    return state_->suite;
}

}  // namespace dp::rtp
