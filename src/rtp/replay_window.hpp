#pragma once
/// @file A window of 128 indexes below the newest: has this packet index been seen (RFC 3711 3.3.2)? Used for received
/// SRTP and, on the sending side, so that no (SSRC, index) is protected twice.
///
/// Threads: one owner. Look up first, commit after authentication.

#include <cstdint>

namespace dp::rtp {

class ReplayWindow {
public:
    static constexpr std::uint64_t kSize = 128;

    enum class Verdict : std::uint8_t { New, Seen, TooOld };

    Verdict check(std::uint64_t index) const {
        if (empty_ || index > newest_) return Verdict::New;
        const std::uint64_t age = newest_ - index;
        if (age >= kSize) return Verdict::TooOld;
        return (bits_ >> age & 1U) != 0 ? Verdict::Seen : Verdict::New;
    }
    void commit(std::uint64_t index) {
        if (empty_ || index > newest_) {
            const std::uint64_t ahead = empty_ ? kSize : index - newest_;
            bits_ = ahead >= kSize ? 1 : bits_ << ahead | 1U;
            newest_ = index;
            empty_ = false;
        } else if (newest_ - index < kSize) {
            bits_ |= Bits{1} << (newest_ - index);
        }
    }
    bool empty() const { return empty_; }
    std::uint64_t newest() const { return newest_; }

private:
    __extension__ using Bits = unsigned __int128;
    Bits bits_ = 0;  ///< bit n: newest_ - n has been seen
    std::uint64_t newest_ = 0;
    bool empty_ = true;
};

}  // namespace dp::rtp
