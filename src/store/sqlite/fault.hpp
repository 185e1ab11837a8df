#pragma once
/// @file What went wrong in SQLite, as the store's errors say it: one table from result code to error code, sentence
/// and advice.

#include <string>

#include "base/result.hpp"

struct sqlite3;

namespace dp::store::sqlite {

/// How far a failure reaches.
enum class Reach {
    Statement,  ///< a constraint: the unit of work fails, its neighbours do not
    Database,   ///< disk full, read-only, I/O error, corruption: nothing can be written now
};

struct Fault {
    Reach reach = Reach::Statement;
    Error error;
};

/// From the connection's last error.
Fault fault_of(sqlite3* database);
Fault fault_of(int extended_code, const std::string& message);

}  // namespace dp::store::sqlite
