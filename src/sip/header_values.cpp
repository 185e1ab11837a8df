#include "sip/header_values.hpp"

namespace dp::sip {
namespace {

std::unexpected<Error> missing(HeaderId id) {
    return fail(ErrorCode::MissingField, "The message has no " + std::string(header_name(id)) + ".",
                std::string(header_name(id)));
}

std::unexpected<Error> malformed(HeaderId id) {
    return fail(ErrorCode::MalformedInput, "The value of " + std::string(header_name(id)) + " is malformed.",
                std::string(header_name(id)));
}

// Digits at the head; what follows may only be white space, a parameter or a comment.
std::optional<std::uint32_t> leading_number(std::string_view text) {
    std::size_t digits = 0;
    while (digits < text.size() && ascii::is_digit(text[digits])) ++digits;
    const std::string_view rest = ascii::trim(text.substr(digits));
    if (!rest.empty() && rest.front() != ';' && rest.front() != '(') return std::nullopt;
    return ascii::parse_decimal<std::uint32_t>(text.substr(0, digits));
}

std::string_view next_word(std::string_view& text) {
    text = ascii::trim(text);
    std::size_t end = 0;
    while (end < text.size() && !ascii::is_space(text[end])) ++end;
    const std::string_view found = text.substr(0, end);
    text.remove_prefix(end);
    return found;
}

Word split_word(std::string_view value) {
    const std::size_t end = std::min(value.find(';'), value.size());
    return {ascii::trim(value.substr(0, end)), ParamList(value.substr(end))};
}

std::chrono::seconds lenient_expires(std::string_view value) {
    return std::chrono::seconds(leading_number(value).value_or(3600));
}

}  // namespace

Result<ContactList> contacts(const MessageView& message) {
    ContactList list;
    for (std::string_view text : message.elements(HeaderId::Contact)) {
        if (text == "*") {
            list.star = true;
            continue;
        }
        if (list.size == list.items.size()) return fail(ErrorCode::TooLarge, "Too many Contact values.", "Contact");
        if (!NameAddr::parse_into(text, Strictness::Request, list.items[list.size]).empty())
            return malformed(HeaderId::Contact);
        ++list.size;
    }
    if (list.star && list.size > 0) return malformed(HeaderId::Contact);
    return list;
}

Result<std::vector<NameAddr>> addresses(const MessageView& message, HeaderId id) {
    std::vector<NameAddr> list;
    for (std::string_view text : message.elements(id)) {
        NameAddr item;
        if (!NameAddr::parse_into(text, Strictness::Response, item).empty()) return malformed(id);
        list.push_back(item);
    }
    return list;
}

Result<NameAddr> address(const MessageView& message, HeaderId id) {
    if (!message.has(id)) return missing(id);
    NameAddr item;
    if (!NameAddr::parse_into(message.value(id), Strictness::Response, item).empty()) return malformed(id);
    return item;
}

Result<std::vector<Via>> vias(const MessageView& message) {
    std::vector<Via> list;
    for (std::string_view text : message.elements(HeaderId::Via)) {
        Via via;
        if (!Via::parse_into(text, via).empty()) return malformed(HeaderId::Via);
        list.push_back(via);
    }
    return list;
}

Result<std::uint32_t> number(const MessageView& message, HeaderId id) {
    if (!message.has(id)) return missing(id);
    const auto value = leading_number(message.value(id));
    if (!value) return malformed(id);
    return *value;
}

std::optional<std::chrono::seconds> expires(const MessageView& message) {
    if (!message.has(HeaderId::Expires)) return std::nullopt;
    return lenient_expires(message.value(HeaderId::Expires));
}

std::optional<std::chrono::seconds> contact_expires(const NameAddr& contact) {
    const auto param = contact.params().find("expires");
    if (!param) return std::nullopt;
    return lenient_expires(param->value);
}

Result<std::chrono::seconds> retry_after(const MessageView& message) {
    DP_TRY(seconds, number(message, HeaderId::RetryAfter));
    return std::chrono::seconds(seconds);
}

Result<RAck> rack(const MessageView& message) {
    if (!message.has(HeaderId::RAck)) return missing(HeaderId::RAck);
    std::string_view text = message.value(HeaderId::RAck);
    const auto rseq = ascii::parse_decimal<std::uint32_t>(next_word(text));
    const auto cseq = ascii::parse_decimal<std::uint32_t>(next_word(text));
    const std::string_view method = next_word(text);
    if (!rseq || !cseq || !is_token(method) || !ascii::trim(text).empty()) return malformed(HeaderId::RAck);
    return RAck{*rseq, *cseq, method_of(method)};
}

Result<SessionExpires> session_expires(const MessageView& message) {
    DP_TRY(seconds, number(message, HeaderId::SessionExpires));
    const std::string_view value = split_word(message.value(HeaderId::SessionExpires)).params.value("refresher");
    SessionExpires out{std::chrono::seconds(seconds), Refresher::Unset};
    if (ascii::iequals(value, "uac")) out.refresher = Refresher::Uac;
    if (ascii::iequals(value, "uas")) out.refresher = Refresher::Uas;
    return out;
}

Result<Replaces> replaces(const MessageView& message) {
    if (!message.has(HeaderId::Replaces)) return missing(HeaderId::Replaces);
    if (message.lines(HeaderId::Replaces).count() > 1) return malformed(HeaderId::Replaces);
    return parse_replaces(message.value(HeaderId::Replaces));
}

Result<Replaces> parse_replaces(std::string_view text) {
    const Word parts = split_word(text);
    const Replaces out{parts.word, parts.params.value("to-tag"), parts.params.value("from-tag"),
                       parts.params.has("early-only")};
    if (!ParamList::check(parts.params.text()) || out.call_id.empty() || out.to_tag.empty() || out.from_tag.empty())
        return malformed(HeaderId::Replaces);
    return out;
}

std::optional<std::string> uri_header(const UriView& uri, std::string_view name) {
    for (std::string_view pair : ascii::split(uri.headers(), '&')) {
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos || !ascii::iequals(unescape(pair.substr(0, equals)), name)) continue;
        return unescape(pair.substr(equals + 1));
    }
    return std::nullopt;
}

std::vector<Reason> reasons(const MessageView& message) {
    std::vector<Reason> list;
    for (std::string_view text : message.elements(HeaderId::Reason)) {
        const Word parts = split_word(text);
        if (!is_token(parts.word)) continue;
        Reason reason{parts.word, std::nullopt, unquote(parts.params.value("text"))};
        if (const auto cause = ascii::parse_decimal<std::uint16_t>(parts.params.value("cause"))) reason.cause = *cause;
        list.push_back(std::move(reason));
    }
    return list;
}

std::optional<int> q850_cause(const MessageView& message) {
    for (const Reason& reason : reasons(message))
        if (ascii::iequals(reason.protocol, "Q.850") && reason.cause) return reason.cause;
    return std::nullopt;
}

Result<Word> word(const MessageView& message, HeaderId id) {
    if (!message.has(id)) return missing(id);
    const Word parts = split_word(message.value(id));
    if (parts.word.empty() || !ParamList::check(parts.params.text())) return malformed(id);
    return parts;
}

std::vector<int> warning_codes(const MessageView& message) {
    std::vector<int> codes;
    for (std::string_view text : message.elements(HeaderId::Warning))
        if (const auto code = ascii::parse_decimal<std::uint16_t>(next_word(text)); code && *code < 1000)
            codes.push_back(*code);
    return codes;
}

bool has_privacy(const MessageView& message, std::string_view value) {
    for (std::string_view line : message.lines(HeaderId::Privacy))
        for (std::string_view part : ascii::split(line, ';'))
            if (ascii::iequals(ascii::trim(part), value)) return true;
    return false;
}

}  // namespace dp::sip
