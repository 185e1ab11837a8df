#include "store/sqlite/reply_line.hpp"

#include <iterator>

namespace dp::store::sqlite {

// The batch is shared with the task, because a task that post() refuses is gone.
bool ReplyLine::post(Executor& executor, const std::shared_ptr<Batch>& batch) {
    return executor.post([batch] {
        for (Task& reply : *batch) reply();
    });
}

bool ReplyLine::flush(Executor& executor, Lane& lane) {
    if (!lane.fresh.empty()) {
        lane.refused.push_back(std::make_shared<Batch>(std::move(lane.fresh)));
        lane.fresh.clear();
    }
    while (!lane.refused.empty() && post(executor, lane.refused.front())) lane.refused.pop_front();
    return lane.refused.empty();
}

bool ReplyLine::flush() {
    bool all = true;
    for (auto lane = waiting_.begin(); lane != waiting_.end();) {
        const bool done = flush(*lane->first, lane->second);
        all = all && done;
        lane = done ? waiting_.erase(lane) : std::next(lane);
    }
    return all;
}

}  // namespace dp::store::sqlite
