#include "telephony/seed/example_organization.hpp"

#include "base/crypto.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {
namespace {

constexpr std::size_t kSecretLength = 43;
constexpr std::string_view kSite = "site-us-east";
constexpr std::string_view kLocation = "us_east_1";
constexpr std::string_view kTrunk = "sip-trunk-acme-us-east";
constexpr std::string_view kQueue = "queue-inbound-sales";
constexpr std::string_view kWeek = "schedule-all-week";
constexpr std::string_view kHours = "hours-main";
constexpr std::string_view kCallFlow = "cf-inbound-ivr-main";
constexpr std::string_view kBaseSettings = "Support_WebRTC_Standard";
constexpr std::string_view kEdgeGroup = "edge-group-us-east";
constexpr std::string_view kSipProfile = "sip-profile-standard";
constexpr std::string_view kWebRtcNetwork = "web-rtc-nat-config-01";
constexpr std::string_view kSofiaNetwork = "sofia-nat-config-01";
constexpr std::string_view kMainLine = "+15551230000";

struct AgentPlan {
    std::string_view user;
    std::string_view name;
    std::string_view email;
    std::string_view phone_name;
    std::string_view sip_username;
    std::string_view caller_id;
    std::string_view number;
};

// seed 3's agent first; seed 0's second.
constexpr AgentPlan kAgents[] = {
    {"a1b2c3d4-e5f6-7890-abcd-ef1234567890", "John Doe", "john.doe@dialplane.test", "JohnDoe_WebRTC", "john.doe",
     "+15551234567", "number-john-doe"},
    {"user-agent-48291", "Agent 48291", "agent.48291@dialplane.test", "Agent48291_WebRTC", "agent-48291",
     "+15551248291", "number-agent-48291"},
};

template <class Id>
Id id(std::string_view text) {
    return Id(std::string(text));
}

class Maker {
public:
    Maker(const ExampleOptions& options, const Secrets& secrets, Random& random)
        : options_(options), secrets_(secrets), random_(random), organization_(random.uuid()) {}

    ExampleOrganization make() && {
        out_.secrets.organization = organization_;
        add_organization();
        for (Role& role : built_in_roles()) put(std::move(role));
        add_logins();
        add_site();
        add_phone_settings();
        add_trunk();
        for (const AgentPlan& plan : kAgents) add_agent(plan);
        add_inbound();
        add_record();
        return std::move(out_);
    }

private:
    template <class T>
    void put(T entity) {
        entity.meta = {.organization = organization_,
                       .version = 0,
                       .created = options_.now,
                       .modified = options_.now,
                       .created_by = "system",
                       .modified_by = "system"};
        out_.unit.puts.push_back({std::move(entity), kMustNotExist});
    }

    void add_organization() {
        Organization organization;
        organization.id = organization_;
        organization.name = "Dialplane Example";
        organization.sip_domain = kExampleDomain;
        organization.default_site = id<SiteId>(kSite);
        put(std::move(organization));
    }

    void add_logins() {
        FirstRunSecrets& shown = out_.secrets;
        shown.oauth_client_id = random_.uuid();
        shown.oauth_client_secret = random_.token(kSecretLength);
        shown.oauth_scopes = all_scopes();
        shown.api_key = "dg_" + random_.token(kSecretLength);
        shown.console_user = "admin";
        shown.console_password = random_.token(kSecretLength);

        OAuthClient client;
        client.id = OAuthClientId(shown.oauth_client_id);
        client.name = "First run";
        client.secret_sha256 = secret_digest(shown.oauth_client_secret);
        client.grants = {GrantType::ClientCredentials};
        client.scopes = shown.oauth_scopes;
        client.roles = {id<RoleId>(kAdministratorRole)};
        put(std::move(client));

        ApiKey key;
        key.id = ApiKeyId(random_.uuid());
        key.name = "First run";
        key.key_sha256 = secret_digest(shown.api_key);
        key.prefix = shown.api_key.substr(0, kKeyPrefix);
        key.scopes = shown.oauth_scopes;
        key.roles = {id<RoleId>(kAdministratorRole)};
        put(std::move(key));
    }

    void add_site() {
        Location location;
        location.id = id<LocationId>(kLocation);
        location.name = "US East 1";
        location.region = "us-east-1";
        location.country = "US";
        put(std::move(location));
        for (std::string_view network : {kWebRtcNetwork, kSofiaNetwork}) add_network(network);

        add_region("us-east-1", "US East 1", RegionTier::Home);
        add_region("eu-west-1", "EU West 1", RegionTier::Core);
        add_region("us-west-1", "US West 1", RegionTier::Satellite);

        Site site;
        site.id = id<SiteId>(kSite);
        site.name = "US East";
        site.location = id<LocationId>(kLocation);
        site.media_regions = {MediaRegionId("us-east-1")};
        site.caller_id = kMainLine;
        site.caller_name = "Dialplane Example";
        site.number_plans = {{"plan-national", "National", R"(^\+1\d{10}$)", DestinationClass::National, "", ""},
                             {"plan-international", "International", R"(^\+)", DestinationClass::International, "", ""},
                             {"plan-extension", "Extension", R"(^\d{2,6}$)", DestinationClass::Extension, "", ""}};
        // No trunks named: every enabled one, so that a trunk made through the API carries calls at once.
        site.outbound_routes = {
            {"route-default", "Default Outbound Route", true, {}, RouteDistribution::Sequential, {}}};
        put(std::move(site));
    }

    /// Without servers: whose they are is for the operator to say.
    void add_region(std::string_view region_id, std::string_view name, RegionTier tier) {
        MediaRegion region;
        region.id = id<MediaRegionId>(region_id);
        region.name = name;
        region.tier = tier;
        put(std::move(region));
    }

    void add_network(std::string_view name) {
        NetworkConfiguration network;
        network.id = id<NetworkConfigurationId>(name);
        network.name = name;
        network.stun_servers = options_.stun_servers;
        put(std::move(network));
    }

    void add_phone_settings() {
        PhoneBaseSettings settings;
        settings.id = id<PhoneBaseSettingsId>(kBaseSettings);
        settings.name = kBaseSettings;
        put(std::move(settings));
    }

    void add_trunk() {
        out_.secrets.edge_group = id<EdgeGroupId>(kEdgeGroup);
        out_.secrets.sip_profile = id<SipProfileId>(kSipProfile);
        out_.secrets.trunk = id<TrunkId>(kTrunk);

        EdgeGroup group;
        group.id = out_.secrets.edge_group;
        group.name = "US East";
        put(std::move(group));

        SipProfile profile;
        profile.id = out_.secrets.sip_profile;
        profile.name = "Standard";
        profile.codecs = {Codec::Pcmu, Codec::Pcma, Codec::G729, Codec::Opus, Codec::Gsm};
        put(std::move(profile));

        Trunk trunk;
        trunk.id = out_.secrets.trunk;
        trunk.name = "Acme US East";
        trunk.edge_group = out_.secrets.edge_group;
        trunk.sip_profile = out_.secrets.sip_profile;
        trunk.codecs = {Codec::Opus, Codec::Pcmu, Codec::Pcma};
        trunk.registration.host = options_.carrier.host;
        trunk.registration.port = options_.carrier.port;
        trunk.registration.username = options_.carrier.username;
        trunk.registration.password = secrets_.seal(options_.carrier.password, password_context(trunk.id));
        put(std::move(trunk));
    }

    void add_agent(const AgentPlan& plan) {
        User user;
        user.id = id<UserId>(plan.user);
        user.name = plan.name;
        user.email = plan.email;
        user.site = id<SiteId>(kSite);
        user.roles = {id<RoleId>(kAgentRole)};
        put(user);
        if (out_.secrets.agents.empty()) add_console_login(user.id);
        add_settings(user.id);

        Phone phone;
        phone.id = PhoneId("phone-" + std::string(plan.sip_username));
        phone.name = plan.phone_name;
        phone.site = user.site;
        phone.base_settings = id<PhoneBaseSettingsId>(kBaseSettings);
        phone.user = user.id;
        phone.station = StationId(phone.id.str());
        const std::string password = random_.token(kSecretLength);
        phone.sip = make_sip_account(secrets_, plan.sip_username, kExampleDomain, password);
        out_.secrets.agents.push_back({.user = user.id,
                                       .name = user.name,
                                       .caller_id = std::string(plan.caller_id),
                                       .phone = phone.id,
                                       .station = phone.station,
                                       .sip_username = phone.sip.username,
                                       .sip_password = password,
                                       .sip_domain = std::string(kExampleDomain)});
        put(std::move(phone));
        add_number(plan.number, plan.caller_id,
                   {.kind = RoutingKind::User,
                    .id = std::string(plan.user),
                    .display_name = std::string(plan.name),
                    .routing_type = "direct",
                    .callflow = {}});
    }

    void add_console_login(const UserId& user) {
        ConsoleCredential console;
        console.id = ConsoleCredentialId(random_.uuid());
        console.login = out_.secrets.console_user;
        console.password_argon2id = crypto::hash_password(out_.secrets.console_password);
        console.user = user;
        console.scopes = all_scopes();
        console.roles = {id<RoleId>(kAdministratorRole)};
        put(std::move(console));
    }

    void add_settings(const UserId& user) {
        UserTelephonySettings settings;
        settings.id = user;
        settings.web_rtc.network_config = id<NetworkConfigurationId>(kWebRtcNetwork);
        settings.web_rtc.codecs = {Codec::Opus, Codec::G722, Codec::Pcmu, Codec::Pcma};
        settings.sofia.network_config = id<NetworkConfigurationId>(kSofiaNetwork);
        settings.sofia.codecs = {Codec::G722, Codec::Pcmu, Codec::Pcma};
        put(std::move(settings));
    }

    void add_number(std::string_view number_id, std::string_view e164, NumberRouting routing) {
        Number number;
        number.id = id<NumberId>(number_id);
        number.e164 = e164;
        number.provider = kTrunk;
        number.location = id<LocationId>(kLocation);
        number.state = NumberState::Active;
        number.routing = std::move(routing);
        put(std::move(number));
    }

    void add_inbound() {
        Queue queue;
        queue.id = id<QueueId>(kQueue);
        queue.name = "Inbound Sales";
        for (const AgentPlan& plan : kAgents) queue.members.push_back(id<UserId>(plan.user));
        put(std::move(queue));

        add_opening_hours();
        add_flow();
        add_number("number-main-line", kMainLine,
                   {.kind = RoutingKind::Queue,
                    .id = std::string(kQueue),
                    .display_name = "Main Line",
                    .routing_type = {},
                    .callflow = {}});
    }

    /// Open all week: a first call at any hour reaches somebody. Take days out of the rule to try the other branch.
    void add_opening_hours() {
        Schedule week;
        week.id = id<ScheduleId>(kWeek);
        week.name = "All Week";
        week.start = "2025-01-01T00:00:00.000";
        week.end = "2025-01-02T00:00:00.000";
        week.rrule = "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR,SA,SU";
        put(std::move(week));

        ScheduleGroup hours;
        hours.id = id<ScheduleGroupId>(kHours);
        hours.name = "Opening Hours";
        hours.time_zone = "America/New_York";
        hours.open = {id<ScheduleId>(kWeek)};
        put(std::move(hours));
    }

    void add_flow() {
        CallFlow flow;
        flow.id = id<CallFlowId>(kCallFlow);
        flow.name = "Inbound IVR Main";
        flow.steps.resize(5);
        FlowStep& hours = flow.steps[0];
        hours.id = "hours";
        hours.kind = FlowStepKind::Schedule;
        hours.schedule_group = id<ScheduleGroupId>(kHours);
        hours.open = "menu";
        hours.next = "closed";
        FlowStep& menu = flow.steps[1];
        menu.id = "menu";
        menu.kind = FlowStepKind::Menu;
        menu.prompt = "Welcome to Dialplane. For the person you called, press 1. For sales, press 2.";
        menu.choices = {{"1", ""}, {"2", "sales"}};
        menu.tries = 2;
        FlowStep& sales = flow.steps[2];
        sales.id = "sales";
        sales.kind = FlowStepKind::Transfer;
        sales.target = RouteTarget{RoutingKind::Queue, std::string(kQueue)};
        FlowStep& closed = flow.steps[3];
        closed.id = "closed";
        closed.prompt = "We are closed at the moment. Please call again during our opening hours. Goodbye.";
        closed.next = "goodbye";
        flow.steps[4].id = "goodbye";
        flow.steps[4].kind = FlowStepKind::Disconnect;
        flow.fallback = RouteTarget{RoutingKind::Queue, std::string(kQueue)};
        put(std::move(flow));
    }

    void add_record() {
        WriteContext context;
        context.organization = organization_;
        context.now = options_.now;
        out_.unit.events.push_back(make_event(context, event_type::kConfigurationChanged,
                                              to_string(EntityType::Organization), organization_.str()));
        out_.unit.audit.push_back(make_audit(context, "create", EntityType::Organization, organization_.str()));
    }

    const ExampleOptions& options_;
    const Secrets& secrets_;
    Random& random_;
    OrganizationId organization_;
    ExampleOrganization out_;
};

}  // namespace

ExampleOrganization make_example_organization(const ExampleOptions& options, const Secrets& secrets, Random& random) {
    return Maker(options, secrets, random).make();
}

const std::vector<std::string>& all_scopes() {
    static const std::vector<std::string> kScopes{
        // seed 0
        "telephony:phone-number:view", "telephony:phone-number:edit", "telephony:user-settings:edit",
        "telephony:web-r-t-c:view",
        // seed 1
        "telephony:edge:read", "telephony:edge:write", "telephony:sipprofile:read", "webhook:write",
        "analytics:events:query",
        // seed 3
        "conversation:call:write", "user:read", "user:read:me",
        // the real API's coarse scopes
        "telephony", "conversations", "users", "stations", "notifications", "routing", "architect", "locations",
        "organization", "integrations", "analytics", "audits:readonly", "authorization", "oauth"};
    return kScopes;
}

}  // namespace dp::telephony
