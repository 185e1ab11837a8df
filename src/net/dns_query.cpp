#include "net/dns_query.hpp"

#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>

namespace dp::net {
namespace {

constexpr std::size_t kMaxAnswer = 65536;
constexpr int kMaxRecords = 64;

/// libresolv's state for one question; workers share nothing.
class ResolverState {
public:
    explicit ResolverState(const DnsServers& servers) : ready_(res_ninit(&state_) == 0) {
        state_.retrans = static_cast<int>(servers.timeout.count());
        state_.retry = servers.tries;
        if (servers.servers.empty()) return;
        state_.options &= ~(RES_DNSRCH | RES_DEFNAMES);
        state_.nscount = 0;
        for (const auto& server : servers.servers) {
            if (!server.address.is_v4() || state_.nscount == MAXNS) continue;
            sockaddr_storage address{};
            server.to_sockaddr(address);
            std::memcpy(&state_.nsaddr_list[state_.nscount++], &address, sizeof(sockaddr_in));
        }
    }
    ~ResolverState() {
        if (ready_) res_nclose(&state_);
    }
    ResolverState(const ResolverState&) = delete;
    ResolverState& operator=(const ResolverState&) = delete;

    int ask(const std::string& name, DnsType type, std::vector<unsigned char>& answer) {
        if (!ready_) return -1;
        // Names without a dot go through the search list, as everywhere on the machine.
        const auto question = name.find('.') == std::string::npos ? res_nsearch : res_nquery;
        return question(&state_, name.c_str(), ns_c_in, static_cast<int>(type), answer.data(),
                        static_cast<int>(answer.size()));
    }
    Error error(const std::string& name) const {
        switch (state_.res_h_errno) {
            case HOST_NOT_FOUND:
                return {ErrorCode::NotFound, "no such name: " + name, "host"};
            case NO_DATA:
                return {ErrorCode::NotFound, "no such record: " + name, "host"};
            case TRY_AGAIN:
                return {ErrorCode::Timeout, "no DNS server answered for " + name, "host"};
            default:
                return {ErrorCode::Unavailable, "DNS cannot answer for " + name, "host"};
        }
    }

private:
    struct __res_state state_{};
    bool ready_;
};

/// The data of one record, read with every bound checked.
class RecordReader {
public:
    RecordReader(const ns_msg& message, const ns_rr& record)
        : begin_(ns_msg_base(message)),
          end_(ns_msg_end(message)),
          at_(ns_rr_rdata(record)),
          stop_(at_ + ns_rr_rdlen(record)) {}

    std::uint16_t number() {
        if (stop_ - at_ < 2) return fail_read(), std::uint16_t{0};
        const auto value = static_cast<std::uint16_t>(at_[0] << 8 | at_[1]);
        at_ += 2;
        return value;
    }
    std::string text() {
        if (at_ == stop_ || stop_ - at_ - 1 < *at_) return fail_read(), std::string{};
        std::string value(reinterpret_cast<const char*>(at_ + 1), *at_);
        at_ += 1 + *at_;
        return value;
    }
    std::string name() {
        char expanded[NS_MAXDNAME];
        const int used = ns_name_uncompress(begin_, end_, at_, expanded, sizeof expanded);
        if (used < 0) return fail_read(), std::string{};
        at_ += used;
        return expanded;
    }
    std::optional<IpAddress> address(std::size_t size) {
        if (static_cast<std::size_t>(stop_ - at_) != size) return std::nullopt;
        if (size == 4)
            return IpAddress::v4(static_cast<std::uint32_t>(at_[0]) << 24 | static_cast<std::uint32_t>(at_[1]) << 16 |
                                 static_cast<std::uint32_t>(at_[2]) << 8 | at_[3]);
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        std::memcpy(&six.sin6_addr, at_, 16);
        return IpAddress::from_sockaddr(reinterpret_cast<sockaddr*>(&six));
    }
    bool ok() const { return ok_; }

private:
    void fail_read() { ok_ = false; }
    const unsigned char *begin_, *end_, *at_, *stop_;
    bool ok_ = true;
};

std::optional<DnsRecord> read_record(const ns_msg& message, const ns_rr& record, DnsType type) {
    RecordReader reader(message, record);
    std::optional<DnsRecord> out;
    switch (type) {
        case DnsType::A:
            out = reader.address(4);
            break;
        case DnsType::Aaaa:
            out = reader.address(16);
            break;
        case DnsType::Srv: {
            SrvRecord srv;
            srv.priority = reader.number();
            srv.weight = reader.number();
            srv.port = reader.number();
            srv.target = reader.name();
            out = std::move(srv);
            break;
        }
        case DnsType::Naptr: {
            NaptrRecord naptr;
            naptr.order = reader.number();
            naptr.preference = reader.number();
            naptr.flags = reader.text();
            naptr.service = reader.text();
            static_cast<void>(reader.text());  // the regular expression: RFC 3263 uses the replacement only
            naptr.replacement = reader.name();
            out = std::move(naptr);
            break;
        }
    }
    return reader.ok() ? out : std::nullopt;
}

}  // namespace

Result<DnsAnswer> query_dns(const DnsServers& servers, const std::string& name, DnsType type) {
    const auto state = std::make_unique<ResolverState>(servers);
    std::vector<unsigned char> buffer(kMaxAnswer);
    const int size = state->ask(name, type, buffer);
    if (size < 0) return std::unexpected(state->error(name));
    ns_msg message;
    if (ns_initparse(buffer.data(), std::min(size, static_cast<int>(kMaxAnswer)), &message) != 0)
        return fail(ErrorCode::MalformedInput, "unreadable DNS answer for " + name, "host");
    DnsAnswer answer;
    std::uint32_t ttl = UINT32_MAX;
    const int count = std::min<int>(ns_msg_count(message, ns_s_an), kMaxRecords);
    for (int i = 0; i < count; ++i) {
        ns_rr record;
        if (ns_parserr(&message, ns_s_an, i, &record) != 0) break;
        ttl = std::min(ttl, static_cast<std::uint32_t>(ns_rr_ttl(record)));  // a CNAME in between counts too
        if (static_cast<int>(ns_rr_type(record)) != static_cast<int>(type)) continue;
        if (auto read = read_record(message, record, type)) answer.records.push_back(std::move(*read));
    }
    if (answer.records.empty()) return fail(ErrorCode::NotFound, "no such record: " + name, "host");
    answer.ttl = std::chrono::seconds(ttl);
    return answer;
}

void order_srv(std::vector<SrvRecord>& records, Random& random) {
    std::ranges::sort(records, {}, &SrvRecord::priority);
    for (auto first = records.begin(); first != records.end(); ++first) {
        const auto same =
            std::find_if(first, records.end(), [&](const SrvRecord& r) { return r.priority != first->priority; });
        std::uint64_t sum = 0;
        for (auto it = first; it != same; ++it) sum += it->weight;
        const std::uint64_t drawn = random.between(0, sum);
        std::uint64_t running = 0;
        auto chosen = first;
        for (auto it = first; it != same; ++it) {
            running += it->weight;
            chosen = it;
            if (running >= drawn && (it->weight > 0 || drawn == 0)) break;
        }
        std::rotate(first, chosen, chosen + 1);
    }
}

}  // namespace dp::net
