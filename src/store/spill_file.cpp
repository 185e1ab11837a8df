#include "store/spill_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <boost/json.hpp>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "base/clock.hpp"
#include "base/crypto.hpp"
#include "base/log.hpp"
#include "store/documents/documents.hpp"

namespace dp::store {
namespace {

namespace json = boost::json;
namespace t = telephony;

constexpr std::size_t kChecksum = 16;  // hexadecimal digits of a SHA-256

std::string checksum(std::string_view text) {
    return crypto::hex(crypto::sha256(text)).substr(0, kChecksum);
}

json::object event_json(const t::Event& event) {
    return {{"organization", event.organization.str()},
            {"type", event.type},
            {"resourceType", event.resource_type},
            {"resourceId", event.resource_id},
            {"time", to_millis(event.time)},
            {"payload", event.payload}};
}

std::string line_of(const t::OutboxEntry& entry) {
    json::object out;
    if (const auto& conversation = entry.conversation) {
        out["organization"] = conversation->meta.organization.str();
        out["id"] = conversation->id.str();
        out["version"] = conversation->meta.version;
        out["document"] = to_document(*conversation);
    }
    json::array events;
    for (const auto& event : entry.events) events.push_back(event_json(event));
    out["events"] = std::move(events);
    const std::string text = json::serialize(out);
    return checksum(text) + ' ' + text + '\n';
}

std::string text_at(const json::object& object, std::string_view name) {
    return std::string(object.at(name).as_string());
}

t::Event event_from(const json::object& object) {
    t::Event event;
    event.organization = t::OrganizationId(text_at(object, "organization"));
    event.type = text_at(object, "type");
    event.resource_type = text_at(object, "resourceType");
    event.resource_id = text_at(object, "resourceId");
    event.time = from_millis(object.at("time").as_int64());
    event.payload = text_at(object, "payload");
    return event;
}

// The checksum held: this is what line_of() wrote, and at() does not throw.
Result<t::OutboxEntry> entry_from(std::string_view text) {
    const json::value parsed = json::parse(text);
    const json::object& object = parsed.as_object();
    t::OutboxEntry entry;
    if (object.contains("id")) {
        DP_TRY(conversation, conversation_from_document(object.at("document").as_string()));
        conversation.id = t::ConversationId(text_at(object, "id"));
        conversation.meta.organization = t::OrganizationId(text_at(object, "organization"));
        conversation.meta.version = object.at("version").as_int64();
        conversation.meta.created = conversation.started;
        conversation.meta.modified_by = conversation.meta.created_by;
        entry.conversation = std::make_shared<const t::Conversation>(std::move(conversation));
    }
    for (const auto& event : object.at("events").as_array()) entry.events.push_back(event_from(event.as_object()));
    return entry;
}

}  // namespace

std::string spill_path(const std::string& directory) {
    return directory + "/outbox.spill";
}

SpillFile::SpillFile(std::string path, Executor& writer) : path_(std::move(path)), writer_(writer) {}

SpillFile::~SpillFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

bool SpillFile::keep(std::vector<t::OutboxEntry> entries) {
    return writer_.post([this, entries = std::move(entries)] { append(entries); });
}

bool SpillFile::release() {
    return writer_.post([this] { empty(); });
}

void SpillFile::reserve() {
    (void)writer_.post([this] { (void)open(); });
}

bool SpillFile::open() {
    if (descriptor_ >= 0) return true;
    descriptor_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    // Behind the end: the file's length stays 0. Not every file system can; then there is no room set aside.
    if (descriptor_ >= 0) (void)::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, kSpillReserve);
    return descriptor_ >= 0;
}

void SpillFile::append(const std::vector<t::OutboxEntry>& entries) {
    for (const auto& entry : entries) untaken_ += line_of(entry);
    if (untaken_.empty()) return;
    if (!open() || !write(untaken_) || ::fdatasync(descriptor_) != 0) return complain();
    untaken_.clear();
    if (std::exchange(complained_, false)) log::info("store", "{}: writable again", path_);
}

/// All of it or nothing: reading ends at a line that was not finished, whatever stands behind it.
bool SpillFile::write(std::string_view text) {
    const off_t end = ::lseek(descriptor_, 0, SEEK_END);
    while (!text.empty()) {
        const ssize_t written = ::write(descriptor_, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) {
            const int why = errno;
            if (::ftruncate(descriptor_, end) != 0) complain();
            errno = why;
            return false;
        }
        text.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

void SpillFile::empty() {
    untaken_.clear();
    if (descriptor_ < 0) return;
    if (::ftruncate(descriptor_, 0) != 0) return complain();
    (void)::fallocate(descriptor_, FALLOC_FL_KEEP_SIZE, 0, kSpillReserve);
}

void SpillFile::complain() {
    if (!std::exchange(complained_, true))
        log::error("store", "cannot write {}: {}", path_, std::generic_category().message(errno));
}

Result<std::vector<t::OutboxEntry>> read_spill_file(const std::string& path) {
    std::vector<t::OutboxEntry> out;
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);) {
        const std::string_view text = std::string_view(line).substr(std::min(line.size(), kChecksum + 1));
        if (text.empty() || line.substr(0, kChecksum) != checksum(text)) break;
        DP_TRY(entry, entry_from(text));
        out.push_back(std::move(entry));
    }
    return out;
}

}  // namespace dp::store
