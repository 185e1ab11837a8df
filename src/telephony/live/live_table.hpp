#pragma once
/// @file LiveTable: the latest published value per key of something that changes too often for the configuration
/// snapshot (conversations, stations, trunk status). The owner of the state publishes; any thread reads.
///
/// A lock per shard guards one pointer exchange and nothing else: no value is copied, no allocation but the map's own
/// node, no call out.

#include <array>
#include <functional>
#include <mutex>
#include <unordered_map>
#include <vector>

#include "telephony/ids.hpp"

namespace dp::telephony {

template <class Key, class T>
class LiveTable {
public:
    void put(const Key& key, Ptr<T> value) {
        Shard& shard = shard_of(key);
        std::lock_guard lock(shard.mutex);
        shard.values[key].swap(value);
    }
    void erase(const Key& key) {
        Shard& shard = shard_of(key);
        std::lock_guard lock(shard.mutex);
        shard.values.erase(key);
    }
    Ptr<T> find(const Key& key) const {
        const Shard& shard = shard_of(key);
        std::lock_guard lock(shard.mutex);
        auto it = shard.values.find(key);
        return it == shard.values.end() ? nullptr : it->second;
    }
    /// Every value, in no order. For lists and counters, not for the call path.
    std::vector<Ptr<T>> all() const {
        std::vector<Ptr<T>> out;
        for (const Shard& shard : shards_) {
            std::lock_guard lock(shard.mutex);
            for (const auto& [key, value] : shard.values) out.push_back(value);
        }
        return out;
    }

private:
    struct Shard {
        mutable std::mutex mutex;
        std::unordered_map<Key, Ptr<T>> values;
    };
    Shard& shard_of(const Key& key) { return shards_[std::hash<Key>{}(key) % shards_.size()]; }
    const Shard& shard_of(const Key& key) const { return shards_[std::hash<Key>{}(key) % shards_.size()]; }
    std::array<Shard, 32> shards_;
};

}  // namespace dp::telephony
