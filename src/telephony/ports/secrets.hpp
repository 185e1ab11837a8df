#pragma once
/// @file Secrets: the port through which the domain seals what it must be able to read again (trunk passwords, HA1
/// values).
///
/// Two real users: the key file of the data directory in the product, a fixed key in tests and simulation. Any thread.

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dp::telephony {

/// Ciphertext; the key is not in the database.
struct Sealed {
    std::string bytes;
    bool empty() const { return bytes.empty(); }
    bool operator==(const Sealed&) const = default;
};

class Secrets {
public:
    virtual ~Secrets() = default;
    /// `context` names what the secret belongs to (`trunk/<id>`): a value copied to another row does not open.
    virtual Sealed seal(std::string_view plain, std::string_view context) const = 0;
    virtual Result<std::string> open(const Sealed& sealed, std::string_view context) const = 0;
    /// 32 bytes derived from the key for `purpose`: for MACs such as short-lived SIP passwords and digest nonces.
    virtual std::string derive(std::string_view purpose) const = 0;
};

}  // namespace dp::telephony
