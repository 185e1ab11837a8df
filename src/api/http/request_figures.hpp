#pragma once
/// @file RequestFigures: what is known of every API request once it is answered: a counter by route and status, the time
/// it took by route, and a log line with its correlation id. The route is its template: ids make no series.
///
/// API thread.

#include <chrono>
#include <map>
#include <string>

#include "api/http/reply.hpp"
#include "api/http/router.hpp"
#include "base/clock.hpp"

namespace dp::metrics {
class Histogram;
}

namespace dp::api {

class RequestFigures {
public:
    explicit RequestFigures(const Clock& clock) : clock_(clock) {}

    /// `route` is null for what no route answers.
    void follow(const net::HttpRequest& request, const Route* route, Reply& reply);

private:
    void answered(std::string_view method, std::string_view path, int status, std::chrono::nanoseconds took,
                  const std::string& correlation);

    const Clock& clock_;
    std::map<const Route*, metrics::Histogram*> times_;
};

}  // namespace dp::api
