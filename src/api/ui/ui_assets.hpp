#pragma once
/// @file Answers GET and HEAD below /ui from a UiPack: which file, in which coding, with which caching and security
/// headers. A pure function of the request; no socket and no clock.
///
/// Rules
///   /ui/assets/*  names carry a content hash: cached for a year. An unknown one is 404 and never the page, or a tab
///   opened
///                 before an upgrade would run HTML as a script.
///   /ui, /ui/*    the page for whoever asks for text/html, revalidated by ETag on each load.
///   Content codings (RFC 9110 12.5.3): br, gzip, or plain where the pack has it; otherwise 406.
///
/// Threads: immutable, shared by all. Lifetime: bodies and names point into the pack, which outlives the process's
/// server.

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/ui/ui_pack.hpp"

namespace dp::api {

/// An absent header is an empty view, except `accept_encoding`, where absent (anything goes) and empty (nothing but
/// plain) differ.
struct UiRequest {
    std::string_view method;
    std::string_view path;  ///< without query
    std::string_view accept;
    std::optional<std::string_view> accept_encoding;
    std::string_view if_none_match;
};

struct UiHeader {
    std::string_view name;
    std::string value;
};

/// For HEAD the body is filled as for GET: the connection sends its length and not its bytes.
struct UiResponse {
    int status = 200;
    std::vector<UiHeader> headers;
    std::span<const std::byte> body;

    /// Empty when absent; names compare as written here.
    std::string_view header(std::string_view name) const;
};

class UiAssets {
public:
    explicit UiAssets(UiPack pack) : pack_(std::move(pack)) {}

    /// True for the paths this class answers: "/ui" and everything below it.
    static bool owns(std::string_view path);

    UiResponse lookup(const UiRequest& request) const;

private:
    UiPack pack_;
};

/// The embedded pack, opened once. A pack that does not open is a fault of the build and ends the process at start.
const UiAssets& embedded_ui();

/// The headers every HTML answer carries, error pages included (Content-Security-Policy with Trusted Types first).
std::span<const UiHeader> ui_security_headers();

}  // namespace dp::api
