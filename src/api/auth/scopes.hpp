#pragma once
/// @file The OAuth scopes that exist: those of the seeds and the coarse ones of the real API, and which of them holds
/// which (genesys-api section 3, "Seed scope | Treat as").
///
/// Pure.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace dp::api {

struct ScopeFacts {
    std::string_view name;
    std::string_view description;
};

std::span<const ScopeFacts> known_scopes();
bool is_known_scope(std::string_view name);

/// `telephony` covers `telephony:readonly` and `telephony:edge:write`; a seed's scope covers itself alone.
bool scope_covers(std::string_view held, std::string_view wanted);
bool any_covers(const std::vector<std::string>& held, std::string_view wanted);

/// What is asked for (separated by spaces), each covered by what is owned; all that is owned when nothing is asked for.
/// Nothing when one is not covered.
std::optional<std::vector<std::string>> narrowed(const std::vector<std::string>& owned, std::string_view asked);

std::string joined_scopes(const std::vector<std::string>& scopes);

}  // namespace dp::api
