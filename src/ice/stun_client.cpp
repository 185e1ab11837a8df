#include "ice/stun_client.hpp"

namespace dp::ice {
namespace {

constexpr std::chrono::milliseconds kInitialTimeout{500};
constexpr unsigned kMaxSends = 7;         // Rc
constexpr unsigned kLastWaitFactor = 16;  // Rm

}  // namespace

StunClient::StunClient(const BindingRequest& request, const TransactionId& transaction, TimePoint now)
    : password_(request.password), transaction_(transaction), next_(now) {
    StunWriter writer(buffer_, StunClass::Request, transaction);
    if (!request.username.empty()) writer.add(StunAttribute::Username, request.username);
    if (request.priority) writer.add_u32(StunAttribute::Priority, *request.priority);
    if (request.controlling) writer.add_u64(StunAttribute::IceControlling, *request.controlling);
    if (request.use_candidate) writer.add(StunAttribute::UseCandidate, Bytes{});
    if (!request.username.empty()) writer.add_integrity(request.password);
    writer.add_fingerprint();
    size_ = writer.bytes().size();
}

Bytes StunClient::poll(TimePoint now) {
    if (done_ || now < next_) return {};
    if (sent_ == kMaxSends) {
        end(fail(ErrorCode::Timeout, "The STUN server did not answer."));
        return {};
    }
    const unsigned factor = ++sent_ == kMaxSends ? kLastWaitFactor : 1U << (sent_ - 1);
    next_ = now + kInitialTimeout * factor;
    return {buffer_.data(), size_};
}

bool StunClient::receive(Bytes datagram) {
    const auto message = StunMessage::parse(datagram);
    if (done_ || !message || message->transaction != transaction_) return false;
    if (message->kind == StunClass::Success && (password_.empty() || message->integrity_ok(password_))) {
        if (message->mapped)
            end(*message->mapped);
        else
            end(fail(ErrorCode::MalformedInput, "The STUN answer carries no address."));
    } else if (message->kind == StunClass::Error) {
        const auto code = message->error.value_or(500);
        end(fail(code == 401 || code == 403 ? ErrorCode::Forbidden : ErrorCode::TransportFailed,
                 "The STUN server answered " + std::to_string(code) + "."));
    }
    return done_;
}

void StunClient::end(Result<Endpoint> outcome) {
    done_ = true;
    outcome_ = std::move(outcome);
}

}  // namespace dp::ice
