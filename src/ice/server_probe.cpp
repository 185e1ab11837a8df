#include "ice/server_probe.hpp"

namespace dp::ice {
namespace {

constexpr std::chrono::milliseconds kInitialTimeout{500};  // RFC 8489 section 6.2.1
constexpr std::uint32_t kRelayOverUdp = 17U << 24;         // RFC 8656 section 18.7: protocol number in the first octet

}  // namespace

ServerProbe::ServerProbe(ProbeKind kind, ProbeCarrier carrier, const TransactionId& transaction, TimePoint now)
    : transaction_(transaction), sends_(carrier == ProbeCarrier::Datagram ? kSends : 1), next_(now) {
    StunWriter writer(buffer_, StunClass::Request, transaction,
                      kind == ProbeKind::Binding ? kBindingMethod : kAllocateMethod);
    if (kind == ProbeKind::Allocate) writer.add_u32(StunAttribute::RequestedTransport, kRelayOverUdp);
    writer.add_fingerprint();
    size_ = writer.bytes().size();
}

Bytes ServerProbe::poll(TimePoint now) {
    if (answer_ || now < next_) return {};
    const auto wait = kInitialTimeout * (1U << sent_);
    next_ = ++sent_ == sends_ ? kNever : now + wait;
    return {buffer_.data(), size_};
}

bool ServerProbe::receive(Bytes bytes) {
    const auto message = StunMessage::parse(bytes);
    if (answer_ || !message || message->transaction != transaction_) return false;
    if (message->kind != StunClass::Success && message->kind != StunClass::Error) return false;
    ProbeAnswer answer;
    answer.mapped = message->mapped;
    if (message->kind == StunClass::Error) answer.error = message->error.value_or(500);
    answer.realm = message->realm;
    answer.challenged = answer.error == 401 && !message->realm.empty() && message->has_nonce;
    answer_ = std::move(answer);
    return true;
}

}  // namespace dp::ice
