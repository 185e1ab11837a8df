#include "net/http_client.hpp"

#include <curl/curl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <unordered_map>

#include "base/ascii.hpp"
#include "base/metrics.hpp"

namespace dp::net {
namespace {

constexpr int kPollMillis = 1000;
constexpr std::size_t kMaxHeaderOctets = 64 * 1024;

metrics::Counter& lost_replies() {
    static auto& counter =
        metrics::counter("dialplane_http_client_lost_replies_total", "", "Answers whose owner's mailbox was full");
    return counter;
}

void init_curl_once() {
    static const CURLcode done = curl_global_init(CURL_GLOBAL_DEFAULT);
    static_cast<void>(done);
}

/// One request on its way: what libcurl's callbacks see.
struct Transfer {
    OutgoingHttpRequest request;
    Executor* reply_on = nullptr;
    HttpClient::Callback callback;
    HttpClientResponse response;
    CURL* easy = nullptr;
    curl_slist* headers = nullptr;
    curl_slist* connect_to = nullptr;
    std::size_t header_octets = 0;
    bool refused_address = false, too_large = false, ended_by_taker = false;

    Transfer() = default;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() {
        if (easy) curl_easy_cleanup(easy);
        curl_slist_free_all(headers);
        curl_slist_free_all(connect_to);
    }
};

bool is_allowed(TargetAddresses allowed, const IpAddress& address) {
    return allowed == TargetAddresses::Any || is_public_address(address) ||
           (allowed == TargetAddresses::PublicOrLoopback && address.is_loopback());
}

/// The address guard stands where the socket is made: whatever a name resolved to, now or at a retry, passes here.
curl_socket_t open_socket(void* context, curlsocktype, curl_sockaddr* address) {
    auto& transfer = *static_cast<Transfer*>(context);
    transfer.response.remote = Endpoint::from_sockaddr(&address->addr);
    if (!is_allowed(transfer.request.addresses, transfer.response.remote.address)) {
        transfer.refused_address = true;
        return CURL_SOCKET_BAD;
    }
    return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

/// And here for a connection that is used again: it may have been made for a request with another guard.
int before_request(void* context, char* remote_ip, char*, int remote_port, int) {
    auto& transfer = *static_cast<Transfer*>(context);
    const auto address = IpAddress::parse(remote_ip);
    transfer.response.remote = {address.value_or(IpAddress{}), static_cast<std::uint16_t>(remote_port)};
    transfer.refused_address = !is_allowed(transfer.request.addresses, address.value_or(IpAddress{}));
    return transfer.refused_address ? CURL_PREREQFUNC_ABORT : CURL_PREREQFUNC_OK;
}

bool is_success(const Transfer& transfer) {
    long status = 0;
    curl_easy_getinfo(transfer.easy, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300;
}

std::size_t take_body(char* data, std::size_t, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    if (transfer.request.on_body && is_success(transfer)) {
        transfer.ended_by_taker = !transfer.request.on_body({data, size});
        return transfer.ended_by_taker ? 0 : size;
    }
    if (transfer.response.body.size() + size > transfer.request.max_response) {
        transfer.too_large = true;
        return 0;
    }
    transfer.response.body.append(data, size);
    return size;
}

std::size_t take_header(char* data, std::size_t, std::size_t size, void* context) {
    auto& transfer = *static_cast<Transfer*>(context);
    transfer.header_octets += size;
    if (transfer.header_octets > kMaxHeaderOctets) {
        transfer.too_large = true;
        return 0;
    }
    std::string_view line(data, size);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.remove_suffix(1);
    if (line.starts_with("HTTP/")) transfer.response.headers.clear();  // after a 100 Continue comes the real answer
    const auto colon = line.find(':');
    if (colon != std::string_view::npos)
        transfer.response.headers.push_back(
            {std::string(line.substr(0, colon)), std::string(ascii::trim(line.substr(colon + 1)))});
    return size;
}

Error error_of(CURLcode code, const Transfer& transfer) {
    if (transfer.refused_address)
        return {ErrorCode::Forbidden, fmt::format("{} is not a public address", transfer.response.remote.address.str()),
                "url"};
    if (transfer.too_large) return {ErrorCode::TooLarge, "the answer is larger than allowed", {}};
    switch (code) {
        case CURLE_OPERATION_TIMEDOUT:
            return {ErrorCode::Timeout, "no answer in time", {}};
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_URL_MALFORMAT:
            return {ErrorCode::InvalidValue, "not an http or https URL", "url"};
        default:
            return {ErrorCode::TransportFailed, curl_easy_strerror(code), {}};
    }
}

bool is_plain_line(std::string_view text) {
    return text.find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
}

}  // namespace

std::string_view HttpClientResponse::header(std::string_view name) const {
    const auto found =
        std::ranges::find_if(headers, [name](const HttpHeader& h) { return ascii::iequals(h.name, name); });
    return found == headers.end() ? std::string_view{} : std::string_view(found->value);
}

struct HttpClient::Impl {
    explicit Impl(HttpClientOptions client_options);

    void run();
    bool may_begin();
    void take_queued();
    void begin(std::unique_ptr<Transfer> transfer);
    bool set_up(Transfer& transfer);
    void override_host(Transfer& transfer);
    void reap();
    void finish(Transfer& transfer, Result<HttpClientResponse> result);

    const HttpClientOptions options;
    CURLM* multi = nullptr;
    std::atomic<bool> stopping{false};
    std::atomic<std::size_t> pending{0};
    std::mutex mutex;
    std::deque<std::unique_ptr<Transfer>> queue;                   ///< under `mutex`
    std::unordered_map<CURL*, std::unique_ptr<Transfer>> running;  ///< client thread only
    std::thread thread;
};

HttpClient::Impl::Impl(HttpClientOptions client_options) : options(std::move(client_options)) {
    init_curl_once();
    multi = curl_multi_init();
    curl_multi_setopt(multi, CURLMOPT_MAXCONNECTS, static_cast<long>(options.max_running));
    thread = std::thread([this] { run(); });
}

void HttpClient::Impl::run() {
    while (!stopping.load(std::memory_order_acquire)) {
        take_queued();
        int still_running = 0;
        curl_multi_perform(multi, &still_running);
        reap();
        if (stopping.load(std::memory_order_acquire)) break;
        if (may_begin()) continue;
        curl_multi_poll(multi, nullptr, 0, kPollMillis, nullptr);
    }
    for (auto& [easy, transfer] : running) curl_multi_remove_handle(multi, easy);
    running.clear();
}

bool HttpClient::Impl::may_begin() {
    const std::lock_guard lock(mutex);
    return !queue.empty() && running.size() < options.max_running;
}

void HttpClient::Impl::take_queued() {
    while (running.size() < options.max_running) {
        std::unique_ptr<Transfer> next;
        {
            const std::lock_guard lock(mutex);
            if (queue.empty()) return;
            next = std::move(queue.front());
            queue.pop_front();
        }
        begin(std::move(next));
    }
}

bool HttpClient::Impl::set_up(Transfer& transfer) {
    const OutgoingHttpRequest& request = transfer.request;
    transfer.easy = curl_easy_init();
    if (!transfer.easy || !is_plain_line(request.method)) return false;
    CURL* easy = transfer.easy;
    curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(request.connect_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(request.total_timeout.count()));
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, before_request);
    curl_easy_setopt(easy, CURLOPT_PREREQDATA, &transfer);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, request.verify_certificate ? 1L : 0L);
    curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, request.verify_certificate ? 2L : 0L);
    if (!options.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, options.ca_file.c_str());

    if (request.method == "HEAD") curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    if (!request.body.empty() || request.method == "POST" || request.method == "PUT" || request.method == "PATCH") {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    }
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    for (const auto& header : request.headers) {
        if (!is_plain_line(header.name) || !is_plain_line(header.value)) return false;
        // libcurl drops `Name:`; `Name;` is how it sends an empty value.
        const std::string line = header.value.empty() ? header.name + ";" : header.name + ": " + header.value;
        transfer.headers = curl_slist_append(transfer.headers, line.c_str());
    }
    for (const auto* unwanted : {"Expect:", "Content-Type:"}) {
        const std::string_view name(unwanted, std::string_view(unwanted).size() - 1);
        const bool given =
            std::ranges::any_of(request.headers, [name](const HttpHeader& h) { return ascii::iequals(h.name, name); });
        if (!given) transfer.headers = curl_slist_append(transfer.headers, unwanted);
    }
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer.headers);
    override_host(transfer);
    return true;
}

/// `hosts` names go where they are told to; Host header and certificate name stay the URL's.
void HttpClient::Impl::override_host(Transfer& transfer) {
    if (options.hosts.empty()) return;
    const std::unique_ptr<CURLU, void (*)(CURLU*)> url(curl_url(), curl_url_cleanup);
    char *host = nullptr, *port = nullptr;
    if (curl_url_set(url.get(), CURLUPART_URL, transfer.request.url.c_str(), 0) == CURLUE_OK &&
        curl_url_get(url.get(), CURLUPART_HOST, &host, 0) == CURLUE_OK &&
        curl_url_get(url.get(), CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) == CURLUE_OK) {
        if (const auto found = options.hosts.find(ascii::lower(host)); found != options.hosts.end()) {
            const bool has_port = Endpoint::parse(found->second).has_value();
            const std::string to = has_port ? found->second : found->second + ":" + port;
            transfer.connect_to = curl_slist_append(nullptr, fmt::format("{}:{}:{}", host, port, to).c_str());
        }
    }
    curl_free(host);
    curl_free(port);
    if (transfer.connect_to) curl_easy_setopt(transfer.easy, CURLOPT_CONNECT_TO, transfer.connect_to);
}

void HttpClient::Impl::begin(std::unique_ptr<Transfer> transfer) {
    if (!set_up(*transfer))
        return finish(*transfer, fail(ErrorCode::InvalidValue, "a method or header holds CR, LF or NUL", "headers"));
    CURL* easy = transfer->easy;
    curl_multi_add_handle(multi, easy);
    running.emplace(easy, std::move(transfer));
}

void HttpClient::Impl::reap() {
    int left = 0;
    while (const CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        CURL* easy = message->easy_handle;
        const CURLcode code = message->data.result;
        curl_multi_remove_handle(multi, easy);
        const auto node = running.extract(easy);
        Transfer& transfer = *node.mapped();
        if (code != CURLE_OK && !transfer.ended_by_taker) {
            finish(transfer, std::unexpected(error_of(code, transfer)));
            continue;
        }
        long status = 0;
        curl_off_t micros = 0;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME_T, &micros);
        transfer.response.status = static_cast<int>(status);
        transfer.response.elapsed = std::chrono::milliseconds(micros / 1000);
        finish(transfer, std::move(transfer.response));
    }
}

void HttpClient::Impl::finish(Transfer& transfer, Result<HttpClientResponse> result) {
    pending.fetch_sub(1, std::memory_order_relaxed);
    const bool taken = transfer.reply_on->post([callback = std::move(transfer.callback),
                                                result = std::move(result)]() mutable { callback(std::move(result)); });
    if (!taken) lost_replies().add();
}

HttpClient::HttpClient(HttpClientOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}

HttpClient::~HttpClient() {
    stop();
    curl_multi_cleanup(impl_->multi);
}

bool HttpClient::send(OutgoingHttpRequest request, Executor& reply_on, Callback callback) {
    if (impl_->stopping.load(std::memory_order_acquire)) return false;
    if (impl_->pending.fetch_add(1, std::memory_order_relaxed) >= impl_->options.max_queued) {
        impl_->pending.fetch_sub(1, std::memory_order_relaxed);
        return false;
    }
    auto transfer = std::make_unique<Transfer>();
    transfer->request = std::move(request);
    transfer->reply_on = &reply_on;
    transfer->callback = std::move(callback);
    {
        const std::lock_guard lock(impl_->mutex);
        impl_->queue.push_back(std::move(transfer));
    }
    curl_multi_wakeup(impl_->multi);
    return true;
}

void HttpClient::stop() {
    impl_->stopping.store(true, std::memory_order_release);
    curl_multi_wakeup(impl_->multi);
    if (impl_->thread.joinable()) impl_->thread.join();
    const std::lock_guard lock(impl_->mutex);
    impl_->queue.clear();
}

std::size_t HttpClient::pending() const {
    return impl_->pending.load(std::memory_order_relaxed);
}

}  // namespace dp::net
