#include "telephony/phones/bound_settings.hpp"

namespace dp::telephony {

Ptr<BoundSettings> bind_settings(const PhoneBaseSettings& settings, WallTime now) {
    BoundSettings out;
    out.base_settings = settings.id;
    out.name = settings.name;
    out.version = settings.meta.version;
    out.logged_in = now;
    out.persistent_connection = settings.persistent_connection;
    out.transport_dscp = settings.transport_dscp;
    out.media_dscp = settings.media_dscp;
    out.auto_answer = settings.auto_answer;
    return std::make_shared<BoundSettings>(std::move(out));
}

std::vector<std::string_view> changes_due(const BoundSettings& bound, const PhoneBaseSettings& present) {
    std::vector<std::string_view> out;
    const auto compare = [&](const auto& before, const auto& now, std::string_view name) {
        if (before != now) out.push_back(name);
    };
    compare(bound.persistent_connection.enabled, present.persistent_connection.enabled, "persistentConnection.enabled");
    compare(bound.persistent_connection.timeout, present.persistent_connection.timeout,
            "persistentConnection.timeoutSeconds");
    compare(bound.transport_dscp, present.transport_dscp, "transportDscp");
    compare(bound.media_dscp, present.media_dscp, "mediaDscp");
    compare(bound.auto_answer, present.auto_answer, "autoAnswer");
    return out;
}

}  // namespace dp::telephony
