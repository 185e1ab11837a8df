#pragma once
/// @file SandboxCarrier: the sandbox carrier's ordering API (docs/sandbox.md) behind the Carrier port: HTTP with Basic
/// authentication, orders kept by key, asynchronous approval.
///
/// Threads: any; answers run on the executor given. The carrier is strongly consistent: an empty search by key is
/// NotFound. A carrier on loopback is allowed: the operator named its address.

#include "net/http_client.hpp"
#include "telephony/ports/carrier.hpp"

namespace dp::carriers {

struct SandboxAccount {
    std::string base_url;  ///< `http://127.0.0.1:5071`
    std::string username;
    std::string password;
};

class SandboxCarrier final : public telephony::Carrier {
public:
    SandboxCarrier(net::HttpClient& http, SandboxAccount account) : http_(http), account_(std::move(account)) {}

    void verify(Executor& reply_on, std::move_only_function<void(Result<void>)> reply) override;
    void search(telephony::CarrierSearch search, Executor& reply_on,
                std::move_only_function<void(Result<std::vector<std::string>>)> reply) override;
    void order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    void find_order(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    void poll(std::string external_id, Executor& reply_on, telephony::CarrierReply reply) override;
    void release(telephony::CarrierOrder order, Executor& reply_on, telephony::CarrierReply reply) override;
    std::chrono::hours give_up_after() const override { return std::chrono::hours(24 * 7); }

private:
    net::OutgoingHttpRequest request(std::string_view method, std::string_view path, std::string body = {}) const;
    using Read = telephony::CarrierAnswer (*)(const net::HttpClientResponse&);
    void send(net::OutgoingHttpRequest request, Executor& reply_on, Read read, telephony::CarrierReply reply);

    net::HttpClient& http_;
    SandboxAccount account_;
};

}  // namespace dp::carriers
