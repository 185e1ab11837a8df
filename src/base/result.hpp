#pragma once
/// @file Result<T>: a value or an Error. libstdc++ 12 has no monadic operations on std::expected, so early return is
/// spelled DP_TRY(name, expression) and DP_CHECK(expression).

#include <expected>
#include <string>
#include <utility>

#include "base/error.hpp"

namespace dp {

template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
public:
    using std::expected<T, Error>::expected;
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
public:
    using std::expected<void, Error>::expected;
};

inline std::unexpected<Error> fail(ErrorCode code, std::string detail, std::string field = {}) {
    return std::unexpected(Error{code, std::move(detail), std::move(field)});
}

}  // namespace dp

#define DP_CONCAT_INNER(a, b) a##b
#define DP_CONCAT(a, b) DP_CONCAT_INNER(a, b)

/// Evaluates a Result<T> expression; returns its error from the enclosing function, else moves the value into `name`.
#define DP_TRY(name, ...)                                                                                       \
    auto DP_CONCAT(dp_try_, __LINE__) = (__VA_ARGS__);                                                          \
    if (!DP_CONCAT(dp_try_, __LINE__)) return std::unexpected(std::move(DP_CONCAT(dp_try_, __LINE__)).error()); \
    auto name = std::move(*DP_CONCAT(dp_try_, __LINE__))

/// The same for Result<void>, or where the value is not wanted.
#define DP_CHECK(...)                                                                                            \
    do {                                                                                                         \
        if (auto dp_checked = (__VA_ARGS__); !dp_checked) return std::unexpected(std::move(dp_checked).error()); \
    } while (false)
