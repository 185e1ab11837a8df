#pragma once
/// @file TrunkService: seed 1's "create an edge": validates the trunk body, seals the registration password, writes.

#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "telephony/config/configuration_service.hpp"

namespace dp::telephony {

/// A trunk as the API receives it: codec names in seed 1's spelling, the password in clear.
struct TrunkCommand {
    Trunk trunk;                      ///< all but codecs and password; id may be empty
    std::vector<std::string> codecs;  ///< exactly `G711u G711a G729 Opus GSM`; empty: the profile's
    std::optional<CodecList> exact_codecs = std::nullopt;  ///< instead of `codecs`: the Genesys shape names them all
    std::optional<std::string> password;                   ///< absent or masked: the stored one stays
};

class TrunkService {
public:
    TrunkService(Store& store, const Secrets& secrets, Random& random)
        : store_(store), configuration_(store, random), secrets_(secrets), random_(random) {}

    /// InvalidValue / MissingField (seed 1's rules), Duplicate with the id of the trunk that has the same group, host
    /// and user name.
    void create(WriteContext context, TrunkCommand command, Executor& reply_on, Reply<Committed> reply);
    /// Codecs that seed 1 has no name for survive.
    void replace(WriteContext context, TrunkCommand command, std::int64_t expected_version, Executor& reply_on,
                 Reply<Committed> reply);

private:
    Result<Trunk> complete(TrunkCommand command, const Trunk* before) const;

    Store& store_;
    ConfigurationService configuration_;
    const Secrets& secrets_;
    Random& random_;
};

/// What an answer shows in place of a secret, and what a PUT may send back to keep it.
inline constexpr const char* kMaskedSecret = "********";

}  // namespace dp::telephony
