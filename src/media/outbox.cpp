#include "media/outbox.hpp"

namespace dp::media {

/// A refused task is destroyed with what it holds, so the event travels in a box that outlives the attempt.
bool Outbox::post(Event& event) {
    auto box = std::make_shared<Event>(std::move(event));
    const bool posted = control_.post([box, listener = listener_] { (*box)(*listener); });
    if (!posted) event = std::move(*box);
    return posted;
}

void Outbox::put(Event event) {
    if (waiting_.empty() && post(event)) return;
    if (waiting_.size() == kBound) {
        ++dropped_;
        return;
    }
    waiting_.push_back(std::move(event));
}

void Outbox::flush() {
    while (!waiting_.empty() && post(waiting_.front())) waiting_.pop_front();
}

}  // namespace dp::media
