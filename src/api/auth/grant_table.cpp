#include "api/auth/grant_table.hpp"

#include <algorithm>

namespace dp::api {

void GrantTable::load(std::vector<telephony::AccessGrant> grants) {
    for (auto& grant : grants) grants_.insert_or_assign(grant.token_sha256, std::move(grant));
    sweep_at_ = std::max(sweep_at_, grants_.size() * 2);
}

void GrantTable::add(telephony::AccessGrant grant, WallTime now) {
    if (grants_.size() >= sweep_at_) {
        std::erase_if(grants_, [now](const auto& entry) { return entry.second.expires <= now; });
        sweep_at_ = std::max<std::size_t>(1024, grants_.size() * 2);
    }
    grants_.insert_or_assign(grant.token_sha256, std::move(grant));
}

void GrantTable::remove(const std::string& token_sha256) {
    if (grants_.erase(token_sha256) > 0) on_end_();
}

std::vector<std::string> GrantTable::remove_family(const std::string& family) {
    std::vector<std::string> out;
    if (family.empty()) return out;
    revoked_families_.insert(family);
    for (const auto& [digest, grant] : grants_)
        if (grant.family == family) out.push_back(digest);
    for (const auto& digest : out) grants_.erase(digest);
    if (!out.empty()) on_end_();
    return out;
}

std::string GrantTable::family_of(const std::string& token_sha256) const {
    const auto it = grants_.find(token_sha256);
    return it == grants_.end() ? std::string() : it->second.family;
}

telephony::AccessGrant GrantTable::spend(const std::string& token_sha256, WallTime until) {
    auto& grant = grants_.at(token_sha256);
    grant.spent = true;
    grant.expires = std::max(grant.expires, until);
    return grant;
}

const telephony::AccessGrant* GrantTable::find(std::string_view secret, WallTime now) const {
    return find_digest(telephony::secret_digest(secret), now);
}

const telephony::AccessGrant* GrantTable::find_digest(const std::string& token_sha256, WallTime now) const {
    const auto it = grants_.find(token_sha256);
    return it == grants_.end() || it->second.expires <= now ? nullptr : &it->second;
}

}  // namespace dp::api
