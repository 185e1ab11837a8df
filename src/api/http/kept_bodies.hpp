#pragma once
/// @file KeptBodies: JSON of entities that were read, ready to be sent again for as long as the configuration stands that
/// it was made from. For answers that follow from the configuration alone.
///
/// API thread. Bounded in number and octets; what does not fit is made anew each time.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace dp::api {

class KeptBodies {
public:
    using Body = std::shared_ptr<const std::string>;

    static constexpr std::size_t kSlots = 1024;
    static constexpr std::size_t kMostOctets = 1 << 20;

    /// An entity's address names it within one revision: its snapshot holds it. Null: it is not here.
    Body find(const void* entity, std::uint64_t revision) const;
    Body keep(const void* entity, std::uint64_t revision, std::string body);
    std::size_t octets() const { return octets_; }

private:
    struct Slot {
        const void* entity = nullptr;
        std::uint64_t revision = 0;
        Body body{};
    };
    static std::size_t index_of(const void* entity);
    void forget_others(std::uint64_t revision);

    std::vector<Slot> slots_;  ///< empty until something is kept
    std::size_t octets_ = 0;
    std::uint64_t swept_for_ = 0;
};

}  // namespace dp::api
