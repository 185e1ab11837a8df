#pragma once
/// @file The domain's ids: opaque strings `[A-Za-z0-9._-]{1,64}`, one type each so that none is taken for another.
/// Every entity also carries EntityMeta: whose it is, its version and its times.
///
/// Threads: values.

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.hpp"
#include "base/strong_id.hpp"

namespace dp::telephony {

using OrganizationId = StrongId<struct OrganizationTag>;
using UserId = StrongId<struct UserTag>;
using RoleId = StrongId<struct RoleTag>;
using OAuthClientId = StrongId<struct OAuthClientTag>;
using ApiKeyId = StrongId<struct ApiKeyTag>;
using ConsoleCredentialId = StrongId<struct ConsoleCredentialTag>;
using LocationId = StrongId<struct LocationTag>;
using MediaRegionId = StrongId<struct MediaRegionTag>;
using SiteId = StrongId<struct SiteTag>;
using NetworkConfigurationId = StrongId<struct NetworkConfigurationTag>;
using PhoneBaseSettingsId = StrongId<struct PhoneBaseSettingsTag>;
using PhoneId = StrongId<struct PhoneTag>;
using StationId = StrongId<struct StationTag>;
using EdgeGroupId = StrongId<struct EdgeGroupTag>;
using SipProfileId = StrongId<struct SipProfileTag>;
using TrunkId = StrongId<struct TrunkTag>;
using TelephonyConfigurationId = StrongId<struct TelephonyConfigurationTag>;
using NumberId = StrongId<struct NumberTag>;
using ScheduleId = StrongId<struct ScheduleTag>;
using ScheduleGroupId = StrongId<struct ScheduleGroupTag>;
using QueueId = StrongId<struct QueueTag>;
using CallFlowId = StrongId<struct CallFlowTag>;
using WebhookId = StrongId<struct WebhookTag>;
using ConversationId = StrongId<struct ConversationTag>;
using ParticipantId = StrongId<struct ParticipantTag>;
using CommunicationId = StrongId<struct CommunicationTag>;

/// Entities are immutable once published: readers on every thread share them.
template <class T>
using Ptr = std::shared_ptr<const T>;

/// Whose an entity is, how often it changed and when. `version` is 0 until the store has written it and counts real
/// changes only.
struct EntityMeta {
    OrganizationId organization;
    std::int64_t version = 0;
    WallTime created{};
    WallTime modified{};
    std::string created_by;  ///< user or OAuth client id
    std::string modified_by;
};

}  // namespace dp::telephony
