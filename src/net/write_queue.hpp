#pragma once
/// @file WriteQueue: octets waiting to be written to a stream, in order. Small writes are joined, large and shared ones
/// are kept where they are. Internal to net; one owner thread.

#include <array>
#include <cstddef>
#include <deque>
#include <span>
#include <string_view>

#include "net/stream_connection.hpp"

namespace dp::net {

class WriteQueue {
public:
    static constexpr std::size_t kGather = 16;
    using Pieces = std::array<std::string_view, kGather>;

    bool empty() const { return chunks_.empty(); }
    std::size_t octets() const { return octets_; }

    void push(OutgoingBytes bytes) {
        const std::size_t size = bytes.view().size();
        octets_ += size;
        const bool joins = size < kJoinBelow && bytes.owned.size() == size && !chunks_.empty() &&
                           !chunks_.back().owned.empty() && chunks_.back().owned.size() < kJoinBelow;
        if (joins)
            chunks_.back().owned += bytes.owned;
        else
            chunks_.push_back(std::move(bytes));
    }
    /// What comes first, without taking it.
    std::span<const std::string_view> front(Pieces& pieces) const {
        std::size_t count = 0;
        for (const auto& chunk : chunks_) {
            pieces[count] = chunk.view();
            if (count == 0) pieces[0].remove_prefix(sent_of_first_);
            if (++count == kGather) break;
        }
        return {pieces.data(), count};
    }
    void pop(std::size_t octets) {
        octets_ -= octets;
        sent_of_first_ += octets;
        while (!chunks_.empty() && sent_of_first_ >= chunks_.front().view().size()) {
            sent_of_first_ -= chunks_.front().view().size();
            chunks_.pop_front();
        }
    }
    void clear() {
        chunks_.clear();
        octets_ = sent_of_first_ = 0;
    }

private:
    static constexpr std::size_t kJoinBelow = 4 * 1024;
    std::deque<OutgoingBytes> chunks_;
    std::size_t octets_ = 0;
    std::size_t sent_of_first_ = 0;
};

}  // namespace dp::net
