#pragma once
/// @file GrantTable: the valid bearer tokens and console sessions, by SHA-256 of the secret. A copy in memory of what
/// the store holds: loaded at start, extended after the store has committed a new grant, so that a token outlives a
/// restart.
///
/// API thread only. Expired grants are swept as the table grows.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "telephony/identity/credentials.hpp"

namespace dp::api {

class GrantTable {
public:
    void load(std::vector<telephony::AccessGrant> grants);
    void add(telephony::AccessGrant grant, WallTime now);
    void remove(const std::string& token_sha256);
    /// By the secret itself; null when unknown or expired.
    const telephony::AccessGrant* find(std::string_view secret, WallTime now) const;
    std::size_t size() const { return grants_.size(); }

private:
    std::unordered_map<std::string, telephony::AccessGrant> grants_;
    std::size_t sweep_at_ = 1024;
};

}  // namespace dp::api
