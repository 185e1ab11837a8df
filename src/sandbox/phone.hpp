#pragma once
/// @file Phone: a phone the sandbox plays for an agent who has none: registers over SIP, rings for half a second and
/// answers.
///
/// Threads: the sandbox's loop. Its Contact has the lowest preference (q=0.1), and it leaves the registrar as soon as
/// it is told that a real phone has come.

#include <memory>
#include <string>
#include <unordered_map>

#include "net/sip_endpoint.hpp"
#include "sandbox/account.hpp"
#include "sandbox/carrier_call.hpp"
#include "sip/registration_client.hpp"

namespace dp::sandbox {

class Phone final : public sip::UserAgentHandler, public net::SipReceiver, public sip::RegistrationHandler {
public:
    Phone(net::EventLoop& loop, const Clock& clock, Random& random, Voice& voice, PhoneAccount account);
    ~Phone() override;

    Result<void> open(const IpAddress& address);
    /// Registers, or un-registers.
    void set_active(bool active);

    sip::Screening screen(const sip::MessageView& request, const sip::Flow& flow) override;
    void on_invite(sip::InviteSession& session, const sip::MessageView& invite, const sip::Flow& flow) override;
    void on_request(const sip::IncomingRequest& request) override;

    void receive(std::span<char> message, const sip::Flow& flow) override { agent_.receive(message, flow); }
    void flow_closed(const sip::Flow& flow) override { agent_.flow_closed(flow); }
    void datagram_refused(const Endpoint& remote, std::string_view quoted) override {
        agent_.datagram_refused(remote, quoted);
    }

    void on_registration_finished(sip::RegistrationClient& client, const sip::RegistrationReport& report) override;

private:
    void make_client();

    net::EventLoop& loop_;
    const Clock& clock_;
    Random& random_;
    Voice& voice_;
    PhoneAccount account_;
    net::SipEndpoint endpoint_;
    sip::UserAgent agent_;
    Endpoint local_;
    std::unique_ptr<sip::RegistrationClient> registration_;
    bool active_ = false;
    std::unordered_map<CarrierCall*, std::unique_ptr<CarrierCall>> calls_;
};

}  // namespace dp::sandbox
