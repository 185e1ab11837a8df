#include "media/address_table.hpp"

#include <utility>

namespace dp::media {

void AddressTable::put(const Endpoint& remote, Leg& leg) {
    if (2 * (size_ + 1) > entries_.size()) grow();
    Entry& entry = entries_[place_of(remote)];
    if (entry.leg == nullptr) ++size_;
    entry = {remote, &leg};
}

void AddressTable::erase(const Endpoint& remote, const Leg& leg) {
    const std::size_t place = place_of(remote);
    if (entries_[place].leg == &leg) free(place);
}

void AddressTable::erase(const Leg& leg) {
    for (std::size_t place = 0; place < entries_.size();)
        if (entries_[place].leg == &leg)
            free(place);  // another may have come here
        else
            ++place;
}

/// Those behind that could stand here move up, so that no search ends too soon.
void AddressTable::free(std::size_t place) {
    --size_;
    for (std::size_t next = after(place); entries_[next].leg != nullptr; next = after(next)) {
        const std::size_t mask = entries_.size() - 1;
        const std::size_t home = home_of(entries_[next].remote);
        if (((next - home) & mask) < ((next - place) & mask)) continue;
        entries_[place] = entries_[next];
        place = next;
    }
    entries_[place] = {};
}

void AddressTable::grow() {
    const auto before = std::exchange(entries_, std::vector<Entry>(2 * entries_.size()));
    for (const Entry& entry : before)
        if (entry.leg != nullptr) entries_[place_of(entry.remote)] = entry;
}

}  // namespace dp::media
