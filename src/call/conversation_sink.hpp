#pragma once
/// @file ConversationSink: where a call's record goes. Each version is visible to readers when record() returns and
/// durable soon after; the call core records a transition before it sends the answer that the transition causes.
///
/// Two users: telephony::Outbox in the product, a list in simulation. Control shard only.

#include <vector>

#include "telephony/conversation/conversation.hpp"
#include "telephony/events/event.hpp"

namespace dp::call {

class ConversationSink {
public:
    virtual ~ConversationSink() = default;
    virtual void record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event> events) = 0;
    /// Events that belong to no conversation (an inbound call that leads nowhere).
    virtual void record(std::vector<telephony::Event> events) = 0;
    /// False when the store is too far behind: new calls are refused.
    virtual bool accepting() const = 0;
};

}  // namespace dp::call
