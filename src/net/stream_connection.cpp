#include "net/stream_connection.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include "base/log.hpp"
#include "net/event_loop.hpp"
#include "net/socket_setup.hpp"
#include "net/stream_accepted.hpp"
#include "net/stream_socket.hpp"
#include "net/write_queue.hpp"

namespace dp::net {
namespace {

namespace asio = boost::asio;
using Descriptor = asio::posix::stream_descriptor;

constexpr std::size_t kReadSize = 64 * 1024;
constexpr int kReadsPerWake = 4;  ///< then others get their turn
/// Less than this waits for the end of the turn: the answers to all requests that came together leave together. Each send
/// wakes its reader, which costs more than the rest of sending when the reader sleeps again after every answer.
constexpr std::size_t kSendAtOnce = 64 * 1024;
constexpr auto kLinger = std::chrono::milliseconds(1000);
constexpr std::size_t kLingerOctets = 256 * 1024;

/// Read into here, shared by all connections of a thread: an idle connection holds no buffer.
std::span<char> scratch() {
    thread_local std::array<char, kReadSize> buffer;
    return buffer;
}

enum class State : std::uint8_t { Connecting, Handshaking, Open, Flushing, Lingering, Closed };

class Connection final : public StreamConnection, public TurnEnd {
public:
    Connection(EventLoop& loop, int fd, const StreamLimits& limits, const Endpoint& local, const Endpoint& remote)
        : loop_(loop), socket_(fd), descriptor_(loop.context()), limits_(limits), local_(local), remote_(remote) {
        boost::system::error_code refused;  // the kernel may be out of room for one more
        if (fd >= 0) descriptor_.assign(fd, refused);
        deadline_.set_callback([this] { on_deadline(); });
        write_check_.set_callback([this] { on_write_check(); });
    }
    ~Connection() override { release(); }

    bool attached() const { return descriptor_.is_open(); }
    void begin_connect(ConnectOptions options);
    void begin_accepted(const TlsContext& tls);
    void set_handler(std::unique_ptr<StreamHandler> handler) { handler_ = std::move(handler); }
    void set_on_gone(std::move_only_function<void()> on_gone) { on_gone_ = std::move(on_gone); }

    using StreamConnection::write;
    bool write(OutgoingBytes bytes) override;
    void cork() override { ++corked_; }
    void uncork() override;
    std::size_t queued() const override { return queue_.octets(); }
    void pause_reading() override;
    void resume_reading() override;
    void set_idle_timeout(std::chrono::milliseconds timeout) override;
    void set_dscp(std::uint8_t dscp) override;
    void close_after_flush(CloseReason reason) override;
    void abort(CloseReason reason) override;
    bool closing() const override { return state_ >= State::Flushing; }
    void replace_handler(std::unique_ptr<StreamHandler> handler) override;
    EventLoop& loop() override { return loop_; }
    const Endpoint& local() const override { return local_; }
    const Endpoint& remote() const override { return remote_; }
    bool is_tls() const override { return tls_; }
    void on_turn_end() override;

private:
    std::shared_ptr<Connection> self() { return std::static_pointer_cast<Connection>(shared_from_this()); }
    void await_read();
    void await_write();
    void watch_for_reset();
    void on_readable();
    void on_writable();
    void on_connected();
    void start_handshake();
    void step_handshake();
    void become_open();
    void read_open();
    void read_lingering();
    void deliver(std::string_view bytes);
    void on_input_end(IoStatus status);
    void send_soon();
    void send_now();
    bool flush();
    void after_flush();
    void start_lingering();
    void on_deadline();
    void on_write_check();
    void watch_writes();
    void finish(CloseReason reason);
    void release();
    void end_callback();

    EventLoop& loop_;
    StreamSocket socket_;
    Descriptor descriptor_;
    StreamLimits limits_;
    Endpoint local_, remote_;
    TlsContext tls_context_;
    std::string server_name_;
    TlsRole role_ = TlsRole::Server;
    std::unique_ptr<StreamHandler> handler_, next_handler_;
    std::move_only_function<void()> on_gone_;
    WriteQueue queue_;
    std::size_t moved_ = 0;  ///< written since the last write check
    std::size_t lingered_ = 0;
    Timer deadline_, write_check_;
    std::chrono::milliseconds idle_timeout_{0};
    State state_ = State::Connecting;
    CloseReason close_reason_ = CloseReason::LocalClose;
    int corked_ = 0;
    int in_callback_ = 0;
    bool tls_ = false, paused_ = false, reading_ = false, writing_ = false, input_ended_ = false, drain_due_ = false;
    bool read_wants_write_ = false, watching_reset_ = false, send_due_ = false;
};

void Connection::begin_connect(ConnectOptions options) {
    tls_context_ = std::move(options.tls);
    server_name_ = std::move(options.server_name);
    role_ = TlsRole::Client;
    tls_ = static_cast<bool>(tls_context_);
    loop_.arm(deadline_, limits_.connect_timeout);
    await_write();
}

void Connection::begin_accepted(const TlsContext& tls) {
    tls_context_ = tls;
    tls_ = static_cast<bool>(tls);
    if (tls_)
        start_handshake();
    else
        become_open();
}

void Connection::await_read() {
    if (reading_ || state_ == State::Closed) return;
    reading_ = true;
    descriptor_.async_wait(Descriptor::wait_read, [self = self()](const boost::system::error_code& error) {
        self->reading_ = false;
        if (!error) self->on_readable();
    });
}

void Connection::await_write() {
    if (writing_ || state_ == State::Closed) return;
    writing_ = true;
    descriptor_.async_wait(Descriptor::wait_write, [self = self()](const boost::system::error_code& error) {
        self->writing_ = false;
        if (!error) self->on_writable();
    });
}

void Connection::on_readable() {
    switch (state_) {
        case State::Handshaking:
            return step_handshake();
        case State::Open:
        case State::Flushing:
            return read_open();
        case State::Lingering:
            return read_lingering();
        case State::Connecting:
        case State::Closed:
            return;
    }
}

void Connection::on_writable() {
    switch (state_) {
        case State::Connecting:
            return on_connected();
        case State::Handshaking:
            return step_handshake();
        case State::Open:
        case State::Flushing:
            if (flush()) after_flush();
            if (read_wants_write_ && state_ != State::Closed) {
                read_wants_write_ = false;
                read_open();
            }
            return;
        case State::Lingering:
        case State::Closed:
            return;
    }
}

void Connection::on_connected() {
    if (const int error = take_socket_error(socket_.descriptor()); error != 0)
        return finish(error == ETIMEDOUT ? CloseReason::ConnectTimeout : CloseReason::ConnectFailed);
    local_ = socket_name(socket_.descriptor());
    deadline_.cancel();
    if (tls_)
        start_handshake();
    else
        become_open();
}

void Connection::start_handshake() {
    state_ = State::Handshaking;
    loop_.arm(deadline_, limits_.handshake_timeout);
    if (auto started = socket_.start_tls(tls_context_, role_, server_name_); !started) {
        log::warn("net", "tls peer={} error=\"{}\"", remote_.str(), started.error().detail);
        return finish(CloseReason::HandshakeFailed);
    }
    step_handshake();
}

void Connection::step_handshake() {
    switch (socket_.handshake().status) {
        case IoStatus::Done:
            deadline_.cancel();
            return become_open();
        case IoStatus::WantRead:
            return await_read();
        case IoStatus::WantWrite:
            return await_write();
        default:
            break;
    }
    // Strangers fail handshakes all day: worth a line only while looking for something.
    log::debug("net", "tls handshake failed peer={} reason=\"{}\"", remote_.str(), socket_.handshake_error());
    finish(CloseReason::HandshakeFailed);
}

void Connection::become_open() {
    state_ = State::Open;
    ++in_callback_;
    ++corked_;
    handler_->on_open(*this);
    end_callback();
    uncork();
    if (state_ == State::Closed) return;
    if (socket_.has_buffered()) return read_open();
    if (!paused_) await_read();
}

void Connection::deliver(std::string_view bytes) {
    if (idle_timeout_.count() > 0) loop_.arm(deadline_, idle_timeout_);
    if (state_ != State::Open) return;
    ++in_callback_;
    ++corked_;
    handler_->on_bytes(*this, bytes);
    end_callback();
    uncork();
}

void Connection::read_open() {
    const auto keep_alive = self();
    for (int i = 0; i < kReadsPerWake; ++i) {
        if (paused_ || input_ended_ || state_ == State::Closed) return;
        const auto buffer = scratch();
        const IoOutcome got = socket_.read(buffer);
        switch (got.status) {
            case IoStatus::Done:
                deliver({buffer.data(), got.octets});
                // A short read emptied the socket: waiting again is cheaper than asking again.
                if (!socket_.is_tls() && got.octets < buffer.size()) i = kReadsPerWake;
                continue;
            case IoStatus::WantRead:
                return await_read();
            case IoStatus::WantWrite:
                read_wants_write_ = true;
                return await_write();
            default:
                return on_input_end(got.status);
        }
    }
    if (paused_ || input_ended_ || state_ == State::Closed) return;
    if (!socket_.has_buffered()) return await_read();
    loop_.complete([keep_alive] { keep_alive->on_readable(); });  // decrypted octets wait: no event will tell
}

void Connection::on_input_end(IoStatus status) {
    if (status != IoStatus::End) return finish(CloseReason::PeerReset);
    input_ended_ = true;
    if (state_ != State::Open) return;
    watch_for_reset();
    ++in_callback_;
    handler_->on_end(*this);
    end_callback();
}

/// After our FIN: what the peer still sends is thrown away, so that closing does not turn into a reset that would
/// destroy the answer in flight (RFC 9112 section 9.6).
void Connection::read_lingering() {
    const auto buffer = scratch();
    for (int i = 0; i < kReadsPerWake; ++i) {
        const IoOutcome got = socket_.read(buffer);
        if (got.status == IoStatus::WantRead) return await_read();
        lingered_ += got.octets;
        if (got.status != IoStatus::Done || lingered_ > kLingerOctets) return finish(close_reason_);
    }
    await_read();
}

bool Connection::write(OutgoingBytes bytes) {
    if (state_ >= State::Flushing) return false;
    if (bytes.view().empty()) return true;
    if (queue_.octets() >= limits_.write_queue) {
        finish(CloseReason::SlowReader);
        return false;
    }
    queue_.push(std::move(bytes));
    if (corked_ == 0) send_soon();
    return state_ < State::Flushing;
}

void Connection::uncork() {
    if (--corked_ == 0) send_soon();
}

void Connection::send_soon() {
    if (state_ != State::Open || queue_.octets() >= kSendAtOnce) return send_now();
    if (!queue_.empty() && !writing_ && !std::exchange(send_due_, true)) loop_.at_turn_end(self());
}

void Connection::send_now() {
    if (corked_ > 0 || writing_ || (state_ != State::Open && state_ != State::Flushing)) return;
    if (flush()) after_flush();
}

void Connection::on_turn_end() {
    if (std::exchange(send_due_, false)) send_now();
}

/// Writes until the queue is empty (true) or the socket takes no more (false; an event or the end follows).
bool Connection::flush() {
    WriteQueue::Pieces pieces;
    while (!queue_.empty()) {
        const IoOutcome put = socket_.write(queue_.front(pieces));
        switch (put.status) {
            case IoStatus::Done:
                queue_.pop(put.octets);
                moved_ += put.octets;
                drain_due_ = true;
                continue;
            case IoStatus::WantWrite:
                watch_writes();
                await_write();
                return false;
            case IoStatus::WantRead:
                await_read();
                return false;
            default:
                finish(CloseReason::PeerReset);
                return false;
        }
    }
    return true;
}

void Connection::after_flush() {
    write_check_.cancel();
    if (state_ == State::Flushing) return start_lingering();
    if (!std::exchange(drain_due_, false) || state_ != State::Open) return;
    const auto keep_alive = self();
    ++in_callback_;
    handler_->on_drained(*this);
    end_callback();
}

void Connection::watch_writes() {
    if (write_check_.armed()) return;
    moved_ = 0;
    loop_.arm(write_check_, limits_.write_check);
}

void Connection::on_write_check() {
    if (moved_ < limits_.write_check_octets) return finish(CloseReason::SlowReader);
    moved_ = 0;
    loop_.arm(write_check_, limits_.write_check);
}

void Connection::pause_reading() {
    paused_ = true;
    watch_for_reset();
}

/// Keeps the connection alive, and notices a reset, while nothing is read.
void Connection::watch_for_reset() {
    if (watching_reset_ || state_ == State::Closed) return;
    watching_reset_ = true;
    descriptor_.async_wait(Descriptor::wait_error, [self = self()](const boost::system::error_code& error) {
        self->watching_reset_ = false;
        if (!error && (self->paused_ || self->input_ended_)) self->finish(CloseReason::PeerReset);
    });
}

void Connection::resume_reading() {
    if (!std::exchange(paused_, false)) return;
    if (state_ != State::Open || input_ended_) return;
    // Not from here: the caller may be inside on_bytes.
    if (socket_.has_buffered())
        loop_.complete([self = self()] { self->on_readable(); });
    else
        await_read();
}

void Connection::set_dscp(std::uint8_t dscp) {
    if (state_ == State::Open) net::set_dscp(socket_.descriptor(), local_.address.is_v4(), dscp);
}

void Connection::set_idle_timeout(std::chrono::milliseconds timeout) {
    idle_timeout_ = timeout;
    if (state_ != State::Open) return;
    if (timeout.count() > 0)
        loop_.arm(deadline_, timeout);
    else
        deadline_.cancel();
}

void Connection::on_deadline() {
    switch (state_) {
        case State::Connecting:
            return finish(CloseReason::ConnectTimeout);
        case State::Handshaking:
            return finish(CloseReason::HandshakeTimeout);
        case State::Open:
        case State::Flushing:
            return finish(CloseReason::IdleTimeout);
        case State::Lingering:
            return finish(close_reason_);
        case State::Closed:
            return;
    }
}

void Connection::close_after_flush(CloseReason reason) {
    if (state_ >= State::Flushing) return;
    if (state_ != State::Open) return finish(reason);
    state_ = State::Flushing;
    close_reason_ = reason;
    idle_timeout_ = {};
    deadline_.cancel();
    send_now();
}

/// What was written before, in the same turn, has the chance it would have had at once.
void Connection::abort(CloseReason reason) {
    if (std::exchange(send_due_, false) && state_ == State::Open && !writing_) flush();
    finish(reason);
}

void Connection::start_lingering() {
    state_ = State::Lingering;
    socket_.shutdown_write();
    if (input_ended_) return finish(close_reason_);
    loop_.arm(deadline_, kLinger);
    await_read();
}

void Connection::replace_handler(std::unique_ptr<StreamHandler> handler) {
    next_handler_ = std::move(handler);
    if (in_callback_ > 0) return;
    // The old one may be the caller: it goes away from the loop.
    loop_.complete([old = std::move(handler_)] {});
    handler_ = std::move(next_handler_);
}

void Connection::end_callback() {
    if (--in_callback_ == 0 && next_handler_) handler_ = std::move(next_handler_);
}

void Connection::finish(CloseReason reason) {
    if (state_ == State::Closed) return;
    const auto keep_alive = self();
    state_ = State::Closed;
    release();
    // Never from here: the handler may be on the stack, and it goes away with the call.
    loop_.complete([keep_alive, reason] {
        keep_alive->handler_->on_closed(*keep_alive, reason);
        keep_alive->handler_.reset();
    });
}

void Connection::release() {
    deadline_.cancel();
    write_check_.cancel();
    queue_.clear();
    if (descriptor_.is_open()) {
        boost::system::error_code ignored;
        descriptor_.close(ignored);
        socket_.release();
    }
    if (on_gone_) std::exchange(on_gone_, nullptr)();
}

}  // namespace

std::shared_ptr<StreamConnection> connect_stream(EventLoop& loop, ConnectOptions options,
                                                 std::unique_ptr<StreamHandler> handler) {
    loop.assert_owner();
    const Endpoint to = options.to;
    const ConnectingSocket socket = start_connect(options.to, options.from);
    auto connection = std::make_shared<Connection>(loop, socket.descriptor, options.limits, options.from, to);
    connection->set_handler(std::move(handler));
    if (socket.started && connection->attached())
        connection->begin_connect(std::move(options));
    else  // it hears so from the loop
        loop.complete([connection] { connection->abort(CloseReason::ConnectFailed); });
    return connection;
}

std::shared_ptr<StreamConnection> adopt_stream(EventLoop& loop, AcceptedStream accepted, const StreamLimits& limits,
                                               const TlsContext& tls, const MakeStreamHandler& make_handler) {
    const int fd = accepted.descriptor;
    set_no_delay(fd);
    auto connection = std::make_shared<Connection>(loop, fd, limits, socket_name(fd), accepted.remote);
    connection->set_on_gone(std::move(accepted.on_gone));
    connection->set_handler(make_handler(*connection));
    if (connection->attached())
        connection->begin_accepted(tls);
    else
        connection->abort(CloseReason::ConnectFailed);
    return connection;
}

}  // namespace dp::net
