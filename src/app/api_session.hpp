#pragma once
/// @file ApiSession: the command line's side of the API: finds server and credentials in first-run.json, logs in, sends
/// one request at a time.
///
/// Blocking; the command line's only thread. Errors carry the server's own message.

#include <boost/json/fwd.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace dp::app {

class ApiSession {
public:
    /// `url` empty: what first-run.json says.
    static Result<std::unique_ptr<ApiSession>> open(const std::filesystem::path& data, const std::string& url);
    ~ApiSession();
    ApiSession(const ApiSession&) = delete;
    ApiSession& operator=(const ApiSession&) = delete;

    /// `body` empty: none. An answer of 400 and up is an error.
    Result<boost::json::value> request(std::string_view method, std::string_view path, const std::string& body = {});

private:
    struct Impl;
    explicit ApiSession(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace dp::app
