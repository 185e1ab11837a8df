#include "sip/message.hpp"

#include <cstring>

#include "sip/parser.hpp"

namespace dp::sip {

HeaderValues::iterator::iterator(const HeaderValues* owner, std::uint8_t line) : owner_(owner) {
    load_line(line);
}

void HeaderValues::iterator::load_line(std::uint8_t line) {
    done_ = line == 0xFF;
    if (done_) return;
    const HeaderView& header = owner_->headers_[line];
    next_line_ = header.next;
    value_ = {owner_->base_ + header.value, header.value_size};
    if (owner_->mode_ == Mode::Lines) return;
    rest_ = value_;
    next_element();
}

// Empty elements are kept: `a,,b` is an error of the element's own grammar, not a thing to skip.
void HeaderValues::iterator::next_element() {
    std::size_t comma = rest_.find(',');
    if (comma != std::string_view::npos) comma = find_outside_quotes(rest_, ',', Angles::Skip);
    value_ = ascii::trim(rest_.substr(0, comma));
    const bool more = comma != std::string_view::npos;
    rest_ = more ? rest_.substr(comma + 1) : std::string_view{};
    more_ = more;
}

HeaderValues::iterator& HeaderValues::iterator::operator++() {
    if (owner_->mode_ == Mode::Elements && more_)
        next_element();
    else
        load_line(next_line_);
    return *this;
}

std::size_t HeaderValues::count() const {
    std::size_t n = 0;
    for (auto it = begin(); it != end(); ++it) ++n;
    return n;
}

std::optional<std::string_view> MessageView::find(std::string_view name) const {
    for (const HeaderView& header : headers())
        if (ascii::iequals(name_of(header), name)) return value_of(header);
    return std::nullopt;
}

HeaderValues MessageView::lines(HeaderId id) const {
    return {base_, headers_, first_[index(id)], HeaderValues::Mode::Lines};
}

HeaderValues MessageView::elements(HeaderId id) const {
    return {base_, headers_, first_[index(id)], is_list(id) ? HeaderValues::Mode::Elements : HeaderValues::Mode::Lines};
}

bool MessageView::has_token(HeaderId id, std::string_view token) const {
    for (std::string_view value : elements(id))
        if (ascii::iequals(value, token)) return true;
    return false;
}

void MessageView::rebase(const char* base, const HeaderView* headers) {
    const std::ptrdiff_t by = base - base_;
    const auto move = [by](auto& view) {
        if (!view.text().empty()) view.rebase(by);
    };
    move(request_uri_);
    move(top_via_);
    move(from_);
    move(to_);
    move(contact_);
    base_ = base;
    headers_ = headers;
}

Message::Message(const MessageView& view) : view_(view) {
    if (view.size_ == 0) return;
    const std::size_t table = view.headers().size_bytes();
    block_ = std::make_unique_for_overwrite<char[]>(table + view.size_);
    std::memcpy(block_.get(), view.headers_, table);
    std::memcpy(block_.get() + table, view.base_, view.size_);
    view_.rebase(block_.get() + table, reinterpret_cast<const HeaderView*>(block_.get()));
}

Result<Message> Message::parse(std::string_view bytes) {
    std::string copy(bytes);
    Parser parser;
    const Verdict verdict = parser.parse(copy, ParseContext{});
    if (!verdict.ok()) return fail(ErrorCode::MalformedInput, std::string(verdict.reason));
    return Message(parser.message());
}

}  // namespace dp::sip
