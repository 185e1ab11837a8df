#pragma once
/// @file The audit chain: each entry's hash covers the one before, over a salted digest of its payload, so that erasing
/// a person's payload and salt leaves a chain that still verifies (product.md "Audit and erasure").

#include <array>
#include <cstdint>
#include <string>

#include "base/crypto.hpp"
#include "base/random.hpp"
#include "telephony/events/audit_entry.hpp"

namespace dp::store::sqlite {

using Salt = std::array<std::uint8_t, 16>;

struct AuditSeal {
    Salt salt{};
    crypto::Sha256 payload{};
    crypto::Sha256 chain{};
};

/// SHA-256 over the salt and the entry's fields, each with its length in front.
crypto::Sha256 payload_digest(const Salt& salt, const telephony::AuditEntry& entry);
crypto::Sha256 chain_digest(const crypto::Sha256& previous, std::uint64_t sequence, const crypto::Sha256& payload);

AuditSeal seal_entry(const crypto::Sha256& previous, const telephony::AuditEntry& entry, Random& random);

}  // namespace dp::store::sqlite
