#include "api/http/request_figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/histogram.hpp"
#include "base/log.hpp"
#include "base/metrics.hpp"

namespace dp::api {

namespace {

constexpr std::string_view kNoRoute = "none";
constexpr std::array<std::string_view, 7> kMethods{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

// A method is a stranger's word: it becomes no label of its own.
std::string_view known_method(std::string_view method) {
    const auto it = std::ranges::find(kMethods, method);
    return it == kMethods.end() ? "other" : *it;
}

}  // namespace

void RequestFigures::follow(const net::HttpRequest& request, const Route* route, Reply& reply) {
    const auto method = known_method(request.method);
    const auto path = route ? route->path : kNoRoute;
    auto& times = times_[route];
    if (!times)
        times = &metrics::histogram("dialplane_api_request_seconds", fmt::format("route=\"{}\"", path),
                                    "From the request's arrival at the API to its answer.");
    reply.observe(
        [this, began = clock_.now(), method, path, histogram = times, correlation = reply.correlation()](int status) {
            const auto took = clock_.now() - began;
            histogram->observe(took);
            answered(method, path, status, took, correlation);
        });
}

void RequestFigures::answered(std::string_view method, std::string_view path, int status, std::chrono::nanoseconds took,
                              const std::string& correlation) {
    metrics::counter("dialplane_api_requests_total",
                     fmt::format("method=\"{}\",route=\"{}\",status=\"{}\"", method, path, status),
                     "API requests answered, by method, route and status.")
        .add();
    const auto level = status >= 500 ? log::Level::Error : status >= 400 ? log::Level::Info : log::Level::Debug;
    if (!log::enabled(level)) return;
    log::write(level, "api",
               fmt::format("request answered method={} route={} status={} ms={:.1f} correlation={}", method, path,
                           status, std::chrono::duration<double, std::milli>(took).count(), correlation));
}

}  // namespace dp::api
