#pragma once
/// @file What the views of a number share: its routing object in seed 0's shape, and the history of it.

#include "api/resources/entity_routes.hpp"

namespace dp::api {

boost::json::object routing_json(const telephony::NumberRouting& routing);

/// What a change of the routing object answers: once it is stored, a warning when it lost the call flow.
telephony::Reply<telephony::Committed> when_assigned(Reply reply, const Shape<telephony::Number>& shape,
                                                     bool drops_callflow);

/// GET …/routing/history and POST …/routing/rollback.
void add_routing_history(Router& router, ApiContext& context, const Shape<telephony::Number>& shape);

}  // namespace dp::api
