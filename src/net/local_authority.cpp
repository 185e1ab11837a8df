#include "net/local_authority.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>

#include "base/ascii.hpp"
#include "base/endpoint.hpp"

namespace dp::net {
namespace {

template <auto Free>
struct Deleter {
    template <class T>
    void operator()(T* pointer) const {
        Free(pointer);
    }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;

constexpr auto kAuthorityLife = std::chrono::days(3650);
constexpr auto kLeafLife = std::chrono::days(397);  // browsers refuse more
constexpr auto kRenewBefore = std::chrono::days(30);
constexpr auto kBackdate = std::chrono::hours(24);  // clients whose clocks are a little behind

struct Identity {
    Key key;
    Certificate certificate;
};

std::time_t seconds(WallTime time) {
    return std::chrono::system_clock::to_time_t(std::chrono::system_clock::time_point(time));
}

Certificate read_certificate(const std::string& path) {
    Bio file(BIO_new_file(path.c_str(), "r"));
    return Certificate(file ? PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

Key read_key(const std::string& path) {
    Bio file(BIO_new_file(path.c_str(), "r"));
    return Key(file ? PEM_read_bio_PrivateKey(file.get(), nullptr, nullptr, nullptr) : nullptr);
}

WallTime expiry(const X509& certificate) {
    std::tm parts{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &parts) != 1) return {};
    return std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::from_time_t(timegm(&parts)));
}

bool add_extension(X509& certificate, X509& issuer, int id, const char* value) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
    std::unique_ptr<X509_EXTENSION, Deleter<X509_EXTENSION_free>> extension(
        X509V3_EXT_conf_nid(nullptr, &context, id, value));
    return extension && X509_add_ext(&certificate, extension.get(), -1) == 1;
}

/// A certificate of version 3 with a random serial number and this subject, not yet signed.
Certificate blank(EVP_PKEY& key, const char* common_name, WallTime from, WallTime to) {
    Certificate certificate(X509_new());
    X509_set_version(certificate.get(), X509_VERSION_3);
    std::unique_ptr<BIGNUM, Deleter<BN_free>> serial(BN_new());
    BN_rand(serial.get(), 159, BN_RAND_TOP_ONE, BN_RAND_BOTTOM_ANY);
    BN_to_ASN1_INTEGER(serial.get(), X509_get_serialNumber(certificate.get()));
    ASN1_TIME_set(X509_getm_notBefore(certificate.get()), seconds(from));
    ASN1_TIME_set(X509_getm_notAfter(certificate.get()), seconds(to));
    X509_NAME* name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(common_name), -1, -1,
                               0);
    X509_set_pubkey(certificate.get(), &key);
    return certificate;
}

Result<Identity> make_authority(WallTime now) {
    Identity out{Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), nullptr};
    if (!out.key) return fail(ErrorCode::Internal, "no key for the certificate authority could be made");
    out.certificate = blank(*out.key, "Dialplane local authority", now - kBackdate, now + kAuthorityLife);
    X509& ca = *out.certificate;
    X509_set_issuer_name(&ca, X509_get_subject_name(&ca));
    const bool made = add_extension(ca, ca, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") &&
                      add_extension(ca, ca, NID_key_usage, "critical,keyCertSign,cRLSign") &&
                      add_extension(ca, ca, NID_subject_key_identifier, "hash") &&
                      X509_sign(&ca, out.key.get(), EVP_sha256()) > 0;
    if (!made) return fail(ErrorCode::Internal, "the local certificate authority could not be made");
    return out;
}

std::string alternative_names(const std::vector<std::string>& names) {
    std::string out;
    for (const auto& name : names) {
        if (!out.empty()) out += ',';
        out += (IpAddress::parse(name) ? "IP:" : "DNS:") + name;
    }
    return out;
}

Result<Identity> make_leaf(const Identity& authority, const std::vector<std::string>& names, WallTime now) {
    Identity out{Key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")), nullptr};
    if (!out.key) return fail(ErrorCode::Internal, "no key for the server certificate could be made");
    const WallTime until = std::min<WallTime>(now + kLeafLife, expiry(*authority.certificate));
    out.certificate = blank(*out.key, "Dialplane server", now - kBackdate, until);
    X509& leaf = *out.certificate;
    X509& ca = *authority.certificate;
    X509_set_issuer_name(&leaf, X509_get_subject_name(&ca));
    const bool made = add_extension(leaf, ca, NID_basic_constraints, "critical,CA:FALSE") &&
                      add_extension(leaf, ca, NID_key_usage, "critical,digitalSignature") &&
                      add_extension(leaf, ca, NID_ext_key_usage, "serverAuth,clientAuth") &&
                      add_extension(leaf, ca, NID_subject_key_identifier, "hash") &&
                      add_extension(leaf, ca, NID_authority_key_identifier, "keyid:always") &&
                      add_extension(leaf, ca, NID_subject_alt_name, alternative_names(names).c_str()) &&
                      X509_sign(&leaf, authority.key.get(), EVP_sha256()) > 0;
    if (!made) return fail(ErrorCode::Internal, "the server certificate could not be made");
    return out;
}

/// Written beside its place, made durable and moved there, so that a crash leaves the old file or the new one.
Result<void> write_file(const std::string& path, std::string_view text, mode_t mode) {
    const std::string fresh = path + ".new";
    const int file = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    if (file < 0) return fail(ErrorCode::Unavailable, "cannot write " + fresh);
    const bool written = ::fchmod(file, mode) == 0 &&
                         ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                         ::fsync(file) == 0;
    ::close(file);
    if (!written || std::rename(fresh.c_str(), path.c_str()) != 0)
        return fail(ErrorCode::Unavailable, "cannot write " + path);
    return {};
}

template <class Write>
std::string pem(Write write) {
    Bio memory(BIO_new(BIO_s_mem()));
    write(memory.get());
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string key_pem(EVP_PKEY& key) {
    return pem([&](BIO* out) { PEM_write_bio_PKCS8PrivateKey(out, &key, nullptr, nullptr, 0, nullptr, nullptr); });
}

std::string certificate_pem(X509& certificate) {
    return pem([&](BIO* out) { PEM_write_bio_X509(out, &certificate); });
}

/// The names in the certificate as we write them, sorted.
std::vector<std::string> names_of(const X509& certificate) {
    std::vector<std::string> names;
    std::unique_ptr<GENERAL_NAMES, Deleter<GENERAL_NAMES_free>> list(
        static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)));
    for (int i = 0; i < sk_GENERAL_NAME_num(list.get()); ++i) {
        const GENERAL_NAME* name = sk_GENERAL_NAME_value(list.get(), i);
        const ASN1_STRING* text = name->type == GEN_DNS ? name->d.dNSName : name->d.iPAddress;
        const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(text)),
                                static_cast<std::size_t>(ASN1_STRING_length(text)));
        if (name->type == GEN_DNS) names.push_back(bytes);
        if (name->type != GEN_IPADD) continue;
        sockaddr_in6 six{};
        six.sin6_family = AF_INET6;
        sockaddr_in four{};
        four.sin_family = AF_INET;
        if (bytes.size() == 4) std::copy_n(bytes.data(), 4, reinterpret_cast<char*>(&four.sin_addr));
        if (bytes.size() == 16) std::copy_n(bytes.data(), 16, reinterpret_cast<char*>(&six.sin6_addr));
        names.push_back(IpAddress::from_sockaddr(bytes.size() == 4 ? reinterpret_cast<sockaddr*>(&four)
                                                                   : reinterpret_cast<sockaddr*>(&six))
                            .str());
    }
    std::ranges::sort(names);
    return names;
}

bool is_host_name(std::string_view name) {
    if (name.empty() || name.size() > 253 || name.front() == '.' || name.front() == '-') return false;
    return std::ranges::all_of(
        name, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '*'; });
}

Result<std::vector<std::string>> normalised(std::vector<std::string> names) {
    names.insert(names.end(), {"localhost", "127.0.0.1", "::1"});
    for (auto& name : names) {
        if (const auto address = IpAddress::parse(name))
            name = address->str();
        else if (is_host_name(name))
            name = ascii::lower(name);
        else
            return fail(ErrorCode::InvalidValue, "'" + name + "' is neither a host name nor an address", "tls.name");
    }
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    return names;
}

bool usable(const Identity& identity, WallTime now) {
    return identity.key && identity.certificate &&
           X509_check_private_key(identity.certificate.get(), identity.key.get()) == 1 &&
           expiry(*identity.certificate) > now + kRenewBefore;
}

struct Paths {
    std::string ca, ca_key;
    TlsFiles server;
};

Result<Identity> ensure_authority(const Paths& paths, WallTime now, bool& renewed) {
    Identity kept{read_key(paths.ca_key), read_certificate(paths.ca)};
    if (usable(kept, now)) return kept;
    DP_TRY(made, make_authority(now));
    DP_CHECK(write_file(paths.ca_key, key_pem(*made.key), 0600));
    DP_CHECK(write_file(paths.ca, certificate_pem(*made.certificate), 0644));
    renewed = true;
    return made;
}

}  // namespace

Result<LocalCertificate> ensure_local_certificate(const std::string& directory, std::vector<std::string> names,
                                                  WallTime now) {
    const Paths paths{
        directory + "/ca.pem", directory + "/ca.key", {directory + "/server.pem", directory + "/server.key"}};
    if (::mkdir(directory.c_str(), 0700) != 0 && errno != EEXIST)
        return fail(ErrorCode::Unavailable, "cannot make the directory " + directory);
    DP_TRY(wanted, normalised(std::move(names)));
    LocalCertificate out{paths.server, paths.ca, wanted, {}, false};
    DP_TRY(authority, ensure_authority(paths, now, out.renewed));

    Identity leaf{read_key(paths.server.private_key), read_certificate(paths.server.certificate)};
    const bool keep = !out.renewed && usable(leaf, now) && names_of(*leaf.certificate) == wanted &&
                      X509_verify(leaf.certificate.get(), authority.key.get()) == 1;
    if (!keep) {
        DP_TRY(made, make_leaf(authority, wanted, now));
        DP_CHECK(write_file(paths.server.private_key, key_pem(*made.key), 0600));
        DP_CHECK(write_file(paths.server.certificate,
                            certificate_pem(*made.certificate) + certificate_pem(*authority.certificate), 0644));
        leaf = std::move(made);
        out.renewed = true;
    }
    out.expires = expiry(*leaf.certificate);
    return out;
}

Result<WallTime> certificate_expiry(const std::string& pem_file) {
    const Certificate certificate = read_certificate(pem_file);
    if (!certificate) return fail(ErrorCode::InvalidValue, pem_file + " holds no certificate");
    return expiry(*certificate);
}

}  // namespace dp::net
