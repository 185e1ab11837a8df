#pragma once
/// @file Is the write-ahead log whole? SQLite reads a log up to its first frame that does not fit and takes the rest for
/// what a dying process did not finish. That is right for the last transaction only: each one is on disk before the
/// next begins (synchronous=FULL, one writer), so a frame that does not fit in front of two or more commits means that
/// acknowledged changes would be lost, silently.
///
/// Threads: start-up, under the directory's lock and before the database is opened. Errors: Internal with what to do.
/// Source: SQLite file format, section 4 "The Write-Ahead Log".

#include <string>

#include "base/result.hpp"

namespace dp::store::sqlite {

/// `path` is the log itself; none, or an empty one, is whole.
Result<void> check_wal(const std::string& path);

}  // namespace dp::store::sqlite
