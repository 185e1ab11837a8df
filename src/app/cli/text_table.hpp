#pragma once
/// @file Rows of text in aligned columns, for a terminal.
///
/// Pure. What a server sends cannot steer the terminal: control characters become `?`.

#include <string>
#include <string_view>
#include <vector>

namespace dp::app::cli {

/// The first row is the heading. Columns are two spaces apart; widths count code points.
std::string text_table(const std::vector<std::vector<std::string>>& rows);

/// One line without control characters.
std::string one_line(std::string_view text);

}  // namespace dp::app::cli
