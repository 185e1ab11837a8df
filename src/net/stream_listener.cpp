#include "net/stream_listener.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cerrno>
#include <unordered_map>

#include "base/log.hpp"
#include "net/event_loop.hpp"
#include "net/socket_setup.hpp"
#include "net/stream_accepted.hpp"

namespace dp::net {
namespace {

constexpr int kAcceptsPerWake = 64;
constexpr auto kPauseWithoutDescriptors = std::chrono::milliseconds(100);

/// What one limit counts: an IPv4 address, or the /64 that an IPv6 host owns.
IpAddress source_of(const IpAddress& address) {
    if (address.is_v4()) return address;
    sockaddr_in6 six{};
    six.sin6_family = AF_INET6;
    std::copy_n(address.bytes().begin(), 8, six.sin6_addr.s6_addr);
    return IpAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&six));
}

}  // namespace

struct StreamListener::Impl : std::enable_shared_from_this<Impl> {
    Impl(EventLoop& owner, int fd, ListenOptions listen_options, MakeHandler make)
        : loop(owner),
          descriptor(owner.context(), fd),
          options(std::move(listen_options)),
          make_handler(std::move(make)),
          local(socket_name(fd)) {
        resume.set_callback([this] { accept_when_ready(); });
    }

    void accept_when_ready();
    bool accept_one();
    bool admit(const Endpoint& remote);
    void adopt(int fd, const Endpoint& remote);
    void forget(std::uint64_t number, const IpAddress& source);

    EventLoop& loop;
    boost::asio::posix::stream_descriptor descriptor;
    ListenOptions options;
    MakeHandler make_handler;
    Endpoint local;
    Timer resume;
    std::unordered_map<IpAddress, std::size_t> per_source;
    std::unordered_map<std::uint64_t, std::weak_ptr<StreamConnection>> open;
    std::uint64_t next_number = 1;
    ListenCounters counters;
    bool stopped = false;
};

void StreamListener::Impl::accept_when_ready() {
    if (stopped) return;
    descriptor.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                          [weak = weak_from_this()](const boost::system::error_code& error) {
                              const auto self = weak.lock();
                              if (!self || error || self->stopped) return;
                              for (int i = 0; i < kAcceptsPerWake; ++i)
                                  if (!self->accept_one()) break;
                              if (!self->resume.armed()) self->accept_when_ready();
                          });
}

/// False when there is nothing more to accept now.
bool StreamListener::Impl::accept_one() {
    sockaddr_storage address{};
    socklen_t length = sizeof address;
    const int fd = ::accept4(descriptor.native_handle(), reinterpret_cast<sockaddr*>(&address), &length,
                             SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
        if (errno == EAGAIN || errno == EWOULDBLOCK) return false;
        if (errno == ECONNABORTED || errno == EINTR) return true;
        ++counters.accept_errors;
        log::warn("net", "accept failed on {} errno={}: pausing", local.str(), errno);
        loop.arm(resume, kPauseWithoutDescriptors);
        return false;
    }
    const Endpoint remote = Endpoint::from_sockaddr(reinterpret_cast<sockaddr*>(&address));
    if (admit(remote))
        adopt(fd, remote);
    else
        ::close(fd);
    return true;
}

bool StreamListener::Impl::admit(const Endpoint& remote) {
    if (open.size() >= options.max_connections) {
        ++counters.refused_total;
        return false;
    }
    const auto found = per_source.find(source_of(remote.address));
    if (found == per_source.end() || found->second < options.max_per_source) return true;
    ++counters.refused_source;
    return false;
}

void StreamListener::Impl::adopt(int fd, const Endpoint& remote) {
    ++counters.accepted;
    const std::uint64_t number = next_number++;
    const IpAddress source = source_of(remote.address);
    ++per_source[source];
    open.emplace(number, std::weak_ptr<StreamConnection>{});
    auto gone = [weak = weak_from_this(), number, source] {
        if (const auto self = weak.lock()) self->forget(number, source);
    };
    const auto connection =
        adopt_stream(loop, {fd, remote, std::move(gone)}, options.limits, options.tls, make_handler);
    if (const auto entry = open.find(number); entry != open.end()) entry->second = connection;
}

void StreamListener::Impl::forget(std::uint64_t number, const IpAddress& source) {
    open.erase(number);
    if (const auto found = per_source.find(source); found != per_source.end() && --found->second == 0)
        per_source.erase(found);
}

StreamListener::StreamListener(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

StreamListener::~StreamListener() {
    stop_accepting();
    const auto open = std::move(impl_->open);
    impl_->open.clear();
    for (const auto& [number, weak] : open)
        if (const auto connection = weak.lock()) connection->abort(CloseReason::Shutdown);
}

Result<std::unique_ptr<StreamListener>> StreamListener::listen(EventLoop& loop, ListenOptions options,
                                                               MakeHandler make_handler) {
    loop.assert_owner();
    DP_TRY(fd, open_listener({options.local, options.reuse_port, options.dscp}));
    auto impl = std::make_shared<Impl>(loop, fd, std::move(options), std::move(make_handler));
    impl->accept_when_ready();
    return std::unique_ptr<StreamListener>(new StreamListener(std::move(impl)));
}

const Endpoint& StreamListener::local() const {
    return impl_->local;
}

void StreamListener::set_tls(TlsContext context) {
    impl_->options.tls = std::move(context);
}

void StreamListener::stop_accepting() {
    impl_->stopped = true;
    impl_->resume.cancel();
    boost::system::error_code ignored;
    impl_->descriptor.close(ignored);
}

ListenCounters StreamListener::counters() const {
    ListenCounters out = impl_->counters;
    out.open = impl_->open.size();
    return out;
}

}  // namespace dp::net
