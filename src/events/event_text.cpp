#include "events/event_text.hpp"

#include "base/ascii.hpp"
#include "base/json_text.hpp"

namespace dp::events {
namespace {

void field(std::string& out, std::string_view name, std::string_view value) {
    out.append(",\"").append(name).append("\":");
    append_json_string(out, value);
}

}  // namespace

std::string event_text(const telephony::Event& event) {
    const auto sequence = std::to_string(event.sequence);
    std::string out = "{\"id\":\"" + sequence + "\",\"sequence\":" + sequence;
    field(out, "eventType", event.type);
    field(out, "timestamp", to_rfc3339(event.time));
    field(out, "resourceType", event.resource_type);
    field(out, "resourceId", event.resource_id);
    field(out, "organizationId", event.organization.str());
    const auto latency = telephony::payload_field(event.payload, "registrationLatencyMs");
    if (latency && ascii::parse_decimal<std::uint64_t>(*latency))
        out.append(",\"registrationLatencyMs\":").append(*latency);
    return out.append(",\"data\":").append(event.payload).append("}");
}

}  // namespace dp::events
