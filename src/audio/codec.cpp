#include "audio/codec.hpp"

#include <opus/opus.h>
#include <spandsp/telephony.h>  // expected before g722.h

#include <spandsp/g722.h>

#include <array>
#include <mutex>
#include <vector>

#include "audio/g711.hpp"

namespace dp::audio {
namespace {

/// Idle codec states of one kind and rate. Creating an Opus encoder costs tens of microseconds and 44 kB; a call centre
/// makes and drops them all day.
template <class State>
class StatePool {
public:
    explicit StatePool(void (*destroy)(State*)) : destroy_(destroy) {}
    ~StatePool() {
        for (State* state : idle_) destroy_(state);
    }
    State* take() {
        const std::scoped_lock lock(mutex_);
        if (idle_.empty()) return nullptr;
        State* state = idle_.back();
        idle_.pop_back();
        return state;
    }
    void give(State* state) {
        {
            const std::scoped_lock lock(mutex_);
            if (idle_.size() < kKept) {
                idle_.push_back(state);
                return;
            }
        }
        destroy_(state);
    }

private:
    static constexpr std::size_t kKept = 256;
    void (*destroy_)(State*);
    std::mutex mutex_;
    std::vector<State*> idle_;
};

constexpr std::size_t kOpusRates = 3;
std::size_t opus_slot(std::uint32_t rate) {
    return rate == 8000 ? 0 : rate == 16000 ? 1 : 2;
}

template <std::size_t Slot>
StatePool<OpusEncoder>& opus_encoders() {
    static StatePool<OpusEncoder> pool(opus_encoder_destroy);
    return pool;
}
template <std::size_t Slot>
StatePool<OpusDecoder>& opus_decoders() {
    static StatePool<OpusDecoder> pool(opus_decoder_destroy);
    return pool;
}

template <std::size_t Slot>
void give_encoder(void* state) {
    opus_encoders<Slot>().give(static_cast<OpusEncoder*>(state));
}
template <std::size_t Slot>
void give_decoder(void* state) {
    opus_decoders<Slot>().give(static_cast<OpusDecoder*>(state));
}

using Release = void (*)(void*);
constexpr std::array<Release, kOpusRates> kGiveEncoder{give_encoder<0>, give_encoder<1>, give_encoder<2>};
constexpr std::array<Release, kOpusRates> kGiveDecoder{give_decoder<0>, give_decoder<1>, give_decoder<2>};

OpusEncoder* take_encoder(std::uint32_t rate) {
    const std::size_t slot = opus_slot(rate);
    OpusEncoder* state = slot == 0   ? opus_encoders<0>().take()
                         : slot == 1 ? opus_encoders<1>().take()
                                     : opus_encoders<2>().take();
    if (state) {
        opus_encoder_ctl(state, OPUS_RESET_STATE);
        return state;
    }
    int error = 0;
    return opus_encoder_create(static_cast<opus_int32>(rate), 1, OPUS_APPLICATION_VOIP, &error);
}

OpusDecoder* take_decoder(std::uint32_t rate) {
    const std::size_t slot = opus_slot(rate);
    OpusDecoder* state = slot == 0   ? opus_decoders<0>().take()
                         : slot == 1 ? opus_decoders<1>().take()
                                     : opus_decoders<2>().take();
    if (state) {
        opus_decoder_ctl(state, OPUS_RESET_STATE);
        return state;
    }
    int error = 0;
    return opus_decoder_create(static_cast<opus_int32>(rate), 1, &error);
}

void configure(OpusEncoder* state, const EncoderOptions& options) {
    opus_encoder_ctl(state, OPUS_SET_BITRATE(static_cast<opus_int32>(options.bitrate)));
    opus_encoder_ctl(state, OPUS_SET_COMPLEXITY(options.complexity));
    opus_encoder_ctl(state, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
    opus_encoder_ctl(state, OPUS_SET_VBR(options.constant_bitrate ? 0 : 1));
    opus_encoder_ctl(state, OPUS_SET_INBAND_FEC(options.in_band_fec ? 1 : 0));
    opus_encoder_ctl(state, OPUS_SET_PACKET_LOSS_PERC(0));
    opus_encoder_ctl(state, OPUS_SET_DTX(options.discontinuous ? 1 : 0));
}

std::size_t encode_ulaw(void*, Pcm in, MutableBytes out) {
    if (out.size() < in.size()) return 0;
    ulaw_encode(in, out);
    return in.size();
}
std::size_t encode_alaw(void*, Pcm in, MutableBytes out) {
    if (out.size() < in.size()) return 0;
    alaw_encode(in, out);
    return in.size();
}
std::size_t encode_g722(void* state, Pcm in, MutableBytes out) {
    if (out.size() < in.size()) return 0;
    return static_cast<std::size_t>(
        g722_encode(static_cast<g722_encode_state_t*>(state), out.data(), in.data(), static_cast<int>(in.size())));
}
std::size_t encode_opus(void* state, Pcm in, MutableBytes out) {
    const int size = opus_encode(static_cast<OpusEncoder*>(state), in.data(), static_cast<int>(in.size()), out.data(),
                                 static_cast<opus_int32>(out.size()));
    return size <= 1 ? 0 : static_cast<std::size_t>(size);  // RFC 7587 section 3.1.3: 1 octet or less need not be sent
}

std::size_t decode_ulaw(void*, Bytes in, PcmOut out) {
    if (out.size() < in.size()) return 0;
    ulaw_decode(in, out);
    return in.size();
}
std::size_t decode_alaw(void*, Bytes in, PcmOut out) {
    if (out.size() < in.size()) return 0;
    alaw_decode(in, out);
    return in.size();
}
std::size_t decode_g722(void* state, Bytes in, PcmOut out) {
    if (out.size() < 2 * in.size()) return 0;
    return static_cast<std::size_t>(
        g722_decode(static_cast<g722_decode_state_t*>(state), out.data(), in.data(), static_cast<int>(in.size())));
}
std::size_t decode_opus(void* state, Bytes in, PcmOut out) {
    if (in.empty()) return 0;  // to libopus no data means "lost"
    const int samples = opus_decode(static_cast<OpusDecoder*>(state), in.data(), static_cast<opus_int32>(in.size()),
                                    out.data(), static_cast<int>(out.size()), 0);
    return samples < 0 ? 0 : static_cast<std::size_t>(samples);
}

void nothing(void*) {}
void free_g722_encoder(void* state) {
    g722_encode_free(static_cast<g722_encode_state_t*>(state));
}
void free_g722_decoder(void* state) {
    g722_decode_free(static_cast<g722_decode_state_t*>(state));
}

constexpr int kG722Bitrate = 64000;
int g722_options(std::uint32_t rate) {
    return rate == 8000 ? G722_SAMPLE_RATE_8000 : 0;
}

std::unexpected<Error> unsupported() {
    return fail(ErrorCode::InvalidValue, "The codec does not run at this sample rate.", "rate");
}
std::unexpected<Error> no_state() {
    return fail(ErrorCode::Unavailable, "No memory for a codec state.");
}

}  // namespace

bool supports(CodecId codec, std::uint32_t rate) {
    switch (codec) {
        case CodecId::Pcmu:
        case CodecId::Pcma:
            return rate == 8000;
        case CodecId::G722:
            return rate == 8000 || rate == 16000;
        case CodecId::Opus:
            return rate == 8000 || rate == 16000 || rate == 48000;
    }
    return false;
}

std::uint32_t common_rate(CodecId a, CodecId b) {
    const auto best = [](CodecId codec) {
        return codec == CodecId::Opus ? 48000U : codec == CodecId::G722 ? 16000U : 8000U;
    };
    return std::min(best(a), best(b));
}

Result<Encoder> Encoder::create(const EncoderOptions& options) {
    const auto [codec, rate] = std::pair(options.codec, options.rate);
    if (!supports(codec, rate)) return unsupported();
    switch (codec) {
        case CodecId::Pcmu:
            return Encoder(codec, rate, encode_ulaw, nullptr, nothing);
        case CodecId::Pcma:
            return Encoder(codec, rate, encode_alaw, nullptr, nothing);
        case CodecId::G722: {
            auto* state = g722_encode_init(nullptr, kG722Bitrate, g722_options(rate));
            if (!state) return no_state();
            return Encoder(codec, rate, encode_g722, state, free_g722_encoder);
        }
        case CodecId::Opus:
            break;
    }
    OpusEncoder* state = take_encoder(rate);
    if (!state) return no_state();
    configure(state, options);
    return Encoder(codec, rate, encode_opus, state, kGiveEncoder[opus_slot(rate)]);
}

void Encoder::expect_loss(int percent) {
    if (codec_ != CodecId::Opus) return;
    opus_encoder_ctl(static_cast<OpusEncoder*>(state_.get()), OPUS_SET_PACKET_LOSS_PERC(std::clamp(percent, 0, 100)));
}

Result<Decoder> Decoder::create(CodecId codec, std::uint32_t rate) {
    if (!supports(codec, rate)) return unsupported();
    switch (codec) {
        case CodecId::Pcmu:
            return Decoder(codec, rate, decode_ulaw, nullptr, nothing);
        case CodecId::Pcma:
            return Decoder(codec, rate, decode_alaw, nullptr, nothing);
        case CodecId::G722: {
            auto* state = g722_decode_init(nullptr, kG722Bitrate, g722_options(rate));
            if (!state) return no_state();
            return Decoder(codec, rate, decode_g722, state, free_g722_decoder);
        }
        case CodecId::Opus:
            break;
    }
    OpusDecoder* state = take_decoder(rate);
    if (!state) return no_state();
    return Decoder(codec, rate, decode_opus, state, kGiveDecoder[opus_slot(rate)]);
}

std::size_t Decoder::decode_fec(Bytes next, PcmOut out) {
    if (codec_ != CodecId::Opus || next.empty()) return 0;
    const int samples = opus_decode(static_cast<OpusDecoder*>(state_.get()), next.data(),
                                    static_cast<opus_int32>(next.size()), out.data(), static_cast<int>(out.size()), 1);
    return samples < 0 ? 0 : static_cast<std::size_t>(samples);
}

std::size_t Decoder::conceal(PcmOut out) {
    if (codec_ != CodecId::Opus) return 0;
    const int samples =
        opus_decode(static_cast<OpusDecoder*>(state_.get()), nullptr, 0, out.data(), static_cast<int>(out.size()), 0);
    return samples < 0 ? 0 : static_cast<std::size_t>(samples);
}

std::size_t Decoder::samples_in(Bytes payload) const {
    switch (codec_) {
        case CodecId::Pcmu:
        case CodecId::Pcma:
            return payload.size();
        case CodecId::G722:
            return payload.size() * (rate_ / 8000);
        case CodecId::Opus:
            break;
    }
    if (payload.empty()) return 0;
    const int samples = opus_packet_get_nb_samples(payload.data(), static_cast<opus_int32>(payload.size()),
                                                   static_cast<opus_int32>(rate_));
    return samples < 0 ? 0 : static_cast<std::size_t>(samples);
}

}  // namespace dp::audio
