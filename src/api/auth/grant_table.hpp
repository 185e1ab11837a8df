#pragma once
/// @file GrantTable: the valid bearer tokens and console sessions, by SHA-256 of the secret. A copy in memory of what
/// the store holds: loaded at start, extended after the store has committed a new grant, so that a token outlives a
/// restart.
///
/// API thread only. Expired grants are swept as the table grows.

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "telephony/identity/credentials.hpp"

namespace dp::api {

class GrantTable {
public:
    /// Told after grants were taken away (not when one expires): what was opened with them must close.
    void on_end(std::function<void()> listener) { on_end_ = std::move(listener); }
    void load(std::vector<telephony::AccessGrant> grants);
    void add(telephony::AccessGrant grant, WallTime now);
    void remove(const std::string& token_sha256);
    /// Everything that descends from one authorization; their digests, for the store.
    std::vector<std::string> remove_family(const std::string& family);
    /// Empty: unknown, or on its own.
    std::string family_of(const std::string& token_sha256) const;
    bool is_revoked(const std::string& family) const { return revoked_families_.contains(family); }
    /// From here on a second use shows, whatever the store says of the first: what is spent cannot be unspent. Kept until
    /// `until`, so that it shows for as long as what came of it lives.
    telephony::AccessGrant spend(const std::string& token_sha256, WallTime until);
    /// By the secret itself; null when unknown or expired.
    const telephony::AccessGrant* find(std::string_view secret, WallTime now) const;
    /// The same by the secret's digest.
    const telephony::AccessGrant* find_digest(const std::string& token_sha256, WallTime now) const;
    bool contains(const std::string& token_sha256) const { return grants_.contains(token_sha256); }
    std::size_t size() const { return grants_.size(); }

private:
    std::unordered_map<std::string, telephony::AccessGrant> grants_;
    std::unordered_set<std::string> revoked_families_;  ///< of this process: for tokens still on their way to the store
    std::size_t sweep_at_ = 1024;
    std::function<void()> on_end_ = [] {};
};

}  // namespace dp::api
