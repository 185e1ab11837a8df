#pragma once
/// @file DigestClient: answers the challenges of one peer (a trunk) with one account's credentials.
///
/// Credentials go only to the realm they are for, once for each nonce of a request, and the nonce is kept with its
/// count so that later requests carry credentials at once. Whether the challenger may be answered at all (the trunk's
/// own address, not a stranger's dialog) is the caller's decision. Source: RFC 7616 3.4, RFC 8760 2.4, RFC 3261 22.
///
/// Threads: owned by one; randomness is handed in.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "sip/digest.hpp"

namespace dp::sip {

struct DigestAccount {
    std::string username;
    std::string password;
    std::string realm;  ///< empty: whatever the first challenge says, then that one only
};

/// One header line to add to the request.
struct AuthorizationLine {
    HeaderId header = HeaderId::Authorization;
    std::string value;
};

/// How often one request has been answered; lives with the request.
struct DigestAttempts {
    bool answered = false;
    int stale = 0;
    std::string last_nonce;
};

class DigestClient {
public:
    /// Fresh nonces for one request; without `stale` a second challenge is final (CVE-2020-28242: a peer that never
    /// stops).
    static constexpr int kMaxStale = 3;

    DigestClient(DigestAccount account, Random& random) : account_(std::move(account)), random_(&random) {}

    /// The answer to a 401 or 407. Unauthenticated: tries used up, or the same nonce came again without stale.
    /// NotFound: no challenge for our realm or of an algorithm we have.
    Result<AuthorizationLine> answer(const MessageView& challenge, std::string_view method, std::string_view uri,
                                     DigestAttempts& attempts);
    /// Credentials by the remembered nonce for the next request, if there is one.
    std::optional<AuthorizationLine> preemptive(std::string_view method, std::string_view uri);
    /// Authentication-Info `nextnonce` (RFC 7616 3.5).
    void learn(const MessageView& success);
    void forget() { current_.reset(); }

private:
    struct Session {
        DigestChallenge challenge;
        HeaderId header = HeaderId::Authorization;
        std::uint32_t count = 0;
        std::string ha1;
    };
    const DigestChallenge* choose(const std::vector<DigestChallenge>& offered);
    AuthorizationLine compute(Session& session, std::string_view method, std::string_view uri);

    DigestAccount account_;
    Random* random_;
    std::optional<Session> current_;
};

}  // namespace dp::sip
