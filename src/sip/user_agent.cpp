#include "sip/user_agent.hpp"

#include "sip/user_agent_core.hpp"

namespace dp::sip {

UserAgent::UserAgent(Environment environment, UserAgentConfig config, UserAgentHandler& handler)
    : core_(std::make_unique<UserAgentCore>(environment, std::move(config), handler)) {}

UserAgent::~UserAgent() = default;

void UserAgent::receive(std::span<char> bytes, const Flow& flow) {
    core_->receive(bytes, flow);
}
void UserAgent::flow_closed(const Flow& flow) {
    core_->layer().flow_closed(flow);
}
void UserAgent::datagram_refused(const Endpoint&, std::string_view quoted) {
    core_->layer().datagram_refused(quoted);
}
void UserAgent::flow_replaced(const Flow& old_flow, const Flow& new_flow) {
    core_->flow_replaced(old_flow, new_flow);
}

Result<SessionId> UserAgent::place(const InviteRequest& request, InviteSessionHandler& handler) {
    return core_->place(request, handler);
}
InviteSession* UserAgent::find(SessionId id) {
    return core_->find(id);
}
InviteSession* UserAgent::find(std::string_view call_id, std::string_view local_tag, std::string_view remote_tag) {
    return core_->find(call_id, local_tag, remote_tag);
}

Result<ClientRequestId> UserAgent::send(const ClientRequest& request, RequestCompletion completion) {
    return core_->send(request, std::move(completion));
}
void UserAgent::forget(ClientRequestId id) {
    core_->forget(id);
}
bool UserAgent::respond(ServerRequestId id, const Response& response) {
    return core_->respond(id, response, {});
}
bool UserAgent::respond(ServerRequestId id, int status, const AnswerWriter& write) {
    return core_->respond(id, {.status = status}, write);
}

std::string_view UserAgent::allow() const {
    return core_->allow();
}
void UserAgent::drain(std::chrono::seconds retry_after) {
    core_->drain(retry_after);
}
bool UserAgent::draining() const {
    return core_->draining();
}
UserAgentStats UserAgent::stats() const {
    return core_->stats();
}

}  // namespace dp::sip
