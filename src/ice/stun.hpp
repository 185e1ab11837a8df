#pragma once
/// @file STUN messages (RFC 8489): a checked view over received bytes and a writer into a caller's buffer. No
/// allocation.
///
/// Threads: none; everything is a value over the caller's bytes. Errors: a message that breaks a rule is "nothing"
/// (parse) or "does not fit" (writer); nothing throws. Transaction ids come from the caller.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/endpoint.hpp"

namespace dp::ice {

using Bytes = std::span<const std::uint8_t>;
using TransactionId = std::array<std::uint8_t, 12>;

inline constexpr std::uint32_t kMagicCookie = 0x2112A442;
inline constexpr std::size_t kStunHeader = 20;

enum class StunClass : std::uint8_t { Request = 0, Indication = 1, Success = 2, Error = 3 };

inline constexpr std::uint16_t kBindingMethod = 0x001;
inline constexpr std::uint16_t kAllocateMethod = 0x003;  ///< RFC 8656 section 17

/// Attribute types (RFC 8489 section 18.3, RFC 8445 section 16.1). Below 0x8000 understanding is required.
enum class StunAttribute : std::uint16_t {
    MappedAddress = 0x0001,
    Username = 0x0006,
    MessageIntegrity = 0x0008,
    ErrorCode = 0x0009,
    UnknownAttributes = 0x000A,
    Realm = 0x0014,
    Nonce = 0x0015,
    RequestedTransport = 0x0019,  ///< RFC 8656 section 18.7
    XorMappedAddress = 0x0020,
    Priority = 0x0024,
    UseCandidate = 0x0025,
    Software = 0x8022,
    Fingerprint = 0x8028,
    IceControlled = 0x8029,
    IceControlling = 0x802A,
};

/// True when the bytes can only be STUN: first octet 0..3, magic cookie in place (RFC 7983).
bool looks_like_stun(Bytes bytes);

/// One received message. Holds views into the datagram.
struct StunMessage {
    StunClass kind{};
    std::uint16_t method = 0;
    TransactionId transaction{};
    std::optional<std::string_view> username;
    std::optional<std::uint32_t> priority;
    std::optional<Endpoint> mapped;      ///< XOR-MAPPED-ADDRESS, else MAPPED-ADDRESS
    std::optional<std::uint16_t> error;  ///< 300..699
    std::string_view error_reason;
    std::string_view realm;
    bool has_nonce = false;
    bool use_candidate = false;
    bool controlling = false;
    bool controlled = false;
    std::optional<std::size_t> integrity_at;  ///< offset of the MESSAGE-INTEGRITY attribute
    bool has_fingerprint = false;             ///< present and right; a wrong one fails the parse
    /// Comprehension-required types before MESSAGE-INTEGRITY that we do not know (RFC 8489 section 6.3.1).
    std::array<std::uint16_t, 8> unknown{};
    std::size_t unknown_count = 0;
    Bytes bytes;

    /// Nothing when a length, alignment or fixed attribute size is wrong, the fingerprint does not match or is not
    /// last.
    static std::optional<StunMessage> parse(Bytes bytes);

    /// HMAC-SHA1 over the message up to MESSAGE-INTEGRITY, the length field adjusted (RFC 8489 section 14.5). Constant
    /// time.
    bool integrity_ok(std::string_view key) const;
};

/// Writes one message: construct, add attributes, then `finish`. `ok()` turns false when the buffer is too small.
class StunWriter {
public:
    /// `method` up to 0x00F: the bits of the class stand between its higher ones.
    StunWriter(std::span<std::uint8_t> buffer, StunClass kind, const TransactionId& transaction,
               std::uint16_t method = kBindingMethod);

    void add(StunAttribute type, Bytes value);
    void add(StunAttribute type, std::string_view value);
    void add_u32(StunAttribute type, std::uint32_t value);
    void add_u64(StunAttribute type, std::uint64_t value);
    void add_xor_mapped(const Endpoint& address);
    void add_error(std::uint16_t code, std::string_view reason);
    /// MESSAGE-INTEGRITY with a short-term key (the password itself, RFC 8489 section 9.1.1).
    void add_integrity(std::string_view key);
    void add_fingerprint();

    bool ok() const { return ok_; }
    Bytes bytes() const { return {buffer_.data(), ok_ ? size_ : 0}; }

private:
    std::uint8_t* reserve(StunAttribute type, std::size_t length);
    void set_length(std::size_t attributes);

    std::span<std::uint8_t> buffer_;
    std::size_t size_ = 0;
    bool ok_ = true;
};

}  // namespace dp::ice
