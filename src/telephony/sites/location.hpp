#pragma once
/// @file Location: where a number or site is; numbers refer to it by `locationId`.

#include <string>

#include "telephony/ids.hpp"

namespace dp::telephony {

struct Location {
    LocationId id;
    EntityMeta meta;
    std::string name;
    std::string region;   ///< provider's region name
    std::string country;  ///< ISO 3166-1
    std::string address;
    std::string emergency_callback;  ///< E.164
};

}  // namespace dp::telephony
