#pragma once
/// @file ChannelHub: the Genesys notification channels: created and subscribed over REST, delivered over a WebSocket at
/// the channel's connectUri. A channel id is a 128-bit secret: who knows it may connect (the vendor's contract).
///
/// A channel lives by the credential that made it, or by the newest one of the same owner that changed its topics and
/// may follow them all: when that ends, the channel is gone and its socket closed with 4401.
///
/// API thread only; publish() is what other threads post to it. Limits per caller: 20 channels, 1,000 topics each, 24
/// h. A slow reader is closed by the WebSocket layer and resumes by reading the REST resource.

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "api/api_context.hpp"
#include "api/auth/authenticator.hpp"
#include "api/http/router.hpp"
#include "api/notifications/topics.hpp"
#include "net/websocket.hpp"

namespace dp::api {

class ChannelHub {
public:
    /// Both outlive the hub.
    ChannelHub(ApiContext& context, const Authenticator& authenticator)
        : context_(context), authenticator_(authenticator) {}

    void add_routes(Router& router);
    /// Sends a frame to every channel of the organization that follows its topic.
    void publish(const telephony::OrganizationId& organization, const Frame& frame);
    void publish(const telephony::Conversation& conversation);
    void publish(const telephony::Station& station);
    void publish(const std::vector<telephony::Event>& events);
    /// Drops the channels whose credential has ended.
    void check_credentials();
    /// Heartbeats every 30 s, the warning a minute before a channel's end, and the end. Once a second.
    void tick();
    /// Closes every channel's socket (shutdown).
    void stop();

private:
    struct Channel;
    class Socket;
    using ChannelPtr = std::shared_ptr<Channel>;

    void create(const ApiRequest& request, Reply reply);
    void list(const ApiRequest& request, Reply reply) const;
    void subscriptions(const ApiRequest& request, Reply reply) const;
    void subscribe(const ApiRequest& request, Reply reply);
    void topics(Reply reply) const;
    void channel(const ApiRequest& request, Reply reply) const;
    void connect(ApiRequest request, Reply reply);
    ChannelPtr find_own(const ApiRequest& request) const;
    void forget_expired();
    void forget(const ChannelPtr& channel, std::uint16_t code, std::string_view reason);
    std::size_t count_of(const std::string& owner) const;

    ApiContext& context_;
    const Authenticator& authenticator_;
    std::unordered_map<std::string, ChannelPtr> channels_;
    std::unordered_map<std::string, std::set<ChannelPtr>> followers_;  ///< by organization and topic
};

}  // namespace dp::api
