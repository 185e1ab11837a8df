#pragma once
/// @file RoutingRun: a routing manifest against a live server: plan it, carry the plan out.
///
/// Blocking; one session. What was done is told line by line on standard output; the first failure ends the run, and the
/// next run goes on from there.

#include <boost/json/value.hpp>

#include <vector>

#include "app/cli/commands.hpp"
#include "app/cli/number_estate.hpp"

namespace dp::app::cli {

class RoutingRun {
public:
    RoutingRun(ApiSession& session, const RoutingOptions& options) : estate_(session), options_(options) {}

    /// With the server's objections among its problems.
    Result<Plan> plan(const Manifest& manifest);
    /// A plan with problems is refused, whole. Orders go first, so that carriers work while routing is written.
    Result<void> apply(const Plan& plan);

private:
    Result<void> order_all(const Plan& plan);
    Result<void> assign_all(const Plan& plan);
    Result<void> release_all(const Plan& plan);
    Result<void> wait_for_orders();

    struct Ordered {
        std::string number;
        std::string id;
    };

    NumberEstate estate_;
    const RoutingOptions& options_;
    std::vector<Ordered> ordered_;
};

/// The documents that belong to a routing manifest.
std::vector<boost::json::value> manifests_of(const std::vector<boost::json::value>& documents);

}  // namespace dp::app::cli
