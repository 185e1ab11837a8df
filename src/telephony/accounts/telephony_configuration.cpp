#include "telephony/accounts/telephony_configuration.hpp"

#include <algorithm>

namespace dp::telephony {

const std::string* setting_of(const TelephonyConfiguration& configuration, std::string_view name) {
    const auto found = std::ranges::find(configuration.settings, name, &CarrierSetting::name);
    return found == configuration.settings.end() ? nullptr : &found->value;
}

const SealedSetting* secret_of(const TelephonyConfiguration& configuration, std::string_view name) {
    const auto found = std::ranges::find(configuration.secrets, name, &SealedSetting::name);
    return found == configuration.secrets.end() ? nullptr : &*found;
}

bool has_value(const TelephonyConfiguration& configuration, std::string_view name) {
    const std::string* plain = setting_of(configuration, name);
    return (plain && !plain->empty()) || secret_of(configuration, name) != nullptr;
}

}  // namespace dp::telephony
