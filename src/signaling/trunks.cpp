#include "signaling/trunks.hpp"

#include <algorithm>

#include "call/leg_profile.hpp"

namespace dp::signaling {

Trunks::Trunks(const TrunkPorts& ports, const telephony::SnapshotHub& snapshots, Duration start_spread)
    : ports_(ports), reader_(snapshots), start_spread_(start_spread) {}

Trunks::~Trunks() = default;

namespace {

std::size_t enabled_trunks(const telephony::Snapshot& snapshot) {
    std::size_t count = 0;
    snapshot.organizations().for_each([&](const auto& config) {
        config->template all<telephony::Trunk>().for_each([&](const auto& trunk) { count += trunk->enabled ? 1 : 0; });
    });
    return count;
}

}  // namespace

/// Evenly over the spread; the first at once, so that a call right after the start finds its trunk.
Duration Trunks::start_delay(std::size_t index) const {
    return start_spread_ * static_cast<std::int64_t>(index) /
           static_cast<std::int64_t>(std::max<std::size_t>(starting_, 1));
}

void Trunks::configuration_changed() {
    std::erase_if(leaving_, [](const auto& line) { return line->quiet(); });
    std::vector<telephony::TrunkId> seen;
    if (!started_) starting_ = enabled_trunks(*reader_.get());
    reader_.get()->organizations().for_each([&](const auto& config) { follow(*config, seen); });
    std::ranges::sort(seen);
    for (auto it = lines_.begin(); it != lines_.end();) {
        if (std::ranges::binary_search(seen, it->first)) {
            ++it;
            continue;
        }
        it->second.line->stop();
        ports_.live.erase(it->first);
        leaving_.push_back(std::move(it->second.line));
        by_number_.erase(it->second.number);
        it = lines_.erase(it);
    }
    started_ = true;
}

void Trunks::follow(const telephony::OrganizationConfig& config, std::vector<telephony::TrunkId>& seen) {
    config.all<telephony::Trunk>().for_each([&](const telephony::Ptr<telephony::Trunk>& trunk) {
        if (!trunk->enabled) return;
        seen.push_back(trunk->id);
        Entry& entry = lines_[trunk->id];
        if (entry.line && entry.line->trunk_ptr() == trunk) return;
        TrunkLine::Start start;
        if (entry.line) {
            const auto& before = entry.line->status();
            start = {.delay = {},
                     .sessions = before.sessions,
                     .inbound = before.inbound,
                     .outbound = before.outbound,
                     .measures = before.measures};
            entry.line->stop();
            leaving_.push_back(std::move(entry.line));
        }
        if (entry.number == 0) {
            entry.number = next_number_++;
            by_number_[entry.number] = trunk->id;
        }
        if (!started_) start.delay = start_delay(seen.size() - 1);
        entry.line = std::make_unique<TrunkLine>(ports_, trunk, config.organization().sip_domain, std::move(start));
    });
}

void Trunks::flow_closed(const sip::Flow& flow) {
    for (auto& [id, entry] : lines_) entry.line->flow_closed(flow);
}

void Trunks::stop() {
    for (auto& [id, entry] : lines_) entry.line->stop();
}

bool Trunks::quiet() const {
    return std::ranges::all_of(lines_, [](const auto& entry) { return entry.second.line->quiet(); });
}

TrunkLine* Trunks::find(const telephony::TrunkId& id) {
    const auto it = lines_.find(id);
    return it == lines_.end() ? nullptr : it->second.line.get();
}

TrunkLine* Trunks::caller_at(const sip::Flow& flow, std::string_view token, TrunkLine::Match at_least) {
    TrunkLine* best = nullptr;
    auto best_match = TrunkLine::Match::None;
    for (auto& [id, entry] : lines_) {
        TrunkLine& line = *entry.line;
        const auto match = line.matches(flow.remote);
        if (line.registered_over(flow) || (match != TrunkLine::Match::None && line.token() == token)) return &line;
        if (match >= at_least && match > best_match) {
            best = &line;
            best_match = match;
        }
    }
    return best;
}

telephony::TrunkCondition Trunks::of(const telephony::TrunkId& trunk) const {
    const auto it = lines_.find(trunk);
    return it == lines_.end() ? telephony::TrunkCondition{} : it->second.line->condition();
}

bool Trunks::acquire(const telephony::TrunkId& trunk) {
    TrunkLine* line = find(trunk);
    return line != nullptr && line->acquire(telephony::Direction::Outbound);
}

void Trunks::answered(const telephony::TrunkId& trunk, telephony::Direction direction) {
    if (TrunkLine* line = find(trunk)) line->answered(direction);
}

void Trunks::release(const telephony::TrunkId& trunk) {
    if (TrunkLine* line = find(trunk)) line->release();
}

call::GatewayId Trunks::gateway(const telephony::TrunkId& trunk, const telephony::TrunkGateway& wanted) const {
    const auto it = lines_.find(trunk);
    if (it == lines_.end()) return {};
    const auto& gateways = it->second.line->gateways();
    for (std::size_t i = 0; i < gateways.size(); ++i)
        if (gateways[i].gateway.host == wanted.host && gateways[i].gateway.port == wanted.port &&
            !gateways[i].targets.empty())
            return call::GatewayId((std::uint64_t{it->second.number} << 16) | (i + 1));
    return {};
}

call::IpFamily Trunks::family(call::GatewayId id) const {
    const auto number = by_number_.find(static_cast<std::uint32_t>(id.value() >> 16));
    const auto entry = number == by_number_.end() ? lines_.end() : lines_.find(number->second);
    if (entry == lines_.end()) return call::IpFamily::V4;
    const auto* gateway = entry->second.line->gateway((id.value() & 0xFFFF) - 1);
    return gateway == nullptr || gateway->targets.empty() ? call::IpFamily::V4
                                                          : call::family_of(gateway->targets.front().remote.address);
}

std::pair<TrunkLine*, GatewayLine*> Trunks::resolve(call::GatewayId id) {
    const auto number = by_number_.find(static_cast<std::uint32_t>(id.value() >> 16));
    TrunkLine* line = number == by_number_.end() ? nullptr : find(number->second);
    if (line == nullptr) return {};
    return {line, line->gateway((id.value() & 0xFFFF) - 1)};
}

void Trunks::saw(call::GatewayId id, call::GatewaySight sight) {
    const auto [line, gateway] = resolve(id);
    if (gateway == nullptr || !gateway->probe) return;
    if (sight == call::GatewaySight::Answered)
        gateway->probe->call_answered();
    else
        gateway->probe->call_timed_out();
}

void Trunks::hold_down(call::GatewayId id, Duration retry_after) {
    const auto [line, gateway] = resolve(id);
    if (gateway != nullptr && gateway->probe)
        gateway->probe->held_down(std::chrono::duration_cast<std::chrono::seconds>(retry_after));
}

}  // namespace dp::signaling
