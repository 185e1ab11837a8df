#include <fmt/format.h>

#include <boost/json.hpp>
#include <set>
#include <thread>
#include <utility>

#include "app/api_session.hpp"
#include "app/commands.hpp"

namespace dp::app {

namespace json = boost::json;

namespace {

constexpr std::chrono::milliseconds kPoll{200};

std::string text_of(const json::value& object, std::string_view key) {
    const auto* value = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

bool is_over(const std::string& status) {
    return status == "disconnected" || status == "failed";
}

bool reached(const std::string& wait, const std::string& status) {
    return wait.empty() || is_over(status) || (wait == "connected" && status == "connected");
}

int complain(const Error& error) {
    fmt::print(stderr, "dialplane call: {}\n", error.detail);
    return 1;
}

/// What a call passes through, and where its record says when.
constexpr std::pair<std::string_view, std::string_view> kSteps[] = {{"queued", "startTime"},
                                                                    {"initiated", "initiatedTime"},
                                                                    {"ringing", "ringingTime"},
                                                                    {"connected", "connectedTime"}};

/// Tells each status once, those that went by between two looks, too; with --json only the last conversation is printed.
class Watcher {
public:
    explicit Watcher(const CallCommand& command) : command_(command) {}

    void tell(const json::value& conversation) {
        const auto status = text_of(conversation, "status");
        if (command_.json) return;
        for (const auto& [step, time] : kSteps)
            if (step == status)
                break;
            else if (!text_of(conversation, time).empty())
                say(step);
        const auto reason = text_of(conversation, "reason");
        say(status, reason.empty() ? "" : " (" + reason + ")");
    }
    int finish(const json::value& conversation) const {
        if (command_.json) fmt::print("{}\n", json::serialize(conversation));
        const auto status = text_of(conversation, "status");
        const bool connected =
            status == "connected" || (conversation.is_object() && conversation.get_object().contains("connectedTime"));
        if (command_.wait.empty() || connected) return 0;
        fmt::print(stderr, "dialplane call: {}\n",
                   text_of(conversation, "reason").empty() ? status : text_of(conversation, "reason"));
        return 1;
    }

private:
    void say(std::string_view status, const std::string& why = {}) {
        if (!told_.emplace(status).second) return;
        fmt::print("{}{}\n", status, why);
        std::fflush(stdout);
    }

    const CallCommand& command_;
    std::set<std::string, std::less<>> told_;
};

}  // namespace

int place_call(const CallCommand& command) {
    auto session = ApiSession::open(command.data, command.url);
    if (!session) return complain(session.error());
    json::object from{{"id", command.from}};
    if (!command.caller_id.empty()) from["phoneNumber"] = command.caller_id;
    const json::object body{{"from", from}, {"to", json::object{{"phoneNumber", command.to}}}, {"type", "pstn"}};
    auto conversation = (*session)->request("POST", "/api/v2/conversations/calls", json::serialize(body));
    if (!conversation) return complain(conversation.error());

    const std::string path = "/api/v2/conversations/" + text_of(*conversation, "id");
    const auto until = std::chrono::steady_clock::now() + command.timeout;
    Watcher watcher(command);
    watcher.tell(*conversation);
    while (!reached(command.wait, text_of(*conversation, "status"))) {
        if (std::chrono::steady_clock::now() > until)
            return complain({ErrorCode::Timeout, "timeout: the call is still " + text_of(*conversation, "status"), ""});
        std::this_thread::sleep_for(kPoll);
        conversation = (*session)->request("GET", path);
        if (!conversation) return complain(conversation.error());
        watcher.tell(*conversation);
    }
    return watcher.finish(*conversation);
}

}  // namespace dp::app
