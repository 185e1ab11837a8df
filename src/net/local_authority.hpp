#pragma once
/// @file LocalAuthority: a small certificate authority of this installation's own, for the time before somebody brings
/// a real certificate. `ca.pem` is what clients are told to trust (`tls.caFile`); it never changes while it is valid,
/// so that trust survives renewals of the leaf.
///
/// Files in the directory, all ECDSA P-256: `ca.pem`, `ca.key`, `server.pem` (leaf and authority), `server.key`; keys
/// are 0600. Blocking file work: start-up and a daily timer, never the control thread.

#include <chrono>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "base/result.hpp"
#include "net/tls_context.hpp"

namespace dp::net {

struct LocalCertificate {
    TlsFiles files;
    std::string ca_file;
    std::vector<std::string> names;  ///< as in the certificate, sorted
    WallTime expires;
    bool renewed = false;  ///< made anew by this call
};

/// Makes or renews what is missing, expiring within 30 days, or not for exactly these names. `names` are host names or
/// IP addresses; `localhost`, `127.0.0.1` and `::1` are always added.
Result<LocalCertificate> ensure_local_certificate(const std::string& directory, std::vector<std::string> names,
                                                  WallTime now);

/// The moment the certificate in `pem_file` stops being valid; for a warning before it does.
Result<WallTime> certificate_expiry(const std::string& pem_file);

}  // namespace dp::net
