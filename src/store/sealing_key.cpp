#include "store/sealing_key.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/crypto.hpp"

namespace dp::store {
namespace {

constexpr std::size_t kKeySize = 32;

std::unexpected<Error> refuse(const std::string& path, const std::string& why) {
    return fail(ErrorCode::Unavailable, "The key file " + path + " " + why);
}

std::string reason() {
    return std::generic_category().message(errno);
}

Result<std::array<std::uint8_t, kKeySize>> read_key(int descriptor, const std::string& path) {
    struct stat facts{};
    if (::fstat(descriptor, &facts) != 0) return refuse(path, "cannot be read: " + reason() + ".");
    if ((facts.st_mode & 077U) != 0) return refuse(path, "may be read by others: run chmod 600 on it.");
    std::array<std::uint8_t, kKeySize> key{};
    if (facts.st_size != static_cast<off_t>(kKeySize) ||
        ::pread(descriptor, key.data(), kKeySize, 0) != static_cast<ssize_t>(kKeySize))
        return refuse(
            path, "does not hold 32 bytes: restore it from the backup, the sealed secrets cannot be read without it.");
    return key;
}

// Written under another name and renamed, so that a crash leaves the whole key or none.
Result<void> create_key(const std::string& path, Random& random) {
    std::array<std::uint8_t, kKeySize> key{};
    random.fill(key);
    const std::string fresh = path + ".new";
    const int descriptor = ::open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return refuse(path, "cannot be made: " + reason() + ".");
    const bool written =
        ::write(descriptor, key.data(), kKeySize) == static_cast<ssize_t>(kKeySize) && ::fsync(descriptor) == 0;
    ::close(descriptor);
    if (!written || ::rename(fresh.c_str(), path.c_str()) != 0)
        return refuse(path, "cannot be written: " + reason() + ".");
    return {};
}

}  // namespace

Result<std::unique_ptr<SealingKey>> SealingKey::load(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0 && errno == ENOENT)
        return refuse(
            path,
            "is missing: put the one that belongs to this database back. Its sealed secrets (trunk passwords, "
            "SIP credentials, webhook secrets) cannot be read without it.");
    if (descriptor < 0) return refuse(path, "cannot be opened: " + reason() + ".");
    auto key = read_key(descriptor, path);
    ::close(descriptor);
    if (!key) return std::unexpected(std::move(key).error());
    return std::make_unique<SealingKey>(*key);
}

Result<std::unique_ptr<SealingKey>> SealingKey::load_or_create(const std::string& path, Random& random) {
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT) DP_CHECK(create_key(path, random));
    return load(path);
}

SealingKey::SealingKey(const std::array<std::uint8_t, 32>& key) : key_(key) {}

telephony::Sealed SealingKey::seal(std::string_view plain, std::string_view context) const {
    return {crypto::seal(key_, plain, context)};
}

Result<std::string> SealingKey::open(const telephony::Sealed& sealed, std::string_view context) const {
    return crypto::open(key_, sealed.bytes, context);
}

std::string SealingKey::derive(std::string_view purpose) const {
    const auto derived = crypto::hmac_sha256(crypto::as_text(key_), std::string("derive/").append(purpose));
    return std::string(crypto::as_text(derived));
}

}  // namespace dp::store
