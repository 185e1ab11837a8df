#include "carriers/directory.hpp"

#include "base/ascii.hpp"
#include "carriers/manual_account.hpp"
#include "carriers/registered_trunk.hpp"
#include "carriers/sandbox_carrier.hpp"
#include "telephony/accounts/telephony_configuration.hpp"
#include "telephony/trunks/trunk.hpp"

namespace dp::carriers {

std::shared_ptr<telephony::Carrier> Directory::carrier_of(const telephony::Ptr<telephony::Trunk>& provider) {
    const auto& registration = provider->registration;
    const bool orders = !sandbox_.base_url.empty() &&
                        sandbox_.registrars.contains({ascii::lower(registration.host), registration.port});
    const auto password = orders ? secrets_.open(registration.password, telephony::password_context(provider->id))
                                 : Result<std::string>(fail(ErrorCode::NotFound, ""));
    if (!password) return std::make_shared<RegisteredTrunk>(trunks_, provider->id);
    return std::make_shared<SandboxCarrier>(http_, SandboxAccount{sandbox_.base_url, registration.username, *password});
}

std::shared_ptr<telephony::Carrier> Directory::carrier_of(
    const telephony::Ptr<telephony::TelephonyConfiguration>& account) {
    return std::make_shared<ManualAccount>(account->carrier);
}

}  // namespace dp::carriers
