#include "store/sqlite/wal_check.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <fstream>
#include <optional>
#include <span>
#include <vector>

namespace dp::store::sqlite {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::size_t kFrameHeader = 24;
constexpr std::uint32_t kMagic = 0x377F0682;  // the lowest bit: checksums over big-endian words
constexpr std::size_t kLargestPage = 65536;

std::uint32_t word_at(std::span<const char> bytes, std::size_t offset, bool big_endian = true) {
    std::uint32_t word = 0;
    std::memcpy(&word, bytes.data() + offset, sizeof word);
    return big_endian == (std::endian::native == std::endian::big) ? word : __builtin_bswap32(word);
}

struct Checksum {
    std::uint32_t first = 0, second = 0;
    bool operator==(const Checksum&) const = default;

    void add(std::span<const char> bytes, bool big_endian) {
        for (std::size_t i = 0; i + 8 <= bytes.size(); i += 8) {
            first += word_at(bytes, i, big_endian) + second;
            second += word_at(bytes, i + 4, big_endian) + first;
        }
    }
};

Checksum stored_at(std::span<const char> bytes, std::size_t offset) {
    return {word_at(bytes, offset), word_at(bytes, offset + 4)};
}

/// Reads frame after frame. Only frames with the header's salts are of this log: others are left over from before it
/// began anew.
class WalReader {
public:
    explicit WalReader(const std::string& path) : file_(path, std::ios::binary) {}

    /// False: no log, or a header that was never finished; then there was no commit in it.
    bool open() {
        std::array<char, kHeader> header{};
        if (!file_.read(header.data(), kHeader)) return false;
        big_endian_ = (word_at(header, 0) & 1U) != 0;
        page_ = word_at(header, 8);
        std::memcpy(salts_.data(), header.data() + 16, salts_.size());
        running_.add(std::span(header).first(24), big_endian_);
        const bool sane =
            (word_at(header, 0) & ~1U) == kMagic && std::has_single_bit(page_) && page_ >= 512 && page_ <= kLargestPage;
        frame_.resize(kFrameHeader + page_);
        return sane && running_ == stored_at(header, 24);
    }

    struct Frame {
        bool of_this_log;  ///< its salts
        bool fits;         ///< the running checksum, up to here
        bool commit;
    };
    std::optional<Frame> next() {
        if (!file_.read(frame_.data(), static_cast<std::streamsize>(frame_.size()))) return std::nullopt;
        running_.add(std::span(frame_).first(8), big_endian_);
        running_.add(std::span(frame_).subspan(kFrameHeader), big_endian_);
        return Frame{std::memcmp(frame_.data() + 8, salts_.data(), salts_.size()) == 0,
                     running_ == stored_at(frame_, 16), word_at(frame_, 4) != 0};
    }

private:
    std::ifstream file_;
    bool big_endian_ = false;
    std::uint32_t page_ = 0;
    std::array<char, 8> salts_{};
    Checksum running_;
    std::vector<char> frame_;
};

}  // namespace

Result<void> check_wal(const std::string& path) {
    WalReader log(path);
    if (!log.open()) return {};
    std::size_t number = 0, broken = 0, lost_commits = 0;
    while (const auto frame = log.next()) {
        ++number;
        if (broken == 0 && !(frame->fits && frame->of_this_log)) broken = number;
        if (broken != 0 && frame->of_this_log && frame->commit) ++lost_commits;
    }
    if (lost_commits < 2) return {};
    return fail(
        ErrorCode::Internal,
        fmt::format("The write-ahead log {} is damaged at frame {} of {}: at least {} acknowledged transactions "
                    "behind it cannot be read. Restore the last backup (dialplane restore); or, to go on without "
                    "them, copy the data directory and run: sqlite3 dialplane.db 'PRAGMA "
                    "wal_checkpoint(TRUNCATE)'.",
                    path, broken, number, lost_commits - 1));
}

}  // namespace dp::store::sqlite
