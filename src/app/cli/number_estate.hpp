#pragma once
/// @file NumberEstate: the numbers of a server as the routing manifest needs them: read, check a plan against the server,
/// carry a change out, wait for a carrier, go back in history.
///
/// Blocking; one session. Errors carry the server's sentence.

#include <boost/json/value.hpp>

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "app/api_session.hpp"
#include "app/cli/routing_manifest.hpp"

namespace dp::app::cli {

/// One routing object that a number had.
struct RoutingSnapshot {
    std::string id;
    std::string date;  ///< RFC 3339, UTC, milliseconds: compares as text
    boost::json::value routing;
};

class NumberEstate {
public:
    explicit NumberEstate(ApiSession& session) : session_(session) {}

    Result<Estate> read();
    /// What the server would say against the merged objects: the schema of its document, targets that must exist.
    Result<std::vector<Problem>> check(const Plan& plan);

    /// Orders it; gives its id. The carrier's answer comes later.
    Result<std::string> order(const Change& change);
    /// PUT with If-Match. Conflict when somebody else has changed the number since the plan was made.
    Result<void> assign(const Change& change, const Permissions& permissions);
    Result<void> release(const Change& change);
    /// With the seed's back-off. An order that the carrier refused, or that takes longer, is an error in the carrier's
    /// words.
    Result<void> wait_active(const std::string& number, const std::string& id, std::chrono::seconds window);

    /// Newest first.
    Result<std::vector<RoutingSnapshot>> history(const std::string& id);
    Result<void> rollback(const std::string& id, const RoutingSnapshot& snapshot, std::int64_t version);

private:
    Result<std::optional<std::string>> target_fault(std::string_view type, const std::string& id);
    Result<void> explain_conflict(const Change& change, const ApiAnswer& answer);

    ApiSession& session_;
    boost::json::value document_;                       ///< /openapi.json
    std::map<std::string, bool, std::less<>> targets_;  ///< by path: is it there?
};

}  // namespace dp::app::cli
