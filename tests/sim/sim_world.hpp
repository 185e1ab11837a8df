#pragma once
/// @file SimWorld: the control shard at 10.0.0.1, its organization, and whatever far ends a test adds, in virtual time.

#include <chrono>
#include <memory>
#include <string>

#include "signaling/control_shard.hpp"
#include "sim/fakes.hpp"
#include "sim/far_end.hpp"
#include "telephony/config/snapshot_builder.hpp"
#include "telephony/config/snapshot_hub.hpp"

namespace dp::sim {

inline constexpr std::string_view kDomain = "dialplane.test";
inline constexpr std::string_view kServer = "10.0.0.1:5060";
inline constexpr std::string_view kAgent = "agent-1";
inline constexpr std::string_view kCallerId = "+15551234567";
inline constexpr std::string_view kDestination = "+15559876543";

struct TrunkOptions {
    std::string id = "trunk-a";
    std::string host = "10.0.9.1";
    bool registers = false;
    int max_sessions = 100;
    telephony::MediaPolicy media = telephony::MediaPolicy::Anchor;
    std::vector<telephony::Codec> codecs = {telephony::Codec::Pcmu, telephony::Codec::Pcma};
    std::vector<std::string> gateways{};  ///< hosts in order; empty: `host`
    bool probes = false;
    telephony::MediaPort port = telephony::MediaPort::Own;
};

class SimWorld {
public:
    explicit SimWorld(std::uint64_t seed = 1, signaling::ControlConfig config = {});
    ~SimWorld();

    // Configuration; each takes effect at once.
    void put(telephony::Entity entity);
    void remove(telephony::EntityType type, const std::string& id);
    void add_user(const std::string& id, const std::string& number);
    void add_phone(const std::string& user, const std::string& sip_username, bool auto_answer = false);
    void add_trunk(const TrunkOptions& options);
    void add_number(const std::string& e164, telephony::RoutingKind kind, const std::string& target);
    void edit_site(const std::function<void(telephony::Site&)>& change);

    /// A phone of ours, registered.
    FarEnd& phone(const std::string& sip_username, const std::string& address, FarEnd::Options options = {});
    FarEnd& carrier(const std::string& address, FarEnd::Options options = {});

    /// As the API does it: policy, record, hand-over. Returns the conversation's id.
    std::string place_call(const std::string& destination = std::string(kDestination),
                           call::AnswerMode mode = call::AnswerMode::Person);
    /// As the API does it; `participant` empty: the agent, for digits the remote party.
    Result<void> order(const std::string& conversation, telephony::CallAction action,
                       const std::string& participant = {});

    void run(Duration time) { network.run_for(time); }
    const telephony::Conversation& conversation(const std::string& id) const { return *sink.versions.at(id).back(); }
    /// The statuses that were published, in order, each once.
    std::vector<std::string> statuses(const std::string& id) const;
    std::string status(const std::string& id) const { return std::string(to_string(conversation(id).status)); }
    std::string reason(const std::string& id) const;
    /// The only conversation there is.
    std::string only() const;
    /// Nothing is left of any call: legs, sessions, trunk permits, media.
    void expect_clean(Duration after = std::chrono::seconds(70));

    const telephony::OrganizationConfig& config() const { return *hub.current()->organization(organization); }

    sip::SimulatedNetwork network;
    SimExecutor executor;
    SimExecutor api;
    SimMedia media;
    SimPrompts prompts;
    SimSink sink;
    SimResolver resolver;
    SimSecrets secrets;
    SimLoad load;
    telephony::SnapshotHub hub;
    telephony::LiveStations stations;
    telephony::LiveTrunks trunks;
    telephony::OrganizationId organization{"org-1"};
    /// Changes what arrives at the server, before it is read.
    std::function<void(std::string&)> rewrite;
    std::unique_ptr<signaling::ControlShard> shard;

private:
    sip::SimulatedNetwork::Node& node_;
    std::vector<std::unique_ptr<FarEnd>> ends_;
    int calls_ = 0;
};

}  // namespace dp::sim
