#pragma once
/// @file A DNS server on loopback that answers from a table, or not at all. Test code only.

#include <arpa/inet.h>

#include <atomic>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "net/event_loop.hpp"
#include "net/udp_socket.hpp"

namespace dp::net::testing {

class FakeDnsServer {
public:
    static constexpr int kA = 1, kCname = 5, kAaaa = 28, kSrv = 33, kNaptr = 35;

    FakeDnsServer() {
        thread_.run_and_wait([this] {
            socket_ =
                *UdpSocket::bind(thread_.loop(), {.local = *Endpoint::parse("127.0.0.1:0")},
                                 [this](auto bytes, const Endpoint& from, const Endpoint&) { answer(bytes, from); });
        });
    }
    ~FakeDnsServer() {
        thread_.run_and_wait([this] { socket_.reset(); });
    }
    Endpoint at() const { return socket_->local(); }
    int questions() const { return questions_; }
    void set_silent(bool silent) { silent_ = silent; }

    void add_a(const std::string& name, const std::string& address, std::uint32_t ttl = 60) {
        const auto parsed = *IpAddress::parse(address);
        const auto& b = parsed.bytes();
        add(name, kA, {reinterpret_cast<const char*>(b.data()) + 12, 4}, ttl);
    }
    void add_aaaa(const std::string& name, const std::string& address) {
        const auto parsed = *IpAddress::parse(address);
        add(name, kAaaa, {reinterpret_cast<const char*>(parsed.bytes().data()), 16}, 60);
    }
    void add_srv(const std::string& name, int priority, int weight, int port, const std::string& target) {
        add(name, kSrv, number(priority) + number(weight) + number(port) + labels(target), 60);
    }
    void add_naptr(const std::string& name, int order, int preference, const std::string& service,
                   const std::string& replacement) {
        add(name, kNaptr,
            number(order) + number(preference) + text("s") + text(service) + text("") + labels(replacement), 60);
    }
    void clear() {
        const std::lock_guard lock(mutex_);
        records_.clear();
    }

private:
    struct Record {
        std::string data;
        std::uint32_t ttl;
    };
    static std::string number(int value) { return {static_cast<char>(value >> 8), static_cast<char>(value & 255)}; }
    static std::string text(const std::string& value) { return static_cast<char>(value.size()) + value; }
    static std::string labels(const std::string& name) {
        std::string out;
        for (std::size_t at = 0; at < name.size();) {
            const auto end = std::min(name.find('.', at), name.size());
            out += text(name.substr(at, end - at));
            at = end + 1;
        }
        return out + '\0';
    }
    void add(const std::string& name, int type, std::string data, std::uint32_t ttl) {
        const std::lock_guard lock(mutex_);
        records_[{type, name}].push_back({std::move(data), ttl});
    }
    void answer(std::span<const std::uint8_t> bytes, const Endpoint& from) {
        ++questions_;
        if (silent_ || bytes.size() < 17) return;
        std::string query(bytes.begin(), bytes.end()), name;
        std::size_t at = 12;
        while (at < query.size() && query[at] != 0) {
            const auto size = static_cast<std::size_t>(query[at]);
            name += (name.empty() ? "" : ".") + query.substr(at + 1, size);
            at += size + 1;
        }
        const int type = static_cast<std::uint8_t>(query[at + 1]) << 8 | static_cast<std::uint8_t>(query[at + 2]);
        const std::string question = query.substr(12, at + 5 - 12);
        const std::lock_guard lock(mutex_);
        const auto found = records_.find({type, name});
        const int count = found == records_.end() ? 0 : static_cast<int>(found->second.size());
        std::string out = query.substr(0, 2) + std::string("\x85\x80", 2) + number(1) + number(count) + number(0) +
                          number(0) + question;
        if (count == 0 && !knows(name)) out[3] = '\x83';  // no such name
        for (int i = 0; i < count; ++i) {
            const Record& r = found->second[static_cast<std::size_t>(i)];
            out += std::string("\xc0\x0c", 2) + number(type) + number(1) + number(static_cast<int>(r.ttl >> 16)) +
                   number(static_cast<int>(r.ttl & 0xFFFF)) + number(static_cast<int>(r.data.size())) + r.data;
        }
        socket_->send({reinterpret_cast<const std::uint8_t*>(out.data()), out.size()}, from);
    }
    bool knows(const std::string& name) const {
        for (const auto& [key, value] : records_)
            if (key.second == name) return true;
        return false;
    }

    LoopThread thread_{"dns"};
    std::unique_ptr<UdpSocket> socket_;
    std::mutex mutex_;
    std::map<std::pair<int, std::string>, std::vector<Record>> records_;
    std::atomic<int> questions_{0};
    std::atomic<bool> silent_{false};
};

}  // namespace dp::net::testing
