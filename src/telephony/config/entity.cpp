#include "telephony/config/entity.hpp"

#include <array>

namespace dp::telephony {
namespace {

constexpr std::array<std::string_view, kEntityTypes> kNames{"organization",
                                                            "role",
                                                            "oauthclient",
                                                            "apikey",
                                                            "location",
                                                            "networkconfiguration",
                                                            "mediaregion",
                                                            "site",
                                                            "user",
                                                            "consolecredential",
                                                            "phonebasesettings",
                                                            "phone",
                                                            "usersettings",
                                                            "edgegroup",
                                                            "sipprofile",
                                                            "edge",
                                                            "queue",
                                                            "schedule",
                                                            "schedulegroup",
                                                            "callflow",
                                                            "telephonyconfiguration",
                                                            "number",
                                                            "didpool",
                                                            "extensionpool",
                                                            "webhook"};

}  // namespace

std::string_view to_string(EntityType type) {
    return kNames[static_cast<std::size_t>(type)];
}

const EntityMeta& meta_of(const Entity& entity) {
    return std::visit([](const auto& e) -> const EntityMeta& { return e.meta; }, entity);
}

EntityMeta& meta_of(Entity& entity) {
    return std::visit([](auto& e) -> EntityMeta& { return e.meta; }, entity);
}

const std::string& id_of(const Entity& entity) {
    return std::visit([](const auto& e) -> const std::string& { return e.id.str(); }, entity);
}

}  // namespace dp::telephony
