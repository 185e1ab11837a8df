#include "app/cli/text_table.hpp"

#include <algorithm>

namespace dp::app::cli {

namespace {

constexpr std::string_view kGap = "  ";

std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<std::size_t> widths_of(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> out;
    for (const auto& row : rows) {
        out.resize(std::max(out.size(), row.size()));
        for (std::size_t i = 0; i < row.size(); ++i) out[i] = std::max(out[i], width_of(row[i]));
    }
    return out;
}

}  // namespace

std::string one_line(std::string_view text) {
    std::string out(text);
    // C0, DEL, and C1 in its UTF-8 form (C2 80 to C2 9F).
    for (std::size_t i = 0; i < out.size(); ++i) {
        const auto octet = static_cast<unsigned char>(out[i]);
        const bool is_c1 = octet == 0xC2 && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0;
        if (octet < 0x20 || octet == 0x7F) out[i] = '?';
        if (is_c1) out.replace(i, 2, "?");
    }
    return out;
}

std::string text_table(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::vector<std::string>> clean = rows;
    for (auto& row : clean)
        for (auto& cell : row) cell = one_line(cell);
    const auto widths = widths_of(clean);
    std::string out;
    for (const auto& row : clean) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += std::string(i ? kGap : "") + row[i] + std::string(widths[i] - width_of(row[i]), ' ');
        line.erase(line.find_last_not_of(' ') + 1);
        out += line + '\n';
    }
    return out;
}

}  // namespace dp::app::cli
