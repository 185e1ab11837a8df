#pragma once
/// @file Packets of legs with sockets of their own, waiting for the end of a batch.
///
/// Problem: receiving and sending one packet at a time drags the kernel's two paths through the instruction cache in
/// turns. First all of a batch is received, then handled, then sent: the same system calls, a tenth cheaper. Thread:
/// one worker. Packets and addresses are referenced: both must stay until flush().

#include <sys/socket.h>

#include <array>
#include <cstdint>

#include "rtp/rtp_packet.hpp"

namespace dp::media {

class SendQueue {
public:
    static constexpr std::size_t kCapacity = 128;

    /// `to` null: the socket is connected.
    void add(int fd, rtp::Bytes packet, const sockaddr* to, socklen_t length) {
        if (count_ == kCapacity) flush();
        items_[count_++] = {packet.data(), to, static_cast<std::uint32_t>(packet.size()), length, fd};
    }
    void flush();
    /// ICMP errors and full buffers: counted, and otherwise nothing.
    std::uint64_t errors() const { return errors_; }

private:
    struct Item {
        const std::uint8_t* data;
        const sockaddr* to;
        std::uint32_t size;
        socklen_t length;
        int fd;
    };
    std::array<Item, kCapacity> items_{};
    std::size_t count_ = 0;
    std::uint64_t errors_ = 0;
};

}  // namespace dp::media
