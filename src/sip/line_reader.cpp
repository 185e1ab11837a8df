#include "sip/line_reader.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "sip/grammar.hpp"
#include "sip/limits.hpp"

namespace dp::sip {
namespace {

bool is_line_control(unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7F;
}

// One bit for each of the 16 octets at `at` that may be a control octet: below 0x20 or from 0x7F up. (One added, these
// and only these are below 0x21 as signed numbers.)
std::uint32_t suspects(const char* at) {
#if defined(__SSE2__)
    const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i shifted = _mm_add_epi8(octets, _mm_set1_epi8(1));
    return static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmplt_epi8(shifted, _mm_set1_epi8(0x21))));
#else
    std::uint32_t mask = 0;
    for (unsigned i = 0; i < 16; ++i)
        mask |= static_cast<std::uint32_t>(static_cast<signed char>(at[i] + 1) < 0x21) << i;
    return mask;
#endif
}

// Tells whether an octet stands behind a backslash inside quotes; walks each line once, however often it is asked.
class QuotedPairs {
public:
    explicit QuotedPairs(std::string_view text, std::size_t begin) : text_(text), at_(begin) {}

    bool is_escaped(std::size_t position) {
        for (; at_ < position; ++at_) step(text_[at_]);
        return escaped_;
    }

private:
    void step(char c) {
        if (escaped_)
            escaped_ = false;
        else if (quoted_ && c == '\\')
            escaped_ = true;
        else if (c == '"')
            quoted_ = !quoted_;
    }

    std::string_view text_;
    std::size_t at_;
    bool quoted_ = false;
    bool escaped_ = false;
};

inline std::size_t scan(std::string_view text, std::size_t from) {
    const char* const data = text.data();
    const std::size_t size = text.size();
    for (; from + 32 <= size; from += 32) {
        for (std::uint32_t left = suspects(data + from) | suspects(data + from + 16) << 16U; left != 0;
             left &= left - 1) {
            const std::size_t at = from + static_cast<unsigned>(std::countr_zero(left));
            if (is_line_control(static_cast<unsigned char>(data[at]))) return at;
        }
    }
    while (from < size && !is_line_control(static_cast<unsigned char>(data[from]))) ++from;
    return from;
}

// Nearly every name ends within sixteen octets: cheaper than a call of memchr for each line.
std::size_t find_colon(std::string_view line) {
#if defined(__SSE2__)
    if (line.size() >= 16) {
        const __m128i octets = _mm_loadu_si128(reinterpret_cast<const __m128i*>(line.data()));
        const auto hits = static_cast<std::uint32_t>(_mm_movemask_epi8(_mm_cmpeq_epi8(octets, _mm_set1_epi8(':'))));
        if (hits != 0) return static_cast<unsigned>(std::countr_zero(hits));
    }
#endif
    return line.find(':');
}

// 2 for CRLF, 1 for LF, 0 for anything else.
inline std::size_t line_end_size(std::string_view text, std::size_t at) {
    if (at >= text.size()) return 0;
    if (text[at] == '\n') return 1;
    return text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n' ? 2 : 0;
}

// The line at `pos` whose first control octet, at `at`, does not end it; or that has no end.
[[gnu::noinline]] Line read_odd_line(std::string_view text, std::size_t pos, std::size_t at) {
    Line line{pos, text.size(), Line::kUnended, false};
    QuotedPairs pairs(text, pos);
    for (; at < text.size(); at = scan(text, at + 1)) {
        const std::size_t end_size = line_end_size(text, at);
        if (end_size != 0) {
            line.end = at;
            line.next = at + end_size;
            return line;
        }
        line.has_control = line.has_control || !pairs.is_escaped(at);
    }
    return line;
}

bool is_folded(std::span<const char> text, const Line& line) {
    return line.ended() && line.next < text.size() && ascii::is_space(text[line.next]);
}

std::size_t trimmed_end(std::span<const char> text, std::size_t begin, std::size_t end) {
    while (end > begin && ascii::is_space(text[end - 1])) --end;
    return end;
}

}  // namespace

std::size_t find_control(std::string_view text, std::size_t from) {
    return scan(text, from);
}

Line read_line(std::string_view text, std::size_t pos) {
    const std::size_t at = scan(text, pos);
    const std::size_t end_size = line_end_size(text, at);
    if (end_size != 0) return {pos, at, at + end_size, false};
    return read_odd_line(text, pos, at);
}

Line read_folded_line(std::span<char> text, std::size_t pos) {
    const std::string_view view(text.data(), text.size());
    Line line = read_line(view, pos);
    if (line.empty() || !is_folded(text, line)) return line;
    Line last = line;
    line.end = trimmed_end(text, line.begin, line.end);
    while (is_folded(text, last)) {
        last = read_line(view, last.next);
        std::size_t begin = last.begin;
        while (begin < last.end && ascii::is_space(text[begin])) ++begin;
        const std::size_t size = trimmed_end(text, begin, last.end) - begin;
        if (size > 0) {
            text[line.end] = ' ';
            std::memmove(&text[line.end + 1], &text[begin], size);
            line.end += size + 1;
        }
        line.has_control = line.has_control || last.has_control;
    }
    std::memset(&text[line.end], ' ', last.end - line.end);
    line.next = last.next;
    return line;
}

bool split_header(std::string_view line, HeaderField& out) {
    const std::size_t colon = find_colon(line);
    if (colon == std::string_view::npos) return false;
    std::size_t end = colon;
    while (end > 0 && ascii::is_space(line[end - 1])) --end;
    out.name = line.substr(0, end);
    out.id = header_id(out.name);
    std::size_t begin = colon + 1;
    while (begin < line.size() && ascii::is_space(line[begin])) ++begin;
    end = trimmed_end(line, begin, line.size());
    out.value = line.substr(begin, end - begin);
    return out.id != HeaderId::Unknown || is_token(out.name);
}

}  // namespace dp::sip
