#pragma once
/// @file Files that hold secrets: readable by their owner alone, and never half written.
///
/// Blocking; any thread.

#include <filesystem>
#include <string>

#include "base/result.hpp"

namespace dp::app {

/// Written beside and renamed, mode 0600: a reader never sees half a file, and it is never readable by others.
Result<void> write_private_file(const std::filesystem::path& path, const std::string& text);

}  // namespace dp::app
