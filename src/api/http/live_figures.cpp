#include "api/http/live_figures.hpp"

#include <fmt/format.h>

#include <map>

#include "base/metrics.hpp"

namespace dp::api {

namespace {

/// Counts values by a name each has, and sets those to zero that had some before.
class Tally {
public:
    Tally(std::string_view name, std::string_view label, std::string_view help)
        : name_(name), label_(label), help_(help) {}

    void clear() {
        for (auto& [value, count] : counts_) count = 0;
    }
    void add(std::string_view value) { ++counts_[std::string(value)]; }
    void publish() const {
        for (const auto& [value, count] : counts_)
            metrics::gauge(name_, fmt::format("{}=\"{}\"", label_, value), help_).set(count);
    }

private:
    std::string_view name_, label_, help_;
    std::map<std::string, std::int64_t> counts_;
};

}  // namespace

void set_live_figures(const ApiContext& context) {
    static Tally conversations("dialplane_conversations", "status", "Conversations that have not ended.");
    static Tally trunks("dialplane_trunks", "registration", "Trunks, by the state of their registration.");
    static Tally health("dialplane_trunk_health", "health", "Trunks, by what their OPTIONS probe says.");
    static Tally stations("dialplane_stations", "state", "Stations that were seen, by state.");
    static auto& sessions = metrics::gauge("dialplane_trunk_sessions", "", "Calls on trunks.");
    static auto& queued = metrics::gauge("dialplane_store_queue", "", "Units of work that wait for the store.");
    static auto& event = metrics::gauge("dialplane_store_last_event", "", "Sequence of the newest event.");
    static auto& writable = metrics::gauge("dialplane_store_writable", "", "1 while the store takes writes.");

    for (auto* tally : {&conversations, &trunks, &health, &stations}) tally->clear();
    for (const auto& conversation : context.live_conversations.all())
        if (!telephony::is_final(conversation->status)) conversations.add(telephony::to_string(conversation->status));
    std::int64_t busy = 0;
    for (const auto& trunk : context.live_trunks.all()) {
        trunks.add(telephony::to_string(trunk->registration));
        health.add(telephony::to_string(trunk->health));
        busy += static_cast<std::int64_t>(trunk->sessions);
    }
    for (const auto& station : context.live_stations.all()) stations.add(telephony::to_string(station->state));
    for (const auto* tally : {&conversations, &trunks, &health, &stations}) tally->publish();
    sessions.set(busy);
    const auto store = context.store.health();
    queued.set(static_cast<std::int64_t>(store.queued));
    event.set(static_cast<std::int64_t>(store.last_event));
    writable.set(store.writable ? 1 : 0);
}

}  // namespace dp::api
