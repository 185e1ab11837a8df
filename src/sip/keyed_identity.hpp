#pragma once
/// @file Identities made from messages by keyed hashing: transaction keys (RFC 3261 §17.1.3, §17.2.3, with the RFC 2543
/// fallback), the key of merged requests (§8.2.2.2) and the To tag of stateless answers (§8.2.7); and random identities
/// of ours: branches, tags, Call-IDs.
///
/// Keys are 128 bits of SipHash under keys drawn at start: two messages of strangers never share one, on purpose or by
/// chance. Threads: owned by one.

#include <array>
#include <string>
#include <string_view>

#include "base/random.hpp"
#include "base/siphash.hpp"
#include "sip/message.hpp"
#include "sip/slot_table.hpp"

namespace dp::sip {

class KeyedIdentity {
public:
    explicit KeyedIdentity(Random& random);

    /// Key under which a request finds its server transaction. ACK and INVITE share one (§17.2.3); a CANCEL has its
    /// own.
    HashKey server_key(const MessageView& request) const;
    /// Key of the INVITE that a CANCEL means (§9.2).
    HashKey cancelled_key(const MessageView& cancel) const;
    /// Key under which a response finds its client transaction: top Via branch, sent-by and CSeq method.
    HashKey response_key(const MessageView& response) const;
    HashKey client_key(std::string_view branch, std::string_view sent_by_host, std::uint16_t sent_by_port,
                       std::string_view method) const;
    /// Equal for the copies of one request that came over several paths. The R-URI's user is part of it: a forking
    /// proxy in front of us may send one call to two of our users, legally.
    HashKey merge_key(const MessageView& request) const;
    /// The same request always gets the same tag, without memory.
    std::string stateless_tag(const MessageView& request) const;

    std::string branch();   ///< cookie and 96 random bits
    std::string tag();      ///< 64 random bits
    std::string call_id();  ///< 128 random bits
    std::uint64_t random64();

private:
    HashKey key_of(std::string_view text) const;
    HashKey server_key(const MessageView& request, std::string_view method) const;
    HashKey legacy_key(const MessageView& request, std::string_view method) const;
    void token(std::string& out, std::size_t length);

    Random* random_;
    SipKey first_, second_;
    mutable std::string scratch_;
    std::array<std::uint8_t, 1024> pool_{};  ///< drawn at once: one system call for many tokens
    std::size_t pool_used_ = sizeof(pool_);
};

}  // namespace dp::sip
