#pragma once
/// @file What is let go first when the control thread lags, and how much an unknown source may ask for at all.
///
/// | Lag     | new INVITE              | SUBSCRIBE, MESSAGE | REGISTER without credentials | in-dialog, ACK, CANCEL, known peers' REGISTER and OPTIONS |
/// |---------|-------------------------|--------------------|------------------------------|-----------------------------------------------------------|
/// | ≤ 20 ms | pass                    | pass               | pass                         | pass                                                      |
/// | > 20 ms | 503, Retry-After 5-15 s | pass               | pass                         | pass                                                      |
/// | > 50 ms | 503, Retry-After 5-15 s | 503, same          | silence                      | pass                                                      |
///
/// Why in this order: a call that is up is worth more than one that begins, and whoever is told to come back later does
/// not retransmit. Threads: owned by one. Time and randomness are handed in.

#include <cstdint>
#include <list>
#include <unordered_map>

#include "base/clock.hpp"
#include "base/endpoint.hpp"
#include "base/random.hpp"
#include "sip/message.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip {

/// For requests that begin something, as UserAgentHandler::screen sees them; what runs in dialogs never comes here.
Screening shed_load(const MessageView& request, Duration lag, Random& random);

/// A token bucket per source address: 100 requests a second, as many at once; the 10,000 latest sources are remembered.
class SourceLimiter {
public:
    struct Options {
        double per_second = 100;
        double burst = 100;
        std::size_t sources = 10'000;
    };
    explicit SourceLimiter(Options options) : options_(options) {}

    /// False: this source has used up its share.
    bool admit(const IpAddress& source, TimePoint now);
    std::size_t size() const { return index_.size(); }

private:
    struct Bucket {
        IpAddress source;
        double tokens = 0;
        TimePoint filled{};
    };
    Bucket& bucket_of(const IpAddress& source, TimePoint now);

    Options options_;
    std::list<Bucket> recent_;  ///< newest first
    std::unordered_map<IpAddress, std::list<Bucket>::iterator> index_;
};

}  // namespace dp::sip
