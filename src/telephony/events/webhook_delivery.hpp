#pragma once
/// @file What is remembered of telling one event to one webhook, and where each webhook's lane stands in the log. Both
/// are rows of the store: after a crash nothing is missed and no schedule starts anew.

#include <chrono>
#include <cstdint>
#include <string>

#include "telephony/ids.hpp"

namespace dp::telephony {

enum class DeliveryState : std::uint8_t {
    Pending,    ///< tried without success; tried again at `next_attempt`
    Delivered,  ///< the target answered 2xx
    Dead,       ///< given up; stays until replayed
};

struct WebhookDelivery {
    OrganizationId organization;
    WebhookId webhook;
    std::uint64_t event = 0;  ///< its sequence; with the webhook's id the key
    DeliveryState state = DeliveryState::Pending;
    int attempts = 0;
    WallTime first_attempt{};
    WallTime last_attempt{};
    WallTime next_attempt{};  ///< of a pending one
    int http_status = 0;      ///< of the last attempt; 0: none came
    std::chrono::milliseconds latency{0};
    std::string error;  ///< why the last attempt was none, in words

    bool operator==(const WebhookDelivery&) const = default;
};

/// Every event up to `cursor` is of no interest to the webhook, or has its WebhookDelivery.
struct WebhookLane {
    OrganizationId organization;
    WebhookId webhook;
    std::uint64_t cursor = 0;
};

}  // namespace dp::telephony
