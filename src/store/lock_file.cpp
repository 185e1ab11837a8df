#include "store/lock_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

namespace dp::store {
namespace {

struct HeldLock {
    int descriptor;
    explicit HeldLock(int fd) : descriptor(fd) {}
    ~HeldLock() { ::close(descriptor); }
    HeldLock(const HeldLock&) = delete;
    HeldLock& operator=(const HeldLock&) = delete;
};

std::string holder_of(int descriptor) {
    std::array<char, 32> text{};
    const ssize_t length = ::pread(descriptor, text.data(), text.size(), 0);
    std::string out(text.data(), length > 0 ? static_cast<std::size_t>(length) : 0);
    while (!out.empty() && out.back() == '\n') out.pop_back();
    return out.empty() ? "unknown" : out;
}

}  // namespace

Result<std::shared_ptr<void>> lock_file(const std::string& path) {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return fail(ErrorCode::Unavailable, "The lock file " + path + " cannot be opened (" +
                                                std::generic_category().message(errno) +
                                                "): check the data directory's permissions.");
    auto held = std::make_shared<HeldLock>(descriptor);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0)
        return fail(ErrorCode::Unavailable, "Another process (" + holder_of(descriptor) +
                                                ") uses this data directory: stop it, or give "
                                                "this one its own with --data.");
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(descriptor, 0) != 0 || ::pwrite(descriptor, pid.data(), pid.size(), 0) < 0)
        return fail(ErrorCode::Unavailable,
                    "The lock file " + path + " cannot be written (" + std::generic_category().message(errno) + ").");
    return std::shared_ptr<void>(std::move(held));
}

}  // namespace dp::store
