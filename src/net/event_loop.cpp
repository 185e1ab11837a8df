#include "net/event_loop.hpp"

#include <pthread.h>

#include <algorithm>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <csignal>
#include <future>
#include <vector>

namespace dp::net {
namespace {

/// Handlers of one turn: beyond it timers get their chance before the next.
constexpr int kHandlersPerTurn = 128;
constexpr std::size_t kTasksPerTurn = 1024;

/// A write to a connection that the peer has closed is an error code here, never a signal.
void ignore_sigpipe() {
    static const bool once = [] { return std::signal(SIGPIPE, SIG_IGN) != SIG_ERR; }();
    static_cast<void>(once);
}

}  // namespace

struct EventLoop::Impl {
    // Hint 1: one thread runs it, any may post.
    boost::asio::io_context context{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work =
        boost::asio::make_work_guard(context);
    std::vector<std::pair<std::uint64_t, TurnHook>> hooks;
    std::uint64_t next_hook = 1;
    std::vector<std::shared_ptr<TurnEnd>> ending, ended;  ///< the second keeps its memory only
};

EventLoop::EventLoop(std::string name, std::size_t mailbox_capacity)
    : now_(clock_.now()),
      timers_(now_),
      impl_(std::make_unique<Impl>()),
      mailbox_(mailbox_capacity,
               [this] { boost::asio::post(impl_->context, [this] { mailbox_.drain(kTasksPerTurn); }); }),
      name_(std::move(name)) {
    ignore_sigpipe();
}

EventLoop::~EventLoop() = default;

boost::asio::io_context& EventLoop::context() {
    return impl_->context;
}

void EventLoop::run() {
    owner_.store(std::this_thread::get_id(), std::memory_order_relaxed);
    if (!name_.empty()) pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
    while (!stopped_.load(std::memory_order_acquire)) turn();
    owner_.store(std::thread::id{}, std::memory_order_relaxed);
}

/// Waits, unless work is left from the end of the last turn.
void EventLoop::wait_and_run_one() {
    const TimePoint deadline = timers_.next_deadline();
    if (!impl_->ending.empty())
        impl_->context.poll_one();
    else if (deadline == kNever)
        impl_->context.run_one();
    else
        impl_->context.run_one_until(deadline);
}

void EventLoop::turn() {
    now_is_fresh_ = false;  // the wait may be long
    wait_and_run_one();
    for (int ran = 1; ran < kHandlersPerTurn && impl_->context.poll_one() != 0; ++ran) {
    }
    now_is_fresh_ = false;
    timers_.advance(now());
    for (std::size_t i = 0; i < impl_->hooks.size(); ++i) impl_->hooks[i].second();
    end_turn();
}

void EventLoop::end_turn() {
    impl_->ended.swap(impl_->ending);
    for (const auto& work : impl_->ended) work->on_turn_end();
    impl_->ended.clear();
}

void EventLoop::at_turn_end(std::shared_ptr<TurnEnd> work) {
    assert_owner();
    impl_->ending.push_back(std::move(work));
}

void EventLoop::stop() {
    stopped_.store(true, std::memory_order_release);
    impl_->context.stop();
}

bool EventLoop::post(Task task) {
    if (stopped_.load(std::memory_order_acquire)) return false;
    return mailbox_.post(std::move(task));
}

void EventLoop::complete(Task task) {
    boost::asio::post(impl_->context, std::move(task));
}

std::uint64_t EventLoop::add_turn_hook(TurnHook hook) {
    assert_owner();
    const std::uint64_t id = impl_->next_hook++;
    impl_->hooks.emplace_back(id, std::move(hook));
    return id;
}

void EventLoop::remove_turn_hook(std::uint64_t id) {
    assert_owner();
    std::erase_if(impl_->hooks, [id](const auto& hook) { return hook.first == id; });
}

LoopThread::LoopThread(std::string name, std::size_t mailbox_capacity) : loop_(std::move(name), mailbox_capacity) {
    std::promise<void> running;
    auto started = running.get_future();
    loop_.complete([running = std::move(running)]() mutable { running.set_value(); });
    thread_ = std::thread([this] { loop_.run(); });
    started.wait();
}

LoopThread::~LoopThread() {
    stop();
}

void LoopThread::run_and_wait(Task task) {
    std::promise<void> done;
    auto finished = done.get_future();
    loop_.complete([&task, done = std::move(done)]() mutable {
        task();
        done.set_value();
    });
    finished.wait();
}

void LoopThread::stop() {
    if (!thread_.joinable()) return;
    loop_.stop();
    thread_.join();
}

}  // namespace dp::net
