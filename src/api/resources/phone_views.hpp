#pragma once
/// @file What is shown of phones beside themselves, and the pieces that their shapes share. Each add_ function adds its
/// routes, as part of add_stations().

#include <boost/json.hpp>

#include <string>
#include <string_view>

#include "api/api_context.hpp"
#include "api/http/router.hpp"

namespace dp::api {

/// A property of the real API: `{"value": {"instance": VALUE}}`.
boost::json::object phone_property(boost::json::value value);
/// `inin_webrtc_softphone.json`, …
std::string_view meta_base_of(telephony::PhoneModel model);
/// `inin_webrtc_softphone`, …
std::string_view station_type_of(telephony::PhoneModel model);
std::string line_base_id(const telephony::PhoneBaseSettings& settings);
boost::json::object line_base_json(const telephony::PhoneBaseSettings& settings);
boost::json::object base_settings_json(const telephony::PhoneBaseSettings& settings,
                                       const telephony::OrganizationConfig& config);

/// Which of the user's stations is which: `defaultStation`, `associatedStation`, `effectiveStation`.
boost::json::object user_station_json(const telephony::User& user, const telephony::OrganizationConfig& config,
                                      const telephony::LiveStations& live);

void add_user_stations(Router& router, ApiContext& context);
void add_station_diagnosis(Router& router, ApiContext& context);
void add_topology(Router& router, ApiContext& context);
void add_media_regions(Router& router, ApiContext& context);
void add_telephony_settings(Router& router, ApiContext& context);
void add_lines(Router& router, ApiContext& context);

}  // namespace dp::api
