#pragma once
/// @file Pieces of the SIP grammar (RFC 3261 25.1) shared by the readers of this folder: character classes, quoted
/// strings, parameter lists, lists with commas, percent escapes. Nothing here allocates, except where a std::string is
/// returned.

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/ascii.hpp"

namespace dp::sip {

enum CharClass : std::uint8_t {
    kToken = 1,     ///< alphanum - . ! % * _ + ` ' ~
    kUserChar = 2,  ///< unreserved / user-unreserved (without %)
    kPasswordChar = 4,
    kParamChar = 8,  ///< unreserved / [ ] / : & + $ (without %)
    kHostChar = 16,  ///< alphanum - . (and _, which real networks use)
    kParamEnd = 64,  ///< what ends the unquoted value of a header parameter: SP HTAB ; "
    kWordChar = 32,  ///< Call-ID word
};

consteval std::array<std::uint8_t, 256> make_char_classes() {
    std::array<std::uint8_t, 256> table{};
    auto add = [&table](std::string_view chars, unsigned bits) {
        for (char c : chars) {
            auto& entry = table[static_cast<unsigned char>(c)];
            entry = static_cast<std::uint8_t>(entry | bits);
        }
    };
    add("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
        kToken | kUserChar | kPasswordChar | kParamChar | kHostChar | kWordChar);
    add("-_.!~*'()", kUserChar | kPasswordChar | kParamChar);
    add("-.!%*_+`'~", kToken);
    add("&=+$,;?/", kUserChar);
    add("&=+$,", kPasswordChar);
    add("[]/:&+$", kParamChar);
    add("-._", kHostChar);
    add("-.!%*_+`'~()<>:\\\"/[]?{}@", kWordChar);
    add(" \t;\"", kParamEnd);
    return table;
}

inline constexpr auto kCharClasses = make_char_classes();

inline bool is_class(char c, CharClass wanted) {
    return (kCharClasses[static_cast<unsigned char>(c)] & wanted) != 0;
}
/// At least one octet, all of the class.
bool is_all(std::string_view text, CharClass wanted);
inline bool is_token(std::string_view text) {
    return is_all(text, kToken);
}

/// Offset just behind the quoted string that starts at `text[0] == '"'`; npos when it is not closed.
std::size_t quoted_end(std::string_view text);
/// Offset of the first `wanted` outside quotes and, when `skip_angles`, outside <>; npos when there is none.
enum class Angles : std::uint8_t { Skip, Plain };
std::size_t find_outside_quotes(std::string_view text, char wanted, Angles angles);
/// The text of a quoted string without its quotes and backslashes, control octets dropped; other text unchanged.
std::string unquote(std::string_view text);

/// Percent escapes replaced (RFC 3261 19.1.2); a bad escape stays as it is. `%00` becomes an octet NUL: lengths count.
std::string unescape(std::string_view text);
/// Escapes every octet outside `allowed`.
std::string escape(std::string_view text, CharClass allowed);

struct Param {
    std::string_view name;
    std::string_view value;  ///< as written, quotes included; empty when there is none
    bool has_value = false;
};

/// The parameter at the head of `rest`, which starts with `;`; what was read is taken off `rest`. False when it is
/// malformed.
bool take_param(std::string_view& rest, Param& out);

/// `;a;b=c;d="e"` as a view: looked up by walking, because lists are short. Checked when it was made
/// (`ParamList::check`).
class ParamList {
public:
    ParamList() = default;
    /// Percent escapes in names count in URIs (RFC 4475 3.1.1.3: `%6C%72` is `lr`), never in headers (3.1.1.5).
    enum class Names : std::uint8_t { Plain, Escaped };
    /// `text` starts at the first `;` or is empty.
    explicit ParamList(std::string_view text, Names names = Names::Plain) : text_(text), names_(names) {}
    /// False on an empty name, an unbalanced quote or more than limits::kParameters.
    static bool check(std::string_view text);

    bool has(std::string_view name) const { return find(name).has_value(); }
    std::optional<Param> find(std::string_view name) const;
    /// Value of the parameter, or empty.
    std::string_view value(std::string_view name) const;
    std::size_t count() const;
    std::string_view text() const { return text_; }
    bool empty() const { return text_.empty(); }

    class iterator {
    public:
        using value_type = Param;
        using difference_type = std::ptrdiff_t;
        iterator() = default;
        explicit iterator(std::string_view rest) : rest_(rest) { advance(); }
        const Param& operator*() const { return param_; }
        const Param* operator->() const { return &param_; }
        iterator& operator++() {
            advance();
            return *this;
        }
        bool operator==(std::default_sentinel_t) const { return done_; }

    private:
        void advance();
        std::string_view rest_;
        Param param_;
        bool done_ = true;
    };
    iterator begin() const { return iterator(text_); }
    std::default_sentinel_t end() const { return {}; }

private:
    std::string_view text_;
    Names names_ = Names::Plain;
};

}  // namespace dp::sip
