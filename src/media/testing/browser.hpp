#pragma once
/// @file A browser's end of a call for tests: ICE checks, DTLS as client, SRTP; on a Phone's socket.

#include <memory>

#include "base/random.hpp"
#include "ice/stun_client.hpp"
#include "media/dtls.hpp"
#include "media/testing/phone.hpp"

namespace dp::media {

class Browser {
public:
    Browser(const Phone::Options& options, Random& random)
        : phone(options), random_(random), identity_(*DtlsIdentity::create()) {
        phone.on_other = [this](rtp::Bytes datagram, const Endpoint&) { on_other(datagram); };
        phone.event_type = 110;
    }

    /// What signalling agrees on with this browser, seen from the engine.
    sdp::NegotiatedAudio agreement() const {
        auto audio = phone.agreement();
        audio.security = sdp::Security::Dtls;
        audio.remote_rtp.reset();
        audio.rtcp_mux = true;
        audio.remote_fingerprints = {identity_->fingerprint()};
        audio.remote_ice = sdp::IceAttributes{.ufrag = "brow", .pwd = "browser-password-24-chars"};
        return audio;
    }

    void call(const sdp::LocalMedia& engine) {
        engine_ = engine;
        phone.call(engine.rtp);
    }

    enum class Nomination : std::uint8_t { None, Use };
    void check(Nomination nomination = Nomination::Use) { check_from(phone, nomination); }
    /// The same check from another of the browser's addresses.
    void check_from(Phone& other, Nomination nomination) {
        ice::TransactionId id{};
        random_.fill(id);
        const TimePoint now = std::chrono::steady_clock::now();
        ice::StunClient client({.username = engine_.ice->ufrag + ":brow",
                                .password = engine_.ice->pwd,
                                .priority = 1,
                                .controlling = 7,
                                .use_candidate = nomination == Nomination::Use},
                               id, now);
        other.call(engine_.rtp);
        other.send_raw(client.poll(now));
    }

    void start_dtls() {
        dtls_ = std::make_unique<DtlsAssociation>(identity_, DtlsRole::Client, std::chrono::steady_clock::now(),
                                                  [this](rtp::Bytes datagram) { phone.send_raw(datagram); });
        step();
    }
    /// Handles what arrived; true once SRTP is ready.
    bool step() {
        phone.receive();
        if (!dtls_) return false;
        const TimePoint now = std::chrono::steady_clock::now();
        if (dtls_->has_input() || dtls_->deadline() <= now) dtls_->step(now);
        if (!secured_ && dtls_->state() == DtlsState::Up) {
            const auto keys = dtls_->keys();
            phone.protect(keys->local, keys->remote);
            secured_ = true;
        }
        return secured_;
    }
    DtlsAssociation& dtls() { return *dtls_; }

    Phone phone;
    int answers = 0;  ///< successful STUN responses

private:
    void on_other(rtp::Bytes datagram) {
        if (const auto message = ice::StunMessage::parse(datagram)) {
            answers += message->kind == ice::StunClass::Success && message->integrity_ok(engine_.ice->pwd) ? 1 : 0;
        } else if (dtls_) {
            dtls_->receive(datagram);
        }
    }

    Random& random_;
    std::shared_ptr<DtlsIdentity> identity_;
    sdp::LocalMedia engine_;
    std::unique_ptr<DtlsAssociation> dtls_;
    bool secured_ = false;
};

}  // namespace dp::media
