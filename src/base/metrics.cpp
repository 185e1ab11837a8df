#include "base/metrics.hpp"

#include "base/histogram.hpp"

#include <fmt/format.h>

#include <map>
#include <mutex>

namespace dp::metrics {
namespace {

template <class Instrument>
struct Family {
    std::string help;
    std::map<std::string, Instrument, std::less<>> series;
};

struct Registry {
    std::mutex mutex;
    std::map<std::string, Family<Counter>, std::less<>> counters;
    std::map<std::string, Family<Gauge>, std::less<>> gauges;
    std::map<std::string, Family<Histogram>, std::less<>> histograms;
};

Registry& registry() {
    static auto* instance = new Registry;  // outlives every thread that may still count at exit
    return *instance;
}

template <class Instrument>
Instrument& find(std::map<std::string, Family<Instrument>, std::less<>>& families, std::string_view name,
                 std::string_view labels, std::string_view help) {
    const std::scoped_lock lock(registry().mutex);
    auto& family = families[std::string(name)];
    if (family.help.empty()) family.help = help;
    return family.series[std::string(labels)];
}

template <class Instrument>
void render(std::string& out, std::string_view type,
            const std::map<std::string, Family<Instrument>, std::less<>>& families) {
    for (const auto& [name, family] : families) {
        out += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, type);
        for (const auto& [labels, instrument] : family.series)
            out += labels.empty() ? fmt::format("{} {}\n", name, instrument.value())
                                  : fmt::format("{}{{{}}} {}\n", name, labels, instrument.value());
    }
}

void render_series(std::string& out, const std::string& name, const std::string& labels, const Histogram& histogram) {
    const std::string before = labels.empty() ? "" : labels + ",";
    const std::string braces = labels.empty() ? "" : "{" + labels + "}";
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < Histogram::kBounds.size(); ++i) {
        count += histogram.count_in(i);
        out += fmt::format("{}_bucket{{{}le=\"{}\"}} {}\n", name, before, Histogram::kBounds[i], count);
    }
    count += histogram.count_in(Histogram::kBounds.size());
    out += fmt::format("{0}_bucket{{{1}le=\"+Inf\"}} {2}\n{0}_sum{3} {4}\n{0}_count{3} {2}\n", name, before, count,
                       braces, histogram.sum_seconds());
}

}  // namespace

Histogram& histogram(std::string_view name, std::string_view labels, std::string_view help) {
    return find(registry().histograms, name, labels, help);
}

Counter& counter(std::string_view name, std::string_view labels, std::string_view help) {
    return find(registry().counters, name, labels, help);
}

Gauge& gauge(std::string_view name, std::string_view labels, std::string_view help) {
    return find(registry().gauges, name, labels, help);
}

std::string render() {
    const std::scoped_lock lock(registry().mutex);
    std::string out;
    render(out, "counter", registry().counters);
    render(out, "gauge", registry().gauges);
    for (const auto& [name, family] : registry().histograms) {
        out += fmt::format("# HELP {0} {1}\n# TYPE {0} histogram\n", name, family.help);
        for (const auto& [labels, instrument] : family.series) render_series(out, name, labels, instrument);
    }
    return out;
}

}  // namespace dp::metrics
