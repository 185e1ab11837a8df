#pragma once
/// @file ReplyLine: hands the writer's replies to the executors that wait for them, one post per executor and batch. An
/// executor whose mailbox is full keeps its replies waiting here, in order, without holding up the others.
///
/// Threads: the store writer's.

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "base/mailbox.hpp"

namespace dp::store::sqlite {

class ReplyLine {
public:
    void add(Executor& executor, Task reply) { waiting_[&executor].fresh.push_back(std::move(reply)); }
    /// Posts what it can. True when nothing is left.
    bool flush();

private:
    using Batch = std::vector<Task>;
    struct Lane {
        Batch fresh;                                 ///< of this transaction
        std::deque<std::shared_ptr<Batch>> refused;  ///< could not be posted yet
    };
    static bool post(Executor& executor, const std::shared_ptr<Batch>& batch);
    static bool flush(Executor& executor, Lane& lane);

    std::unordered_map<Executor*, Lane> waiting_;
};

}  // namespace dp::store::sqlite
