#pragma once
/// @file What every Genesys entity carries (genesys-api, "Entity envelope") and how one entity refers to another.

#include <boost/json/fwd.hpp>

#include <string_view>

#include "telephony/ids.hpp"

namespace dp::api {

/// `{id, name, selfUri}`; `name` left out when empty.
boost::json::object reference(std::string_view id, std::string_view name, std::string_view collection);

/// id, name, division, version, dates, authors, state and selfUri (`collection` + "/" + id).
boost::json::object envelope(std::string_view id, std::string_view name, const telephony::EntityMeta& meta,
                             std::string_view collection);

/// The fields of the envelope that clients send back and we do not take from them.
inline constexpr std::initializer_list<std::string_view> kEnvelopeFields = {
    "id",      "division", "version",     "dateCreated",  "dateModified",  "createdBy", "modifiedBy",
    "selfUri", "state",    "description", "createdByApp", "modifiedByApp", "self"};

}  // namespace dp::api
