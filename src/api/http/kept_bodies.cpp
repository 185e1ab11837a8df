#include "api/http/kept_bodies.hpp"

#include <bit>

namespace dp::api {

std::size_t KeptBodies::index_of(const void* entity) {
    // Fibonacci hashing: addresses differ in their middle bits.
    return static_cast<std::size_t>((std::bit_cast<std::uintptr_t>(entity) * 0x9E3779B97F4A7C15ULL) >> 32) % kSlots;
}

KeptBodies::Body KeptBodies::find(const void* entity, std::uint64_t revision) const {
    if (slots_.empty()) return nullptr;
    const Slot& slot = slots_[index_of(entity)];
    return slot.entity == entity && slot.revision == revision ? slot.body : nullptr;
}

KeptBodies::Body KeptBodies::keep(const void* entity, std::uint64_t revision, std::string body) {
    auto made = std::make_shared<const std::string>(std::move(body));
    if (slots_.empty()) slots_.resize(kSlots);
    Slot& slot = slots_[index_of(entity)];
    if (slot.body) octets_ -= slot.body->size();
    slot = {};
    if (octets_ + made->size() > kMostOctets) forget_others(revision);
    if (octets_ + made->size() > kMostOctets) return made;
    octets_ += made->size();
    slot = {entity, revision, made};
    return made;
}

/// Once a revision: afterwards all that is here is its own.
void KeptBodies::forget_others(std::uint64_t revision) {
    if (swept_for_ == revision) return;
    swept_for_ = revision;
    for (Slot& slot : slots_) {
        if (!slot.body || slot.revision == revision) continue;
        octets_ -= slot.body->size();
        slot = {};
    }
}

}  // namespace dp::api
