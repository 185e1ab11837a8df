#pragma once
/// @file The pages of GET /oauth/authorize: who asks for what, and the way to allow or deny it. Plain HTML without
/// script; every value escaped; never in a frame.
///
/// Pure.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/http_message.hpp"

namespace dp::api {

struct ConsentPage {
    std::string application;
    std::vector<std::string> scopes;
    /// Sent along with the answer: the authorization request, as it came.
    std::vector<std::pair<std::string, std::string>> request;
    bool signed_in = false;  ///< else the page asks for login and password too
    std::string problem;     ///< what was wrong with the last try
    std::string redirect_uri;
};

net::HttpResponse consent_page(int status, const ConsentPage& page);
/// For what may not be told to the redirect URI: unknown client, foreign redirect URI.
net::HttpResponse refusal_page(std::string_view why);
/// Asks for itself once more: a link from another site does not bring our SameSite=Strict cookie, a hop of our own does.
net::HttpResponse hop_page(std::string_view uri);

std::string html_escaped(std::string_view text);

}  // namespace dp::api
