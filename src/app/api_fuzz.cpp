/// libFuzzer target of the whole API: every operation of the OpenAPI document with every parameter, query and body. An
/// input chooses the operation, fills what its schema asks for, and puts a value of any type, or raw bytes, where it
/// pleases. A server with the sandbox runs in this process on the real store; one input is one request over loopback.
///
/// Wrong, beside what the sanitizers find: no answer, a status that the document does not name for the operation, 500 or
/// another one above it (507 and 503 are named where they can be), and JSON that is none. The request is printed.
/// What earlier requests created is used by later ones, so one input alone may not repeat a finding: the run with its
/// seed does.
#include <unistd.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/json.hpp>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <cstdint>
#include <cstdlib>
#include <deque>
#include <filesystem>
#include <iostream>
#include <set>

#include "api/openapi/openapi_document.hpp"
#include "app/config.hpp"
#include "app/first_run.hpp"
#include "app/server.hpp"

namespace {

namespace http = boost::beast::http;
namespace json = boost::json;
using dp::app::FirstRun;

[[noreturn]] void stop(const std::string& why) {
    std::cerr << why << std::endl;
    std::abort();
}

std::string encoded(std::string_view text) {
    return boost::urls::encode(text, boost::urls::unreserved_chars);
}

/// The input, used up from the front; zeros behind its end.
class Choices {
public:
    Choices(const std::uint8_t* data, std::size_t size) : rest_(reinterpret_cast<const char*>(data), size) {}

    std::size_t below(std::size_t limit) {
        std::size_t out = byte();
        if (limit > 256) out = out << 8 | byte();
        return limit == 0 ? 0 : out % limit;
    }
    bool one_in(std::size_t n) { return below(n) == n - 1; }
    std::string text() { return take(below(24)); }
    std::string remainder() { return take(rest_.size()); }

private:
    std::uint8_t byte() {
        if (rest_.empty()) return 0;
        const auto out = static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(1);
        return out;
    }
    std::string take(std::size_t size) {
        const std::string out(rest_.substr(0, size));
        rest_.remove_prefix(out.size());
        return out;
    }

    std::string_view rest_;
};

/// Ids and numbers that mean something: those of the example organization, and what was created lately.
class Known {
public:
    void add(std::string id) {
        if (made_.size() == 64) made_.pop_front();
        made_.push_back(std::move(id));
    }
    std::string pick(Choices& choices) const {
        static const std::vector<std::string> seeded{"user-agent-48291",
                                                     "sip-trunk-acme-us-east",
                                                     "queue-inbound-sales",
                                                     "cf-inbound-ivr-main",
                                                     "us_east_1",
                                                     "web-rtc-nat-config-01",
                                                     "sofia-nat-config-01",
                                                     "+14155552671",
                                                     "+14155550110",
                                                     "+15551234567",
                                                     "a1b2c3d4-e5f6-7890-abcd-ef1234567890",
                                                     "me",
                                                     "Support_WebRTC_Standard",
                                                     "G711u",
                                                     "2026-01-01T00:00:00Z",
                                                     "2026-01-01/2027-01-01",
                                                     "eventType = 'a' AND x > 1",
                                                     "^\\+1(\\d{10})$",
                                                     "https://127.0.0.1:1/"};
        const std::size_t i = choices.below(seeded.size() + made_.size());
        return i < seeded.size() ? seeded[i] : made_[i - seeded.size()];
    }

private:
    std::deque<std::string> made_;
};

/// A body after its schema, wrong in places.
class Shaper {
public:
    Shaper(const json::object& document, Choices& choices, const Known& known)
        : document_(document), choices_(choices), known_(known) {}

    json::value shaped(const json::object& schema, int depth = 0) {
        if (depth > 7 || choices_.one_in(12)) return any(depth);
        if (const auto* ref = schema.if_contains("$ref")) return shaped(resolved(ref->as_string()), depth + 1);
        for (const char* choice : {"oneOf", "anyOf", "allOf"})
            if (const auto* options = schema.if_contains(choice))
                return shaped(options->as_array()[choices_.below(options->as_array().size())].as_object(), depth + 1);
        if (const auto* options = schema.if_contains("enum"))
            return options->as_array()[choices_.below(options->as_array().size())];
        const std::string type = type_of(schema);
        if (type == "object") return object(schema, depth);
        if (type == "array") return array(schema, depth);
        if (type == "integer") return static_cast<std::int64_t>(choices_.below(65536)) - 8;
        if (type == "number") return static_cast<double>(choices_.below(65536)) / 7.0;
        if (type == "boolean") return choices_.one_in(2);
        return json::string(string());
    }

    std::string string() { return choices_.one_in(2) ? choices_.text() : known_.pick(choices_); }

private:
    static std::string type_of(const json::object& schema) {
        const auto* type = schema.if_contains("type");
        if (!type) return schema.contains("properties") ? "object" : "string";
        if (type->is_array()) return std::string(type->as_array().front().as_string());
        return std::string(type->as_string());
    }
    const json::object& resolved(std::string_view ref) const {
        return document_.at("components").at("schemas").at(ref.substr(ref.rfind('/') + 1)).as_object();
    }
    json::value object(const json::object& schema, int depth) {
        json::object out;
        if (const auto* properties = schema.if_contains("properties"))
            for (const auto& [name, value] : properties->as_object())
                if (!choices_.one_in(4)) out[name] = shaped(value.as_object(), depth + 1);
        if (choices_.one_in(8)) out[choices_.text()] = any(depth + 1);
        return out;
    }
    json::value array(const json::object& schema, int depth) {
        json::array out;
        const auto* items = schema.if_contains("items");
        for (std::size_t i = choices_.below(4); i > 0; --i)
            out.push_back(items && items->is_object() ? shaped(items->as_object(), depth + 1) : any(depth + 1));
        return out;
    }
    json::value any(int depth) {
        switch (choices_.below(depth > 7 ? 6 : 8)) {
            case 0:
                return nullptr;
            case 1:
                return choices_.one_in(2);
            case 2:
                return std::int64_t{-1};
            case 3:
                return INT64_MAX;
            case 4:
                return 1e300;
            case 5:
                return json::string(string());
            case 6:
                return json::array{any(depth + 1)};
            default:
                return json::object{{choices_.text(), any(depth + 1)}};
        }
    }

    const json::object& document_;
    Choices& choices_;
    const Known& known_;
};

/// The server, and one connection to it.
class Service {
public:
    Service() : folder_(std::filesystem::temp_directory_path() / ("dialplane-fuzz-" + std::to_string(::getpid()))) {
        const auto raw = dp::app::merge({{"data", {folder_.string()}},
                                         {"http", {"127.0.0.1:0"}},
                                         {"https", {"off"}},
                                         {"sip", {"127.0.0.1:0"}},
                                         {"sips", {"off"}},
                                         {"sandbox", {"true"}},
                                         {"sandbox.sip", {"127.0.0.1:0"}},
                                         {"rate-limit", {"0"}},
                                         {"log.level", {"error"}}},
                                        [](const std::string&) { return std::nullopt; });
        const auto config = raw ? dp::app::validate(*raw) : std::unexpected(raw.error());
        if (!config) stop(config.error().detail);
        auto server = dp::app::Server::start(*config);
        if (!server) stop(server.error().detail);
        server_ = std::move(*server);
        const auto read = dp::app::read_first_run(folder_);
        if (!read) stop(read.error().detail);
        first_run_ = *read;
        document_ = json::parse(dp::api::openapi_document()).as_object();
        for (const auto& [path, methods] : document_.at("paths").as_object())
            for (const auto& [method, operation] : methods.as_object())
                if (!kLeftOut.contains(path))
                    operations_.push_back({std::string(path), upper(method), &operation.as_object()});
        if (!log_in()) stop("the first log-in is refused");
    }
    ~Service() {
        server_->stop();
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    struct Operation {
        std::string path;
        std::string method;
        const json::object* what;
    };

    const json::object& document() const { return document_; }
    const Operation& operation(Choices& choices) const { return operations_[choices.below(operations_.size())]; }
    Known& known() { return known_; }

    http::response<http::string_body> ask(http::request<http::string_body> request, const std::string& token = {}) {
        request.version(11);
        request.set(http::field::host, "127.0.0.1");
        request.set(http::field::authorization, "Bearer " + (token.empty() ? token_ : token));
        request.prepare_payload();
        for (int attempt = 0;; ++attempt) {
            boost::system::error_code error;
            if (!socket_.is_open()) connect();
            http::write(socket_, request, error);
            boost::beast::flat_buffer buffer;
            http::response_parser<http::string_body> parser;
            parser.body_limit(std::uint64_t{64} << 20);
            parser.skip(request.method() == http::verb::head);
            if (!error) http::read(socket_, buffer, parser, error);
            if (!error) {
                if (!parser.get().keep_alive()) socket_.close();
                return parser.release();
            }
            socket_.close();
            if (attempt == 2) stop("no answer: " + error.message());
        }
    }

    /// False while the limit of log-ins is used up.
    bool log_in() {
        http::request<http::string_body> request{http::verb::post, "/oauth/token", 11};
        request.set(http::field::content_type, "application/x-www-form-urlencoded");
        request.body() = "grant_type=client_credentials&client_id=" + first_run_.client_id +
                         "&client_secret=" + first_run_.client_secret;
        const auto answer = ask(std::move(request), "none");
        if (answer.result_int() == 429) return false;
        if (answer.result_int() != 200) stop("log-in: " + answer.body());
        token_ = json::parse(answer.body()).at("access_token").as_string();
        return true;
    }

private:
    /// They end the session that asks, never end themselves, or make the store fail on purpose.
    inline static const std::set<std::string, std::less<>> kLeftOut{
        "/api/v2/events/stream", "/oauth/authorize",           "/login", "/logout", "/oauth/token",
        "/api/v2/tokens/me",     "/api/v2/sandbox/storefaults"};

    static std::string upper(std::string_view text) {
        std::string out(text);
        for (char& c : out) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
        return out;
    }
    void connect() {
        const auto port = first_run_.base_url.substr(first_run_.base_url.rfind(':') + 1);
        socket_.connect({boost::asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(std::stoi(port))});
        socket_.set_option(boost::asio::ip::tcp::no_delay(true));
    }

    std::filesystem::path folder_;
    std::unique_ptr<dp::app::Server> server_;
    FirstRun first_run_;
    json::object document_;
    std::vector<Operation> operations_;
    Known known_;
    std::string token_;
    boost::asio::io_context io_;
    boost::asio::ip::tcp::socket socket_{io_};
};

std::string target_of(const Service::Operation& operation, Shaper& shaper, Choices& choices, const Known& known) {
    std::string path = operation.path;
    std::string query;
    for (std::size_t open = 0; (open = path.find('{')) != std::string::npos;) {
        std::string value = choices.one_in(8) ? shaper.string() : known.pick(choices);
        if (value.empty()) value = "x";
        path.replace(open, path.find('}') - open + 1, encoded(value));
    }
    if (const auto* parameters = operation.what->if_contains("parameters"))
        for (const auto& one : parameters->as_array()) {
            const auto* name = one.as_object().if_contains("name");
            if (!name || one.at("in") != "query" || choices.one_in(2)) continue;
            const auto value = shaper.shaped(one.at("schema").as_object());
            query += (query.empty() ? "?" : "&") + encoded(name->as_string()) + "=" +
                     encoded(value.is_string() ? std::string(value.as_string()) : json::serialize(value));
        }
    return path + query;
}

void fill_body(http::request<http::string_body>& request, const Service::Operation& operation, Shaper& shaper,
               Choices& choices) {
    const auto* body = operation.what->if_contains("requestBody");
    if (!body) return;
    const auto& [type, described] = *body->at("content").as_object().begin();
    request.set(http::field::content_type, std::string_view(type));
    if (choices.one_in(10))
        request.body() = choices.remainder();
    else
        request.body() = json::serialize(shaper.shaped(described.at("schema").as_object()));
}

void check(const Service::Operation& operation, const http::request<http::string_body>& request,
           const http::response<http::string_body>& answer) {
    const auto status = std::to_string(answer.result_int());
    const auto wrong = [&](const std::string& why) {
        stop(why + "\n" + operation.method + " " + std::string(request.target()) + "\n" + request.body() + "\n" +
             status + " " + answer.body());
    };
    if (answer.result_int() >= 500 && answer.result_int() != 503) wrong("a server error");
    if (!operation.what->at("responses").as_object().contains(status)) wrong("a status that is not documented");
    if (answer[http::field::content_type].starts_with("application/json") && request.method() != http::verb::head) {
        boost::system::error_code error;
        (void)json::parse(answer.body(), error);
        if (error) wrong("JSON that is none");
    }
}

void remember(Known& known, const http::request<http::string_body>& request,
              const http::response<http::string_body>& answer) {
    if (request.method() != http::verb::post || answer.result_int() >= 300) return;
    boost::system::error_code error;
    const auto made = json::parse(answer.body(), error);
    if (error || !made.is_object()) return;
    if (const auto* id = made.as_object().if_contains("id"); id && id->is_string())
        known.add(std::string(id->as_string()));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Service service;
    Choices choices(data, size);
    const auto& operation = service.operation(choices);
    Shaper shaper(service.document(), choices, service.known());
    http::request<http::string_body> request{http::string_to_verb(operation.method),
                                             target_of(operation, shaper, choices, service.known()), 11};
    fill_body(request, operation, shaper, choices);
    auto answer = service.ask(request);
    // A token may end by an earlier input; one whose role lost a permission is as good as any.
    if (answer.result_int() == 401 && !answer[http::field::www_authenticate].contains("insufficient_scope") &&
        service.log_in())
        answer = service.ask(request);
    check(operation, request, answer);
    remember(service.known(), request, answer);
    return 0;
}
