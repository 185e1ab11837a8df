#include "telephony/phones/base_settings.hpp"

namespace dp::telephony {
namespace {

constexpr std::chrono::seconds kMaxPersistence = std::chrono::hours(24);

Result<void> check_dscp(std::uint8_t value, const char* field) {
    if (value <= 63) return {};
    return fail(ErrorCode::InvalidValue, std::string(field) + " must be between 0 and 63.", field);
}

}  // namespace

std::string_view model_name(PhoneModel model) {
    return model == PhoneModel::WebRtc ? kWebRtcModelName : kGenericSipModelName;
}

Result<void> validate(const PhoneBaseSettings& settings) {
    if (settings.name.empty()) return fail(ErrorCode::MissingField, "name is required.", "name");
    DP_CHECK(check_dscp(settings.transport_dscp, "transportDscp"));
    DP_CHECK(check_dscp(settings.media_dscp, "mediaDscp"));
    const auto timeout = settings.persistent_connection.timeout;
    if (timeout < std::chrono::seconds(0) || timeout > kMaxPersistence)
        return fail(ErrorCode::InvalidValue, "persistentConnection.timeout must be between 0 and 86400 seconds.",
                    "persistentConnection.timeout");
    return {};
}

}  // namespace dp::telephony
