#include "sip/body.hpp"

#include "sip/line_reader.hpp"

namespace dp::sip {
namespace {

std::unexpected<Error> malformed(std::string_view detail) {
    return fail(ErrorCode::MalformedInput, std::string(detail), "body");
}

bool is_required(std::string_view disposition) {
    const std::size_t semicolon = std::min(disposition.find(';'), disposition.size());
    return !ascii::iequals(ParamList(disposition.substr(semicolon)).value("handling"), "optional");
}

std::string_view disposition_type(std::string_view disposition) {
    return ascii::trim(disposition.substr(0, disposition.find(';')));
}

// What stands between the delimiters of a multipart, as raw parts (RFC 2046 5.1.1).
class PartSplitter {
public:
    PartSplitter(std::string_view body, std::string_view boundary) : body_(body), delimiter_("--") {
        delimiter_.append(boundary);
        at_ = find_delimiter(0);
    }

    /// False at the end; `closed` tells whether the closing delimiter was seen.
    bool next(std::string_view& part) {
        if (at_ == std::string_view::npos) return false;
        std::size_t begin = at_ + delimiter_.size();
        closed_ = body_.substr(begin).starts_with("--");
        if (closed_) return false;
        begin = std::min(body_.find('\n', begin), body_.size() - 1) + 1;
        at_ = find_delimiter(begin);
        if (at_ == std::string_view::npos) return false;
        part = body_.substr(begin, at_ - begin);
        if (part.ends_with('\n')) part.remove_suffix(1);
        if (part.ends_with('\r')) part.remove_suffix(1);
        return true;
    }
    bool closed() const { return closed_; }

private:
    std::size_t find_delimiter(std::size_t from) const {
        for (std::size_t at = body_.find(delimiter_, from); at != std::string_view::npos;
             at = body_.find(delimiter_, at + 1))
            if (at == 0 || body_[at - 1] == '\n') return at;
        return std::string_view::npos;
    }

    std::string_view body_;
    std::string delimiter_;
    std::size_t at_ = 0;
    bool closed_ = false;
};

// Header lines of a part. Folding is not joined here: Content-Type and Content-Disposition of parts are short.
BodyPart read_part(std::string_view raw, std::string_view& type) {
    BodyPart part;
    std::size_t pos = 0;
    type = "text/plain";  // RFC 2046 5.2
    while (pos < raw.size()) {
        const Line line = read_line(raw, pos);
        pos = line.ended() ? line.next : raw.size();
        if (line.empty()) break;
        HeaderField field;
        if (!split_header(raw.substr(line.begin, line.end - line.begin), field)) continue;
        if (field.id == HeaderId::ContentType) type = field.value;
        if (field.id != HeaderId::ContentDisposition) continue;
        part.disposition = disposition_type(field.value);
        part.required = is_required(field.value);
    }
    part.content = raw.substr(pos);
    return part;
}

// In multipart/alternative one understood part is enough (RFC 5621 4.3), so none of them is required.
Result<void> split_parts(const BodyPart& whole, std::size_t depth, std::vector<BodyPart>& out) {
    const std::string boundary = unquote(whole.type.params.value("boundary"));
    if (boundary.empty()) return malformed("The multipart body has no boundary.");
    if (depth > limits::kBodyDepth) return malformed("The multipart body is nested too deeply.");
    const bool alternative = ascii::iequals(whole.type.subtype, "alternative");
    PartSplitter splitter(whole.content, boundary);
    std::string_view raw;
    while (splitter.next(raw)) {
        std::string_view type;
        BodyPart part = read_part(raw, type);
        DP_TRY(media, parse_media_type(type));
        part.type = media;
        part.required = part.required && whole.required && !alternative;
        if (ascii::iequals(media.type, "multipart")) {
            DP_CHECK(split_parts(part, depth + 1, out));
            continue;
        }
        if (out.size() == limits::kBodyParts) return malformed("The multipart body has too many parts.");
        out.push_back(part);
    }
    if (!splitter.closed()) return malformed("The multipart body is not closed.");
    return {};
}

}  // namespace

bool MediaType::is(std::string_view wanted_type, std::string_view wanted_subtype) const {
    return ascii::iequals(type, wanted_type) && ascii::iequals(subtype, wanted_subtype);
}

Result<MediaType> parse_media_type(std::string_view value) {
    const std::size_t end = std::min(value.find(';'), value.size());
    const std::size_t slash = std::min(value.find('/'), end);
    MediaType out{ascii::trim(value.substr(0, slash)), {}, ParamList(value.substr(end))};
    if (slash < end) out.subtype = ascii::trim(value.substr(slash + 1, end - slash - 1));
    if (!is_token(out.type) || !is_token(out.subtype) || !ParamList::check(out.params.text()))
        return fail(ErrorCode::MalformedInput, "The Content-Type is malformed.", "Content-Type");
    return out;
}

Result<MediaType> content_type(const MessageView& message) {
    if (!message.has(HeaderId::ContentType))
        return fail(ErrorCode::MissingField, "The message has no Content-Type.", "Content-Type");
    return parse_media_type(message.value(HeaderId::ContentType));
}

Result<std::vector<BodyPart>> body_parts(const MessageView& message) {
    std::vector<BodyPart> parts;
    if (message.body().empty()) return parts;
    DP_TRY(type, content_type(message));
    const std::string_view disposition = message.value(HeaderId::ContentDisposition);
    const BodyPart whole{type, disposition_type(disposition), is_required(disposition), message.body()};
    if (!ascii::iequals(type.type, "multipart")) {
        parts.push_back(whole);
        return parts;
    }
    DP_CHECK(split_parts(whole, 1, parts));
    return parts;
}

Result<std::string_view> sdp_body(const MessageView& message) {
    for (std::string_view encoding : message.elements(HeaderId::ContentEncoding))
        if (!encoding.empty() && !ascii::iequals(encoding, "identity"))
            return fail(ErrorCode::UnsupportedMedia, "Compressed bodies are not supported.", "Content-Encoding");
    DP_TRY(parts, body_parts(message));
    std::string_view sdp;
    for (const BodyPart& part : parts) {
        const bool is_sdp = part.type.is("application", "sdp");
        if (is_sdp && sdp.empty()) sdp = part.content;
        if (!is_sdp && part.required)
            return fail(ErrorCode::UnsupportedMedia, "A required body part is no session description.", "Content-Type");
    }
    return sdp;
}

}  // namespace dp::sip
