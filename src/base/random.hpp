#pragma once
/// @file Randomness as a port: SecureRandom (libsodium) in the product, SeededRandom in simulation so that a run
/// repeats from its seed. Tags, branches, nonces, SSRCs, keys and tokens all come through here.

#include <cstdint>
#include <span>
#include <string>

namespace dp {

class Random {
public:
    virtual ~Random() = default;
    virtual void fill(std::span<std::uint8_t> out) = 0;

    std::uint64_t next_u64();
    std::uint32_t next_u32();
    /// Uniform in [low, high].
    std::uint64_t between(std::uint64_t low, std::uint64_t high);
    /// `length` characters of `A-Z a-z 0-9 - _` (6 bits each).
    std::string token(std::size_t length);
    /// RFC 4122 version 4.
    std::string uuid();
};

/// Thread-safe; cryptographic quality.
class SecureRandom final : public Random {
public:
    void fill(std::span<std::uint8_t> out) override;
};

/// SplitMix64 from a seed; not for secrets.
class SeededRandom final : public Random {
public:
    explicit SeededRandom(std::uint64_t seed) : state_(seed) {}
    void fill(std::span<std::uint8_t> out) override;

private:
    std::uint64_t state_;
};

}  // namespace dp
