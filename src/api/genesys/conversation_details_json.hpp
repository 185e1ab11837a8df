#pragma once
/// @file A conversation as the details query answers it (genesys-api 1.8): conversation, participants, sessions (legs),
/// segments, metrics. Pure.

#include <boost/json/fwd.hpp>

#include <string_view>

#include "telephony/conversation/conversation.hpp"

namespace dp::api {

boost::json::object conversation_details_json(const telephony::Conversation& conversation);

/// How the leg ended, in Genesys' words; empty while it is up.
std::string_view disconnect_type(const telephony::Communication& leg);

}  // namespace dp::api
