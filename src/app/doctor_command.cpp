#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <array>
#include <boost/json.hpp>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <set>

#include "app/api_session.hpp"
#include "app/commands.hpp"
#include "app/first_run.hpp"
#include "base/random.hpp"
#include "ice/stun_client.hpp"
#include "net/local_authority.hpp"

namespace dp::app {

namespace json = boost::json;

namespace {

enum class Verdict { Ok, Warning, Problem };

/// One line per check: what was found and, where something is wrong, what to do.
class Report {
public:
    void add(Verdict verdict, std::string_view topic, std::string_view finding, std::string_view advice = {}) {
        static constexpr std::string_view kMarks[] = {"ok  ", "warn", "FAIL"};
        while (finding.ends_with('.')) finding.remove_suffix(1);
        fmt::print("{}  {:<12} {}{}{}\n", kMarks[static_cast<int>(verdict)], topic, finding, advice.empty() ? "" : ": ",
                   advice);
        if (verdict == Verdict::Problem) ++problems_;
    }
    int exit_code() const { return problems_ ? 1 : 0; }

private:
    int problems_ = 0;
};

enum class Layer { Tcp, Udp };

/// Can this address be bound? A running server of ours holds it, which is as good.
void check_port(Report& report, std::string_view name, const std::optional<Endpoint>& local, Layer layer,
                bool server_runs) {
    if (!local) return report.add(Verdict::Ok, name, "off");
    sockaddr_storage address{};
    const auto length = local->to_sockaddr(address);
    const int fd = ::socket(address.ss_family, (layer == Layer::Tcp ? SOCK_STREAM : SOCK_DGRAM) | SOCK_CLOEXEC, 0);
    const int on = 1;
    if (layer == Layer::Tcp) ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    const bool free = fd >= 0 && ::bind(fd, reinterpret_cast<sockaddr*>(&address), length) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (free) return report.add(Verdict::Ok, name, local->str() + " is free");
    if (error == EADDRINUSE && server_runs)
        return report.add(Verdict::Ok, name, local->str() + " is in use, a server is running");
    report.add(Verdict::Problem, name, fmt::format("{} cannot be bound ({})", local->str(), std::strerror(error)),
               fmt::format("stop what uses it, or give --{} another address", name));
}

void check_data(Report& report, const std::filesystem::path& data) {
    std::error_code error;
    if (!std::filesystem::exists(data, error))
        return report.add(Verdict::Ok, "data", data.string() + " will be made at the first start");
    if (::access(data.c_str(), W_OK) != 0)
        return report.add(Verdict::Problem, "data", data.string() + " is not writable",
                          "change its owner, or give --data another folder");
    struct statvfs disk{};
    if (::statvfs(data.c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize < (std::uint64_t{256} << 20U))
        return report.add(Verdict::Problem, "data", "less than 256 MiB are free",
                          "the database stops taking writes when the disk is full: free some room");
    report.add(Verdict::Ok, "data", data.string() + " is writable");
}

void check_certificate(Report& report, const Config& config) {
    const auto made = config.data / "tls" / "server.pem";
    const auto file = config.tls_certificate.empty() ? made : config.tls_certificate;
    std::error_code error;
    if (!std::filesystem::exists(file, error)) {
        if (config.tls_certificate.empty())
            return report.add(Verdict::Ok, "certificate", "one will be made at the first start");
        return report.add(Verdict::Problem, "certificate", file.string() + " is not there",
                          "correct --tls-certificate");
    }
    const auto expiry = net::certificate_expiry(file.string());
    if (!expiry) return report.add(Verdict::Problem, "certificate", expiry.error().detail, "give a PEM certificate");
    const auto left = std::chrono::duration_cast<std::chrono::days>(*expiry - SystemClock().wall()).count();
    if (left < 0) return report.add(Verdict::Problem, "certificate", file.string() + " has expired", "renew it");
    report.add(left < 14 ? Verdict::Warning : Verdict::Ok, "certificate", fmt::format("valid for {} days", left),
               left < 14 ? "renew it soon" : "");
}

void check_clock(Report& report) {
    constexpr std::int64_t kBuilt =
        1'767'225'600'000;  // 2026-01-01: certificates and tokens made earlier than the program are wrong
    if (to_millis(SystemClock().wall()) < kBuilt)
        return report.add(Verdict::Problem, "clock", "stands before 2026",
                          "set it (timedatectl set-ntp true): tokens and certificates depend on it");
    report.add(Verdict::Ok, "clock", to_rfc3339(SystemClock().wall()));
}

void check_limits(Report& report, const Config& config) {
    rlimit files{};
    ::getrlimit(RLIMIT_NOFILE, &files);
    const auto pairs = static_cast<unsigned long>(config.media_ports.last - config.media_ports.first) / 2;
    report.add(files.rlim_max < 4096 ? Verdict::Warning : Verdict::Ok, "limits",
               fmt::format("{} open files, {} RTP port pairs", files.rlim_max, pairs),
               files.rlim_max < 4096 ? "raise the limit (ulimit -n 65536): each SIP leg takes two" : "");
}

std::string text_of(const json::object& object, std::string_view key) {
    const auto* value = object.if_contains(key);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

/// By what the carrier last said, as far as it said anything.
std::string_view trunk_advice(std::int64_t sip_status) {
    switch (sip_status) {
        case 401:
        case 403:
        case 407:
            return "the carrier refuses this account: correct registration.username and registration.password";
        case 404:
            return "the carrier does not know this account: correct registration.username and registration.host";
        case 423:
            return "the carrier wants longer registrations: ask it for its shortest expiry";
        case 0:
        case 408:
            return "the carrier does not answer: check registration.host and port, and that a firewall lets SIP "
                   "through";
        default:
            return "ask the carrier, with the time and this answer";
    }
}

void check_trunk(Report& report, const json::object& trunk) {
    const auto name = text_of(trunk, "name"), state = text_of(trunk, "registrationState"),
               health = text_of(trunk, "health");
    if (text_of(trunk, "statusCode") == "INACTIVE")
        return report.add(Verdict::Ok, "trunk", name + ": switched off (enabled: false)");
    auto finding = fmt::format("{}: {}, health {}", name, state, health);
    if (text_of(trunk, "onlineStatus") == "ONLINE" && health != "down")
        return report.add(Verdict::Ok, "trunk", finding);
    const auto* status = trunk.if_contains("lastSipStatus");
    const auto sip_status = status && status->is_number() ? status->to_number<std::int64_t>() : 0;
    if (const auto why = text_of(trunk, "lastError"); !why.empty())
        finding += sip_status ? fmt::format(" ({} {})", sip_status, why) : fmt::format(" ({})", why);
    report.add(Verdict::Problem, "trunk", finding, trunk_advice(sip_status));
}

/// One STUN Binding transaction (TURN servers answer them, too). Blocking: the doctor's only thread.
Result<Endpoint> stun_binding(const std::string& host, const std::string& port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_DGRAM;
    addrinfo* found = nullptr;
    if (::getaddrinfo(host.c_str(), port.c_str(), &hints, &found) != 0 || !found)
        return fail(ErrorCode::NotFound, "its name does not resolve");
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, ::freeaddrinfo);
    const int fd = ::socket(found->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ::connect(fd, found->ai_addr, found->ai_addrlen) != 0) {
        if (fd >= 0) ::close(fd);
        return fail(ErrorCode::TransportFailed, "it cannot be reached");
    }
    SystemClock clock;
    SecureRandom random;
    ice::TransactionId transaction{};
    random.fill(transaction);
    ice::StunClient client({}, transaction, clock.now());
    const auto until = clock.now() + std::chrono::seconds(3);
    std::array<std::uint8_t, 1500> buffer{};
    while (!client.outcome() && clock.now() < until) {
        if (const auto due = client.poll(clock.now()); !due.empty()) (void)!::send(fd, due.data(), due.size(), 0);
        pollfd readable{fd, POLLIN, 0};
        if (::poll(&readable, 1, 50) <= 0) continue;
        const auto size = ::recv(fd, buffer.data(), buffer.size(), 0);
        if (size < 0) break;
        client.receive(std::span(buffer).first(static_cast<std::size_t>(size)));
    }
    ::close(fd);
    if (!client.outcome()) return fail(ErrorCode::Timeout, "it does not answer");
    return *client.outcome();
}

/// `stun:host:port`, `turn:host`, … (RFC 7064, RFC 7065).
void check_ice_server(Report& report, const std::string& uri) {
    auto rest = uri.substr(uri.find(':') + 1);
    rest = rest.substr(0, rest.find('?'));
    const auto colon = rest.rfind(':');
    const bool has_port = colon != std::string::npos && rest.find(']', colon) == std::string::npos;
    const auto mapped = stun_binding(rest.substr(0, colon), has_port ? rest.substr(colon + 1) : "3478");
    if (mapped) return report.add(Verdict::Ok, "stun/turn", uri + " answers; we are seen as " + mapped->str());
    report.add(Verdict::Problem, "stun/turn", uri + ": " + mapped.error().detail,
               "let UDP 3478 to 3481 through the firewall, or remove the server from the network configuration");
}

void check_ice_servers(Report& report, const json::value& networks) {
    std::set<std::string> servers;
    for (const auto& network : networks.at("entities").as_array())
        for (const auto& server : network.at("stunServers").as_array()) servers.emplace(server.as_string());
    if (servers.empty())
        report.add(Verdict::Ok, "stun/turn", "no server is configured; browsers on this network need none");
    for (const auto& server : servers) check_ice_server(report, server);
}

void check_server(Report& report, const Config& config) {
    auto session = ApiSession::open(config.data, "");
    if (!session)
        return report.add(Verdict::Warning, "server", session.error().detail, "trunks can be checked while it runs");
    report.add(Verdict::Ok, "server", "answers and accepts the first-run credentials");
    const auto trunks = (*session)->request("GET", "/api/v2/telephony/providers/edges?pageSize=500");
    if (!trunks) return report.add(Verdict::Problem, "trunks", trunks.error().detail);
    for (const auto& trunk : trunks->at("entities").as_array()) check_trunk(report, trunk.as_object());
    const auto networks = (*session)->request("GET", "/api/v2/telephony/networkconfigurations?pageSize=500");
    if (!networks) return report.add(Verdict::Problem, "stun/turn", networks.error().detail);
    check_ice_servers(report, *networks);
}

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

}  // namespace

int doctor(const Options& options) {
    const auto raw = merge(options, environment);
    const auto config = raw ? validate(*raw) : Result<Config>(std::unexpected(raw.error()));
    if (!config) {
        fmt::print("FAIL  config       {}\n", config.error().detail);
        return 1;
    }
    Report report;
    const auto first_run = read_first_run(config->data);
    const bool runs = first_run && ApiSession::open(config->data, "").has_value();
    check_port(report, "http", config->http, Layer::Tcp, runs);
    check_port(report, "https", config->https, Layer::Tcp, runs);
    check_port(report, "sip", config->sip, Layer::Udp, runs);
    check_port(report, "sips", config->sips, Layer::Tcp, runs);
    check_data(report, config->data);
    check_certificate(report, *config);
    check_clock(report);
    check_limits(report, *config);
    check_server(report, *config);
    return report.exit_code();
}

}  // namespace dp::app
