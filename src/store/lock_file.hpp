#pragma once
/// @file One process per data directory: an advisory lock (flock) on a file that holds our process id. Released by the
/// kernel when we die.

#include <memory>
#include <string>

#include "base/result.hpp"

namespace dp::store {

/// Held as long as the pointer lives. Unavailable when another process has it; the detail names its process id.
Result<std::shared_ptr<void>> lock_file(const std::string& path);

}  // namespace dp::store
