#include "telephony/config/snapshot.hpp"

#include <algorithm>

namespace dp::telephony {

std::vector<Ptr<Phone>> OrganizationConfig::phones_of(const UserId& user) const {
    std::vector<Ptr<Phone>> out;
    if (user.empty()) return out;
    const std::tuple<std::string_view, std::string_view> from{user.str(), {}};
    phones_by_user_.for_each_from(from, [&](const Ptr<Phone>& phone) {
        if (phone->user != user) return false;
        out.push_back(phone);
        return true;
    });
    const auto& owner = find<User>(user);
    const StationId chosen = owner ? owner->default_station : StationId();
    const auto found = std::ranges::find(out, chosen, [](const Ptr<Phone>& phone) { return phone->station; });
    if (found != out.end()) std::rotate(out.begin(), found, found + 1);
    return out;
}

std::vector<Ptr<Number>> OrganizationConfig::numbers_of(const UserId& user) const {
    std::vector<Ptr<Number>> out;
    const std::tuple<std::string_view, std::string_view> from{user.str(), {}};
    numbers_by_user_.for_each_from(from, [&](const Ptr<Number>& number) {
        if (number->routing->id != user.str()) return false;
        out.push_back(number);
        return true;
    });
    return out;
}

std::vector<Ptr<Number>> OrganizationConfig::numbers_of(const TelephonyConfigurationId& account) const {
    std::vector<Ptr<Number>> out;
    const std::tuple<std::string_view, WallTime, std::string_view> from{account.str(), WallTime::min(), {}};
    numbers_by_account_.for_each_from(from, [&](const Ptr<Number>& number) {
        if (number->caller_id->configuration != account) return false;
        out.push_back(number);
        return true;
    });
    return out;
}

std::vector<Ptr<Number>> OrganizationConfig::numbers_of_value(std::string_view e164) const {
    std::vector<Ptr<Number>> out;
    const std::tuple<std::string_view, bool, std::string_view> from{e164, false, {}};
    numbers_by_e164().for_each_from(from, [&](const Ptr<Number>& number) {
        if (number->e164 != e164) return false;
        out.push_back(number);
        return true;
    });
    return out;
}

Ptr<TelephonyConfiguration> OrganizationConfig::default_account() const {
    Ptr<TelephonyConfiguration> found;
    all<TelephonyConfiguration>().for_each([&](const Ptr<TelephonyConfiguration>& account) {
        if (account->default_outbound) found = account;
        return !found;
    });
    return found;
}

Ptr<Number> OrganizationConfig::number_by_e164(std::string_view e164) const {
    Ptr<Number> found;
    const std::tuple<std::string_view, bool, std::string_view> from{e164, false, {}};
    numbers_by_e164().for_each_from(from, [&](const Ptr<Number>& number) {
        if (number->e164 == e164 && is_live(number->state)) found = number;
        return false;
    });
    return found;
}

Ptr<Trunk> OrganizationConfig::trunk_of_provider(std::string_view id_or_name) const {
    if (const auto& trunk = all<Trunk>().find(id_or_name)) return trunk;
    Ptr<Trunk> found;
    const std::tuple<std::string_view, std::string_view> from{id_or_name, {}};
    trunks_by_name_.for_each_from(from, [&](const Ptr<Trunk>& trunk) {
        if (trunk->name == id_or_name) found = trunk;
        return false;
    });
    return found;
}

Ptr<Site> OrganizationConfig::site_of(const User& user) const {
    return site(user.site.empty() ? organization_->default_site : user.site);
}

}  // namespace dp::telephony
