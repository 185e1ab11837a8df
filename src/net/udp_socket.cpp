#include "net/udp_socket.hpp"

#include <linux/errqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <cstring>
#include <vector>

#include "net/event_loop.hpp"
#include "net/socket_setup.hpp"

namespace dp::net {
namespace {

using Descriptor = boost::asio::posix::stream_descriptor;

constexpr std::size_t kReceiveBatch = 64;
constexpr int kBatchesPerWake = 4;
constexpr std::size_t kControl = 128;
constexpr std::size_t kQuoted = 1500;

void set_buffer(int fd, int forced, int plain, int octets) {
    if (octets <= 0) return;
    // SO_*BUFFORCE passes net.core.*mem_max, for those who may.
    if (::setsockopt(fd, SOL_SOCKET, forced, &octets, sizeof octets) != 0)
        ::setsockopt(fd, SOL_SOCKET, plain, &octets, sizeof octets);
}

void set_on(int fd, int level, int name) {
    const int on = 1;
    ::setsockopt(fd, level, name, &on, sizeof on);
}

/// The address a datagram was sent to, from its control data (a socket bound to the wildcard hears all).
IpAddress destination_of(const msghdr& header, const IpAddress& fallback) {
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c;
         c = CMSG_NXTHDR(const_cast<msghdr*>(&header), c)) {  // NOLINT: the macro's type
        if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
            in_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            return IpAddress::v4(ntohl(info.ipi_addr.s_addr));
        }
        if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
            in6_pktinfo info;
            std::memcpy(&info, CMSG_DATA(c), sizeof info);
            sockaddr_in6 six{};
            six.sin6_family = AF_INET6;
            six.sin6_addr = info.ipi6_addr;
            return IpAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&six));
        }
    }
    return fallback;
}

/// One more ancillary datum of `header`, whose control buffer has room for all that put_source and put_dscp write.
template <class T>
void put(msghdr& header, char* control, int level, int type, const T& value) {
    header.msg_control = control;
    auto* c = reinterpret_cast<cmsghdr*>(control + header.msg_controllen);
    c->cmsg_level = level;
    c->cmsg_type = type;
    c->cmsg_len = CMSG_LEN(sizeof value);
    std::memcpy(CMSG_DATA(c), &value, sizeof value);
    header.msg_controllen += CMSG_SPACE(sizeof value);
}

/// Makes `header` leave from `source`.
void put_source(const IpAddress& source, char* control, msghdr& header) {
    if (source.is_v4()) {
        in_pktinfo info{};
        std::memcpy(&info.ipi_spec_dst, source.bytes().data() + 12, 4);
        put(header, control, IPPROTO_IP, IP_PKTINFO, info);
    } else {
        in6_pktinfo info{};
        std::memcpy(&info.ipi6_addr, source.bytes().data(), 16);
        put(header, control, IPPROTO_IPV6, IPV6_PKTINFO, info);
    }
}

void put_dscp(std::uint8_t dscp, bool is_v4, char* control, msghdr& header) {
    const int octet = dscp << 2;
    is_v4 ? put(header, control, IPPROTO_IP, IP_TOS, octet) : put(header, control, IPPROTO_IPV6, IPV6_TCLASS, octet);
}

}  // namespace

struct UdpSocket::Impl : std::enable_shared_from_this<Impl> {
    Impl(EventLoop& owner, int fd, const UdpOptions& socket_options, Receive on_receive, Unreachable on_unreachable)
        : loop(owner),
          descriptor(owner.context(), fd),
          options(socket_options),
          receive(std::move(on_receive)),
          unreachable(std::move(on_unreachable)),
          local(socket_name(fd)) {
        prepare_receive();
        prepare_send();
    }

    void prepare_receive();
    void prepare_send();
    void wait();
    void drain();
    int receive_batch();
    void drain_errors();
    bool take_error();
    void flush();

    EventLoop& loop;
    Descriptor descriptor;
    UdpOptions options;
    Receive receive;
    Unreachable unreachable;
    Endpoint local;
    UdpCounters counters;
    std::uint64_t hook = 0;
    bool closed = false;

    std::unique_ptr<std::uint8_t[]> in_buffer;  ///< not zeroed: pages that no datagram needs are never touched
    std::array<mmsghdr, kReceiveBatch> in{};
    std::array<iovec, kReceiveBatch> in_vectors{};
    std::array<sockaddr_storage, kReceiveBatch> in_names{};
    std::array<std::array<char, kControl>, kReceiveBatch> in_control{};

    std::vector<std::uint8_t> out_buffer;  ///< the datagrams of this turn, one behind the other
    std::size_t out_used = 0;
    std::size_t out_count = 0;
    std::vector<mmsghdr> out;
    std::vector<iovec> out_vectors;
    std::vector<sockaddr_storage> out_names;
    std::vector<std::array<char, kControl>> out_control;
};

void UdpSocket::Impl::prepare_receive() {
    in_buffer = std::make_unique_for_overwrite<std::uint8_t[]>(kReceiveBatch * options.max_datagram);
    for (std::size_t i = 0; i < kReceiveBatch; ++i) {
        in_vectors[i] = {in_buffer.get() + i * options.max_datagram, options.max_datagram};
        in[i].msg_hdr.msg_iov = &in_vectors[i];
        in[i].msg_hdr.msg_iovlen = 1;
        in[i].msg_hdr.msg_name = &in_names[i];
        in[i].msg_hdr.msg_control = in_control[i].data();
    }
}

void UdpSocket::Impl::prepare_send() {
    out_buffer.resize(std::max<std::size_t>(options.send_batch * 1500, 65536));
    out.resize(options.send_batch);
    out_vectors.resize(options.send_batch);
    out_names.resize(options.send_batch);
    out_control.resize(options.send_batch);
}

void UdpSocket::Impl::wait() {
    descriptor.async_wait(Descriptor::wait_read, [weak = weak_from_this()](const boost::system::error_code& error) {
        const auto self = weak.lock();
        if (!self || error || self->closed) return;
        self->drain();
        if (!self->closed) self->wait();
    });
}

void UdpSocket::Impl::drain() {
    for (int i = 0; i < kBatchesPerWake && !closed; ++i)
        if (receive_batch() < static_cast<int>(kReceiveBatch)) return;
}

int UdpSocket::Impl::receive_batch() {
    for (std::size_t i = 0; i < kReceiveBatch; ++i) {
        in[i].msg_hdr.msg_namelen = sizeof(sockaddr_storage);
        in[i].msg_hdr.msg_controllen = kControl;
    }
    const int got = ::recvmmsg(descriptor.native_handle(), in.data(), kReceiveBatch, 0, nullptr);
    if (got < 0) {
        if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) drain_errors();
        return 0;
    }
    for (int i = 0; i < got && !closed; ++i) {
        const auto slot = static_cast<std::size_t>(i);
        if (in[slot].msg_hdr.msg_flags & MSG_TRUNC) {
            ++counters.truncated;
            continue;
        }
        ++counters.received;
        const auto from = Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&in_names[slot]));
        const Endpoint to{destination_of(in[slot].msg_hdr, local.address), local.port};
        receive({static_cast<const std::uint8_t*>(in_vectors[slot].iov_base), in[slot].msg_len}, from, to);
    }
    return got;
}

void UdpSocket::Impl::drain_errors() {
    while (!closed && take_error()) {
    }
}

/// One message of the error queue: whom an earlier datagram did not reach (ip(7), IP_RECVERR).
bool UdpSocket::Impl::take_error() {
    std::array<std::uint8_t, kQuoted> quoted;
    std::array<char, 512> control;
    sockaddr_storage name{};
    iovec vector{quoted.data(), quoted.size()};
    msghdr header{};
    header.msg_name = &name;
    header.msg_namelen = sizeof name;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control.data();
    header.msg_controllen = control.size();
    const ssize_t got = ::recvmsg(descriptor.native_handle(), &header, MSG_ERRQUEUE);
    if (got < 0) return false;
    for (cmsghdr* c = CMSG_FIRSTHDR(&header); c; c = CMSG_NXTHDR(&header, c)) {
        const bool is_error = (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_RECVERR) ||
                              (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_RECVERR);
        if (!is_error) continue;
        sock_extended_err error;
        std::memcpy(&error, CMSG_DATA(c), sizeof error);
        ++counters.icmp_errors;
        if (unreachable)
            unreachable(Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&name)), static_cast<int>(error.ee_errno),
                        {quoted.data(), static_cast<std::size_t>(got)});
    }
    return true;
}

void UdpSocket::Impl::flush() {
    std::size_t done = 0;
    while (done < out_count) {
        const int sent =
            ::sendmmsg(descriptor.native_handle(), out.data() + done, static_cast<unsigned>(out_count - done), 0);
        if (sent > 0) {
            counters.sent += static_cast<std::uint64_t>(sent);
            done += static_cast<std::size_t>(sent);
            continue;
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK || errno == ENOBUFS) {
            counters.send_dropped += out_count - done;  // UDP: the sender's timers retransmit
            break;
        }
        // A pending ICMP error of an earlier datagram is reported in place of sending this one: it is consumed by that,
        // so the datagram goes out at the second try; what cannot be sent at all is dropped.
        const int first_error = errno;
        if (first_error == ECONNREFUSED || first_error == EHOSTUNREACH || first_error == ENETUNREACH) {
            drain_errors();
            if (::sendmmsg(descriptor.native_handle(), out.data() + done, 1, 0) == 1) {
                ++counters.sent;
                ++done;
                continue;
            }
        }
        ++counters.send_dropped;
        ++done;
    }
    out_count = 0;
    out_used = 0;
}

Result<std::unique_ptr<UdpSocket>> UdpSocket::bind(EventLoop& loop, const UdpOptions& options, Receive receive,
                                                   Unreachable unreachable) {
    loop.assert_owner();
    DP_TRY(fd, open_datagram(options.local));
    const bool v4 = options.local.address.is_v4();
    set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF, options.receive_buffer);
    set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF, options.send_buffer);
    set_on(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_RECVERR : IPV6_RECVERR);
    if (options.local.address.is_unspecified())
        set_on(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_PKTINFO : IPV6_RECVPKTINFO);
    if (options.dscp != 0) set_dscp(fd, v4, options.dscp);
    auto impl = std::make_shared<Impl>(loop, fd, options, std::move(receive), std::move(unreachable));
    impl->hook = loop.add_turn_hook([raw = impl.get()] {
        if (raw->out_count != 0) raw->flush();
    });
    impl->wait();
    return std::unique_ptr<UdpSocket>(new UdpSocket(std::move(impl)));
}

UdpSocket::UdpSocket(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

UdpSocket::~UdpSocket() {
    impl_->flush();
    impl_->loop.remove_turn_hook(impl_->hook);
    impl_->closed = true;
    boost::system::error_code ignored;
    impl_->descriptor.close(ignored);
}

const Endpoint& UdpSocket::local() const {
    return impl_->local;
}

const UdpCounters& UdpSocket::counters() const {
    return impl_->counters;
}

void UdpSocket::flush() {
    impl_->flush();
}

bool UdpSocket::send(std::span<const std::uint8_t> bytes, const Endpoint& to, const IpAddress& local,
                     std::optional<std::uint8_t> dscp) {
    Impl& s = *impl_;
    if (bytes.size() > s.out_buffer.size() || to.address.is_v4() != s.local.address.is_v4()) return false;
    if (s.out_count == s.out.size() || s.out_used + bytes.size() > s.out_buffer.size()) s.flush();
    const std::size_t i = s.out_count++;
    std::memcpy(s.out_buffer.data() + s.out_used, bytes.data(), bytes.size());
    s.out_vectors[i] = {s.out_buffer.data() + s.out_used, bytes.size()};
    s.out_used += bytes.size();
    msghdr& header = s.out[i].msg_hdr;
    header = {};
    header.msg_name = &s.out_names[i];
    header.msg_namelen = to.to_sockaddr(s.out_names[i]);
    header.msg_iov = &s.out_vectors[i];
    header.msg_iovlen = 1;
    if (!local.is_unspecified() && s.local.address.is_unspecified()) put_source(local, s.out_control[i].data(), header);
    if (dscp && *dscp != s.options.dscp) put_dscp(*dscp, s.local.address.is_v4(), s.out_control[i].data(), header);
    return true;
}

}  // namespace dp::net
