#pragma once
/// @file `dialplane completion SHELL`: a few lines for the shell, which ask the program itself what may stand next.
///
/// Main thread, once.

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace dp::app::cli {

/// `completion`, and the hidden command that its scripts call.
void add_completion(CLI::App& program);

/// What may stand where the last of `words` is (empty, or begun); words are those behind the program's name.
std::vector<std::string> completions(const CLI::App& program, const std::vector<std::string>& words);

}  // namespace dp::app::cli
