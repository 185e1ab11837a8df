#pragma once
/// @file Organization: the owner of everything else. Its SIP domain is also the digest realm and never changes after
/// creation.

#include <string>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

struct Organization {
    OrganizationId id;
    EntityMeta meta;
    std::string name;
    std::string sip_domain;                   ///< host part of `sip:USER@DOMAIN` and digest realm
    std::string default_country_code = "US";  ///< ISO 3166-1; clients read it from organizations/me
    SiteId default_site;
    std::vector<std::string> emergency_numbers = {"112", "911", "933", "999"};
    bool web_rtc_force_turn = false;  ///< browser phones of every site use TURN relays alone (seed 2, global settings)
};

}  // namespace dp::telephony
