#include "telephony/events/event.hpp"

#include "base/json_text.hpp"

namespace dp::telephony {

void Payload::key(std::string_view name) {
    if (body_.size() > 1) body_ += ',';
    append_json_string(body_, name);
    body_ += ':';
}

Payload& Payload::text(std::string_view name, std::string_view value) {
    key(name);
    append_json_string(body_, value);
    return *this;
}

Payload& Payload::number(std::string_view name, std::int64_t value) {
    key(name);
    body_ += std::to_string(value);
    return *this;
}

Payload& Payload::flag(std::string_view name, bool value) {
    key(name);
    body_ += value ? "true" : "false";
    return *this;
}

}  // namespace dp::telephony
