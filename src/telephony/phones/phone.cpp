#include "telephony/phones/phone.hpp"

#include "base/crypto.hpp"

namespace dp::telephony {
namespace {

std::string a1(std::string_view username, std::string_view realm, std::string_view password) {
    std::string out;
    out.append(username).append(":").append(realm).append(":").append(password);
    return out;
}

}  // namespace

std::string digest_ha1_md5(std::string_view username, std::string_view realm, std::string_view password) {
    return crypto::hex(crypto::md5(a1(username, realm, password)));
}

std::string digest_ha1_sha256(std::string_view username, std::string_view realm, std::string_view password) {
    return crypto::hex(crypto::sha256(a1(username, realm, password)));
}

std::string ha1_context(std::string_view username, std::string_view realm) {
    return std::string("sip/").append(username).append("@").append(realm);
}

SipAccount make_sip_account(const Secrets& secrets, std::string_view username, std::string_view realm,
                            std::string_view password) {
    const std::string context = ha1_context(username, realm);
    return {.username = std::string(username),
            .ha1_md5 = secrets.seal(digest_ha1_md5(username, realm, password), context),
            .ha1_sha256 = secrets.seal(digest_ha1_sha256(username, realm, password), context)};
}

}  // namespace dp::telephony
