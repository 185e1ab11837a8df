#pragma once
/// @file SpillFile: the outbox's Spill in a file of the data directory. One line per entry: a checksum and a JSON
/// object; a line that a dying process did not finish fails its checksum and ends the reading.
///
/// Threads: keep() and release() from the owner of the outbox; the file is written on the executor handed in, which
/// must have run everything before this object goes. Errors: a file that cannot be written is logged once; what it did
/// not take is tried again with the next entries. Room for kReserve octets is set aside at the start, so that a full
/// disk, which is why a store refuses, does not stop the spill as well.

#include <string>
#include <vector>

#include "base/mailbox.hpp"
#include "base/result.hpp"
#include "telephony/ports/spill.hpp"

namespace dp::store {

/// `DIR/outbox.spill`
std::string spill_path(const std::string& directory);

inline constexpr long kSpillReserve = 1L << 20;

class SpillFile final : public telephony::Spill {
public:
    SpillFile(std::string path, Executor& writer);
    /// Makes the file and sets its room aside, on the executor. Without it both happen with the first entry.
    void reserve();
    ~SpillFile() override;
    SpillFile(const SpillFile&) = delete;
    SpillFile& operator=(const SpillFile&) = delete;

    bool keep(std::vector<telephony::OutboxEntry> entries) override;
    bool release() override;

private:
    bool open();
    void append(const std::vector<telephony::OutboxEntry>& entries);
    bool write(std::string_view text);
    void empty();
    void complain();

    std::string path_;
    Executor& writer_;
    int descriptor_ = -1;  ///< the executor's; opened with the first entry
    std::string untaken_;  ///< lines that the disk has not taken yet
    bool complained_ = false;
};

/// What a dead process left; nothing when there is no file.
Result<std::vector<telephony::OutboxEntry>> read_spill_file(const std::string& path);

}  // namespace dp::store
