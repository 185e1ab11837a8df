#include "net/resolver.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <fstream>
#include <mutex>
#include <sstream>
#include <thread>
#include <unordered_map>

#include "base/ascii.hpp"
#include "base/clock.hpp"
#include "base/metrics.hpp"
#include "net/dns_query.hpp"

namespace dp::net {
namespace {

constexpr std::size_t kMaxCached = 8192;
constexpr std::size_t kMaxTargets = 32;
constexpr int kMaxAliases = 4;
constexpr auto kHostsRecheck = std::chrono::seconds(5);

metrics::Counter& lost_replies() {
    static auto& counter =
        metrics::counter("dialplane_dns_lost_replies_total", "", "DNS answers whose owner's mailbox was full");
    return counter;
}

bool is_name(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.front() == '.') return false;
    return std::ranges::all_of(name, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_'; });
}

bool ends_in(std::string_view name, std::string_view domain) {
    return name == domain ||
           (name.size() > domain.size() && name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

/// Lower case, without the dot of the root.
std::string canonical(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    return ascii::lower(name);
}

template <class Record>
std::vector<Record> only(const std::vector<DnsRecord>& records) {
    std::vector<Record> out;
    for (const auto& record : records)
        if (const auto* one = std::get_if<Record>(&record)) out.push_back(*one);
    return out;
}

/// `/etc/hosts`, read again when it changes.
class HostsFile {
public:
    explicit HostsFile(std::string path) : path_(std::move(path)) {}
    std::vector<IpAddress> find(const std::string& name, TimePoint now) {
        if (path_.empty()) return {};
        if (now >= next_check_) reload(now);
        const auto found = names_.find(name);
        return found == names_.end() ? std::vector<IpAddress>{} : found->second;
    }

private:
    void reload(TimePoint now) {
        next_check_ = now + kHostsRecheck;
        struct stat facts{};
        if (::stat(path_.c_str(), &facts) != 0) return names_.clear();
        const auto changed = std::pair(facts.st_mtim.tv_sec, facts.st_mtim.tv_nsec);
        if (changed == read_) return;
        read_ = changed;
        names_.clear();
        std::ifstream file(path_);
        for (std::string line; std::getline(file, line);) take(line.substr(0, line.find('#')));
    }
    void take(const std::string& line) {
        std::istringstream words(line);
        std::string word;
        words >> word;
        const auto address = IpAddress::parse(word);
        while (address && words >> word) names_[canonical(word)].push_back(*address);
    }

    std::string path_;
    TimePoint next_check_{};
    std::pair<std::time_t, long> read_{-1, -1};
    std::unordered_map<std::string, std::vector<IpAddress>> names_;
};

}  // namespace

/// Whether a lookup may wait for the network. The first attempt, on the caller's thread, may not.
enum class Effort : std::uint8_t { CacheOnly, Network };

struct Resolver::Impl {
    explicit Impl(ResolverOptions resolver_options)
        : options(std::move(resolver_options)),
          servers{options.servers, options.timeout, options.tries},
          hosts_file(options.hosts_file) {
        set_hosts(std::exchange(options.hosts, {}));
        for (unsigned i = 0; i < std::max(1U, options.workers); ++i) threads.emplace_back([this] { work(); });
    }

    struct Entry {
        Result<std::vector<DnsRecord>> answer{std::unexpect, Error{}};
        TimePoint expires{}, stale_until{};
    };
    using Key = std::pair<DnsType, std::string>;

    /// One lookup with everything it needs; `starved` says that it wanted the network and was not allowed it.
    struct Lookup {
        Impl& impl;
        Effort effort;
        bool starved = false;
        bool servers_silent = false;  ///< a question of this lookup timed out: the others would too

        Result<std::vector<IpAddress>> addresses(const std::string& host);
        Result<std::vector<SrvRecord>> srv(const std::string& name);
        Result<std::vector<sip::Target>> sip_targets(const SipQuery& query);

        std::optional<Endpoint> overridden(std::string& host);
        Result<std::vector<DnsRecord>> records(const std::string& name, DnsType type);
        void add_srv_targets(const SipQuery& query, const std::string& name, sip::TransportKind kind,
                             std::vector<sip::Target>& out);
        void add_naptr_targets(const SipQuery& query, const std::string& host, std::vector<sip::Target>& out);
        Result<std::vector<sip::Target>> plain_targets(const SipQuery& query, const std::string& host,
                                                       sip::TransportKind kind, std::uint16_t port);
    };

    void set_hosts(std::map<std::string, std::string> hosts);
    std::optional<Result<std::vector<DnsRecord>>> cached(const Key& key, bool accept_stale);
    void remember(const Key& key, Result<std::vector<DnsRecord>> answer, std::chrono::seconds ttl);
    void work();
    template <class Value, class Step>
    void ask(Executor& reply_on, std::move_only_function<void(Result<Value>)> callback, Step step);
    template <class Value>
    static void reply(Executor& reply_on, std::move_only_function<void(Result<Value>)> callback, Result<Value> result);

    ResolverOptions options;
    const DnsServers servers;
    SystemClock clock;
    SecureRandom random;

    std::mutex mutex;  ///< guards what follows
    std::condition_variable changed;
    std::deque<Task> queue;
    bool stopping = false;
    std::map<Key, Entry> cache;
    std::map<std::string, std::string> overrides;
    HostsFile hosts_file;
    std::vector<std::thread> threads;
};

// --- cache
// ------------------------------------------------------------------------------------------------------------------

void Resolver::Impl::set_hosts(std::map<std::string, std::string> hosts) {
    std::map<std::string, std::string> fresh;
    for (auto& [name, value] : hosts) fresh[canonical(name)] = std::move(value);
    const std::lock_guard lock(mutex);
    overrides = std::move(fresh);
    cache.clear();
}

std::optional<Result<std::vector<DnsRecord>>> Resolver::Impl::cached(const Key& key, bool accept_stale) {
    const std::lock_guard lock(mutex);
    const auto found = cache.find(key);
    if (found == cache.end()) return std::nullopt;
    const TimePoint now = clock.now();
    if (now < found->second.expires) return found->second.answer;
    if (accept_stale && found->second.answer && now < found->second.stale_until) {
        found->second.expires = now + options.min_ttl;  // the servers are down: do not make everybody wait for that
        return found->second.answer;
    }
    return std::nullopt;
}

void Resolver::Impl::remember(const Key& key, Result<std::vector<DnsRecord>> answer, std::chrono::seconds ttl) {
    const TimePoint now = clock.now();
    const std::lock_guard lock(mutex);
    if (cache.size() >= kMaxCached)
        std::erase_if(cache, [now](const auto& entry) { return entry.second.expires < now; });
    if (cache.size() >= kMaxCached) cache.erase(cache.begin());
    const TimePoint expires = now + std::clamp(ttl, options.min_ttl, options.max_ttl);
    cache[key] = Entry{std::move(answer), expires, expires + options.stale_for};
}

// --- lookups
// ----------------------------------------------------------------------------------------------------------------

/// Follows `hosts` entries: an address ends the search; a name replaces `host`.
std::optional<Endpoint> Resolver::Impl::Lookup::overridden(std::string& host) {
    for (int i = 0; i < kMaxAliases; ++i) {
        const std::lock_guard lock(impl.mutex);
        const auto found = impl.overrides.find(host);
        if (found == impl.overrides.end()) return std::nullopt;
        if (const auto endpoint = Endpoint::parse(found->second)) return endpoint;
        if (const auto address = IpAddress::parse(found->second)) return Endpoint{*address, 0};
        host = canonical(found->second);
    }
    return std::nullopt;
}

Result<std::vector<DnsRecord>> Resolver::Impl::Lookup::records(const std::string& name, DnsType type) {
    const Key key{type, name};
    if (const auto known = impl.cached(key, false)) return *known;
    if (effort == Effort::CacheOnly) {
        starved = true;
        return fail(ErrorCode::Unavailable, "not cached");
    }
    auto answer = servers_silent
                      ? Result<DnsAnswer>(fail(ErrorCode::Timeout, "no DNS server answered for " + name, "host"))
                      : query_dns(impl.servers, name, type);
    if (answer) {
        impl.remember(key, answer->records, answer->ttl);
        return std::move(answer->records);
    }
    servers_silent |= answer.error().code == ErrorCode::Timeout;
    if (answer.error().code != ErrorCode::NotFound)
        if (const auto stale = impl.cached(key, true)) return *stale;
    impl.remember(key, std::unexpected(answer.error()), impl.options.negative_ttl);
    return std::unexpected(std::move(answer).error());
}

Result<std::vector<IpAddress>> Resolver::Impl::Lookup::addresses(const std::string& asked) {
    if (const auto numeric = IpAddress::parse(asked)) return std::vector{*numeric};
    std::string host = canonical(asked);
    if (const auto endpoint = overridden(host)) return std::vector{endpoint->address};
    if (!is_name(host)) return fail(ErrorCode::InvalidValue, "not a host name: " + asked, "host");
    // RFC 6761: 6.3 localhost, 6.4 invalid.
    if (ends_in(host, "localhost")) return std::vector{IpAddress::v4(0x7F000001), *IpAddress::parse("::1")};
    if (ends_in(host, "invalid")) return fail(ErrorCode::NotFound, "no such name: " + asked, "host");
    {
        const std::lock_guard lock(impl.mutex);
        if (auto listed = impl.hosts_file.find(host, impl.clock.now()); !listed.empty()) return listed;
    }
    std::vector<IpAddress> out;
    auto four = records(host, DnsType::A);
    auto six = records(host, DnsType::Aaaa);
    if (four) out = only<IpAddress>(*four);
    if (six) std::ranges::copy(only<IpAddress>(*six), std::back_inserter(out));
    if (!out.empty()) return out;
    return std::unexpected(four.error().code == ErrorCode::NotFound && !six ? six.error() : four.error());
}

Result<std::vector<SrvRecord>> Resolver::Impl::Lookup::srv(const std::string& name) {
    const std::string wanted = canonical(name);
    if (!is_name(wanted)) return fail(ErrorCode::InvalidValue, "not a name: " + name, "name");
    if (ends_in(wanted, "invalid")) return fail(ErrorCode::NotFound, "no such name: " + name, "name");
    DP_TRY(found, records(wanted, DnsType::Srv));
    auto out = only<SrvRecord>(found);
    // RFC 2782: a target of "." says that the service is decidedly not there.
    std::erase_if(out, [](const SrvRecord& r) { return r.target.empty() || r.target == "."; });
    if (out.empty()) return fail(ErrorCode::NotFound, "service not offered: " + name, "name");
    order_srv(out, impl.random);
    return out;
}

void Resolver::Impl::Lookup::add_srv_targets(const SipQuery& query, const std::string& name, sip::TransportKind kind,
                                             std::vector<sip::Target>& out) {
    const auto found = srv(name);
    if (!found) return;
    for (const auto& record : *found) {
        const auto hosts = addresses(record.target);
        if (!hosts) continue;
        for (const auto& address : *hosts)
            if (out.size() < kMaxTargets) out.push_back({kind, {address, record.port}, query.host});
    }
}

/// RFC 3263 4.1: the services we speak, in the order the domain wants.
void Resolver::Impl::Lookup::add_naptr_targets(const SipQuery& query, const std::string& host,
                                               std::vector<sip::Target>& out) {
    const auto found = records(host, DnsType::Naptr);
    if (!found) return;
    auto naptrs = only<NaptrRecord>(*found);
    std::ranges::sort(naptrs, {}, [](const NaptrRecord& r) { return std::pair(r.order, r.preference); });
    for (const auto& naptr : naptrs) {
        if (!ascii::iequals(naptr.flags, "s")) continue;
        if (ascii::iequals(naptr.service, "SIPS+D2T"))
            add_srv_targets(query, naptr.replacement, sip::TransportKind::Tls, out);
        if (query.secure) continue;
        if (ascii::iequals(naptr.service, "SIP+D2U"))
            add_srv_targets(query, naptr.replacement, sip::TransportKind::Udp, out);
        if (ascii::iequals(naptr.service, "SIP+D2T"))
            add_srv_targets(query, naptr.replacement, sip::TransportKind::Tcp, out);
    }
}

Result<std::vector<sip::Target>> Resolver::Impl::Lookup::plain_targets(const SipQuery& query, const std::string& host,
                                                                       sip::TransportKind kind, std::uint16_t port) {
    DP_TRY(hosts, addresses(host));
    std::vector<sip::Target> out;
    for (const auto& address : hosts)
        if (out.size() < kMaxTargets) out.push_back({kind, {address, port}, query.host});
    return out;
}

Result<std::vector<sip::Target>> Resolver::Impl::Lookup::sip_targets(const SipQuery& query) {
    const auto kind = query.transport.value_or(query.secure ? sip::TransportKind::Tls : sip::TransportKind::Udp);
    const std::uint16_t port = query.port != 0 ? query.port : sip::default_port(kind);
    std::string host = canonical(query.host);
    if (const auto endpoint = overridden(host))
        return std::vector{
            sip::Target{kind, {endpoint->address, endpoint->port != 0 ? endpoint->port : port}, query.host}};
    // 4.2: an address, or a port given: no SRV.
    if (IpAddress::parse(host) || query.port != 0 || ends_in(host, "localhost") || sip::is_websocket(kind))
        return plain_targets(query, host, kind, port);
    if (!is_name(host)) return fail(ErrorCode::InvalidValue, "not a host name: " + query.host, "host");
    if (ends_in(host, "invalid")) return fail(ErrorCode::NotFound, "no such name: " + query.host, "host");

    std::vector<sip::Target> out;
    if (!query.transport) add_naptr_targets(query, host, out);
    if (out.empty()) {
        const auto wanted = [&](sip::TransportKind one) {
            return query.transport ? *query.transport == one : !query.secure || one == sip::TransportKind::Tls;
        };
        if (wanted(sip::TransportKind::Udp)) add_srv_targets(query, "_sip._udp." + host, sip::TransportKind::Udp, out);
        if (wanted(sip::TransportKind::Tcp)) add_srv_targets(query, "_sip._tcp." + host, sip::TransportKind::Tcp, out);
        if (wanted(sip::TransportKind::Tls)) add_srv_targets(query, "_sips._tcp." + host, sip::TransportKind::Tls, out);
    }
    if (!out.empty()) return out;
    return plain_targets(query, host, kind, port);
}

// --- asking
// -----------------------------------------------------------------------------------------------------------------

void Resolver::Impl::work() {
    for (;;) {
        Task task;
        {
            std::unique_lock lock(mutex);
            changed.wait(lock, [this] { return stopping || !queue.empty(); });
            if (stopping) return;
            task = std::move(queue.front());
            queue.pop_front();
        }
        task();
    }
}

template <class Value>
void Resolver::Impl::reply(Executor& reply_on, std::move_only_function<void(Result<Value>)> callback,
                           Result<Value> result) {
    const bool taken = reply_on.post(
        [callback = std::move(callback), result = std::move(result)]() mutable { callback(std::move(result)); });
    if (!taken) lost_replies().add();
}

/// Answers from memory where that suffices, else leaves `step` to a worker.
template <class Value, class Step>
void Resolver::Impl::ask(Executor& reply_on, std::move_only_function<void(Result<Value>)> callback, Step step) {
    Lookup quick{*this, Effort::CacheOnly};
    if (auto result = step(quick); !quick.starved)
        return reply<Value>(reply_on, std::move(callback), std::move(result));
    std::unique_lock lock(mutex);
    if (stopping || queue.size() >= options.max_queued) {
        lock.unlock();
        return reply<Value>(reply_on, std::move(callback),
                            fail(ErrorCode::Unavailable, "too many names are being looked up"));
    }
    queue.push_back([this, &reply_on, callback = std::move(callback), step = std::move(step)]() mutable {
        Lookup lookup{*this, Effort::Network};
        reply<Value>(reply_on, std::move(callback), step(lookup));
    });
    changed.notify_one();
}

Resolver::Resolver(ResolverOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

Resolver::~Resolver() {
    stop();
}

void Resolver::addresses(std::string host, Executor& reply_on, AddressCallback callback) {
    impl_->ask<std::vector<IpAddress>>(reply_on, std::move(callback), [host = std::move(host)](Impl::Lookup& lookup) {
        return lookup.addresses(host);
    });
}

void Resolver::srv(std::string name, Executor& reply_on, SrvCallback callback) {
    impl_->ask<std::vector<SrvRecord>>(reply_on, std::move(callback),
                                       [name = std::move(name)](Impl::Lookup& lookup) { return lookup.srv(name); });
}

void Resolver::sip_targets(SipQuery query, Executor& reply_on, SipCallback callback) {
    impl_->ask<std::vector<sip::Target>>(
        reply_on, std::move(callback),
        [query = std::move(query)](Impl::Lookup& lookup) { return lookup.sip_targets(query); });
}

void Resolver::set_hosts(std::map<std::string, std::string> hosts) {
    impl_->set_hosts(std::move(hosts));
}

void Resolver::stop() {
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->stopping = true;
        impl_->queue.clear();
    }
    impl_->changed.notify_all();
    for (auto& thread : impl_->threads)
        if (thread.joinable()) thread.join();
}

}  // namespace dp::net
