#pragma once
/// @file Directory: which adapter serves which provider: a trunk that registers at the sandbox carrier orders there with
/// its own account; every other trunk's carrier takes no orders (RegisteredTrunk). Numbers of a carrier account whose API
/// nothing here speaks are ordered by hand (ManualAccount).
///
/// Threads: any; immutable after construction. An adapter is made for each question: it is two references and an
/// account.

#include <set>

#include "net/http_client.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/ports/carrier.hpp"
#include "telephony/ports/secrets.hpp"

namespace dp::carriers {

struct SandboxOrdering {
    std::string base_url;                                        ///< empty: no sandbox here
    std::set<std::pair<std::string, std::uint16_t>> registrars;  ///< host and port that are the sandbox's registrar
};

class Directory final : public telephony::CarrierDirectory {
public:
    Directory(net::HttpClient& http, const telephony::Secrets& secrets, const telephony::LiveTrunks& trunks,
              SandboxOrdering sandbox)
        : http_(http), secrets_(secrets), trunks_(trunks), sandbox_(std::move(sandbox)) {}

    std::shared_ptr<telephony::Carrier> carrier_of(const telephony::Ptr<telephony::Trunk>& provider) override;
    std::shared_ptr<telephony::Carrier> carrier_of(
        const telephony::Ptr<telephony::TelephonyConfiguration>& account) override;

private:
    net::HttpClient& http_;
    const telephony::Secrets& secrets_;
    const telephony::LiveTrunks& trunks_;
    SandboxOrdering sandbox_;
};

}  // namespace dp::carriers
