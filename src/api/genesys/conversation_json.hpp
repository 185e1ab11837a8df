#pragma once
/// @file A conversation in the one shape both kinds of clients read: seed 3's `status` and `reason` beside the Genesys
/// participants and calls.

#include <boost/json/fwd.hpp>

#include "telephony/conversation/conversation.hpp"

namespace dp::api {

boost::json::object conversation_json(const telephony::Conversation& conversation);

}  // namespace dp::api
