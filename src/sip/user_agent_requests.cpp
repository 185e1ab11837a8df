// UserAgentCore: requests outside dialogs, ours and the answers to the peer's.
#include "sip/user_agent_core.hpp"

namespace dp::sip {

namespace {

std::string tagged(std::string_view value, std::string_view tag) {
    return std::string(value).append(";tag=").append(tag);
}

}  // namespace

Result<ClientRequestId> UserAgentCore::send(const ClientRequest& request, RequestCompletion completion) {
    if (method_name(request.method).empty() || request.method == Method::Invite)
        return fail(ErrorCode::InvalidValue, "This method is not a request outside dialogs.", "method");
    const Flow flow = request.hop.flow ? *request.hop.flow : environment_.transport.open_flow(request.hop.target);
    const std::string branch = identity_.branch();
    RequestBuilder out(layer_.buffer(), request.method, request.request_uri);
    out.via(layer_.via_fields(flow, branch))
        .number(HeaderId::MaxForwards, static_cast<std::uint64_t>(request.max_forwards));
    for (const std::string& route : request.routes) out.header(HeaderId::Route, route);
    const std::string from_tag = request.from_tag.empty() ? identity_.tag() : request.from_tag;
    out.header(HeaderId::From, tagged(request.from, from_tag)).header(HeaderId::To, request.to);
    out.header(HeaderId::CallId, request.call_id.empty() ? identity_.call_id() : request.call_id);
    out.cseq(request.cseq, request.method);
    if (!request.contact.empty() || !request.contact_user.empty())
        out.header(HeaderId::Contact, contact(request.contact, request.contact_user, flow) + request.contact_params);
    out.header(HeaderId::UserAgent, config_.product).lines(request.headers);
    if (!request.body.bytes.empty()) out.body(request.body.type, request.body.bytes);
    const std::string_view bytes = out.finish();

    PendingRequest& pending = requests_.emplace([&](ClientRequestId id) {
        return std::make_unique<PendingRequest>(PendingRequest{id, std::move(completion), now(), flow, {}});
    });
    pending.transaction = layer_.start({.request = bytes,
                                        .branch = branch,
                                        .method = request.method,
                                        .purpose = Purpose::Request,
                                        .owner = pending.id.value(),
                                        .timeout = request.timeout},
                                       flow);
    return pending.id;
}

void UserAgentCore::forget(ClientRequestId id) {
    requests_.erase(id);
}

void UserAgentCore::finish_request(ClientTransaction& transaction, RequestFailure failure,
                                   const MessageView* response) {
    if (response && response->status() < 200) return;
    const ClientRequestId id(transaction.owner);
    PendingRequest* pending = requests_.find(id);
    if (!pending) return;
    const RequestOutcome outcome{
        .failure = failure, .response = response, .flow = pending->flow, .latency = now() - pending->sent};
    RequestCompletion completion = std::move(pending->completion);
    requests_.erase(id);
    completion(outcome);
}

bool UserAgentCore::respond(ServerRequestId id, const Response& response, const AnswerWriter& write) {
    ServerTransaction* transaction = layer_.find(ServerTransactionId(id.value()));
    if (!transaction || transaction->answered || transaction->method == Method::Invite) return false;
    write_response(*transaction, response, write);
    return true;
}

void UserAgentCore::write_response(ServerTransaction& transaction, const Response& response,
                                   const AnswerWriter& write) {
    ResponseBuilder out = layer_.answer(transaction, response.status, response.reason);
    if (transaction.method == Method::Options || response.status == 405) out.header(HeaderId::Allow, allow_);
    if (transaction.method == Method::Options) out.header(HeaderId::Supported, kSupported);
    out.header(HeaderId::Server, config_.product).lines(response.headers);
    if (write) write(out);
    if (!response.body.bytes.empty()) out.body(response.body.type, response.body.bytes);
    layer_.send_answer(transaction, response.status, out.finish());
}

}  // namespace dp::sip
