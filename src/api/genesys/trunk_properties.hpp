#pragma once
/// @file The property bag of "trunk base settings" (genesys-api 1.3): `{"<key>": {"value": {"instance": <value>}}}`, as
/// a view of a trunk. Keys we have no field for are kept and sent back as they came; the password never is.
///
///     trunk_enabled                                  enabled
///     trunk_transport_protocolVariant                transport
///     trunk_transport_serverProxyList                the first: registration host; more than one: gateways in order
///     trunk_sip_authentication_credentials_username  registration user name; none: the trunk does not register
///     trunk_sip_authentication_credentials_password  registration password, masked in answers
///     trunk_access_acl_allowList                     further source addresses
///     trunk_media_codec                              codecs, `audio/pcmu`; empty: the profile's

#include <boost/json.hpp>

#include "telephony/trunks/trunk_service.hpp"

namespace dp::api {

/// `profile`: its codecs stand where the trunk has none of its own.
boost::json::object trunk_properties(const telephony::Trunk& trunk, const telephony::SipProfile* profile);

/// Takes the mapped keys into `command` and keeps the rest. InvalidValue names `properties.KEY`.
Result<void> read_trunk_properties(const boost::json::object& properties, const telephony::SipProfile* profile,
                                   telephony::TrunkCommand& command);

}  // namespace dp::api
