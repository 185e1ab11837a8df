#include "ice/stun.hpp"

#include <cstring>

#include "base/crypto.hpp"

namespace dp::ice {
namespace {

constexpr std::uint32_t kFingerprintXor = 0x5354554E;  // RFC 8489 section 14.7
constexpr std::size_t kIntegritySize = 20;
constexpr std::size_t kFingerprintSize = 4;

std::uint16_t get16(const std::uint8_t* p) {
    return static_cast<std::uint16_t>(p[0] << 8 | p[1]);
}
std::uint32_t get32(const std::uint8_t* p) {
    return static_cast<std::uint32_t>(get16(p)) << 16 | get16(p + 2);
}
void put16(std::uint8_t* p, std::uint16_t v) {
    p[0] = static_cast<std::uint8_t>(v >> 8);
    p[1] = static_cast<std::uint8_t>(v);
}
void put32(std::uint8_t* p, std::uint32_t v) {
    put16(p, static_cast<std::uint16_t>(v >> 16));
    put16(p + 2, static_cast<std::uint16_t>(v));
}
std::size_t padded(std::size_t length) {
    return (length + 3) & ~std::size_t{3};
}

constexpr std::array<std::uint32_t, 256> make_crc_table() {
    std::array<std::uint32_t, 256> table{};
    for (std::uint32_t i = 0; i < 256; ++i) {
        std::uint32_t c = i;
        for (int k = 0; k < 8; ++k) c = (c & 1) ? 0xEDB88320U ^ (c >> 1) : c >> 1;
        table[i] = c;
    }
    return table;
}
constexpr auto kCrcTable = make_crc_table();

/// CRC-32 of ITU V.42 over a message whose length field already counts the FINGERPRINT attribute.
std::uint32_t crc32(Bytes bytes) {
    std::uint32_t c = ~0U;
    for (std::uint8_t b : bytes) c = kCrcTable[(c ^ b) & 255] ^ (c >> 8);
    return ~c;
}

std::string_view text(Bytes value) {
    return {reinterpret_cast<const char*>(value.data()), value.size()};
}

/// RFC 8489 sections 14.1 and 14.2: family 1 or 2, port and address XORed with the cookie and the transaction id.
std::optional<Endpoint> parse_address(Bytes value, const std::uint8_t* mask) {
    if (value.size() < 8) return std::nullopt;
    const bool v4 = value[1] == 1;
    const std::size_t length = v4 ? 4 : 16;
    if ((!v4 && value[1] != 2) || value.size() != 4 + length) return std::nullopt;
    std::uint8_t raw[16];
    for (std::size_t i = 0; i < length; ++i) raw[i] = value[4 + i] ^ (mask ? mask[i] : 0);
    Endpoint endpoint;
    endpoint.port = static_cast<std::uint16_t>(get16(&value[2]) ^ (mask ? get16(mask) : 0));
    if (v4) {
        endpoint.address = IpAddress::v4(get32(raw));
    } else {
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        std::memcpy(&six.sin6_addr, raw, 16);
        endpoint.address = IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&six));
    }
    return endpoint;
}

/// Reads attributes one by one into a message; false = malformed.
class AttributeReader {
public:
    explicit AttributeReader(StunMessage& message) : message_(message) {}

    bool read(std::uint16_t type, Bytes value, std::size_t at) {
        const auto known = static_cast<StunAttribute>(type);
        if (known == StunAttribute::Fingerprint) return read_fingerprint(value, at);
        if (message_.integrity_at) return true;  // RFC 8489 section 14.5: what follows MESSAGE-INTEGRITY is ignored
        switch (known) {
            case StunAttribute::Username:
                return read_username(value);
            case StunAttribute::MessageIntegrity:
                message_.integrity_at = at;
                return value.size() == kIntegritySize;
            case StunAttribute::Priority:
                if (value.size() != 4) return false;
                message_.priority = get32(value.data());
                return true;
            case StunAttribute::UseCandidate:
                message_.use_candidate = true;
                return value.empty();
            case StunAttribute::IceControlling:
                message_.controlling = true;
                return value.size() == 8;
            case StunAttribute::IceControlled:
                message_.controlled = true;
                return value.size() == 8;
            case StunAttribute::ErrorCode:
                return read_error(value);
            case StunAttribute::XorMappedAddress:
                message_.mapped = parse_address(value, message_.bytes.data() + 4);
                return message_.mapped.has_value();
            case StunAttribute::MappedAddress:
                if (!message_.mapped) message_.mapped = parse_address(value, nullptr);
                return message_.mapped.has_value();
            case StunAttribute::Realm:
                message_.realm = text(value);
                return value.size() <= 763;  // RFC 8489 section 14.9
            case StunAttribute::Nonce:
                message_.has_nonce = !value.empty();
                return value.size() <= 763;  // RFC 8489 section 14.10
            case StunAttribute::UnknownAttributes:
                return true;
            default:
                note_unknown(type);
                return true;
        }
    }

private:
    bool read_username(Bytes value) {
        message_.username = text(value);
        return value.size() <= 513;  // RFC 8489 section 14.3
    }
    bool read_error(Bytes value) {
        if (value.size() < 4) return false;
        message_.error = static_cast<std::uint16_t>((value[2] & 7) * 100 + value[3] % 100);
        message_.error_reason = text(value.subspan(4));
        return true;
    }
    bool read_fingerprint(Bytes value, std::size_t at) {
        const bool last = at + 4 + kFingerprintSize == message_.bytes.size();
        message_.has_fingerprint = true;
        return value.size() == kFingerprintSize && last &&
               get32(value.data()) == (crc32(message_.bytes.first(at)) ^ kFingerprintXor);
    }
    void note_unknown(std::uint16_t type) {
        if (type < 0x8000 && message_.unknown_count < message_.unknown.size())
            message_.unknown[message_.unknown_count++] = type;
    }

    StunMessage& message_;
};

}  // namespace

bool looks_like_stun(Bytes bytes) {
    return bytes.size() >= kStunHeader && bytes[0] < 4 && get32(&bytes[4]) == kMagicCookie;
}

std::optional<StunMessage> StunMessage::parse(Bytes bytes) {
    if (!looks_like_stun(bytes)) return std::nullopt;
    const std::size_t length = get16(&bytes[2]);
    if (length % 4 != 0 || kStunHeader + length != bytes.size()) return std::nullopt;
    StunMessage message;
    message.bytes = bytes;
    const std::uint16_t type = get16(bytes.data());
    message.kind = static_cast<StunClass>(((type >> 7) & 2) | ((type >> 4) & 1));
    message.method = static_cast<std::uint16_t>((type & 0x000F) | ((type & 0x00E0) >> 1) | ((type & 0x3E00) >> 2));
    std::memcpy(message.transaction.data(), &bytes[8], message.transaction.size());
    AttributeReader reader(message);
    for (std::size_t at = kStunHeader; at < bytes.size();) {
        if (bytes.size() - at < 4) return std::nullopt;
        const std::size_t size = get16(&bytes[at + 2]);
        if (padded(size) > bytes.size() - at - 4) return std::nullopt;
        if (!reader.read(get16(&bytes[at]), bytes.subspan(at + 4, size), at)) return std::nullopt;
        at += 4 + padded(size);
    }
    return message;
}

bool StunMessage::integrity_ok(std::string_view key) const {
    std::array<char, 2048> copy;
    if (!integrity_at || *integrity_at > copy.size()) return false;
    std::memcpy(copy.data(), bytes.data(), *integrity_at);
    put16(reinterpret_cast<std::uint8_t*>(copy.data()) + 2,
          static_cast<std::uint16_t>(*integrity_at - kStunHeader + 4 + kIntegritySize));
    const auto mac = crypto::hmac_sha1(key, {copy.data(), *integrity_at});
    return crypto::equal(crypto::as_text(mac), text(bytes.subspan(*integrity_at + 4, kIntegritySize)));
}

StunWriter::StunWriter(std::span<std::uint8_t> buffer, StunClass kind, const TransactionId& transaction,
                       std::uint16_t method)
    : buffer_(buffer), ok_(buffer.size() >= kStunHeader) {
    if (!ok_) return;
    const auto bits = static_cast<unsigned>(kind);
    put16(buffer_.data(), static_cast<std::uint16_t>((method & 0xFU) | (bits & 1) << 4 | (bits & 2) << 7));
    put16(&buffer_[2], 0);
    put32(&buffer_[4], kMagicCookie);
    std::memcpy(&buffer_[8], transaction.data(), transaction.size());
    size_ = kStunHeader;
}

std::uint8_t* StunWriter::reserve(StunAttribute type, std::size_t length) {
    if (!ok_ || length > 0xFFFF || buffer_.size() - size_ < 4 + padded(length)) {
        ok_ = false;
        return nullptr;
    }
    std::uint8_t* at = &buffer_[size_];
    put16(at, static_cast<std::uint16_t>(type));
    put16(at + 2, static_cast<std::uint16_t>(length));
    std::memset(at + 4 + length, 0, padded(length) - length);
    size_ += 4 + padded(length);
    set_length(size_ - kStunHeader);
    return at + 4;
}

void StunWriter::set_length(std::size_t attributes) {
    put16(&buffer_[2], static_cast<std::uint16_t>(attributes));
}

void StunWriter::add(StunAttribute type, Bytes value) {
    if (auto* at = reserve(type, value.size()); at && !value.empty()) std::memcpy(at, value.data(), value.size());
}

void StunWriter::add(StunAttribute type, std::string_view value) {
    add(type, Bytes{reinterpret_cast<const std::uint8_t*>(value.data()), value.size()});
}

void StunWriter::add_u32(StunAttribute type, std::uint32_t value) {
    if (auto* at = reserve(type, 4)) put32(at, value);
}

void StunWriter::add_u64(StunAttribute type, std::uint64_t value) {
    if (auto* at = reserve(type, 8)) {
        put32(at, static_cast<std::uint32_t>(value >> 32));
        put32(at + 4, static_cast<std::uint32_t>(value));
    }
}

void StunWriter::add_xor_mapped(const Endpoint& address) {
    const bool v4 = address.address.is_v4();
    const std::size_t length = v4 ? 4 : 16;
    auto* at = reserve(StunAttribute::XorMappedAddress, 4 + length);
    if (!at) return;
    const std::uint8_t* mask = &buffer_[4];
    const auto& raw = address.address.bytes();
    at[0] = 0;
    at[1] = v4 ? 1 : 2;
    put16(at + 2, static_cast<std::uint16_t>(address.port ^ get16(mask)));
    for (std::size_t i = 0; i < length; ++i) at[4 + i] = raw[(v4 ? 12 : 0) + i] ^ mask[i];
}

void StunWriter::add_error(std::uint16_t code, std::string_view reason) {
    auto* at = reserve(StunAttribute::ErrorCode, 4 + reason.size());
    if (!at) return;
    put16(at, 0);
    at[2] = static_cast<std::uint8_t>(code / 100);
    at[3] = static_cast<std::uint8_t>(code % 100);
    std::memcpy(at + 4, reason.data(), reason.size());
}

void StunWriter::add_integrity(std::string_view key) {
    if (!ok_) return;
    const std::size_t covered = size_;
    auto* at = reserve(StunAttribute::MessageIntegrity, kIntegritySize);
    if (!at) return;
    const auto mac = crypto::hmac_sha1(key, crypto::as_text(Bytes{buffer_.data(), covered}));
    std::memcpy(at, mac.data(), mac.size());
}

void StunWriter::add_fingerprint() {
    if (!ok_) return;
    const std::size_t covered = size_;
    if (auto* at = reserve(StunAttribute::Fingerprint, kFingerprintSize))
        put32(at, crc32({buffer_.data(), covered}) ^ kFingerprintXor);
}

}  // namespace dp::ice
