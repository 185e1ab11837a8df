#include <fmt/format.h>
#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/commands.hpp"
#include "app/server.hpp"
#include "base/log.hpp"
#include "sandbox/magic_numbers.hpp"
#include "sandbox/order_numbers.hpp"
#include "sandbox/sandbox.hpp"

namespace dp::app {
namespace {

std::optional<std::string> environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
}

int complain(const Error& error) {
    fmt::print(stderr, "dialplane: {}\n", error.detail);
    return 1;
}

/// SIGINT and SIGTERM as a descriptor; blocked before any thread is made, so that no thread dies of them.
class StopSignals {
public:
    StopSignals() {
        sigemptyset(&set_);
        sigaddset(&set_, SIGINT);
        sigaddset(&set_, SIGTERM);
        pthread_sigmask(SIG_BLOCK, &set_, nullptr);
        std::signal(SIGPIPE, SIG_IGN);
        fd_ = ::signalfd(-1, &set_, SFD_CLOEXEC);
    }
    ~StopSignals() { ::close(fd_); }
    StopSignals(const StopSignals&) = delete;
    StopSignals& operator=(const StopSignals&) = delete;

    void wait() const {
        signalfd_siginfo info{};
        while (::read(fd_, &info, sizeof info) != sizeof info) {
        }
    }
    bool pending() const {
        pollfd poll_fd{fd_, POLLIN, 0};
        return ::poll(&poll_fd, 1, 0) > 0;
    }

private:
    sigset_t set_{};
    int fd_ = -1;
};

/// How the reader of this terminal runs this program: as it lies below the folder they stand in, else in full.
std::string program() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    const auto here = std::filesystem::current_path(error);
    const auto below = self.lexically_relative(here);
    return below.empty() || *below.begin() == ".." ? self.string() : below.string();
}

void announce(const StartReport& report, const Config& config, bool data_is_default) {
    fmt::print("Dialplane is ready: {}\n", report.console_url);
    if (report.console)
        fmt::print(
            "  console user      {}\n  console password  {}\n  (shown once; also in {}, readable by you alone)\n",
            report.console->user, report.console->password, first_run_path(config.data).string());
    if (config.sandbox)
        fmt::print(
            "  sandbox carrier on, try: {} call{} --from a1b2c3d4-e5f6-7890-abcd-ef1234567890 --to +14155550110 "
            "--wait ended\n",
            program(), data_is_default ? "" : " --data " + config.data.string());
    if (report.closed_conversations)
        fmt::print("  {} calls that the last process left open were closed as server_restart\n",
                   report.closed_conversations);
    std::fflush(stdout);
}

}  // namespace

int serve(const Options& options, bool print_config) {
    const auto raw = merge(options, environment);
    if (!raw) return complain(raw.error());
    const auto config = validate(*raw);
    if (!config) return complain(config.error());
    if (print_config) {
        fmt::print("{}", render(*raw));
        return 0;
    }
    const StopSignals signals;
    log::start(config->log_level, config->log_file);
    int status = 0;
    if (auto server = Server::start(*config)) {
        announce((*server)->report(), *config, raw->find("data")->second.source == "default");
        signals.wait();
        fmt::print("Stopping: waiting for calls to end (again to end them now).\n");
        std::fflush(stdout);
        (*server)->drain([&signals] { return signals.pending(); });
        (*server)->stop();
    } else {
        status = complain(server.error());
    }
    log::stop();
    return status;
}

std::string magic_number_help() {
    std::string out = "Magic numbers (any other number rings for a second, answers, speaks and echoes):\n";
    for (const auto& magic : sandbox::magic_numbers()) out += fmt::format("  {}  {}\n", magic.number, magic.behaviour);
    out += "Magic numbers for orders (any other number is active two seconds after it was ordered):\n";
    for (const auto& magic : sandbox::order_numbers()) out += fmt::format("  {}  {}\n", magic.number, magic.behaviour);
    return out;
}

int run_sandbox(const SandboxCommand& command) {
    const auto local = Endpoint::parse(command.sip);
    if (!local) return complain({ErrorCode::InvalidValue, "--sip must be ADDRESS:PORT with a numeric address.", "sip"});
    sandbox::SandboxOptions options;
    options.sip = *local;
    if (!command.http.empty()) {
        const auto http = Endpoint::parse(command.http);
        if (!http)
            return complain({ErrorCode::InvalidValue, "--http must be ADDRESS:PORT with a numeric address.", "http"});
        options.http = *http;
    }
    for (const auto& account : command.accounts) {
        const auto colon = account.find(':');
        if (colon == std::string::npos || colon == 0)
            return complain({ErrorCode::InvalidValue, "--account must be NAME:PASSWORD.", "account"});
        options.accounts.push_back({account.substr(0, colon), account.substr(colon + 1)});
    }
    const StopSignals signals;
    log::start(log::Level::Info, "");
    auto carrier = sandbox::Sandbox::start(options);
    if (!carrier) return complain(carrier.error());
    fmt::print("The sandbox carrier listens on sip:{} (UDP) and http://{}, {} accounts.\n", (*carrier)->sip().str(),
               (*carrier)->http().str(), options.accounts.size());
    if (options.accounts.empty())
        fmt::print("Nobody may register or call: give it customers with --account NAME:PASSWORD.\n");
    std::fflush(stdout);
    signals.wait();
    carrier->reset();
    log::stop();
    return 0;
}

}  // namespace dp::app
