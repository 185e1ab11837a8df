#include "sip/digest_server.hpp"

#include <algorithm>
#include <limits>

#include "base/crypto.hpp"
#include "sip/message_builder.hpp"

namespace dp::sip {
namespace {

constexpr std::size_t kHead = 10;  // expiry 4, id 6
constexpr std::size_t kMac = 12;

void put_big_endian(std::string& out, std::uint64_t value, unsigned octets) {
    for (unsigned shift = octets * 8; shift > 0; shift -= 8) out += static_cast<char>((value >> (shift - 8)) & 0xFFU);
}

std::uint64_t get_big_endian(std::string_view text) {
    std::uint64_t value = 0;
    for (char c : text) value = (value << 8U) | static_cast<unsigned char>(c);
    return value;
}

std::optional<std::string> base64url_decode(std::string_view text) {
    std::string standard(text);
    std::ranges::replace(standard, '-', '+');
    std::ranges::replace(standard, '_', '/');
    return crypto::base64_decode(standard);
}

std::optional<std::uint32_t> nonce_count(std::string_view text) {
    std::uint32_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    if (text.size() != 8 || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
    return value;
}

// RFC 7616 3.4.6: the credential is for this request. A REGISTER's URI may differ in parameters: clients put the
// transport there.
bool is_for(const DigestCredentials& credentials, const MessageView& request) {
    const UriView& target = request.request_uri();
    if (credentials.uri == target.text()) return true;
    UriView uri;
    if (!UriView::parse_into(credentials.uri, uri).empty()) return false;
    if (request.method() != Method::Register) return equivalent(uri, target);
    return uri.scheme() == target.scheme() && uri.user() == target.user() && ascii::iequals(uri.host(), target.host());
}

}  // namespace

DigestServer::DigestServer(Options options, Random& random, TimePoint now)
    : options_(std::move(options)), random_(&random), start_(now), rotated_(now) {
    random_->fill(current_);
    random_->fill(previous_);
    Key secret;
    random_->fill(secret);
    fake_.ha1_sha256 = crypto::hex(secret);
    fake_.ha1_md5 = fake_.ha1_sha256.substr(32);
}

std::uint32_t DigestServer::seconds_since_start(TimePoint now) const {
    return static_cast<std::uint32_t>(std::chrono::duration_cast<std::chrono::seconds>(now - start_).count());
}

std::string DigestServer::seal_nonce(const Key& key, std::string_view head, TransportKind transport) const {
    std::string text(head);
    text.append(options_.realm).append("|").append(via_name(transport));
    const auto mac = crypto::hmac_sha256(crypto::as_text(key), text);
    std::string sealed(head);
    return sealed.append(crypto::as_text(mac).substr(0, kMac));
}

std::string DigestServer::make_nonce(TransportKind transport, TimePoint now) {
    rotate(now);
    std::string head;
    put_big_endian(head, seconds_since_start(now + options_.nonce_life), 4);
    put_big_endian(head, random_->next_u64(), 6);
    return crypto::base64url(seal_nonce(current_, head, transport));
}

std::optional<DigestServer::Nonce> DigestServer::open_nonce(std::string_view text, TransportKind transport) const {
    const auto raw = base64url_decode(text);
    if (!raw || raw->size() != kHead + kMac) return std::nullopt;
    const std::string_view head = std::string_view(*raw).substr(0, kHead);
    const bool ours = crypto::equal(seal_nonce(current_, head, transport), *raw) ||
                      crypto::equal(seal_nonce(previous_, head, transport), *raw);
    if (!ours) return std::nullopt;
    return Nonce{static_cast<std::uint32_t>(get_big_endian(head.substr(0, 4))), get_big_endian(head.substr(4))};
}

// Two keys live, so that a rotation does not make young nonces stale.
void DigestServer::rotate(TimePoint now) {
    if (now - rotated_ < options_.key_life) return;
    previous_ = current_;
    random_->fill(current_);
    rotated_ = now;
    sweep(now);
}

void DigestServer::sweep(TimePoint now) {
    std::erase_if(used_, [now](const auto& entry) { return entry.second.expiry <= now; });
}

std::vector<std::string> DigestServer::challenge(TransportKind transport, bool stale, TimePoint now, Offer offer) {
    const std::string nonce = make_nonce(transport, now);
    std::vector<DigestAlgorithm> algorithms{DigestAlgorithm::Md5};
    if (offer == Offer::Sha256Only)
        algorithms = {DigestAlgorithm::Sha256};
    else if (offer == Offer::ByTransport && !is_websocket(transport))
        algorithms = {DigestAlgorithm::Sha256, DigestAlgorithm::Md5};
    std::vector<std::string> values;
    for (DigestAlgorithm algorithm : algorithms) {
        std::string& value = values.emplace_back("Digest realm=");
        append_quoted(value, options_.realm);
        value.append(", nonce=\"").append(nonce).append("\", algorithm=").append(algorithm_name(algorithm));
        value.append(", qop=\"auth\"").append(stale ? ", stale=true" : "");
    }
    return values;
}

DigestCheck DigestServer::check_with(const MessageView& request, TransportKind transport, TimePoint now,
                                     DigestLookup lookup, void* context) {
    DigestCredentials credentials;
    DigestCheck found = find_credentials(request, credentials);
    if (found.outcome != DigestOutcome::Accepted) return found;
    const auto secret = lookup(context, credentials.username, options_.realm);
    DigestCheck result = judge(credentials, request, transport, now, secret);
    result.username = std::move(credentials.username);
    return result;
}

// Credentials for other realms and schemes are somebody else's.
DigestCheck DigestServer::find_credentials(const MessageView& request, DigestCredentials& out) const {
    DigestCheck result;
    for (HeaderId header : {HeaderId::Authorization, HeaderId::ProxyAuthorization}) {
        for (std::string_view line : request.lines(header)) {
            auto credentials = parse_credentials(line);
            if (!credentials && credentials.error().code == ErrorCode::MalformedInput)
                result = {DigestOutcome::Malformed, {}, "malformed credentials"};
            if (!credentials || credentials->realm != options_.realm || !credentials->algorithm) continue;
            out = std::move(*credentials);
            return {DigestOutcome::Accepted, {}, {}};
        }
    }
    return result;
}

// The response is computed before anything else is looked at, so that a known and an unknown user take the same time;
// `stale` is said only to somebody who has the password, or it would be an oracle.
DigestCheck DigestServer::judge(const DigestCredentials& credentials, const MessageView& request,
                                TransportKind transport, TimePoint now, const std::optional<DigestSecret>& secret) {
    const bool right = is_right(credentials, request, secret);
    if (!is_for(credentials, request)) return {DigestOutcome::Malformed, {}, "credentials for another URI"};
    if (!right) return {DigestOutcome::Wrong, {}, "wrong response"};
    rotate(now);
    const auto nonce = open_nonce(credentials.nonce, transport);
    if (!nonce) return {DigestOutcome::Stale, {}, "unknown nonce"};
    if (seconds_since_start(now) >= nonce->expiry) return {DigestOutcome::Stale, {}, "expired nonce"};
    if (!use(*nonce, credentials, now)) return {DigestOutcome::Stale, {}, "used nonce"};
    return {DigestOutcome::Accepted, {}, {}};
}

bool DigestServer::is_right(const DigestCredentials& credentials, const MessageView& request,
                            const std::optional<DigestSecret>& secret) const {
    const bool md5 = *credentials.algorithm == DigestAlgorithm::Md5;
    const auto ha1_of = [md5](const DigestSecret& s) -> const std::string& { return md5 ? s.ha1_md5 : s.ha1_sha256; };
    const bool known = secret && !ha1_of(*secret).empty();
    const std::string& ha1 = known ? ha1_of(*secret) : ha1_of(fake_);
    const bool supported_qop = credentials.qop.empty() || ascii::iequals(credentials.qop, "auth");
    const std::string expected =
        digest_response({*credentials.algorithm, ha1, credentials.nonce, request.method_text(), credentials.uri,
                         credentials.qop, credentials.nc, credentials.cnonce});
    const bool same = crypto::equal(expected, ascii::lower(credentials.response));
    return known && supported_qop && same;
}

// Only now does the nonce take memory. Without qop it counts as used up (RFC 7616 3.4.3).
bool DigestServer::use(const Nonce& nonce, const DigestCredentials& credentials, TimePoint now) {
    constexpr std::uint32_t kLast = std::numeric_limits<std::uint32_t>::max();
    const auto count = credentials.qop.empty() ? std::optional(kLast) : nonce_count(credentials.nc);
    if (!count) return false;
    if (!used_.contains(nonce.id) && used_.size() >= options_.max_used_nonces) {
        sweep(now);
        if (used_.size() >= options_.max_used_nonces) {
            // Forgetting used nonces would allow replays, so every nonce out there ends instead.
            random_->fill(current_);
            random_->fill(previous_);
            used_.clear();
            return false;
        }
    }
    Window& window = used_[nonce.id];
    window.expiry = start_ + std::chrono::seconds(nonce.expiry);
    const bool fresh = window.accept(*count);
    if (credentials.qop.empty()) window.seen = std::numeric_limits<std::uint64_t>::max();
    return fresh;
}

bool DigestServer::Window::accept(std::uint32_t count) {
    if (count == 0) return false;
    if (count > highest) {
        const std::uint32_t ahead = count - highest;
        seen = ahead >= 64 ? 0 : seen << ahead;
        seen |= 1U;
        highest = count;
        return true;
    }
    const std::uint32_t behind = highest - count;
    if (behind >= 64 || (seen >> behind & 1U) != 0) return false;
    seen |= std::uint64_t{1} << behind;
    return true;
}

}  // namespace dp::sip
