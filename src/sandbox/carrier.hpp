#pragma once
/// @file Carrier: the sandbox's SIP side: a registrar with digest for its customers, and a callee for what they dial.
/// It can call in, too.
///
/// Threads: the sandbox's loop, construction and destruction included.

#include <map>
#include <memory>
#include <string>
#include <unordered_map>

#include "net/sip_endpoint.hpp"
#include "sandbox/account.hpp"
#include "sandbox/carrier_call.hpp"
#include "sip/digest_server.hpp"
#include "sip/registrar.hpp"
#include "sip/user_agent.hpp"

namespace dp::sandbox {

class Carrier final : public sip::UserAgentHandler, public net::SipReceiver {
public:
    Carrier(net::EventLoop& loop, const Clock& clock, Random& random, Voice& voice, const SandboxOptions& options);
    ~Carrier() override;

    Result<Endpoint> listen(const Endpoint& local);
    /// Calls a customer: an INVITE over its registration, called number `to`, from `from`. NotFound when it is not
    /// registered.
    Result<void> call_in(const std::string& username, const std::string& from, const std::string& to);
    std::size_t calls() const { return calls_.size(); }

    sip::Screening screen(const sip::MessageView& request, const sip::Flow& flow) override;
    void on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow) override;
    void on_request(const sip::IncomingRequest& request) override;

    void receive(std::span<char> message, const sip::Flow& flow) override { agent_.receive(message, flow); }
    void flow_closed(const sip::Flow& flow) override { agent_.flow_closed(flow); }
    void datagram_refused(const Endpoint& remote, std::string_view quoted) override {
        agent_.datagram_refused(remote, quoted);
    }

private:
    sip::DigestCheck authenticate(const sip::MessageView& request, const sip::Flow& flow);
    sip::Response challenge(const sip::Flow& flow, bool stale);
    void register_customer(const sip::IncomingRequest& request);
    CarrierCall& add_call(const Script& script);
    void call_over(CarrierCall& call);
    void schedule_call_back(std::string username, std::string number);
    std::string address_of_record(std::string_view username) const;
    void arm_expiry();

    net::EventLoop& loop_;
    const Clock& clock_;
    Random& random_;
    Voice& voice_;
    std::string realm_;
    std::map<std::string, std::string, std::less<>> passwords_;
    net::SipEndpoint endpoint_;
    sip::UserAgent agent_;
    sip::Registrar registrar_;
    sip::DigestServer digest_;
    Timer expiry_;
    IpAddress media_address_;
    std::unordered_map<CarrierCall*, std::unique_ptr<CarrierCall>> calls_;
    std::unordered_map<CarrierCall*, std::function<void()>> when_over_;
    std::map<std::uint64_t, std::unique_ptr<Timer>> call_backs_;
    std::uint64_t next_call_back_ = 0;
    std::string authenticated_;  ///< who the INVITE being delivered is from: set by screen(), read by on_invite()
};

}  // namespace dp::sandbox
