#include "sip/request_check.hpp"

#include <algorithm>

#include "sip/body.hpp"

namespace dp::sip {
namespace {

Refusal refuse(std::uint16_t status, HeaderId header, std::string value) {
    return {{Disposition::Answer, status, reason_phrase(status)}, header, std::move(value)};
}

bool contains(std::span<const std::string_view> list, std::string_view item) {
    return std::ranges::any_of(list, [item](std::string_view entry) { return ascii::iequals(entry, item); });
}

std::string join(std::span<const std::string_view> list) {
    std::string out;
    for (std::string_view item : list) out.append(out.empty() ? "" : ", ").append(item);
    return out;
}

// RFC 3261 8.2.1.
Refusal check_method(const MessageView& request, const UasProfile& profile) {
    if (std::ranges::find(profile.methods, request.method()) != profile.methods.end()) return {};
    const std::uint16_t status = request.method() == Method::Unknown ? 501 : 405;
    return refuse(status, HeaderId::Allow, allow_value(profile.methods));
}

// RFC 3261 8.2.2.3.
Refusal check_require(const MessageView& request, const UasProfile& profile) {
    std::string unsupported;
    for (std::string_view tag : request.elements(HeaderId::Require))
        if (!tag.empty() && !contains(profile.extensions, tag))
            unsupported.append(unsupported.empty() ? "" : ", ").append(tag);
    if (unsupported.empty()) return {};
    return refuse(420, HeaderId::Unsupported, std::move(unsupported));
}

bool is_known_body(const BodyPart& part, const UasProfile& profile) {
    return contains(profile.body_types, std::string(part.type.type).append("/").append(part.type.subtype));
}

// RFC 3261 8.2.3; RFC 5621 3.1 for the parts.
Refusal check_body(const MessageView& request, const UasProfile& profile) {
    if (request.body().empty()) return {};
    for (std::string_view encoding : request.elements(HeaderId::ContentEncoding))
        if (!encoding.empty() && !ascii::iequals(encoding, "identity"))
            return refuse(415, HeaderId::AcceptEncoding, "identity");
    const auto parts = body_parts(request);
    if (!parts && parts.error().code == ErrorCode::MissingField)
        return refuse(415, HeaderId::Accept, join(profile.body_types));
    if (!parts) return {{Disposition::Answer, 400, "malformed body"}, HeaderId::Unknown, {}};
    for (const BodyPart& part : *parts)
        if (part.required && !is_known_body(part, profile))
            return refuse(415, HeaderId::Accept, join(profile.body_types));
    return {};
}

// RFC 3261 20.1: a caller that takes no SDP cannot be answered with it.
Refusal check_accept(const MessageView& request) {
    if (request.method() != Method::Invite || !request.has(HeaderId::Accept)) return {};
    for (std::string_view range : request.elements(HeaderId::Accept)) {
        const std::string_view type = ascii::trim(range.substr(0, range.find(';')));
        for (std::string_view fine : {"application/sdp", "application/*", "*/*"})
            if (ascii::iequals(type, fine)) return {};
    }
    return refuse(406, HeaderId::Unknown, {});
}

}  // namespace

Refusal check_request(const MessageView& request, const UasProfile& profile) {
    if (request.method() == Method::Ack || request.method() == Method::Cancel) return {};
    if (Refusal refusal = check_method(request, profile); !refusal.verdict.ok()) return refusal;
    if (Refusal refusal = check_require(request, profile); !refusal.verdict.ok()) return refusal;
    if (Refusal refusal = check_body(request, profile); !refusal.verdict.ok()) return refusal;
    return check_accept(request);
}

std::string allow_value(std::span<const Method> methods) {
    std::string out;
    for (Method method : methods) out.append(out.empty() ? "" : ", ").append(method_name(method));
    return out;
}

}  // namespace dp::sip
