#include "sip/line_reader.hpp"

#include <bit>
#include <cstdint>
#include <cstring>

#include "sip/grammar.hpp"
#include "sip/limits.hpp"

namespace dp::sip {
namespace {

using Octets = unsigned char __attribute__((vector_size(16)));

bool is_line_control(unsigned char c) {
    return (c < 0x20 && c != '\t') || c == 0x7F;
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

bool is_folded(std::span<const char> text, const Line& line) {
    return line.ended() && line.next < text.size() && ascii::is_space(text[line.next]);
}

std::size_t trimmed_end(std::span<const char> text, std::size_t begin, std::size_t end) {
    while (end > begin && ascii::is_space(text[end - 1])) --end;
    return end;
}

}  // namespace

std::size_t find_control(std::string_view text, std::size_t from) {
    const char* const data = text.data();
    const std::size_t size = text.size();
    if constexpr (std::endian::native == std::endian::little) {
        for (; from + 16 <= size; from += 16) {
            Octets octets;
            std::memcpy(&octets, data + from, 16);
            const auto hits = ((octets < 0x20) & (octets != '\t')) | (octets == 0x7F);
            std::uint64_t halves[2];
            std::memcpy(halves, &hits, 16);
            if (halves[0] != 0) return from + static_cast<unsigned>(std::countr_zero(halves[0])) / 8;
            if (halves[1] != 0) return from + 8 + static_cast<unsigned>(std::countr_zero(halves[1])) / 8;
        }
    }
    while (from < size && !is_line_control(static_cast<unsigned char>(data[from]))) ++from;
    return from;
}

Line read_line(std::string_view text, std::size_t pos) {
    Line line{pos, text.size(), Line::kUnended, false};
    QuotedPairs pairs(text, pos);
    for (std::size_t at = find_control(text, pos); at < text.size(); at = find_control(text, at + 1)) {
        const bool crlf = text[at] == '\r' && at + 1 < text.size() && text[at + 1] == '\n';
        if (crlf || text[at] == '\n') {
            line.end = at;
            line.next = at + (crlf ? 2 : 1);
            return line;
        }
        line.has_control = line.has_control || !pairs.is_escaped(at);
    }
    return line;
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

bool split_header(std::string_view line, std::string_view& name, std::string_view& value) {
    std::size_t at = 0;
    while (at < line.size() && is_class(line[at], kToken)) ++at;
    name = line.substr(0, at);
    while (at < line.size() && ascii::is_space(line[at])) ++at;
    if (name.empty() || at >= line.size() || line[at] != ':') return false;
    value = ascii::trim(line.substr(at + 1));
    return true;
}

}  // namespace dp::sip
