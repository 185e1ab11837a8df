#include "telephony/identity/credentials.hpp"

#include "base/crypto.hpp"

namespace dp::telephony {

std::string secret_digest(std::string_view secret) {
    return crypto::hex(crypto::sha256(secret));
}

}  // namespace dp::telephony
