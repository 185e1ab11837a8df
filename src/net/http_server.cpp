#include "net/http_server.hpp"

#include <algorithm>

#include "net/event_loop.hpp"
#include "net/http_connection.hpp"

namespace dp::net {

// --- HttpStream, HttpResponder
// ----------------------------------------------------------------------------------------------

bool HttpStream::write(std::string bytes) {
    return exchange_ && exchange_->write_chunk(std::move(bytes));
}

std::size_t HttpStream::waiting() const {
    return exchange_ ? exchange_->waiting() : 0;
}

void HttpStream::on_drained(std::function<void()> callback) {
    if (exchange_) exchange_->on_drained(std::move(callback));
}

void HttpStream::end() {
    if (exchange_) exchange_->end_stream();
}

bool HttpStream::open() const {
    return exchange_ && exchange_->connected();
}

void HttpStream::on_closed(std::function<void()> callback) {
    if (exchange_) exchange_->on_closed(std::move(callback));
}

HttpResponder::HttpResponder(std::shared_ptr<HttpExchange> exchange) : exchange_(std::move(exchange)) {}

HttpResponder& HttpResponder::operator=(HttpResponder&& other) noexcept {
    if (this != &other) {
        HttpResponder old(std::move(*this));
        exchange_ = std::move(other.exchange_);
    }
    return *this;
}

HttpResponder::~HttpResponder() {
    if (exchange_ && exchange_->claim()) exchange_->respond(plain_response(500, "internal error\n"));
}

void HttpResponder::respond(HttpResponse response) && {
    const auto exchange = std::exchange(exchange_, nullptr);
    if (exchange && exchange->claim()) exchange->respond(std::move(response));
}

HttpStream HttpResponder::stream(HttpResponse response) && {
    const auto exchange = std::exchange(exchange_, nullptr);
    if (!exchange || !exchange->claim()) return {};
    exchange->begin_stream(std::move(response));
    return HttpStream(exchange);
}

void HttpResponder::accept_websocket(std::string subprotocol, std::shared_ptr<WebSocketHandler> handler,
                                     WebSocketOptions options) && {
    const auto exchange = std::exchange(exchange_, nullptr);
    if (exchange && exchange->claim()) exchange->accept_websocket(std::move(subprotocol), std::move(handler), options);
}

bool HttpResponder::client_connected() const {
    return exchange_ && exchange_->connected();
}

// --- HttpServer
// -------------------------------------------------------------------------------------------------------------

struct HttpServer::Impl {
    std::shared_ptr<HttpServerCore> core;
    std::vector<std::unique_ptr<StreamListener>> listeners;
    std::vector<bool> tls;
};

HttpServer::HttpServer(EventLoop& loop, HttpLimits limits, HttpHandler handler)
    : impl_(std::make_shared<Impl>(std::make_shared<HttpServerCore>(loop, limits, std::move(handler)))) {}

HttpServer::~HttpServer() = default;

Result<Endpoint> HttpServer::listen(ListenOptions options) {
    const bool with_tls = static_cast<bool>(options.tls);
    DP_TRY(listener,
           StreamListener::listen(impl_->core->loop, std::move(options), [core = impl_->core](StreamConnection&) {
               return std::make_unique<HttpConnection>(core);
           }));
    const Endpoint bound = listener->local();
    impl_->listeners.push_back(std::move(listener));
    impl_->tls.push_back(with_tls);
    return bound;
}

void HttpServer::set_tls(TlsContext context) {
    for (std::size_t i = 0; i < impl_->listeners.size(); ++i)
        if (impl_->tls[i]) impl_->listeners[i]->set_tls(context);
}

void HttpServer::drain() {
    impl_->core->draining = true;
    for (const auto& listener : impl_->listeners) listener->stop_accepting();
    for (HttpConnection* connection : std::vector(impl_->core->connections.begin(), impl_->core->connections.end()))
        connection->drain();
}

std::size_t HttpServer::active() const {
    return impl_->core->active->load(std::memory_order_relaxed);
}

ListenCounters HttpServer::counters() const {
    ListenCounters sum;
    for (const auto& listener : impl_->listeners) {
        const ListenCounters one = listener->counters();
        sum.accepted += one.accepted;
        sum.refused_total += one.refused_total;
        sum.refused_source += one.refused_source;
        sum.accept_errors += one.accept_errors;
        sum.open += one.open;
    }
    return sum;
}

}  // namespace dp::net
