#include "app/api_session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "app/first_run.hpp"
#include "base/ascii.hpp"
#include "net/http_client.hpp"

namespace dp::app {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxAnswer = std::size_t{64} << 20U;
constexpr int kMaxBusyAnswers = 5;
constexpr std::chrono::seconds kMaxRetryAfter{60};

/// Runs what is posted where it is posted: the command line waits for one answer at a time.
class Inline final : public Executor {
public:
    bool post(Task task) override {
        task();
        return true;
    }
};

std::string text_at(const json::value& object, std::string_view key) {
    const auto* value = object.is_object() ? object.get_object().if_contains(key) : nullptr;
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

/// `{"detail": [{"loc": ["body", "config", "api_key"], "msg"}]}` as one line.
std::string joined_details(const json::value& body) {
    const auto* details = body.is_object() ? body.get_object().if_contains("detail") : nullptr;
    std::string out;
    if (details && details->is_array())
        for (const auto& one : details->get_array())
            if (const auto text = text_at(one, "msg"); !text.empty()) out += (out.empty() ? "" : " ") + text;
    return out;
}

std::string message_of(int status, const json::value& body) {
    for (const char* key : {"message", "error_description", "detail"})
        if (auto text = text_at(body, key); !text.empty()) return text;
    if (auto details = joined_details(body); !details.empty()) return details;
    return fmt::format("The server answered {}.", status);
}

ErrorCode code_of(int status) {
    switch (status) {
        case 401:
            return ErrorCode::Unauthenticated;
        case 404:
            return ErrorCode::NotFound;
        case 409:
        case 412:
            return ErrorCode::Conflict;
        case 503:
            return ErrorCode::Unavailable;
        default:
            return ErrorCode::InvalidValue;
    }
}

json::value parsed(const std::string& text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    return error ? json::value(nullptr) : value;
}

}  // namespace

Error error_of(const ApiAnswer& answer) {
    return {code_of(answer.status), message_of(answer.status, answer.body), {}};
}

struct ApiSession::Impl {
    ApiAccess server;
    std::string token;
    Inline executor;
    std::unique_ptr<net::HttpClient> client;

    net::OutgoingHttpRequest authorized(std::string_view method, std::string_view path, const Headers& headers) const;
    Result<net::HttpClientResponse> send_once(net::OutgoingHttpRequest request);
    Result<net::HttpClientResponse> send(const net::OutgoingHttpRequest& request);
    Result<void> log_in();
};

net::OutgoingHttpRequest ApiSession::Impl::authorized(std::string_view method, std::string_view path,
                                                      const Headers& headers) const {
    net::OutgoingHttpRequest out{.method = std::string(method), .url = server.base_url + std::string(path)};
    out.headers.push_back({"Authorization", "Bearer " + token});
    for (const auto& [name, value] : headers) out.headers.push_back({name, value});
    return out;
}

Result<net::HttpClientResponse> ApiSession::Impl::send_once(net::OutgoingHttpRequest request) {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<Result<net::HttpClientResponse>> answer;
    request.addresses = net::TargetAddresses::Any;
    request.max_response = kMaxAnswer;
    const bool sent = client->send(std::move(request), executor, [&](Result<net::HttpClientResponse> response) {
        const std::scoped_lock lock(mutex);
        answer = std::move(response);
        arrived.notify_one();
    });
    if (!sent) return fail(ErrorCode::Unavailable, "The HTTP client is stopping.");
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return answer.has_value(); });
    if (!*answer && (*answer).error().code == ErrorCode::TransportFailed)
        return fail(ErrorCode::TransportFailed, fmt::format("{}: {}.", server.base_url, (*answer).error().detail));
    return std::move(*answer);
}

Result<net::HttpClientResponse> ApiSession::Impl::send(const net::OutgoingHttpRequest& request) {
    for (int busy = 0;; ++busy) {
        DP_TRY(response, send_once(request));
        if (response.status != 429 || busy == kMaxBusyAnswers) return response;
        const auto wait = ascii::parse_decimal<unsigned>(response.header("Retry-After")).value_or(1);
        std::this_thread::sleep_for(std::min(std::chrono::seconds(wait), kMaxRetryAfter));
    }
}

Result<void> ApiSession::Impl::log_in() {
    net::OutgoingHttpRequest request{.method = "POST", .url = server.base_url + "/oauth/token"};
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}",
                               net::percent_encode(server.client_id), net::percent_encode(server.client_secret));
    DP_TRY(response, send(request));
    const auto body = parsed(response.body);
    if (response.status != 200) return fail(ErrorCode::Unauthenticated, message_of(response.status, body));
    token = text_at(body, "access_token");
    if (token.empty()) return fail(ErrorCode::MalformedInput, "The token endpoint did not answer with a token.");
    return {};
}

ApiSession::ApiSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiSession::~ApiSession() = default;

Result<std::unique_ptr<ApiSession>> ApiSession::open(ApiAccess access) {
    auto impl = std::make_unique<Impl>();
    impl->server = std::move(access);
    while (impl->server.base_url.ends_with('/')) impl->server.base_url.pop_back();
    impl->client = std::make_unique<net::HttpClient>(net::HttpClientOptions{.ca_file = impl->server.ca_file});
    DP_CHECK(impl->log_in());
    return std::unique_ptr<ApiSession>(new ApiSession(std::move(impl)));
}

Result<std::unique_ptr<ApiSession>> ApiSession::open(const std::filesystem::path& data, const std::string& url) {
    DP_TRY(server, read_first_run(data));
    return open({url.empty() ? server.base_url : url, server.client_id, server.client_secret, server.ca_file});
}

Result<ApiAnswer> ApiSession::exchange(std::string_view method, std::string_view path, const std::string& body,
                                       const Headers& headers) {
    auto request = impl_->authorized(method, path, headers);
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = body;
    DP_TRY(response, impl_->send(request));
    ApiAnswer out{response.status, std::string(response.header("ETag")), std::string(response.header("Warning")),
                  nullptr};
    if (response.body.empty()) return out;
    boost::system::error_code error;
    out.body = json::parse(response.body, error);
    if (error && out.status < 400) return fail(ErrorCode::MalformedInput, "The server's answer is not JSON.");
    return out;
}

Result<json::value> ApiSession::request(std::string_view method, std::string_view path, const std::string& body) {
    DP_TRY(answer, exchange(method, path, body));
    if (answer.status >= 400) return std::unexpected(error_of(answer));
    return std::move(answer.body);
}

Result<void> ApiSession::follow(std::string_view path, const Headers& headers,
                                std::function<bool(std::string_view)> take) {
    auto request = impl_->authorized("GET", path, headers);
    request.total_timeout = net::kNoTimeout;
    request.on_body = std::move(take);
    DP_TRY(response, impl_->send(request));
    if (response.status >= 400) return std::unexpected(error_of({response.status, {}, {}, parsed(response.body)}));
    return {};
}

const std::string& ApiSession::token() const {
    return impl_->token;
}

}  // namespace dp::app
