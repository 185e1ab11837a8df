#pragma once
/// @file A blocking TCP client for tests: writes exactly what it is told and reads with a deadline. Test code only.

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <string_view>

#include "base/endpoint.hpp"

namespace dp::net::testing {

inline constexpr std::chrono::milliseconds kPatience{10'000};  ///< only ever waited out by a failing test

class BlockingClient {
public:
    explicit BlockingClient(const Endpoint& to) {
        sockaddr_storage address{};
        const socklen_t length = to.to_sockaddr(address);
        fd_ = ::socket(to.address.is_v4() ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
        connected_ = ::connect(fd_, reinterpret_cast<sockaddr*>(&address), length) == 0;
    }
    ~BlockingClient() { close(); }
    BlockingClient(const BlockingClient&) = delete;
    BlockingClient& operator=(const BlockingClient&) = delete;

    bool connected() const { return connected_; }
    int fd() const { return fd_; }
    bool send(std::string_view bytes) {
        while (!bytes.empty()) {
            const ssize_t put = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
            if (put <= 0) return false;
            bytes.remove_prefix(static_cast<std::size_t>(put));
        }
        return true;
    }
    void finish_sending() { ::shutdown(fd_, SHUT_WR); }
    /// Resets instead of finishing.
    void reset() {
        const linger hard{1, 0};
        ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
        close();
    }
    void close() {
        if (fd_ >= 0) ::close(fd_);
        fd_ = -1;
    }

    /// Reads until `wanted` has been seen (returns everything up to and with it), the end, or the deadline.
    std::string read_until(std::string_view wanted) {
        for (;;) {
            if (const auto at = buffer_.find(wanted); at != std::string::npos) return take(at + wanted.size());
            if (!fill()) return take(buffer_.size());
        }
    }
    std::string read_exactly(std::size_t octets) {
        while (buffer_.size() < octets && fill()) {
        }
        return take(std::min(octets, buffer_.size()));
    }
    std::string read_to_end() {
        while (fill()) {
        }
        return take(buffer_.size());
    }
    /// Header section and, by its Content-Length, body.
    std::string read_response() {
        std::string head = read_until("\r\n\r\n");
        const auto at = head.find("Content-Length: ");
        return at == std::string::npos ? head : head + read_exactly(std::stoul(head.substr(at + 16)));
    }
    bool at_end() const { return ended_; }

private:
    bool fill() {
        if (ended_) return false;
        pollfd waiting{fd_, POLLIN, 0};
        if (::poll(&waiting, 1, static_cast<int>(kPatience.count())) <= 0) return false;
        char chunk[16384];
        const ssize_t got = ::recv(fd_, chunk, sizeof chunk, 0);
        if (got <= 0) {
            ended_ = true;
            return false;
        }
        buffer_.append(chunk, static_cast<std::size_t>(got));
        return true;
    }
    std::string take(std::size_t octets) {
        std::string out = buffer_.substr(0, octets);
        buffer_.erase(0, octets);
        return out;
    }

    int fd_ = -1;
    bool connected_ = false, ended_ = false;
    std::string buffer_;
};

}  // namespace dp::net::testing
