#include "telephony/live/station.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/names.hpp"

namespace dp::telephony {

std::string_view to_string(StationState state) {
    return name_of(state);
}
std::string_view to_string(RegistrationState state) {
    return name_of(state);
}
std::string_view to_string(TrunkHealth health) {
    return name_of(health);
}

double CallQuality::loss_percent() const {
    const auto expected = static_cast<double>(packets_received + packets_lost);
    return expected == 0 ? 0 : 100.0 * static_cast<double>(packets_lost) / expected;
}

}  // namespace dp::telephony
