#include "media/send_queue.hpp"

namespace dp::media {

void SendQueue::flush() {
    for (std::size_t i = 0; i < count_; ++i) {
        const Item& item = items_[i];
        if (::sendto(item.fd, item.data, item.size, 0, item.to, item.length) < 0) ++errors_;
    }
    count_ = 0;
}

}  // namespace dp::media
