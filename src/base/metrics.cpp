#include "base/metrics.hpp"

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

}  // namespace

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
    return out;
}

}  // namespace dp::metrics
