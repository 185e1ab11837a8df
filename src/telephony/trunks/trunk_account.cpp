#include "telephony/trunks/trunk_account.hpp"

#include "base/ascii.hpp"

namespace dp::telephony {

std::uint16_t identifying_port(const TrunkRegistration& registration) {
    return registration.type == RegistrationType::None ? registration.port : 0;
}

bool same_account(const TrunkRegistration& one, const TrunkRegistration& other) {
    return ascii::iequals(one.host, other.host) && one.username == other.username &&
           identifying_port(one) == identifying_port(other);
}

}  // namespace dp::telephony
