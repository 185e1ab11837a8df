#pragma once
/// @file RequestFigures: what is known of every API request once it is answered: a counter by route and status, the time
/// it took by route, and a log line with its correlation id. The route is its template: ids make no series.
///
/// API thread.

#include <chrono>
#include <string>
#include <unordered_map>
#include <vector>

#include "api/http/reply.hpp"
#include "api/http/router.hpp"
#include "base/clock.hpp"

namespace dp::metrics {
class Counter;
class Histogram;
}  // namespace dp::metrics

namespace dp::api {

class RequestFigures {
public:
    explicit RequestFigures(const Clock& clock) : clock_(clock) {}

    /// `route` is null for what no route answers.
    void follow(const net::HttpRequest& request, const Route* route, Reply& reply);

private:
    struct Answers {
        std::string_view method;
        int status;
        metrics::Counter* counter;
    };
    /// Of one route; the registry of metrics is asked once for each of its kinds of answers.
    struct OfRoute {
        std::string_view path;
        metrics::Histogram* times = nullptr;
        std::vector<Answers> answers{};
    };
    OfRoute& of(const Route* route);
    static metrics::Counter& counter(OfRoute& route, std::string_view method, int status);

    const Clock& clock_;
    std::unordered_map<const Route*, OfRoute> routes_;
};

}  // namespace dp::api
