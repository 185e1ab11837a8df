#include "app/private_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace dp::app {

Result<void> write_private_file(const std::filesystem::path& path, const std::string& text) {
    const std::string part = path.string() + ".part";
    const int fd = ::open(part.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    const bool written =
        fd >= 0 && ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()) && ::fsync(fd) == 0;
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (!written || ::rename(part.c_str(), path.c_str()) != 0)
        return fail(ErrorCode::Unavailable,
                    fmt::format("{} cannot be written: {}.", path.string(), std::strerror(written ? errno : error)));
    return {};
}

}  // namespace dp::app
