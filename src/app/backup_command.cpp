#include <fmt/format.h>

#include "app/commands.hpp"
#include "base/clock.hpp"
#include "store/backup.hpp"

namespace dp::app {
namespace {

int complain(std::string_view command, const Error& error) {
    fmt::print(stderr, "dialplane {}: {}\n", command, error.detail);
    return 1;
}

std::string facts_of(const store::BackupFacts& facts) {
    return fmt::format("{} octets, events to {}, {} audit entries, the last {}", facts.octets, facts.last_event,
                       facts.audit_entries, facts.audit_head);
}

}  // namespace

int back_up(const BackupCommand& command) {
    const auto made = store::write_backup(command.data.string(), command.file.string(), SystemClock().wall());
    if (!made) return complain("backup", made.error());
    fmt::print("Backed up to {}: {}.\n", command.file.string(), facts_of(*made));
    fmt::print("Its secrets are sealed with {}, which is not in it: keep a copy of that file elsewhere.\n",
               (command.data / "secret.key").string());
    return 0;
}

int restore(const BackupCommand& command) {
    const auto done = store::restore_backup(command.data.string(), command.file.string(), SystemClock().wall());
    if (!done) return complain("restore", done.error());
    fmt::print("Restored the backup of {}: {}.\n", to_rfc3339(done->backup.taken), facts_of(done->backup));
    if (!done->kept_as.empty()) fmt::print("What was there is kept as {}.\n", done->kept_as);
    return 0;
}

}  // namespace dp::app
