#include "carriers/sandbox_carrier.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::carriers {

namespace json = boost::json;
using telephony::CarrierAnswer;
using telephony::CarrierOutcome;

namespace {

constexpr std::chrono::milliseconds kTimeout{10'000};

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

json::object object_of(const std::string& body) {
    boost::system::error_code problem;
    auto parsed = json::parse(body, problem);
    return !problem && parsed.is_object() ? std::move(parsed.get_object()) : json::object{};
}

CarrierAnswer with_words(CarrierOutcome outcome, const json::object& body) {
    CarrierAnswer out{.outcome = outcome};
    out.code = text_of(body, "code");
    out.text = text_of(body, "text");
    return out;
}

/// An order as the carrier shows it. A status nobody knows says nothing.
CarrierAnswer order_of(const json::object& order) {
    const auto status = text_of(order, "status");
    auto out = with_words(status == "success"                                        ? CarrierOutcome::Active
                          : status == "failure"                                      ? CarrierOutcome::Rejected
                          : status == "cancelled"                                    ? CarrierOutcome::Cancelled
                          : status == "pending" || status == "registration_required" ? CarrierOutcome::Pending
                                                                                     : CarrierOutcome::Unknown,
                          order);
    out.external_id = text_of(order, "id");
    if (status == "registration_required") out.attention = telephony::Attention::ManualRegistrationRequired;
    return out;
}

/// What every request shares: 429 was not carried out, 5xx perhaps.
std::optional<CarrierAnswer> trouble(const net::HttpClientResponse& response) {
    if (response.status != 429 && response.status < 500) return std::nullopt;
    CarrierAnswer out{.outcome = response.status == 429 ? CarrierOutcome::Busy : CarrierOutcome::Unknown};
    const auto wait = ascii::parse_decimal<unsigned>(response.header("Retry-After")).value_or(0);
    out.retry_after = std::chrono::seconds(std::min(wait, 3600U));
    return out;
}

CarrierAnswer read_order(const net::HttpClientResponse& response) {
    if (auto answer = trouble(response)) return *answer;
    const auto body = object_of(response.body);
    if (response.status < 300) return order_of(body);
    return response.status == 404 ? CarrierAnswer{.outcome = CarrierOutcome::NotFound}
                                  : with_words(CarrierOutcome::Rejected, body);
}

CarrierAnswer read_found(const net::HttpClientResponse& response) {
    if (auto answer = trouble(response)) return *answer;
    const auto body = object_of(response.body);
    const auto* orders = body.if_contains("orders");
    if (response.status != 200 || !orders || !orders->is_array()) return {};
    if (orders->get_array().empty()) return {.outcome = CarrierOutcome::NotFound};
    const auto& first = orders->get_array().front();
    return first.is_object() ? order_of(first.get_object()) : CarrierAnswer{};
}

CarrierAnswer read_release(const net::HttpClientResponse& response) {
    if (auto answer = trouble(response)) return *answer;
    if (response.status == 204 || response.status == 404) return {.outcome = CarrierOutcome::Released};
    return with_words(CarrierOutcome::Rejected, object_of(response.body));
}

}  // namespace

net::OutgoingHttpRequest SandboxCarrier::request(std::string_view method, std::string_view path,
                                                 std::string body) const {
    net::OutgoingHttpRequest out{.method = std::string(method), .url = account_.base_url + std::string(path)};
    const auto pair = account_.username + ":" + account_.password;
    out.headers.push_back({"Authorization", "Basic " + crypto::base64(pair)});
    if (!body.empty()) out.headers.push_back({"Content-Type", "application/json"});
    out.body = std::move(body);
    out.total_timeout = kTimeout;
    out.addresses = net::TargetAddresses::Any;
    return out;
}

void SandboxCarrier::send(net::OutgoingHttpRequest request, Executor& reply_on, Read read,
                          telephony::CarrierReply reply) {
    auto shared = std::make_shared<telephony::CarrierReply>(std::move(reply));
    const bool sent =
        http_.send(std::move(request), reply_on, [read, shared](const Result<net::HttpClientResponse>& response) {
            (*shared)(response ? read(*response) : CarrierAnswer{});
        });
    if (!sent) (*shared)({.outcome = CarrierOutcome::Busy});
}

void SandboxCarrier::order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    const json::object body{{"key", order.key}, {"number", order.e164}, {"type", telephony::to_string(order.type)}};
    send(request("POST", "/v1/orders", json::serialize(body)), reply_on, read_order, std::move(reply));
}

void SandboxCarrier::find_order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    send(request("GET", "/v1/orders?key=" + net::percent_encode(order.key)), reply_on, read_found, std::move(reply));
}

void SandboxCarrier::poll(std::string external_id, Executor& reply_on, telephony::CarrierReply reply) {
    send(request("GET", "/v1/orders/" + net::percent_encode(external_id)), reply_on, read_order, std::move(reply));
}

void SandboxCarrier::release(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) {
    send(request("DELETE", "/v1/numbers/" + net::percent_encode(order.e164)), reply_on, read_release, std::move(reply));
}

void SandboxCarrier::verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) {
    auto shared = std::make_shared<std::move_only_function<void(Result<void>)>>(std::move(reply));
    const bool sent =
        http_.send(request("GET", "/v1/account"), reply_on, [shared](const Result<net::HttpClientResponse>& response) {
            if (!response) return (*shared)(std::unexpected(response.error()));
            if (response->status == 200) return (*shared)({});
            (*shared)(fail(response->status == 401 ? ErrorCode::Unauthenticated : ErrorCode::Unavailable,
                           fmt::format("The carrier answered {}.", response->status)));
        });
    if (!sent) (*shared)(fail(ErrorCode::Unavailable, "Too many requests to carriers are under way."));
}

void SandboxCarrier::search(telephony::CarrierSearch search, Executor& reply_on,
                            std::move_only_function<void(Result<std::vector<std::string>>)> reply) {
    auto shared = std::make_shared<decltype(reply)>(std::move(reply));
    const auto path = fmt::format("/v1/available?prefix={}&limit={}", net::percent_encode(search.prefix), search.limit);
    const bool sent =
        http_.send(request("GET", path), reply_on, [shared](const Result<net::HttpClientResponse>& response) {
            if (!response) return (*shared)(std::unexpected(response.error()));
            const auto body = object_of(response->body);
            const auto* found = body.if_contains("numbers");
            if (response->status != 200 || !found || !found->is_array())
                return (*shared)(
                    fail(ErrorCode::Unavailable, fmt::format("The carrier answered {}.", response->status)));
            std::vector<std::string> numbers;
            for (const auto& number : found->get_array())
                if (number.is_string()) numbers.emplace_back(number.get_string());
            (*shared)(std::move(numbers));
        });
    if (!sent) (*shared)(fail(ErrorCode::Unavailable, "Too many requests to carriers are under way."));
}

}  // namespace dp::carriers
