/// @file The sandbox's store on demand: GET and PUT /api/v2/sandbox/storefaults. Only a server with a sandbox has these
/// routes: a client tests there what a failing store means for it (seed 3, "500 Internal Server Error").

#include "api/resources/sandbox_faults.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <utility>

#include "api/http/writes.hpp"
#include "api/resources/entity_routes.hpp"
#include "store/store_faults.hpp"

namespace dp::api {

namespace json = boost::json;
using store::FaultKind;

namespace {

constexpr std::array<std::pair<std::string_view, FaultKind>, 4> kNames{{
    {"none", FaultKind::None},
    {"refuse", FaultKind::Refuse},
    {"full", FaultKind::Full},
    {"stall", FaultKind::Stall},
}};

json::object state_of(const store::StoreFaults& faults) {
    const auto* row = std::ranges::find(kNames, faults.kind(), &std::pair<std::string_view, FaultKind>::second);
    return {{"writes", row->first}, {"struck", faults.struck()}};
}

void set(store::StoreFaults& faults, const ApiRequest& request, Reply reply) {
    auto body = body_of(request);
    if (!body) return std::move(reply).error(body.error());
    (*body)->ignore({"struck"});
    const auto name = (*body)->required_text("writes", 16);
    const auto* row = std::ranges::find(kNames, name, &std::pair<std::string_view, FaultKind>::first);
    if (row == kNames.end()) (*body)->refuse("writes", "must be none, refuse, full or stall");
    const auto after = (*body)->integer("after", 0, 1000).value_or(0);
    if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
    faults.set(row->second, static_cast<std::uint64_t>(after));
    std::move(reply).json(200, state_of(faults));
}

}  // namespace

void add_sandbox_faults(Router& router, store::StoreFaults& faults) {
    router.add({"GET", "/api/v2/sandbox/storefaults", Scopes{"telephony:readonly"},
                [&faults](ApiRequest, Reply reply) { std::move(reply).json(200, state_of(faults)); }});
    router.add({"PUT", "/api/v2/sandbox/storefaults", Scopes{"telephony"},
                [&faults](const ApiRequest& request, Reply reply) { set(faults, request, std::move(reply)); }});
}

}  // namespace dp::api
