#pragma once
/// @file ApiSession: the command line's side of the API: logs in at a server, sends one request at a time, follows one
/// stream.
///
/// Blocking; the command line's only thread. Errors carry the server's own sentence. An answer of 429 is waited out
/// (`Retry-After`, at most a minute, five times).

#include <boost/json/value.hpp>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace dp::app {

/// A server and who asks.
struct ApiAccess {
    std::string base_url;
    std::string client_id;
    std::string client_secret;
    std::string ca_file;  ///< in addition to the system's; may be empty
};

struct ApiAnswer {
    int status = 0;
    std::string etag;
    std::string warning;      ///< what the server did, but would have you know
    boost::json::value body;  ///< null where there is none
};

class ApiSession {
public:
    using Headers = std::vector<std::pair<std::string, std::string>>;

    static Result<std::unique_ptr<ApiSession>> open(ApiAccess access);
    /// As first-run.json in `data` says; `url` beats it when it is not empty.
    static Result<std::unique_ptr<ApiSession>> open(const std::filesystem::path& data, const std::string& url);
    ~ApiSession();
    ApiSession(const ApiSession&) = delete;
    ApiSession& operator=(const ApiSession&) = delete;

    /// Any answer that came back whole, errors too. `body` empty: none.
    Result<ApiAnswer> exchange(std::string_view method, std::string_view path, const std::string& body = {},
                               const Headers& headers = {});
    /// An answer of 400 and up is an error: NotFound for 404, Conflict for 409 and 412, else InvalidValue.
    Result<boost::json::value> request(std::string_view method, std::string_view path, const std::string& body = {});
    /// GET without an end: each piece of the body as it comes, on a thread of the client's; false ends it. Returns when
    /// either side ends it.
    Result<void> follow(std::string_view path, const Headers& headers, std::function<bool(std::string_view)> take);

    const std::string& token() const;

private:
    struct Impl;
    explicit ApiSession(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

/// What the server says of an answer of 400 and up: its own sentence, whatever family the body is of.
Error error_of(const ApiAnswer& answer);

}  // namespace dp::app
