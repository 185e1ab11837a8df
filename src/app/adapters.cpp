#include "app/adapters.hpp"

namespace dp::app {

void RecordingSink::record(telephony::Ptr<telephony::Conversation> conversation, std::vector<telephony::Event> events) {
    outbox_.record(conversation, std::move(events));
    if (api_) api_->publish(std::move(conversation));
}

void RecordingSink::record(std::vector<telephony::Event> events) {
    for (const auto& event : events)
        if (event.type == telephony::event_type::kStationUpdated)
            station_changed(telephony::StationId(event.resource_id));
    outbox_.record(std::move(events));
}

void RecordingSink::station_changed(const telephony::StationId& id) {
    auto station = stations_.find(id);
    if (!station) return;
    if (station_listener_) station_listener_(*station);
    if (api_) api_->publish(std::move(station));
}

void DnsHostResolver::resolve(const std::string& host, std::uint16_t port, sip::TransportKind transport,
                              signaling::ResolveReply done) {
    resolver_.sip_targets({host, port, transport, false}, control_, std::move(done));
}

void StreamKeeper::keep(const sip::Flow& flow) {
    if (streams_ && sip::is_reliable(flow.kind)) streams_->keep(flow);
}

void StreamKeeper::unkeep(const sip::Flow& flow) {
    if (streams_ && sip::is_reliable(flow.kind)) streams_->unkeep(flow);
}

void StreamKeeper::mark(const sip::Flow& flow, std::uint8_t dscp) {
    if (sip::is_reliable(flow.kind)) {
        if (streams_) streams_->mark(flow, dscp);
    } else if (endpoint_) {
        endpoint_->mark(flow.remote, dscp);
    }
}

void StreamKeeper::unmark(const sip::Flow& flow) {
    if (endpoint_ && !sip::is_reliable(flow.kind)) endpoint_->unmark(flow.remote);
}

bool ShardCallControl::start(const telephony::PlacedCall& call, api::AgentAnswer answer) {
    return shard_ && shard_->start_call({call.conversation, call.call,
                                         answer == api::AgentAnswer::Automatic ? call::AnswerMode::Automatic
                                                                               : call::AnswerMode::Person});
}

void ShardCallControl::order(telephony::CallOrder order, Executor& reply_on,
                             std::move_only_function<void(Result<void>)> reply) {
    if (!shard_) return reply(fail(ErrorCode::Unavailable, "The server is stopping."));
    shard_->command(std::move(order), reply_on, std::move(reply));
}

void ShardCallControl::check_trunk(telephony::Ptr<telephony::Trunk> trunk, Executor& reply_on,
                                   std::move_only_function<void(Result<telephony::TrunkCheckReport>)> reply) {
    if (!shard_) return reply(fail(ErrorCode::Unavailable, "The server is stopping."));
    shard_->check_trunk(std::move(trunk), reply_on, std::move(reply));
}

void ShardReceiver::receive(std::span<char> message, const sip::Flow& flow) {
    if (shard_) shard_->receive(message, flow);
}

void ShardReceiver::flow_closed(const sip::Flow& flow) {
    if (shard_) shard_->flow_closed(flow);
}

void ShardReceiver::datagram_refused(const Endpoint& remote, std::string_view quoted) {
    if (shard_) shard_->datagram_refused(remote, quoted);
}

}  // namespace dp::app
