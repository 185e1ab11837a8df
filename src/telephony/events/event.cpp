#include "telephony/events/event.hpp"

#include <algorithm>

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

namespace {

/// A flat reader over JSON text: one value after the other, nested ones skipped by their brackets.
class Flat {
public:
    explicit Flat(std::string_view text) : rest_(text) {}

    bool take(char mark) {
        rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
        if (!rest_.starts_with(mark)) return false;
        rest_.remove_prefix(1);
        return true;
    }
    /// Behind the opening quotation mark. Escapes other than \" \\ \/ stay as written.
    std::string text() {
        std::string out;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1 && std::string_view("\"\\/").contains(rest_[1]))
                rest_.remove_prefix(1);
            out += rest_.front();
            rest_.remove_prefix(1);
        }
        if (!rest_.empty()) rest_.remove_prefix(1);
        return out;
    }
    /// A number, true, false or null.
    std::string plain() {
        const auto end = std::min(rest_.find_first_of(",}] \t\r\n"), rest_.size());
        std::string out(rest_.substr(0, end));
        rest_.remove_prefix(end);
        return out;
    }
    void skip_nested() {
        for (int depth = 1; depth > 0 && !rest_.empty();) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') text();
            depth += c == '{' || c == '[' ? 1 : c == '}' || c == ']' ? -1 : 0;
        }
    }

private:
    std::string_view rest_;
};

}  // namespace

std::optional<std::string> payload_field(std::string_view payload, std::string_view name) {
    Flat in(payload);
    if (!in.take('{')) return std::nullopt;
    while (in.take('"')) {
        const bool wanted = in.text() == name;
        if (!in.take(':')) return std::nullopt;
        std::optional<std::string> value;
        if (in.take('"'))
            value = in.text();
        else if (in.take('{') || in.take('['))
            in.skip_nested();
        else
            value = in.plain();
        if (wanted) return value == "null" ? std::nullopt : value;
        if (!in.take(',')) return std::nullopt;
    }
    return std::nullopt;
}

}  // namespace dp::telephony
