#include "telephony/sites/network_configuration.hpp"

#include "telephony/names.hpp"
#include "telephony/sites/ice_server_uri.hpp"

namespace dp::telephony {

std::string_view to_string(IceTransportPolicy policy) {
    return name_of(policy);
}

std::string turn_secret_context(const NetworkConfigurationId& id) {
    return "network-configuration/" + id.str() + "/turn-secret";
}

bool is_ice_server_uri(std::string_view uri) {
    return parse_ice_server_uri(uri).has_value();
}

}  // namespace dp::telephony
