#pragma once
/// @file Which leg has a remote address: an open hash table, looked into once per packet of a shared socket.
///
/// Problem: a node per entry is a cache line from anywhere for each packet, a fifteenth of what a relayed packet costs.
/// Here entries lie side by side, two in a line, and the line can be fetched ahead for a whole batch. The seed keeps
/// peers from choosing addresses that collide. Never more than half full; no allocation but when it grows. Thread: one
/// worker.

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/endpoint.hpp"

namespace dp::media {

class Leg;

class AddressTable {
public:
    explicit AddressTable(std::uint64_t seed) : seed_(seed), entries_(kSmallest) {}

    void prefetch(const Endpoint& remote) const { __builtin_prefetch(&entries_[home_of(remote)]); }
    Leg* find(const Endpoint& remote) const { return entries_[place_of(remote)].leg; }
    void put(const Endpoint& remote, Leg& leg);
    /// If it is this leg's.
    void erase(const Endpoint& remote, const Leg& leg);
    void erase(const Leg& leg);
    std::size_t size() const { return size_; }

private:
    static constexpr std::size_t kSmallest = 64;  // a power of two, as all sizes

    struct Entry {
        Endpoint remote;
        Leg* leg = nullptr;  ///< null: free
    };

    std::size_t home_of(const Endpoint& remote) const;
    /// Where it is, or would be put.
    std::size_t place_of(const Endpoint& remote) const;
    std::size_t after(std::size_t place) const { return (place + 1) & (entries_.size() - 1); }
    void free(std::size_t place);
    void grow();

    std::uint64_t seed_;
    std::vector<Entry> entries_;
    std::size_t size_ = 0;
};

inline std::size_t AddressTable::home_of(const Endpoint& remote) const {
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), remote.address.bytes().data(), sizeof words);
    constexpr std::uint64_t kOdd = 0x9E3779B97F4A7C15;
    const std::uint64_t left = words[0] ^ seed_;
    const std::uint64_t right = (words[1] + remote.port * kOdd) ^ std::rotl(seed_, 32);
    const unsigned __int128 product = static_cast<unsigned __int128>(left | 1U) * (right ^ kOdd);
    const auto mixed = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
    return (mixed ^ (mixed >> 32U)) & (entries_.size() - 1);
}

inline std::size_t AddressTable::place_of(const Endpoint& remote) const {
    std::size_t place = home_of(remote);
    while (entries_[place].leg != nullptr && entries_[place].remote != remote) place = after(place);
    return place;
}

}  // namespace dp::media
