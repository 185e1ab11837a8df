/// @file Control of a running call in the real Genesys paths: hold, mute, confine and end one party, digits
/// (genesys-api 1.6). The record shows what came of it before the answer goes out.

#include "api/resources/conversation_access.hpp"
#include "api/resources/resources.hpp"

namespace dp::api {
namespace {

using telephony::CallAction;
using telephony::CallOrder;

/// `state`, `held`, `muted`, `confined` of a party; what the real body has besides is accepted and means nothing here.
CallAction read_party_patch(JsonReader& body) {
    telephony::SetParty wanted;
    wanted.held = body.boolean("held");
    wanted.muted = body.boolean("muted");
    wanted.confined = body.boolean("confined");
    body.ignore({"wrapup", "wrapupSkipped", "recording", "resumeTime"});
    const auto state = body.text("state", 32);
    if (state == "disconnected") return telephony::LeaveCall{};
    if (state && *state != "connected") body.refuse("state", "may be set to disconnected (or be left at connected)");
    if (!state && !wanted.held && !wanted.muted && !wanted.confined)
        body.refuse("state", "or one of held, muted, confined is required", ErrorCode::MissingField);
    return wanted;
}

class ControlRoutes {
public:
    explicit ControlRoutes(ApiContext& context) : context_(context) {}

    void patch_party(ApiRequest request, Reply reply) const {
        with_body(std::move(request), std::move(reply), read_party_patch);
    }

    void digits(ApiRequest request, Reply reply) const {
        with_body(std::move(request), std::move(reply), [](JsonReader& body) -> CallAction {
            return telephony::SendDigits{body.required_text("digits", 64)};
        });
    }

private:
    template <class Read>
    void with_body(ApiRequest request, Reply reply, Read read) const {
        auto body = body_of(request);
        if (!body) return std::move(reply).error(body.error());
        CallAction action = read(**body);
        if (auto ok = finish(*body, request, reply); !ok) return std::move(reply).error(ok.error());
        give_order(context_, request, std::move(action), std::move(reply));
    }

    ApiContext& context_;
};

}  // namespace

void add_conversation_control(Router& router, ApiContext& context) {
    const auto routes = std::make_shared<ControlRoutes>(context);
    const auto add = [&](std::string_view method, std::string_view path,
                         void (ControlRoutes::*handler)(ApiRequest, Reply) const) {
        router.add({method, path, kCallControl, [routes, handler](ApiRequest request, Reply reply) {
                        (*routes.*handler)(std::move(request), std::move(reply));
                    }});
    };
    add("PATCH", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}",
        &ControlRoutes::patch_party);
    add("PATCH",
        "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/communications/{communicationId}",
        &ControlRoutes::patch_party);
    add("POST", "/api/v2/conversations/{conversationId}/participants/{participantId}/digits", &ControlRoutes::digits);
    add("POST", "/api/v2/conversations/calls/{conversationId}/participants/{participantId}/digits",
        &ControlRoutes::digits);
}

}  // namespace dp::api
