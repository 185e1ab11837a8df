#pragma once
/// @file Every resource of the API: each function adds one noun's routes. Called once at start-up; `context` outlives
/// the router.

#include "api/api_context.hpp"
#include "api/http/router.hpp"

namespace dp::api {

void add_organization(Router& router, ApiContext& context);
void add_users(Router& router, ApiContext& context);
void add_network_configurations(Router& router, ApiContext& context);
void add_user_settings(Router& router, ApiContext& context);
void add_sites(Router& router, ApiContext& context);
void add_phones(Router& router, ApiContext& context);
void add_phone_session(Router& router, ApiContext& context);
void add_stations(Router& router, ApiContext& context);
void add_trunks(Router& router, ApiContext& context);
void add_trunk_live(Router& router, ApiContext& context);
void add_trunk_bases(Router& router, ApiContext& context);
void add_numbers(Router& router, ApiContext& context);
void add_telephony_configurations(Router& router, ApiContext& context);
void add_did_pools(Router& router, ApiContext& context);
void add_webhooks(Router& router, ApiContext& context);
void add_analytics_events(Router& router, ApiContext& context);
void add_audits(Router& router, ApiContext& context);
void add_queues(Router& router, ApiContext& context);
void add_schedules(Router& router, ApiContext& context);
void add_flows(Router& router, ApiContext& context);
void add_route_explanations(Router& router, ApiContext& context);
void add_conversations(Router& router, ApiContext& context);
/// Control of a running call; part of add_conversations().
void add_conversation_control(Router& router, ApiContext& context);
void add_roles(Router& router, ApiContext& context);
void add_role_grants(Router& router, ApiContext& context);
void add_oauth_clients(Router& router, ApiContext& context);
void add_api_keys(Router& router, ApiContext& context);
/// Transfers of a running call; part of add_conversations().
void add_conversation_transfer(Router& router, ApiContext& context);

}  // namespace dp::api
