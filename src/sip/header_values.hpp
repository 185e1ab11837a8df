#pragma once
/// @file Typed values of the headers that only some messages carry, parsed when asked for. Each function returns
/// MissingField when the header is absent and MalformedInput when it is nonsense; views point into the message.

#include <array>
#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "sip/message.hpp"

namespace dp::sip {

/// Contacts of a REGISTER or a response, in order; `star` is `Contact: *` (then the list is empty).
struct ContactList {
    std::array<NameAddr, limits::kContacts> items;
    std::size_t size = 0;
    bool star = false;
    auto begin() const { return items.begin(); }
    auto end() const { return items.begin() + static_cast<std::ptrdiff_t>(size); }
};
Result<ContactList> contacts(const MessageView& message);

/// Route, Record-Route, Path, Service-Route, P-Asserted-Identity … as addresses, top first; empty when absent.
Result<std::vector<NameAddr>> addresses(const MessageView& message, HeaderId id);
/// Refer-To, Referred-By, P-Called-Party-ID, Reply-To.
Result<NameAddr> address(const MessageView& message, HeaderId id);
Result<std::vector<Via>> vias(const MessageView& message);

/// Expires, Min-Expires, Min-SE, RSeq, Flow-Timer: a number under 2^32. Parameters behind it are ignored.
Result<std::uint32_t> number(const MessageView& message, HeaderId id);
/// RFC 3261 20.19, 10.3: garbage counts as 3600.
std::optional<std::chrono::seconds> expires(const MessageView& message);
/// `expires=` of a Contact, same rule.
std::optional<std::chrono::seconds> contact_expires(const NameAddr& contact);
/// RFC 3261 20.33: seconds, comment and parameters dropped.
Result<std::chrono::seconds> retry_after(const MessageView& message);

/// RFC 3262 7.2.
struct RAck {
    std::uint32_t rseq = 0;
    std::uint32_t cseq = 0;
    Method method = Method::Unknown;
};
Result<RAck> rack(const MessageView& message);

/// RFC 4028 4.
enum class Refresher : std::uint8_t { Unset, Uac, Uas };
struct SessionExpires {
    std::chrono::seconds interval{0};
    Refresher refresher = Refresher::Unset;
};
Result<SessionExpires> session_expires(const MessageView& message);

/// RFC 3891 3.
struct Replaces {
    std::string_view call_id;
    std::string_view to_tag;
    std::string_view from_tag;
    bool early_only = false;
};
/// The header of an INVITE: two Replaces are malformed.
Result<Replaces> replaces(const MessageView& message);
/// The same text out of `Refer-To: <sip:…?Replaces=…>`, already unescaped; `text` must outlive the result.
Result<Replaces> parse_replaces(std::string_view text);
/// Value of one `?name=value` header of a URI, unescaped.
std::optional<std::string> uri_header(const UriView& uri, std::string_view name);

/// RFC 3326, RFC 6432: one protocol, cause and text.
struct Reason {
    std::string_view protocol;
    std::optional<int> cause;
    std::string text;
};
std::vector<Reason> reasons(const MessageView& message);
/// The Q.850 cause, if any value carries one.
std::optional<int> q850_cause(const MessageView& message);

/// `Event: refer;id=1`, `Subscription-State: terminated;reason=noresource`, `Content-Type: …`: a word and parameters.
struct Word {
    std::string_view word;
    ParamList params;
};
Result<Word> word(const MessageView& message, HeaderId id);

/// `Warning: 304 host "text"` code numbers, in order.
std::vector<int> warning_codes(const MessageView& message);
/// Privacy values (`id`, `header;session`), RFC 3323.
bool has_privacy(const MessageView& message, std::string_view value);

}  // namespace dp::sip
