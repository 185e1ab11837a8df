/// @file `dialplane login`, `logout` and `token`.
#include <fmt/format.h>
#include <termios.h>
#include <unistd.h>

#include <cstdlib>
#include <iostream>

#include "app/cli/commands.hpp"
#include "base/ascii.hpp"

namespace dp::app::cli {

namespace {

/// The terminal does not show what is typed while this lives; not a terminal: nothing happens.
class QuietTerminal {
public:
    QuietTerminal() : is_terminal_(::tcgetattr(STDIN_FILENO, &before_) == 0) {
        if (!is_terminal_) return;
        termios quiet = before_;
        quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
        fmt::print(stderr, "Client secret: ");
    }
    ~QuietTerminal() {
        if (!is_terminal_) return;
        ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
        fmt::print(stderr, "\n");
    }
    QuietTerminal(const QuietTerminal&) = delete;
    QuietTerminal& operator=(const QuietTerminal&) = delete;

private:
    termios before_{};
    bool is_terminal_;
};

/// Never an argument: those can be seen by every user of the machine.
Result<std::string> secret_of(const LoginCommand& command) {
    std::string secret;
    if (!command.secret_file.empty()) {
        DP_TRY(text, read_text(command.secret_file));
        secret = std::move(text);
    } else if (const char* variable = std::getenv("DP_CLIENT_SECRET")) {
        secret = variable;
    } else {
        const QuietTerminal quiet;
        std::getline(std::cin, secret);
    }
    secret = std::string(ascii::trim(secret));
    while (secret.ends_with('\n') || secret.ends_with('\r')) secret.pop_back();
    if (secret.empty()) return fail(ErrorCode::MissingField, "The client secret is empty.");
    return secret;
}

Result<void> logged_in(const LoginCommand& command) {
    DP_TRY(secret, secret_of(command));
    const ApiAccess access{command.url, command.client_id, std::move(secret), command.ca_file};
    DP_CHECK(ApiSession::open(access));
    return remember_login(access);
}

}  // namespace

int log_in(const LoginCommand& command) {
    if (const auto done = logged_in(command); !done) return complain(done.error());
    fmt::print("Logged in at {} as {}.\n", command.url, command.client_id);
    return kDone;
}

int log_out(const std::string& url) {
    const auto done = forget_login(url);
    return done ? kDone : complain(done.error());
}

int print_token(const Connection& connection) {
    const auto session = connect(connection);
    if (!session) return complain(session.error());
    fmt::print("{}\n", (*session)->token());
    return kDone;
}

}  // namespace dp::app::cli
