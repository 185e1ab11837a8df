#pragma once
/// @file DigestServer: challenges and checks credentials without keeping anything for those who have not proved
/// themselves.
///
/// A nonce is `expiry | id | MAC`; only a nonce that was used with success takes memory (its window of counts), so a
/// flood of strangers costs CPU only. Unknown users are computed against a fake secret: same time, same answer. The
/// wait after failures and the silence towards guessing sources are the caller's. Source: RFC 7616, RFC 8760, RFC
/// 3261 22.4.
///
/// Threads: owned by one. Time and randomness are handed in.

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "sip/digest.hpp"
#include "sip/flow.hpp"

namespace dp::sip {

/// Stored secrets of one account in one realm; an empty one means that the algorithm is not offered for it.
struct DigestSecret {
    std::string ha1_md5;
    std::string ha1_sha256;
};

/// Who asks for the secret of (username, realm): the account store behind signaling. Nothing: unknown user.
using DigestLookup = std::optional<DigestSecret> (*)(void* context, std::string_view username, std::string_view realm);

enum class DigestOutcome : std::uint8_t {
    Accepted,
    NoCredentials,  ///< challenge
    Stale,          ///< right password, old nonce or count: challenge with stale=true
    Wrong,          ///< wrong password, unknown user, wrong uri: challenge, count a failure
    Malformed,      ///< 400
};

struct DigestCheck {
    DigestOutcome outcome = DigestOutcome::NoCredentials;
    std::string username;  ///< as claimed; proven only when Accepted
    std::string_view reason;
};

class DigestServer {
public:
    struct Options {
        std::string realm;
        std::chrono::seconds nonce_life{300};
        std::chrono::seconds key_life{3600};  ///< two keys live at a time
        std::size_t max_used_nonces = 100'000;
    };
    DigestServer(Options options, Random& random, TimePoint now);

    /// Header values of WWW-Authenticate in the order to be sent: SHA-256 then MD5; on WebSocket MD5 alone, because
    /// JsSIP and SIP.js read the first challenge only.
    enum class Offer : std::uint8_t { ByTransport, Sha256Only, Md5Only };
    std::vector<std::string> challenge(TransportKind transport, bool stale, TimePoint now,
                                       Offer offer = Offer::ByTransport);

    /// Checks the credentials of `request` for our realm. `lookup` is asked once.
    template <class Lookup>
    DigestCheck check(const MessageView& request, TransportKind transport, TimePoint now, Lookup&& lookup) {
        auto thunk = [](void* context, std::string_view user, std::string_view realm) {
            return (*static_cast<std::remove_reference_t<Lookup>*>(context))(user, realm);
        };
        return check_with(request, transport, now, thunk, &lookup);
    }
    DigestCheck check_with(const MessageView& request, TransportKind transport, TimePoint now, DigestLookup lookup,
                           void* context);
    std::size_t used_nonces() const { return used_.size(); }

private:
    /// Counts seen of one nonce: the highest and the 64 below it.
    struct Window {
        std::uint32_t highest = 0;
        std::uint64_t seen = 0;
        TimePoint expiry{};
        bool accept(std::uint32_t count);
    };
    struct Nonce {
        std::uint32_t expiry = 0;
        std::uint64_t id = 0;
    };
    using Key = std::array<std::uint8_t, 32>;

    std::string make_nonce(TransportKind transport, TimePoint now);
    std::optional<Nonce> open_nonce(std::string_view text, TransportKind transport) const;
    std::string seal_nonce(const Key& key, std::string_view head, TransportKind transport) const;
    DigestCheck find_credentials(const MessageView& request, DigestCredentials& out) const;
    DigestCheck judge(const DigestCredentials& credentials, const MessageView& request, TransportKind transport,
                      TimePoint now, const std::optional<DigestSecret>& secret);
    bool is_right(const DigestCredentials& credentials, const MessageView& request,
                  const std::optional<DigestSecret>& secret) const;
    bool use(const Nonce& nonce, const DigestCredentials& credentials, TimePoint now);
    void rotate(TimePoint now);
    void sweep(TimePoint now);
    std::uint32_t seconds_since_start(TimePoint now) const;

    Options options_;
    Random* random_;
    TimePoint start_;
    TimePoint rotated_;
    Key current_{};
    Key previous_{};
    DigestSecret fake_;
    std::unordered_map<std::uint64_t, Window> used_;
};

}  // namespace dp::sip
