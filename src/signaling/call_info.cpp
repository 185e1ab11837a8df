#include "signaling/call_info.hpp"

#include <algorithm>
#include <array>

#include "base/ascii.hpp"
#include "sip/body.hpp"

namespace dp::signaling {
namespace {

constexpr std::array<std::string_view, 5> kActs = {"alert", "release", "accept", "decline", "leave"};
constexpr int kLowestRefusal = 400, kHighestRefusal = 699;

std::optional<CallAct> act_of(std::string_view word) {
    const auto found = std::ranges::find(kActs, word);
    if (found == kActs.end()) return std::nullopt;
    return static_cast<CallAct>(found - kActs.begin());
}

/// False when the line is one of ours and cannot be read.
bool take_line(CallInfo& info, bool& has_act, std::string_view name, std::string_view value) {
    if (name == "Act") {
        const auto act = act_of(value);
        if (act) info.act = *act;
        return has_act = act.has_value();
    }
    const auto number = ascii::parse_decimal<std::uint32_t>(value);
    if (name == "Call") {
        info.call = number.value_or(0);
        return number.has_value();
    }
    if (name == "Status")
        info.status =
            static_cast<int>(std::clamp<std::uint32_t>(number.value_or(603), kLowestRefusal, kHighestRefusal));
    return true;
}

}  // namespace

std::optional<CallInfo> read_call_info(const sip::MessageView& message) {
    const auto package = message.find("Info-Package");
    const auto type = sip::content_type(message);
    if (!package || !ascii::iequals(ascii::trim(*package), kCallPackage)) return std::nullopt;
    if (!type || !type->is("application", "vnd.dialplane.call")) return std::nullopt;
    CallInfo info;
    bool has_act = false;
    for (std::string_view line : ascii::split(message.body(), '\n')) {
        if (line.ends_with('\r')) line.remove_suffix(1);
        const auto equals = line.find('=');
        if (equals == std::string_view::npos) continue;
        if (!take_line(info, has_act, ascii::trim(line.substr(0, equals)), ascii::trim(line.substr(equals + 1))))
            return std::nullopt;
    }
    return has_act ? std::optional(info) : std::nullopt;
}

std::string write_call_info(const CallInfo& info) {
    std::string out = "Act=";
    out.append(kActs[static_cast<std::size_t>(info.act)]).append("\r\nCall=").append(std::to_string(info.call));
    if (info.act == CallAct::Decline) out.append("\r\nStatus=").append(std::to_string(info.status));
    return out.append("\r\n");
}

bool receives_call_info(const sip::MessageView& message) {
    const auto packages = message.find("Recv-Info");
    if (!packages) return false;
    return std::ranges::any_of(ascii::split(*packages, ','), [](std::string_view package) {
        return ascii::iequals(ascii::trim(package.substr(0, package.find(';'))), kCallPackage);
    });
}

}  // namespace dp::signaling
