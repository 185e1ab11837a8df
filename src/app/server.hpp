#pragma once
/// @file Server: the composition root. Makes every component in order, connects their ports, and takes them down in
/// reverse.
///
/// Threads it owns: api, control, hashing (and, inside their components, store writer, media workers, resolver). Start
/// and stop on the main thread. Source: flows.md "Start, stop, die".

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "app/config.hpp"
#include "app/first_run.hpp"
#include "base/result.hpp"

namespace dp::api {
class Router;
}

namespace dp::app {

/// What the operator is told once the server is ready.
struct StartReport {
    std::string console_url;
    std::optional<ConsoleLogin> console;  ///< made by a first run, and not told yet
    std::size_t closed_conversations = 0;
};

class Server {
public:
    /// Errors say what to do: port taken, data directory locked, certificate unreadable.
    static Result<std::unique_ptr<Server>> start(const Config& config);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    const StartReport& report() const { return report_; }
    /// The table of what the API answers.
    const api::Router& routes() const;
    /// Not ready any more; new calls get 503; returns when no call is left, the drain time is over, or `hurry` says so.
    void drain(const std::function<bool()>& hurry);
    void stop();

private:
    struct Parts;
    Server();
    Result<void> open_store();
    Result<void> make_tls();
    Result<void> make_signaling();
    Result<void> bind_sip();
    void make_webhooks();
    void make_api();
    Result<void> listen();
    Result<void> start_sandbox();
    Result<void> start_sandbox_phones();
    void start_provisioning();
    Result<void> tell_scripts();
    void stop_shard();
    void empty_outbox();

    std::unique_ptr<Parts> parts_;
    StartReport report_;
};

}  // namespace dp::app
