#pragma once
/// @file SealingKey: the Secrets port over a key file that stands beside the database, not in it: 32 random bytes, mode
/// 0600, made at the first start.
///
/// Threads: any, after construction. Errors: a file of the wrong size or readable by others is refused with what to do.

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "base/random.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::store {

class SealingKey final : public telephony::Secrets {
public:
    static Result<std::unique_ptr<SealingKey>> load(const std::string& path);
    /// Reads `path`, or makes it when it is not there: for a data directory that is new.
    static Result<std::unique_ptr<SealingKey>> load_or_create(const std::string& path, Random& random);
    /// A given key: tests and simulation.
    explicit SealingKey(const std::array<std::uint8_t, 32>& key);

    telephony::Sealed seal(std::string_view plain, std::string_view context) const override;
    Result<std::string> open(const telephony::Sealed& sealed, std::string_view context) const override;
    std::string derive(std::string_view purpose) const override;

private:
    std::array<std::uint8_t, 32> key_;
};

}  // namespace dp::store
