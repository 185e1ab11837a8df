#include "sandbox/ordering_service.hpp"

#include <algorithm>

#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "base/crypto.hpp"
#include "net/event_loop.hpp"

namespace dp::sandbox {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxLost = 64;
constexpr std::size_t kMaxSearch = 100;

net::HttpResponse answer(int status, const json::object& body) {
    return {status, {{"Content-Type", "application/json"}}, json::serialize(body)};
}

net::HttpResponse refuse(int status, std::string_view code, std::string_view text) {
    return answer(status, {{"code", code}, {"text", text}});
}

json::object order_json(const NumberOrder& order, TimePoint now) {
    const auto status = status_of(order, now);
    json::object out{
        {"id", std::to_string(order.id)}, {"key", order.key}, {"number", order.number}, {"status", to_string(status)}};
    const bool explains = status != OrderStatus::Pending && status != OrderStatus::Success;
    if (explains && !order.script->code.empty()) out["code"] = order.script->code, out["text"] = order.script->text;
    return out;
}

bool is_number(std::string_view text) {
    return text.size() >= 9 && text.size() <= 16 && text[0] == '+' &&
           std::ranges::all_of(text.substr(1), ascii::is_digit);
}

std::string text_of(const json::object& object, std::string_view name) {
    const auto* value = object.if_contains(name);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

std::vector<std::string> segments(const net::HttpRequest& request) {
    std::vector<std::string> out;
    for (const auto part : ascii::split(std::string_view(request.path).substr(1), '/'))
        out.push_back(net::percent_decode(part).value_or(""));
    return out;
}

}  // namespace

OrderingService::OrderingService(net::EventLoop& loop, const std::vector<Account>& accounts) : loop_(loop) {
    for (const auto& account : accounts) passwords_[account.username] = account.password;
    server_ = std::make_unique<net::HttpServer>(loop, net::HttpLimits{},
                                                [this](const net::HttpRequest& request, net::HttpResponder responder) {
                                                    handle(request, std::move(responder));
                                                });
}

OrderingService::~OrderingService() = default;

Result<Endpoint> OrderingService::listen(const Endpoint& local) {
    return server_->listen({.local = local});
}

TimePoint OrderingService::now() const {
    return loop_.now();
}

std::optional<std::string> OrderingService::account_of(const net::HttpRequest& request) const {
    auto header = request.header("Authorization");
    if (!header.starts_with("Basic ")) return std::nullopt;
    const auto pair = crypto::base64_decode(header.substr(6)).value_or("");
    const auto colon = pair.find(':');
    const auto found = colon == std::string::npos ? passwords_.end() : passwords_.find(pair.substr(0, colon));
    if (found == passwords_.end() || !crypto::equal(found->second, std::string_view(pair).substr(colon + 1)))
        return std::nullopt;
    return found->first;
}

void OrderingService::handle(const net::HttpRequest& request, net::HttpResponder responder) {
    const auto account = account_of(request);
    if (!account) return std::move(responder).respond(refuse(401, "UNAUTHENTICATED", "Unknown account."));
    const auto path = segments(request);
    if (path.size() < 2 || path[0] != "v1")
        return std::move(responder).respond(refuse(404, "NOT_FOUND", "There is nothing here."));
    if (path[1] == "orders" && request.method == "POST" && path.size() == 2) {
        bool lost = false;
        auto placed = place(request, *account, lost);
        if (!lost) return std::move(responder).respond(std::move(placed));
        if (lost_.size() == kMaxLost) lost_.erase(lost_.begin());
        return lost_.push_back(std::move(responder));
    }
    if (path[1] == "orders") return std::move(responder).respond(orders(request, *account, path));
    if (path[1] == "numbers" && path.size() == 3 && request.method == "DELETE")
        return std::move(responder).respond(release(*account, path[2]));
    if (path[1] == "available") return std::move(responder).respond(available(request));
    if (path[1] == "account") return std::move(responder).respond(answer(200, {{"account", *account}}));
    std::move(responder).respond(refuse(404, "NOT_FOUND", "There is nothing here."));
}

net::HttpResponse OrderingService::place(const net::HttpRequest& request, const std::string& account, bool& lost) {
    boost::system::error_code problem;
    const auto parsed = json::parse(request.body, problem);
    if (problem || !parsed.is_object()) return refuse(400, "MALFORMED", "The body must be a JSON object.");
    const auto key = text_of(parsed.get_object(), "key");
    const auto number = text_of(parsed.get_object(), "number");
    if (key.empty() || key.size() > 64 || !is_number(number))
        return refuse(400, "INVALID", "An order has a key of 1 to 64 characters and an E.164 number.");
    const auto& script = order_script_for(number);
    if (script.busy || script.broken) {
        const int before = desk_.asked(number);
        if (before < script.busy) {
            auto busy = refuse(429, "TOO_MANY_REQUESTS", "Ask again in a second.");
            busy.headers.push_back({"Retry-After", "1"});
            return busy;
        }
        if (before < script.busy + script.broken) return refuse(503, "OUT_OF_ORDER", "The carrier is out of order.");
    }
    if (script.refuse) return refuse(script.refuse, script.code, script.text);
    const auto placement = desk_.place(account, key, number, now());
    switch (placement.placed) {
        case NumberDesk::Placed::Closed:
            return refuse(503, "FULL", "The carrier takes no more orders.");
        case NumberDesk::Placed::Taken:
            return refuse(409, "NUMBER_TAKEN", "Another order has this number.");
        case NumberDesk::Placed::New:
            lost = script.answer_lost;
            return answer(202, order_json(*placement.order, now()));
        case NumberDesk::Placed::Known:
            break;
    }
    return answer(200, order_json(*placement.order, now()));
}

net::HttpResponse OrderingService::orders(const net::HttpRequest& request, const std::string& account,
                                          const std::vector<std::string>& path) {
    if (path.size() == 2) {
        json::array found;
        const auto key = request.query_value("key");
        if (const auto* order = key ? desk_.find_key(account, std::string(*key)) : nullptr)
            found.push_back(order_json(*order, now()));
        if (!key)
            for (const auto* order : desk_.orders_of(account)) found.push_back(order_json(*order, now()));
        return answer(200, {{"orders", std::move(found)}});
    }
    const auto id = ascii::parse_decimal<std::uint64_t>(path[2]).value_or(0);
    if (path.size() == 4 && path[3] == "registration" && request.method == "POST")
        (void)desk_.register_by_hand(account, id);
    const auto* order = desk_.find(account, id);
    if (!order) return refuse(404, "NO_SUCH_ORDER", "The account has no such order.");
    return answer(200, order_json(*order, now()));
}

net::HttpResponse OrderingService::release(const std::string& account, const std::string& number) {
    switch (desk_.release(account, number, now())) {
        case NumberDesk::Release::Done:
            return {204, {}, {}};
        case NumberDesk::Release::NotYours:
            return refuse(404, "NOT_YOURS", "The account has no such number.");
        case NumberDesk::Release::Refused:
            break;
    }
    const auto& script = order_script_for(number);
    return refuse(422, script.code, script.text);
}

/// Numbers below a prefix that nobody has, in order: an endless range, as a carrier's stock looks from outside.
net::HttpResponse OrderingService::available(const net::HttpRequest& request) {
    const auto prefix = std::string(request.query_value("prefix").value_or("+1415555"));
    const auto limit = ascii::parse_decimal<std::size_t>(request.query_value("limit").value_or("20")).value_or(20);
    if (prefix.size() < 2 || prefix.size() > 10 || prefix[0] != '+' ||
        !std::ranges::all_of(std::string_view(prefix).substr(1), ascii::is_digit))
        return refuse(400, "INVALID", "prefix must be + and 1 to 9 digits.");
    json::array numbers;
    const auto digits = 12 - prefix.size();
    for (std::size_t i = 0; numbers.size() < std::min(limit, kMaxSearch) && i < 10 * kMaxSearch; ++i) {
        const auto tail = std::to_string(1000 + i);
        const auto pad = digits > tail.size() ? std::string(digits - tail.size(), '5') : "";
        if (const auto number = prefix + pad + tail; desk_.is_free(number, now())) numbers.emplace_back(number);
    }
    return answer(200, {{"numbers", std::move(numbers)}});
}

}  // namespace dp::sandbox
