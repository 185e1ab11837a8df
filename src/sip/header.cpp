#include "sip/header.hpp"

#include <array>
#include <cstring>

#include "base/ascii.hpp"

namespace dp::sip {
namespace {

enum class Shape : std::uint8_t { Single, List };

struct Entry {
    std::string_view name;
    char compact;
    Shape shape;
};

constexpr std::array<Entry, kHeaderIds> kHeaders{{{"", 0, Shape::Single},
#define DP_SIP_ENTRY(id, name, compact, shape) {name, compact, Shape::shape},
                                                  DP_SIP_HEADERS(DP_SIP_ENTRY)
#undef DP_SIP_ENTRY
}};

constexpr std::array<std::string_view, 15> kMethods{"",         "INVITE",    "ACK",    "BYE",     "CANCEL",
                                                    "REGISTER", "OPTIONS",   "INFO",   "PRACK",   "UPDATE",
                                                    "REFER",    "SUBSCRIBE", "NOTIFY", "MESSAGE", "PUBLISH"};

constexpr std::size_t kBuckets = 512;

// Names as they are compared: inline, so that no pointer stands between a bucket and its octets. The longest has 20.
using NameCell = std::array<char, 24>;
constexpr std::array<NameCell, kHeaderIds> kNameCells = [] {
    std::array<NameCell, kHeaderIds> cells{};
    for (std::size_t id = 1; id < kHeaderIds; ++id)
        for (std::size_t i = 0; i < kHeaders[id].name.size(); ++i) cells[id].at(i) = kHeaders[id].name[i];
    return cells;
}();

// Length and three octets, case bits masked off. The factors were searched for: no two known names share a bucket.
constexpr std::size_t bucket_of(std::string_view name) {
    const auto at = [name](std::size_t i) { return static_cast<unsigned char>(name[i]) & 0x1FU; };
    const std::size_t n = name.size();
    return (n * 47 + at(0) + at(n / 2) * 25 + at(n - 1) * 51) % kBuckets;
}

template <class Word>
Word load(const char* at) {
    Word word;
    std::memcpy(&word, at, sizeof word);
    return word;
}

// Zero when no octet differs in more than the case of a letter: letters have bit 0x40, and only there may bit 0x20
// differ.
template <class Word>
Word difference(const char* known, const char* name, std::size_t at) {
    constexpr auto kLetter = static_cast<Word>(0x4040404040404040ULL);
    const Word mine = load<Word>(known + at);
    return static_cast<Word>((mine ^ load<Word>(name + at)) & ~((mine & kLetter) >> 1U));
}

template <class Word>
bool same_ends(const char* known, const char* name, std::size_t size) {
    return (difference<Word>(known, name, 0) | difference<Word>(known, name, size - sizeof(Word))) == 0;
}

// Case-insensitive equality of two texts of `size` octets, at least 2, in overlapping words without a loop: header
// names are compared some 25 times a message.
bool same_name(const char* known, const char* name, std::size_t size) {
    if (size >= 8)
        return same_ends<std::uint64_t>(known, name, size) &&
               (size <= 16 || difference<std::uint64_t>(known, name, 8) == 0);
    return size >= 4 ? same_ends<std::uint32_t>(known, name, size) : same_ends<std::uint16_t>(known, name, size);
}

struct Bucket {
    std::uint8_t id = 0;
    std::uint8_t size = 0;
};

constexpr std::array<Bucket, kBuckets> make_index() {
    std::array<Bucket, kBuckets> table{};
    for (std::size_t id = 1; id < kHeaderIds; ++id)
        table[bucket_of(kHeaders[id].name)] = {static_cast<std::uint8_t>(id),
                                               static_cast<std::uint8_t>(kHeaders[id].name.size())};
    return table;
}

constexpr auto kIndex = make_index();

constexpr bool is_perfect() {
    for (std::size_t id = 1; id < kHeaderIds; ++id)
        if (kIndex[bucket_of(kHeaders[id].name)].id != id) return false;
    return true;
}
static_assert(is_perfect(), "a new header name shares a bucket: search other factors for bucket_of");

constexpr std::array<std::uint8_t, 26> make_compact() {
    std::array<std::uint8_t, 26> table{};
    for (std::size_t id = 1; id < kHeaderIds; ++id)
        if (kHeaders[id].compact != 0)
            table[static_cast<std::size_t>(kHeaders[id].compact - 'a')] = static_cast<std::uint8_t>(id);
    return table;
}

constexpr auto kCompact = make_compact();

struct Phrase {
    int status;
    std::string_view text;
};

constexpr Phrase kPhrases[] = {
    {100, "Trying"},
    {180, "Ringing"},
    {181, "Call Is Being Forwarded"},
    {182, "Queued"},
    {183, "Session Progress"},
    {199, "Early Dialog Terminated"},
    {200, "OK"},
    {202, "Accepted"},
    {204, "No Notification"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Moved Temporarily"},
    {305, "Use Proxy"},
    {380, "Alternative Service"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {410, "Gone"},
    {412, "Conditional Request Failed"},
    {413, "Request Entity Too Large"},
    {414, "Request-URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Unsupported URI Scheme"},
    {420, "Bad Extension"},
    {421, "Extension Required"},
    {422, "Session Interval Too Small"},
    {423, "Interval Too Brief"},
    {428, "Use Identity Header"},
    {429, "Provide Referrer Identity"},
    {430, "Flow Failed"},
    {433, "Anonymity Disallowed"},
    {436, "Bad Identity Info"},
    {437, "Unsupported Credential"},
    {438, "Invalid Identity Header"},
    {439, "First Hop Lacks Outbound Support"},
    {469, "Bad Info Package"},
    {470, "Consent Needed"},
    {480, "Temporarily Unavailable"},
    {481, "Call/Transaction Does Not Exist"},
    {482, "Loop Detected"},
    {483, "Too Many Hops"},
    {484, "Address Incomplete"},
    {485, "Ambiguous"},
    {486, "Busy Here"},
    {487, "Request Terminated"},
    {488, "Not Acceptable Here"},
    {489, "Bad Event"},
    {491, "Request Pending"},
    {493, "Undecipherable"},
    {494, "Security Agreement Required"},
    {500, "Server Internal Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Server Time-out"},
    {505, "Version Not Supported"},
    {513, "Message Too Large"},
    {580, "Precondition Failure"},
    {600, "Busy Everywhere"},
    {603, "Decline"},
    {604, "Does Not Exist Anywhere"},
    {606, "Not Acceptable"},
    {607, "Unwanted"},
    {608, "Rejected"},
};

std::string_view class_phrase(int status) {
    switch (status / 100) {
        case 1:
            return "Session Progress";
        case 2:
            return "OK";
        case 3:
            return "Multiple Choices";
        case 4:
            return "Bad Request";
        case 5:
            return "Server Internal Error";
        default:
            return "Busy Everywhere";
    }
}

}  // namespace

Method method_of(std::string_view token) {
    for (std::size_t i = 1; i < kMethods.size(); ++i) {
        const bool may_be = token.size() == kMethods[i].size() && token.front() == kMethods[i].front();
        if (may_be && token == kMethods[i]) return static_cast<Method>(i);
    }
    return Method::Unknown;
}

std::string_view method_name(Method method) {
    return kMethods[static_cast<std::size_t>(method)];
}

HeaderId header_id(std::string_view name) {
    if (name.empty()) return HeaderId::Unknown;
    if (name.size() == 1) {
        const char c = ascii::to_lower(name.front());
        return ascii::is_lower(c) ? static_cast<HeaderId>(kCompact[static_cast<std::size_t>(c - 'a')])
                                  : HeaderId::Unknown;
    }
    const Bucket bucket = kIndex[bucket_of(name)];
    const bool found = bucket.size == name.size() && same_name(kNameCells[bucket.id].data(), name.data(), bucket.size);
    return found ? static_cast<HeaderId>(bucket.id) : HeaderId::Unknown;
}

std::string_view header_name(HeaderId id) {
    return kHeaders[static_cast<std::size_t>(id)].name;
}

bool is_list(HeaderId id) {
    return kHeaders[static_cast<std::size_t>(id)].shape == Shape::List;
}

std::string_view reason_phrase(int status) {
    for (const Phrase& phrase : kPhrases)
        if (phrase.status == status) return phrase.text;
    return class_phrase(status);
}

}  // namespace dp::sip
