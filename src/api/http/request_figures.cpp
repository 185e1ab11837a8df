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

RequestFigures::OfRoute& RequestFigures::of(const Route* route) {
    auto& out = routes_[route];
    if (!out.times) {
        out.path = route ? route->path : kNoRoute;
        out.times = &metrics::histogram("dialplane_api_request_seconds", fmt::format("route=\"{}\"", out.path),
                                        "From the request's arrival at the API to its answer.");
    }
    return out;
}

metrics::Counter& RequestFigures::counter(OfRoute& route, std::string_view method, int status) {
    for (const auto& each : route.answers)
        if (each.status == status && each.method == method) return *each.counter;
    auto& made = metrics::counter("dialplane_api_requests_total",
                                  fmt::format("method=\"{}\",route=\"{}\",status=\"{}\"", method, route.path, status),
                                  "API requests answered, by method, route and status.");
    route.answers.push_back({method, status, &made});
    return made;
}

void RequestFigures::follow(const net::HttpRequest& request, const Route* route, Reply& reply) {
    reply.observe([&clock = clock_, &figures = of(route), began = clock_.now(), method = known_method(request.method)](
                      int status, const std::string& correlation) {
        const auto took = clock.now() - began;
        figures.times->observe(took);
        counter(figures, method, status).add();
        const auto level = status >= 500 ? log::Level::Error : status >= 400 ? log::Level::Info : log::Level::Debug;
        if (!log::enabled(level)) return;
        log::write(
            level, "api",
            fmt::format("request answered method={} route={} status={} ms={:.1f} correlation={}", method, figures.path,
                        status, std::chrono::duration<double, std::milli>(took).count(), correlation));
    });
}

}  // namespace dp::api
