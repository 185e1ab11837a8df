#include "signaling/socket_transport.hpp"

#include <unistd.h>

#include "net/event_loop.hpp"
#include "signaling/control_shard.hpp"

namespace dp::signaling {
namespace {

constexpr std::size_t kShortestMessage = 16;  ///< less is a keep-alive (RFC 5626 §3.5.1: CRLFCRLF, or nothing)

std::string in_brackets(const IpAddress& address) {
    return address.is_v4() ? address.str() : "[" + address.str() + "]";
}

/// The local address that the kernel would send from: a connected socket says so without sending anything.
IpAddress source_towards(const Endpoint& remote) {
    sockaddr_storage storage{};
    const socklen_t length = remote.to_sockaddr(storage);
    const int fd = ::socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0) return {};
    IpAddress address;
    socklen_t size = sizeof storage;
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&storage), length) == 0 &&
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) == 0)
        address = IpAddress::from_sockaddr(reinterpret_cast<const sockaddr*>(&storage));
    ::close(fd);
    return address;
}

}  // namespace

SocketTransport::SocketTransport(net::EventLoop& loop, SocketTransportOptions options)
    : loop_(loop), options_(std::move(options)) {}

SocketTransport::~SocketTransport() = default;

Result<void> SocketTransport::bind() {
    for (const Endpoint& local : options_.udp) {
        net::UdpOptions udp;
        udp.local = local;
        udp.dscp = options_.dscp;
        DP_TRY(socket, net::UdpSocket::bind(
                           loop_, udp,
                           [this](std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to) {
                               receive_datagram(bytes, from, to);
                           },
                           [this](const Endpoint& to, int, std::span<const std::uint8_t> quoted) {
                               if (receiver_ == nullptr) return;
                               receiver_->datagram_refused(
                                   to, {reinterpret_cast<const char*>(quoted.data()), quoted.size()});
                           }));
        sockets_.push_back(std::move(socket));
    }
    return {};
}

void SocketTransport::unbind() {
    receiver_ = nullptr;
    sockets_.clear();
}

std::vector<Endpoint> SocketTransport::local_endpoints() const {
    std::vector<Endpoint> endpoints;
    for (const auto& socket : sockets_) endpoints.push_back(socket->local());
    return endpoints;
}

void SocketTransport::receive_datagram(std::span<const std::uint8_t> bytes, const Endpoint& from, const Endpoint& to) {
    if (receiver_ == nullptr || bytes.size() < kShortestMessage) return;
    datagram_.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    sip::Flow flow;
    flow.local = to;
    flow.remote = from;
    receiver_->receive(datagram_, flow);
}

net::UdpSocket* SocketTransport::socket_for(const sip::Flow& flow) const {
    net::UdpSocket* same_family = nullptr;
    for (const auto& socket : sockets_) {
        const Endpoint& local = socket->local();
        if (local.address.is_v4() != flow.remote.address.is_v4()) continue;
        if (local.port == flow.local.port && (local.address.is_unspecified() || local.address == flow.local.address))
            return socket.get();
        if (same_family == nullptr) same_family = socket.get();
    }
    return same_family;
}

bool SocketTransport::send(const sip::Flow& flow, std::string_view message) {
    if (sip::is_reliable(flow.kind)) return streams_ != nullptr && streams_->send(flow, message);
    net::UdpSocket* socket = socket_for(flow);
    if (socket == nullptr) return false;
    const bool wildcard = socket->local().address.is_unspecified();
    return socket->send({reinterpret_cast<const std::uint8_t*>(message.data()), message.size()}, flow.remote,
                        wildcard ? flow.local.address : IpAddress{});
}

sip::Flow SocketTransport::open_flow(const sip::Target& target) {
    if (sip::is_reliable(target.transport) && streams_ != nullptr) return streams_->open_flow(target);
    sip::Flow flow;
    flow.kind = target.transport;
    flow.remote = target.remote;
    if (const net::UdpSocket* socket = socket_for(flow)) flow.local = socket->local();
    return flow;
}

/// On the way to the same machine the announced address would be a detour, so loopback peers are told the loopback
/// address.
std::string SocketTransport::reachable_host(const sip::Flow& flow) const {
    if (!options_.advertise.empty() && !flow.remote.address.is_loopback()) return options_.advertise;
    if (!flow.local.address.is_unspecified()) return in_brackets(flow.local.address);
    auto [it, fresh] = by_remote_.try_emplace(flow.remote.address);
    if (fresh) it->second = in_brackets(source_towards(flow.remote));
    return it->second;
}

std::string_view SocketTransport::advertised(const sip::Flow& flow) const {
    const bool fixed =
        !flow.local.address.is_unspecified() && options_.advertise.empty() && !sip::is_reliable(flow.kind);
    if (fixed) {
        auto [it, fresh] = by_local_.try_emplace(flow.local);
        if (fresh) it->second = flow.local.str();
        return it->second;
    }
    std::uint16_t port = flow.local.port;
    if (const auto listening = stream_ports_.find(flow.kind); listening != stream_ports_.end())
        port = listening->second;
    text_ = reachable_host(flow) + ':' + std::to_string(port);
    return text_;
}

void SocketTransport::keep(const sip::Flow& flow) {
    if (sip::is_reliable(flow.kind) && streams_ != nullptr) streams_->keep(flow);
}

void SocketTransport::unkeep(const sip::Flow& flow) {
    if (sip::is_reliable(flow.kind) && streams_ != nullptr) streams_->unkeep(flow);
}

void SocketTransport::on_sip_message(const sip::Flow& flow, std::string message) {
    if (receiver_ != nullptr) receiver_->receive(message, flow);
}

/// What cannot be framed cannot be answered for certain either: the connection ends (RFC 3261 §18.3, sip-stack 2.6).
void SocketTransport::on_sip_garbage(const sip::Flow& flow, std::uint16_t, std::string_view, std::string) {
    streams_->close(flow);
}

void SocketTransport::on_sip_flow_closed(const sip::Flow& flow, net::CloseReason) {
    if (receiver_ != nullptr) receiver_->flow_closed(flow);
}

}  // namespace dp::signaling
