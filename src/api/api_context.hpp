#pragma once
/// @file ApiContext: what the resources stand on, made by the composition root and outliving every request. CallControl
/// is the API's way to the control shard.

#include <functional>

#include "base/clock.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "telephony/config/configuration_service.hpp"
#include "telephony/conversation/conversation_service.hpp"
#include "telephony/live/station.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/numbers/number_service.hpp"
#include "telephony/phones/phone_service.hpp"
#include "telephony/trunks/trunk_service.hpp"

namespace dp::api {

/// What may be done to a running call. Each returns false when the control shard cannot take the command (mailbox full,
/// draining); what came of it shows in the conversation and its events.
class CallControl {
public:
    virtual ~CallControl() = default;
    [[nodiscard]] virtual bool start(const telephony::PlacedCall& call) = 0;
    [[nodiscard]] virtual bool disconnect(const telephony::ConversationId& conversation) = 0;
};

/// A browser phone's way in: a random SIP user name and password that die with the session.
struct SessionCredential {
    std::string username;
    std::string password;
    std::chrono::seconds lifetime{0};
};

class SessionCredentials {
public:
    virtual ~SessionCredentials() = default;
    virtual SessionCredential issue(const telephony::Phone& phone) = 0;
};

struct ApiContext {
    telephony::Store& store;
    telephony::ConfigurationService& configuration;
    telephony::TrunkService& trunks;
    telephony::NumberService& numbers;
    telephony::PhoneService& phones;
    telephony::ConversationService& conversations;
    telephony::LiveConversations& live_conversations;
    telephony::LiveStations& live_stations;
    telephony::LiveTrunks& live_trunks;
    CallControl& calls;
    SessionCredentials& session_credentials;
    const Clock& clock;
    Random& random;
    Executor& executor;  ///< the API thread
};

}  // namespace dp::api
