#pragma once
/// @file Snapshot: the whole configuration at one revision, immutable, shared structurally with its neighbours. Reads
/// of the API and every call are answered from it, without the database.
///
/// Everything of one organization hangs below its OrganizationConfig: another organization's id is simply not there.
/// Threads: any reads; only SnapshotBuilder (store writer) makes the next one.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <vector>

#include "telephony/config/entity.hpp"
#include "telephony/config/persistent_set.hpp"

namespace dp::telephony {

struct ById {
    template <class T>
    static const std::string& key(const T& entity) {
        return entity.id.str();
    }
};
/// Secondary orders end in the id, so that equal values stand beside each other.
struct PhonesByUser {
    static std::tuple<std::string_view, std::string_view> key(const Phone& phone) {
        return {phone.user.str(), phone.id.str()};
    }
};
/// Every number, by value; of those with the same value the live one first.
struct NumbersByE164 {
    static std::tuple<std::string_view, bool, std::string_view> key(const Number& number) {
        return {number.e164, !is_live(number.state), number.id.str()};
    }
};
struct NumbersByUser {
    static std::tuple<std::string_view, std::string_view> key(const Number& n) { return {n.routing->id, n.id.str()}; }
};
struct NumbersByAccount {
    static std::tuple<std::string_view, WallTime, std::string_view> key(const Number& n) {
        return {n.caller_id->configuration.str(), n.caller_id->added, n.id.str()};
    }
};
struct PhonesBySipUsername {
    static std::string_view key(const Phone& phone) { return phone.sip.username; }
};
struct PhonesByStation {
    static std::string_view key(const Phone& phone) { return phone.station.str(); }
};
struct TrunksByName {
    static std::tuple<std::string_view, std::string_view> key(const Trunk& t) { return {t.name, t.id.str()}; }
};

/// The order of lists: by name, a number's being its E.164 value; equal names by id.
struct ByName {
    template <class T>
    static std::string_view name(const T& entity) {
        if constexpr (requires { entity.e164; })
            return entity.e164;
        else if constexpr (requires { entity.name; })
            return entity.name;
        else
            return {};
    }
    template <class T>
    static std::tuple<std::string_view, std::string_view> key(const T& entity) {
        return {name(entity), entity.id.str()};
    }
};

template <class T>
using Table = PersistentSet<T, ById>;
/// Numbers are listed in the order in which they are looked up: one index serves both.
template <class T>
using NameIndex = PersistentSet<T, std::conditional_t<std::is_same_v<T, Number>, NumbersByE164, ByName>>;

/// One organization's configuration.
class OrganizationConfig {
public:
    const Organization& organization() const { return *organization_; }
    const OrganizationId& id() const { return organization_->id; }

    /// Every entity of a type, by id.
    template <class T>
    const Table<T>& all() const {
        return std::get<Table<T>>(tables_);
    }
    /// Every entity of a type in the order of lists: a page of it costs O(log n).
    template <class T>
    const NameIndex<T>& by_name() const {
        return std::get<NameIndex<T>>(by_name_);
    }
    /// By id; null when it is not there.
    template <class T, class Id>
    const Ptr<T>& find(const Id& id) const {
        return all<T>().find(id.str());
    }

    const Ptr<User>& user(const UserId& id) const { return find<User>(id); }
    const Ptr<Site>& site(const SiteId& id) const { return find<Site>(id); }
    const Ptr<Phone>& phone(const PhoneId& id) const { return find<Phone>(id); }
    const Ptr<Trunk>& trunk(const TrunkId& id) const { return find<Trunk>(id); }
    const Ptr<Number>& number(const NumberId& id) const { return find<Number>(id); }
    const Ptr<PhoneBaseSettings>& base_settings(const PhoneBaseSettingsId& id) const {
        return find<PhoneBaseSettings>(id);
    }
    const Ptr<SipProfile>& sip_profile(const SipProfileId& id) const { return find<SipProfile>(id); }
    const Ptr<NetworkConfiguration>& network_configuration(const NetworkConfigurationId& id) const {
        return find<NetworkConfiguration>(id);
    }
    const Ptr<MediaRegion>& media_region(const MediaRegionId& id) const { return find<MediaRegion>(id); }
    const Ptr<UserTelephonySettings>& settings_of(const UserId& user) const {
        return find<UserTelephonySettings>(user);
    }

    /// In order of their ids.
    std::vector<Ptr<Phone>> phones_of(const UserId& user) const;
    /// The live numbers whose routing is this user.
    std::vector<Ptr<Number>> numbers_of(const UserId& user) const;
    /// The live (not rejected, failed or released) number of this value.
    /// The caller IDs of a carrier account, oldest first.
    std::vector<Ptr<Number>> numbers_of(const TelephonyConfigurationId& account) const;
    /// Null when no account is the default for outbound calls.
    Ptr<TelephonyConfiguration> default_account() const;
    Ptr<Number> number_by_e164(std::string_view e164) const;
    /// All of this value, the live one first: what was rejected, failed or released stays for its history.
    std::vector<Ptr<Number>> numbers_of_value(std::string_view e164) const;
    const Ptr<Phone>& phone_by_sip_username(std::string_view username) const {
        return phones_by_sip_username_.find(username);
    }
    const Ptr<Phone>& phone_of_station(const StationId& station) const {
        return phones_by_station_.find(std::string_view(station.str()));
    }
    /// A provider is named by trunk id, else by trunk name.
    Ptr<Trunk> trunk_of_provider(std::string_view id_or_name) const;
    const PersistentSet<Trunk, TrunksByName>& trunks_by_name() const { return trunks_by_name_; }
    const PersistentSet<Number, NumbersByE164>& numbers_by_e164() const { return by_name<Number>(); }
    /// The site of a user: their own, else the organization's default.
    Ptr<Site> site_of(const User& user) const;

private:
    friend class SnapshotBuilder;
    template <class Variant>
    struct TablesOf;
    template <class... T>
    struct TablesOf<std::variant<T...>> {
        using type = std::tuple<Table<T>...>;
        using names = std::tuple<NameIndex<T>...>;
    };

    Ptr<Organization> organization_;
    TablesOf<Entity>::type tables_;
    TablesOf<Entity>::names by_name_;
    PersistentSet<Phone, PhonesByUser> phones_by_user_;
    PersistentSet<Phone, PhonesBySipUsername> phones_by_sip_username_;
    PersistentSet<Phone, PhonesByStation> phones_by_station_;
    PersistentSet<Number, NumbersByUser> numbers_by_user_;
    PersistentSet<Number, NumbersByAccount> numbers_by_account_;
    PersistentSet<Trunk, TrunksByName> trunks_by_name_;
};

struct OrganizationsById {
    static const std::string& key(const OrganizationConfig& config) { return config.id().str(); }
};
struct OrganizationsByDomain {
    static std::string_view key(const OrganizationConfig& config) { return config.organization().sip_domain; }
};
struct ApiKeysByDigest {
    static std::string_view key(const ApiKey& key) { return key.key_sha256; }
};
struct ConsoleCredentialsByLogin {
    static std::string_view key(const ConsoleCredential& credential) { return credential.login; }
};

class Snapshot {
public:
    /// Grows by one with every commit that changed configuration.
    std::uint64_t revision() const { return revision_; }

    const PersistentSet<OrganizationConfig, OrganizationsById>& organizations() const { return organizations_; }
    const Ptr<OrganizationConfig>& organization(const OrganizationId& id) const {
        return organizations_.find(id.str());
    }
    /// By SIP domain (lower case).
    const Ptr<OrganizationConfig>& organization_of_domain(std::string_view domain) const {
        return by_domain_.find(domain);
    }

    /// Who logs in names no organization: these are unique across all.
    const Ptr<OAuthClient>& oauth_client(const OAuthClientId& id) const { return oauth_clients_.find(id.str()); }
    const Ptr<ApiKey>& api_key(std::string_view sha256_hex) const { return api_keys_.find(sha256_hex); }
    const Ptr<ConsoleCredential>& console_login(std::string_view login) const { return console_logins_.find(login); }

private:
    friend class SnapshotBuilder;
    std::uint64_t revision_ = 0;
    PersistentSet<OrganizationConfig, OrganizationsById> organizations_;
    PersistentSet<OrganizationConfig, OrganizationsByDomain> by_domain_;
    PersistentSet<OAuthClient, ById> oauth_clients_;
    PersistentSet<ApiKey, ApiKeysByDigest> api_keys_;
    PersistentSet<ConsoleCredential, ConsoleCredentialsByLogin> console_logins_;
};

}  // namespace dp::telephony
