#include "telephony/routing/queue.hpp"

#include <fmt/format.h>

#include <set>

namespace dp::telephony {
namespace {

Result<void> refuse(std::string field, std::string_view rule) {
    return fail(ErrorCode::InvalidValue, fmt::format("{} {}.", field, rule), field);
}

bool within(std::chrono::seconds value, std::int64_t low, std::int64_t high) {
    return value >= std::chrono::seconds(low) && value <= std::chrono::seconds(high);
}

}  // namespace

Result<void> validate(const Queue& queue) {
    if (queue.members.size() > Queue::kMostMembers)
        return refuse("members", fmt::format("may have at most {} entries", Queue::kMostMembers));
    std::set<UserId> seen;
    for (std::size_t i = 0; i < queue.members.size(); ++i)
        if (!seen.insert(queue.members[i]).second)
            return refuse(fmt::format("members[{}].id", i), "stands twice in this queue");
    if (!within(queue.ring_timeout, 3, 300))
        return refuse("mediaSettings.call.alertingTimeoutSeconds", "must be 3 to 300");
    if (!within(queue.wait_timeout, 3, 7200)) return refuse("waitTimeoutSeconds", "must be 3 to 7200");
    return {};
}

}  // namespace dp::telephony
