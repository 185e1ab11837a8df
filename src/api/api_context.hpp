#pragma once
/// @file ApiContext: what the resources stand on, made by the composition root and outliving every request. CallControl
/// is the API's way to the control shard.

#include <functional>

#include "base/clock.hpp"
#include "base/mailbox.hpp"
#include "base/random.hpp"
#include "telephony/accounts/account_service.hpp"
#include "telephony/config/configuration_service.hpp"
#include "telephony/conversation/call_order.hpp"
#include "telephony/conversation/conversation_service.hpp"
#include "telephony/live/round_trip.hpp"
#include "telephony/live/station.hpp"
#include "telephony/live/trunk_status.hpp"
#include "telephony/numbers/number_service.hpp"
#include "telephony/numbers/provisioning_progress.hpp"
#include "telephony/phones/phone_service.hpp"
#include "telephony/ports/secrets.hpp"
#include "telephony/trunks/trunk_check.hpp"
#include "telephony/trunks/trunk_service.hpp"

namespace dp::events {
class WebhookDispatcher;
}

namespace dp::api {

/// Does the agent's phone ring, or answer by itself because the agent asked for the call on that very phone?
enum class AgentAnswer { Ring, Automatic };

class CallControl {
public:
    virtual ~CallControl() = default;
    /// False when the control shard cannot take the call (mailbox full, draining): nothing was started.
    [[nodiscard]] virtual bool start(const telephony::PlacedCall& call, AgentAnswer answer) = 0;
    /// NotFound or Conflict when the call is over or its state does not permit it; what came of it shows in the
    /// conversation, published before the reply, and in its events.
    virtual void order(telephony::CallOrder order, Executor& reply_on,
                       std::move_only_function<void(Result<void>)> reply) = 0;
    /// Asks the carrier everything that a call would, without touching what is registered; ends within 30 s. Conflict
    /// while this trunk is being tested already.
    virtual void check_trunk(telephony::Ptr<telephony::Trunk> trunk, Executor& reply_on,
                             std::move_only_function<void(Result<telephony::TrunkCheckReport>)> reply) = 0;
};

struct ApiContext {
    telephony::Store& store;
    telephony::ConfigurationService& configuration;
    telephony::TrunkService& trunks;
    telephony::NumberService& numbers;
    telephony::AccountService& accounts;
    telephony::PhoneService& phones;
    telephony::ConversationService& conversations;
    telephony::LiveConversations& live_conversations;
    telephony::LiveStations& live_stations;
    telephony::LiveTrunks& live_trunks;
    telephony::LiveRoundTrips& round_trips;  ///< to the media regions' servers
    telephony::LiveProvisioning& provisioning;
    CallControl& calls;
    events::WebhookDispatcher& webhooks;
    const telephony::Secrets& secrets;
    const Clock& clock;
    Random& random;
    Executor& executor;  ///< the API thread
};

}  // namespace dp::api
