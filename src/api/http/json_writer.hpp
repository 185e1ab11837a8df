#pragma once
/// @file JSON values as text, as people read it: numbers in the shortest plain form (`1.009`, where Boost.JSON writes
/// `1.009E0`), and valid UTF-8 whatever the strings hold. Pure.

#include <boost/json/fwd.hpp>
#include <string>

namespace dp::api {

std::string json_text(const boost::json::value& value);

}  // namespace dp::api
