#pragma once
/// @file SIP messages as they are read: MessageView over a buffer that somebody else owns, Message with its own copy.
///
/// What every message needs (start line, top Via, From, To, Contact, Call-ID, CSeq, Max-Forwards, Content-Length) is
/// parsed at once by Parser (parser.hpp); the rest is found by header id and parsed when asked for (here and in
/// header_values.hpp, body.hpp). Reading allocates nothing.
///
/// Lifetime: every view that comes out of a MessageView points into the buffer it was parsed from. Keep a Message
/// beyond that. Errors: accessors that can meet nonsense return Result. Source: RFC 3261 7, 20.

#include <array>
#include <cstdint>
#include <iterator>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "sip/header.hpp"
#include "sip/limits.hpp"
#include "sip/name_addr.hpp"
#include "sip/uri.hpp"
#include "sip/via.hpp"

namespace dp::sip {

/// One header line, as offsets into the message; `next` chains the lines of one id (0xFF ends the chain).
struct HeaderView {
    std::uint32_t name = 0;
    std::uint32_t value = 0;
    std::uint16_t name_size = 0;
    std::uint16_t value_size = 0;
    HeaderId id = HeaderId::Unknown;
    std::uint8_t next = 0xFF;
};

struct CSeq {
    std::uint32_t number = 0;
    Method method = Method::Unknown;
    std::string_view method_text;
};

/// The values of one header id, line by line or (for list headers) value by value across its lines.
class HeaderValues {
public:
    enum class Mode : std::uint8_t { Lines, Elements };
    class iterator {
    public:
        using value_type = std::string_view;
        using difference_type = std::ptrdiff_t;
        iterator() = default;
        iterator(const HeaderValues* owner, std::uint8_t line);
        std::string_view operator*() const { return value_; }
        iterator& operator++();
        bool operator==(std::default_sentinel_t) const { return done_; }

    private:
        void load_line(std::uint8_t line);
        void next_element();
        const HeaderValues* owner_ = nullptr;
        std::string_view value_, rest_;
        std::uint8_t next_line_ = 0xFF;
        bool more_ = false;  ///< of this line
        bool done_ = true;
    };

    HeaderValues(const char* base, const HeaderView* headers, std::uint8_t first, Mode mode)
        : base_(base), headers_(headers), first_(first), mode_(mode) {}
    iterator begin() const { return {this, first_}; }
    std::default_sentinel_t end() const { return {}; }
    bool empty() const { return begin() == end(); }
    std::size_t count() const;

private:
    const char* base_;
    const HeaderView* headers_;
    std::uint8_t first_;
    Mode mode_;
};

class MessageView {
public:
    bool is_request() const { return status_ == 0; }
    bool is_response() const { return status_ != 0; }
    std::string_view bytes() const { return {base_, size_}; }
    std::string_view body() const { return {base_ + body_, size_ - body_}; }

    // Requests. For responses `method` is that of the CSeq.
    Method method() const { return method_; }
    std::string_view method_text() const { return part(method_text_); }
    const UriView& request_uri() const { return request_uri_; }
    /// Responses.
    int status() const { return status_; }
    std::string_view reason() const { return part(reason_); }

    const Via& top_via() const { return top_via_; }
    const NameAddr& from() const { return from_; }
    const NameAddr& to() const { return to_; }
    std::string_view from_tag() const { return from_.tag(); }
    std::string_view to_tag() const { return to_.tag(); }
    std::string_view call_id() const { return part(call_id_); }
    CSeq cseq() const { return {cseq_, cseq_method_, part(cseq_method_text_)}; }
    /// 70 when the header is missing (RFC 3261 8.1.1.6).
    std::uint8_t max_forwards() const { return max_forwards_; }
    /// The first Contact that is an address; empty when there is none or when it is `*`.
    const NameAddr& contact() const { return contact_; }
    bool contact_is_star() const { return contact_is_star_; }

    std::span<const HeaderView> headers() const { return {headers_, header_count_}; }
    bool has(HeaderId id) const { return first_[index(id)] != kNone; }
    /// Value of the first line; empty when there is none.
    std::string_view value(HeaderId id) const {
        const std::uint8_t first = first_[index(id)];
        return first == kNone ? std::string_view{} : value_of(headers_[first]);
    }
    std::string_view name_of(const HeaderView& h) const { return {base_ + h.name, h.name_size}; }
    std::string_view value_of(const HeaderView& h) const { return {base_ + h.value, h.value_size}; }
    /// First line whose name this is (any case): for X- headers, which have no id.
    std::optional<std::string_view> find(std::string_view name) const;
    HeaderValues lines(HeaderId id) const;
    /// Comma-separated values where the grammar is a list (is_list), else the lines.
    HeaderValues elements(HeaderId id) const;
    /// `Require: a, b` has the token `B` (any case).
    bool has_token(HeaderId id, std::string_view token) const;

private:
    friend class Parser;
    friend class Message;
    static constexpr std::uint8_t kNone = 0xFF;
    struct Span32 {
        std::uint32_t begin = 0;
        std::uint32_t size = 0;
    };
    static std::size_t index(HeaderId id) { return static_cast<std::size_t>(id); }
    std::string_view part(Span32 s) const { return {base_ + s.begin, s.size}; }
    Span32 span_of(std::string_view text) const {
        return {static_cast<std::uint32_t>(text.data() - base_), static_cast<std::uint32_t>(text.size())};
    }
    /// Points this view, and every view it holds, at a copy of its bytes and headers.
    void rebase(const char* base, const HeaderView* headers);

    const char* base_ = "";
    const HeaderView* headers_ = nullptr;
    std::uint32_t size_ = 0;
    std::uint32_t body_ = 0;
    std::uint16_t status_ = 0;
    Method method_ = Method::Unknown;
    Method cseq_method_ = Method::Unknown;
    std::uint8_t header_count_ = 0;
    std::uint8_t max_forwards_ = 70;
    bool contact_is_star_ = false;
    std::uint32_t cseq_ = 0;
    Span32 method_text_, reason_, call_id_, cseq_method_text_;
    UriView request_uri_;
    Via top_via_;
    NameAddr from_, to_, contact_;
    std::array<std::uint8_t, kHeaderIds> first_ = [] {
        std::array<std::uint8_t, kHeaderIds> none{};
        none.fill(kNone);
        return none;
    }();
};

/// A message that owns its bytes and header table (one heap block). Moving keeps every view valid.
class Message {
public:
    Message() = default;
    explicit Message(const MessageView& view);
    Message(const Message& other) : Message(other.view_) {}
    Message(Message&& other) noexcept = default;
    Message& operator=(const Message& other) { return *this = Message(other); }
    Message& operator=(Message&& other) noexcept = default;

    /// Copies and parses; an error unless the verdict is Accept.
    static Result<Message> parse(std::string_view bytes);

    bool empty() const { return !block_; }
    const MessageView& view() const { return view_; }
    const MessageView* operator->() const { return &view_; }
    const MessageView& operator*() const { return view_; }

private:
    std::unique_ptr<char[]> block_;  ///< header table, then bytes
    MessageView view_;
};

}  // namespace dp::sip
