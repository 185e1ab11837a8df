#pragma once
/// @file Lists: `pageSize` (default 25, 1–500) and `pageNumber` (from 1) in; the Genesys list envelope out. A page past
/// the end is 200 with no entities. Order is the caller's and must be stable. Who follows nextUri misses and doubles
/// nothing that existed throughout.

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <utility>

#include "base/result.hpp"
#include "net/http_message.hpp"

namespace dp::api {

struct Page {
    std::size_t size = 25;
    std::size_t number = 1;
    /// Where the page before this one ended (`after` of its nextUri): the page begins behind it, whatever was created
    /// or removed meanwhile. `number` is then only shown.
    std::optional<std::pair<std::string, std::string>> after;  ///< name and id
};

Result<Page> page_of(const net::HttpRequest& request);

/// For logs, which are read from a cursor on: how many entries lie before the page that `pageNumber` asks for. None behind
/// a cursor. Far pages are refused: whoever reads that much follows the cursor.
Result<std::size_t> entries_before(const net::HttpRequest& request, const Page& page);

/// What nextUri carries for the entity that a page ends with.
std::string cursor_of(std::string_view name, std::string_view id);

/// The envelope of a page that holds `entities`; `next` is the cursor behind them, empty when nothing follows.
boost::json::object list_envelope(const net::HttpRequest& request, const Page& page, std::size_t total,
                                  boost::json::array entities, const std::string& next);

/// The envelope of one page of `total` items; `item(i)` is called for those on the page only.
boost::json::object list_envelope(const net::HttpRequest& request, const Page& page, std::size_t total,
                                  const std::function<boost::json::object(std::size_t)>& item);

}  // namespace dp::api
