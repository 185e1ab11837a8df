#include "sip/keyed_identity.hpp"

#include <cstring>
#include <span>

#include "base/ascii.hpp"

namespace dp::sip {

namespace {

constexpr std::string_view kAlphabet = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
constexpr char kSeparator = '\n';  // in no field, so that two fields cannot pass for one

void append_lower(std::string& out, std::string_view text) {
    for (char c : text) out.push_back(ascii::to_lower(c));
}

void append_sent_by(std::string& out, const Via& via) {
    append_lower(out, via.host());
    const auto transport = via.transport().value_or(TransportKind::Udp);
    out.push_back(kSeparator);
    out.append(std::to_string(via.port().value_or(default_port(transport))));
}

// §17.2.3: an ACK belongs to the transaction of its INVITE.
std::string_view method_class(const MessageView& request) {
    return request.method() == Method::Ack ? std::string_view("INVITE") : request.method_text();
}

}  // namespace

KeyedIdentity::KeyedIdentity(Random& random)
    : random_(&random), first_{random.next_u64(), random.next_u64()}, second_{random.next_u64(), random.next_u64()} {}

HashKey KeyedIdentity::key_of(std::string_view text) const {
    return {siphash(first_, text), siphash(second_, text)};
}

HashKey KeyedIdentity::server_key(const MessageView& request) const {
    return server_key(request, method_class(request));
}

HashKey KeyedIdentity::cancelled_key(const MessageView& cancel) const {
    return server_key(cancel, "INVITE");
}

HashKey KeyedIdentity::server_key(const MessageView& request, std::string_view method) const {
    const Via& via = request.top_via();
    if (!via.has_3261_branch()) return legacy_key(request, method);
    scratch_.assign("s").append(via.branch()) += kSeparator;
    append_sent_by(scratch_, via);
    (scratch_ += kSeparator).append(method);
    return key_of(scratch_);
}

// §17.2.3 for senders of RFC 2543: R-URI, From tag, Call-ID, CSeq number and top Via. The To tag of an ACK is compared
// by the transaction layer.
HashKey KeyedIdentity::legacy_key(const MessageView& request, std::string_view method) const {
    scratch_.assign("l").append(request.request_uri().text()) += kSeparator;
    scratch_.append(request.from_tag()) += kSeparator;
    scratch_.append(request.call_id()) += kSeparator;
    scratch_.append(std::to_string(request.cseq().number)) += kSeparator;
    scratch_.append(request.top_via().text()) += kSeparator;
    scratch_.append(method);
    return key_of(scratch_);
}

HashKey KeyedIdentity::response_key(const MessageView& response) const {
    const Via& via = response.top_via();
    const auto transport = via.transport().value_or(TransportKind::Udp);
    return client_key(via.branch(), via.host(), via.port().value_or(default_port(transport)),
                      response.cseq().method_text);
}

HashKey KeyedIdentity::client_key(std::string_view branch, std::string_view sent_by_host, std::uint16_t sent_by_port,
                                  std::string_view method) const {
    scratch_.assign("c").append(branch) += kSeparator;
    // Our own Via is written with the brackets of an IPv6 address and read back without.
    const bool bracketed = sent_by_host.starts_with('[') && sent_by_host.ends_with(']');
    append_lower(scratch_, bracketed ? sent_by_host.substr(1, sent_by_host.size() - 2) : sent_by_host);
    (scratch_ += kSeparator).append(std::to_string(sent_by_port)) += kSeparator;
    scratch_.append(method);
    return key_of(scratch_);
}

HashKey KeyedIdentity::merge_key(const MessageView& request) const {
    scratch_.assign("m").append(request.from_tag()) += kSeparator;
    scratch_.append(request.call_id()) += kSeparator;
    scratch_.append(std::to_string(request.cseq().number)) += kSeparator;
    scratch_.append(request.method_text()) += kSeparator;
    scratch_.append(request.request_uri().user());
    return key_of(scratch_);
}

std::string KeyedIdentity::stateless_tag(const MessageView& request) const {
    scratch_.assign("t").append(request.top_via().branch()) += kSeparator;
    scratch_.append(request.from_tag()) += kSeparator;
    scratch_.append(request.call_id()) += kSeparator;
    scratch_.append(std::to_string(request.cseq().number));
    std::uint64_t bits = siphash(first_, scratch_);
    std::string tag = "x";
    for (int i = 0; i < 10; ++i, bits >>= 6) tag.push_back(kAlphabet[bits & 63]);
    return tag;
}

void KeyedIdentity::token(std::string& out, std::size_t length) {
    if (pool_used_ + length > pool_.size()) {
        random_->fill(pool_);
        pool_used_ = 0;
    }
    for (std::size_t i = 0; i < length; ++i) out.push_back(kAlphabet[pool_[pool_used_++] & 63]);
}

std::string KeyedIdentity::branch() {
    std::string out(kBranchCookie);
    token(out, 16);
    return out;
}

std::string KeyedIdentity::tag() {
    std::string out;
    token(out, 11);
    return out;
}

std::string KeyedIdentity::call_id() {
    std::string out;
    token(out, 22);
    return out;
}

std::uint64_t KeyedIdentity::random64() {
    if (pool_used_ + sizeof(std::uint64_t) > pool_.size()) {
        random_->fill(pool_);
        pool_used_ = 0;
    }
    std::uint64_t value;
    std::memcpy(&value, pool_.data() + pool_used_, sizeof(value));
    pool_used_ += sizeof(value);
    return value;
}

}  // namespace dp::sip
