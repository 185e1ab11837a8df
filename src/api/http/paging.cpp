#include "api/http/paging.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "base/ascii.hpp"
#include "base/crypto.hpp"

namespace dp::api {

namespace json = boost::json;

namespace {

constexpr std::size_t kMaxPageSize = 500;
constexpr std::size_t kMaxPageNumber = 1'000'000;
constexpr std::size_t kMaxEntriesBefore = 10'000;

Result<std::size_t> positive(const net::HttpRequest& request, std::string_view name, std::size_t preset,
                             std::size_t most) {
    const auto text = request.query_value(name);
    if (!text) return preset;
    const auto number = ascii::parse_decimal<std::size_t>(*text);
    if (!number || *number < 1 || *number > most)
        return fail(ErrorCode::InvalidValue, fmt::format("{} must be a number from 1 to {}.", name, most),
                    std::string(name));
    return *number;
}

Error bad_cursor() {
    return {ErrorCode::InvalidValue, "after must be taken from a nextUri.", "after"};
}

std::string page_uri(const net::HttpRequest& request, const Page& page, std::size_t number) {
    std::string out = fmt::format("{}?pageSize={}&pageNumber={}", request.path, page.size, number);
    for (const auto& [key, value] : request.query)
        if (key != "pageSize" && key != "pageNumber" && key != "after")
            out += fmt::format("&{}={}", net::percent_encode(key), net::percent_encode(value));
    return out;
}

}  // namespace

Result<Page> page_of(const net::HttpRequest& request) {
    DP_TRY(size, positive(request, "pageSize", 25, kMaxPageSize));
    DP_TRY(number, positive(request, "pageNumber", 1, kMaxPageNumber));
    Page out{size, number, std::nullopt};
    const auto after = request.query_value("after");
    if (!after) return out;
    const auto text = crypto::base64_decode(*after);
    const auto gap = text ? text->find('\0') : std::string::npos;
    if (gap == std::string::npos) return std::unexpected(bad_cursor());
    out.after = std::pair{text->substr(0, gap), text->substr(gap + 1)};
    return out;
}

Result<std::size_t> entries_before(const net::HttpRequest& request, const Page& page) {
    if (request.query_value("cursor")) return 0;
    const std::size_t before = (page.number - 1) * page.size;
    if (before <= kMaxEntriesBefore) return before;
    return fail(ErrorCode::InvalidValue,
                fmt::format("pageNumber: more than {} entries lie before that page: follow cursor.", kMaxEntriesBefore),
                "pageNumber");
}

std::string cursor_of(std::string_view name, std::string_view id) {
    return crypto::base64(std::string(name) + '\0' + std::string(id));
}

json::object list_envelope(const net::HttpRequest& request, const Page& page, std::size_t total, json::array entities,
                           const std::string& next) {
    const std::size_t pages = std::max<std::size_t>(1, (total + page.size - 1) / page.size);
    json::object out{{"entities", std::move(entities)},
                     {"pageSize", page.size},
                     {"pageNumber", page.number},
                     {"total", total},
                     {"pageCount", pages},
                     {"selfUri", page_uri(request, page, page.number)},
                     {"firstUri", page_uri(request, page, 1)},
                     {"lastUri", page_uri(request, page, pages)}};
    if (!next.empty())
        out["nextUri"] = page_uri(request, page, page.number + 1) + "&after=" + net::percent_encode(next);
    if (page.number > 1 && page.number <= pages) out["previousUri"] = page_uri(request, page, page.number - 1);
    return out;
}

json::object list_envelope(const net::HttpRequest& request, const Page& page, std::size_t total,
                           const std::function<json::object(std::size_t)>& item) {
    const std::size_t pages = std::max<std::size_t>(1, (total + page.size - 1) / page.size);
    json::array entities;
    for (std::size_t i = (page.number - 1) * page.size; i < std::min(total, page.number * page.size); ++i)
        entities.push_back(item(i));
    json::object out{{"entities", std::move(entities)},
                     {"pageSize", page.size},
                     {"pageNumber", page.number},
                     {"total", total},
                     {"pageCount", pages},
                     {"selfUri", page_uri(request, page, page.number)},
                     {"firstUri", page_uri(request, page, 1)},
                     {"lastUri", page_uri(request, page, pages)}};
    if (page.number < pages) out["nextUri"] = page_uri(request, page, page.number + 1);
    if (page.number > 1 && page.number <= pages) out["previousUri"] = page_uri(request, page, page.number - 1);
    return out;
}

}  // namespace dp::api
