#pragma once
/// @file OrderingService: the HTTP side of the sandbox carrier's desk, on its own port, with the carrier's accounts
/// (Basic). docs/sandbox.md has the requests.
///
/// Threads: the sandbox's loop.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "net/http_server.hpp"
#include "sandbox/account.hpp"
#include "sandbox/number_desk.hpp"

namespace dp::sandbox {

class OrderingService {
public:
    OrderingService(net::EventLoop& loop, const std::vector<Account>& accounts);
    ~OrderingService();

    Result<Endpoint> listen(const Endpoint& local);

private:
    void handle(const net::HttpRequest& request, net::HttpResponder responder);
    net::HttpResponse orders(const net::HttpRequest& request, const std::string& account,
                             const std::vector<std::string>& path);
    net::HttpResponse place(const net::HttpRequest& request, const std::string& account, bool& lost);
    net::HttpResponse release(const std::string& account, const std::string& number);
    net::HttpResponse available(const net::HttpRequest& request);
    std::optional<std::string> account_of(const net::HttpRequest& request) const;
    TimePoint now() const;

    net::EventLoop& loop_;
    std::map<std::string, std::string, std::less<>> passwords_;
    NumberDesk desk_;
    std::vector<net::HttpResponder> lost_;  ///< answers that never come; bounded
    std::unique_ptr<net::HttpServer> server_;
};

}  // namespace dp::sandbox
