#pragma once
/// @file The part of the command line that is a client of the API, as CLI11 commands.
///
/// Main thread, once. What the callbacks refer to lives as long as the program object's callbacks: until exit.

namespace CLI {
class App;
}

namespace dp::app::cli {

/// `status` becomes the exit code of the command that ran.
void add_client_commands(CLI::App& program, int& status);

}  // namespace dp::app::cli
