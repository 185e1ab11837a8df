#pragma once
/// @file Lists: `pageSize` (default 25, 1–500) and `pageNumber` (from 1) in; the Genesys list envelope out. A page past
/// the end is 200 with no entities. Order is the caller's and must be stable.

#include <boost/json/fwd.hpp>

#include <cstddef>
#include <functional>

#include "base/result.hpp"
#include "net/http_message.hpp"

namespace dp::api {

struct Page {
    std::size_t size = 25;
    std::size_t number = 1;
};

Result<Page> page_of(const net::HttpRequest& request);

/// The envelope of one page of `total` items; `item(i)` is called for those on the page only.
boost::json::object list_envelope(const net::HttpRequest& request, const Page& page, std::size_t total,
                                  const std::function<boost::json::object(std::size_t)>& item);

}  // namespace dp::api
