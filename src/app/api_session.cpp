#include "app/api_session.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <condition_variable>
#include <mutex>
#include <optional>

#include "app/first_run.hpp"
#include "net/http_client.hpp"

namespace dp::app {

namespace json = boost::json;

namespace {

/// Runs what is posted where it is posted: the command line waits for one answer at a time.
class Inline final : public Executor {
public:
    bool post(Task task) override {
        task();
        return true;
    }
};

std::string message_of(const net::HttpClientResponse& response) {
    boost::system::error_code error;
    const auto body = json::parse(response.body, error);
    if (!error && body.is_object())
        for (const char* key : {"message", "error_description", "detail"})
            if (const auto* text = body.get_object().if_contains(key); text && text->is_string())
                return std::string(text->get_string());
    return fmt::format("The server answered {}.", response.status);
}

}  // namespace

struct ApiSession::Impl {
    FirstRun server;
    std::string token;
    Inline executor;
    std::unique_ptr<net::HttpClient> client;

    Result<net::HttpClientResponse> send(net::OutgoingHttpRequest request);
    Result<void> log_in();
};

Result<net::HttpClientResponse> ApiSession::Impl::send(net::OutgoingHttpRequest request) {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<Result<net::HttpClientResponse>> answer;
    request.addresses = net::TargetAddresses::Any;
    const bool sent = client->send(std::move(request), executor, [&](Result<net::HttpClientResponse> response) {
        const std::scoped_lock lock(mutex);
        answer = std::move(response);
        arrived.notify_one();
    });
    if (!sent) return fail(ErrorCode::Unavailable, "The HTTP client is stopping.");
    std::unique_lock lock(mutex);
    arrived.wait(lock, [&] { return answer.has_value(); });
    return std::move(*answer);
}

Result<void> ApiSession::Impl::log_in() {
    net::OutgoingHttpRequest request{.method = "POST", .url = server.base_url + "/oauth/token"};
    request.headers.push_back({"Content-Type", "application/x-www-form-urlencoded"});
    request.body = fmt::format("grant_type=client_credentials&client_id={}&client_secret={}",
                               net::percent_encode(server.client_id), net::percent_encode(server.client_secret));
    DP_TRY(response, send(std::move(request)));
    if (response.status != 200) return fail(ErrorCode::Unauthenticated, message_of(response));
    boost::system::error_code error;
    const auto body = json::parse(response.body, error);
    const auto* value = !error && body.is_object() ? body.get_object().if_contains("access_token") : nullptr;
    if (!value || !value->is_string())
        return fail(ErrorCode::MalformedInput, "The token endpoint did not answer with a token.");
    token = std::string(value->get_string());
    return {};
}

ApiSession::ApiSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiSession::~ApiSession() = default;

Result<std::unique_ptr<ApiSession>> ApiSession::open(const std::filesystem::path& data, const std::string& url) {
    auto impl = std::make_unique<Impl>();
    DP_TRY(server, read_first_run(data));
    impl->server = std::move(server);
    if (!url.empty()) impl->server.base_url = url;
    while (impl->server.base_url.ends_with('/')) impl->server.base_url.pop_back();
    impl->client = std::make_unique<net::HttpClient>(net::HttpClientOptions{.ca_file = impl->server.ca_file});
    DP_CHECK(impl->log_in());
    return std::unique_ptr<ApiSession>(new ApiSession(std::move(impl)));
}

Result<json::value> ApiSession::request(std::string_view method, std::string_view path, const std::string& body) {
    net::OutgoingHttpRequest request{.method = std::string(method), .url = impl_->server.base_url + std::string(path)};
    request.headers.push_back({"Authorization", "Bearer " + impl_->token});
    if (!body.empty()) request.headers.push_back({"Content-Type", "application/json"});
    request.body = body;
    DP_TRY(response, impl_->send(std::move(request)));
    if (response.status >= 400)
        return fail(response.status == 404 ? ErrorCode::NotFound : ErrorCode::InvalidValue, message_of(response));
    if (response.body.empty()) return json::value(nullptr);
    boost::system::error_code error;
    auto value = json::parse(response.body, error);
    if (error) return fail(ErrorCode::MalformedInput, "The server's answer is not JSON.");
    return value;
}

}  // namespace dp::app
