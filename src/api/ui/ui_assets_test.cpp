#include "api/ui/ui_assets.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>

namespace dp::api {
namespace {

using namespace std::string_view_literals;

struct PlainFile {
    std::string path;
    std::string type;
    std::string plain;  ///< also kept uncompressed when not empty
};

void put_u32(std::string& out, std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i) out[at + i] = static_cast<char>((value >> (8 * i)) & 0xff);
}

/// A pack as tools/pack_ui.mjs writes it, with "br(path)" and "gz(path)" standing in for the compressed bytes.
std::string make_pack(const std::vector<PlainFile>& files) {
    std::string out(16 + files.size() * 64, '\0');
    out.replace(0, 8, "dpuipak1");
    put_u32(out, 8, files.size());
    put_u32(out, 12, 64);
    std::size_t at = 16;
    for (const auto& file : files) {
        const std::pair<std::size_t, std::string> fields[] = {{0, file.path},
                                                              {8, file.type},
                                                              {32, "br(" + file.path + ")"},
                                                              {40, "gz(" + file.path + ")"},
                                                              {48, file.plain}};
        for (const auto& [offset, bytes] : fields) {
            put_u32(out, at + offset, out.size());
            put_u32(out, at + offset + 4, bytes.size());
            out += bytes;
        }
        out[at + 16] = static_cast<char>(0xab);
        out[at + 17] = static_cast<char>(file.path.size());
        at += 64;
    }
    return out;
}

std::span<const std::byte> bytes_of(std::string_view text) {
    return std::as_bytes(std::span(text));
}

std::string_view text_of(std::span<const std::byte> bytes) {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

class UiAssetsTest : public ::testing::Test {
protected:
    std::string bytes_ = make_pack({{"assets/app-1a2b.js", "text/javascript; charset=utf-8", ""},
                                    {"favicon.svg", "image/svg+xml", ""},
                                    {"index.html", "text/html; charset=utf-8", "<!doctype html>"}});
    UiAssets assets_{UiPack::open(bytes_of(bytes_)).value()};

    UiResponse get(std::string_view path, std::optional<std::string_view> accept_encoding = "gzip, deflate, br"sv,
                   std::string_view accept = "text/html", std::string_view if_none_match = {}) const {
        return assets_.lookup({.method = "GET",
                               .path = path,
                               .accept = accept,
                               .accept_encoding = accept_encoding,
                               .if_none_match = if_none_match});
    }
};

TEST_F(UiAssetsTest, HashedAssetsAreImmutableForAYear) {
    const auto response = get("/ui/assets/app-1a2b.js", "gzip, br", "*/*");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(response.header("Content-Encoding"), "br");
    EXPECT_EQ(response.header("Content-Type"), "text/javascript; charset=utf-8");
    EXPECT_EQ(response.header("Vary"), "Accept-Encoding");
    EXPECT_EQ(text_of(response.body), "br(assets/app-1a2b.js)");
}

TEST_F(UiAssetsTest, UnknownAssetIsNeverThePage) {
    const auto response = get("/ui/assets/app-old.js");
    EXPECT_EQ(response.status, 404);
    EXPECT_TRUE(response.header("Content-Type").starts_with("text/plain"));
}

TEST_F(UiAssetsTest, EveryRouteIsThePageForWhoAsksForHtml) {
    for (const auto path : {"/ui", "/ui/", "/ui/phone", "/ui/trunks/7/edit", "/ui/index.html"}) {
        const auto response = get(path);
        EXPECT_EQ(response.status, 200) << path;
        EXPECT_EQ(response.header("Cache-Control"), "no-cache") << path;
        EXPECT_EQ(text_of(response.body), "br(index.html)") << path;
    }
}

TEST_F(UiAssetsTest, RouteAskedForAsAnythingButHtmlIsNotFound) {
    EXPECT_EQ(get("/ui/phone", "br", "application/json").status, 404);
    EXPECT_EQ(get("/ui/phone", "br", "*/*").status, 404);
    EXPECT_EQ(get("/ui/", "br", "*/*").status, 200);
}

TEST_F(UiAssetsTest, FilesBesideThePageAreRevalidated) {
    const auto response = get("/ui/favicon.svg", "br", "image/*");
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Cache-Control"), "no-cache");
}

TEST_F(UiAssetsTest, KnownEtagIsNotModifiedAndHasNoBody) {
    const std::string etag(get("/ui/phone").header("ETag"));
    ASSERT_FALSE(etag.empty());
    for (const auto& candidate : {etag, "W/" + etag, "\"other\", " + etag, std::string("*")}) {
        const auto response = get("/ui/phone", "br", "text/html", candidate);
        EXPECT_EQ(response.status, 304) << candidate;
        EXPECT_TRUE(response.body.empty());
        EXPECT_EQ(response.header("ETag"), etag);
    }
    EXPECT_EQ(get("/ui/phone", "br", "text/html", "\"other\"").status, 200);
}

TEST_F(UiAssetsTest, EachCodingHasItsOwnStrongEtag) {
    EXPECT_NE(get("/ui/", "br").header("ETag"), get("/ui/", "gzip").header("ETag"));
    EXPECT_NE(get("/ui/", "gzip").header("ETag"), get("/ui/", "").header("ETag"));
}

struct CodingCase {
    std::optional<std::string_view> accept_encoding;
    int status;
    std::string_view coding;
};

TEST_F(UiAssetsTest, CodingFollowsRfc9110OnAFileWithoutPlainForm) {
    const CodingCase cases[] = {
        {"br", 200, "br"},         {"gzip", 200, "gzip"},         {"GZIP", 200, "gzip"},
        {"*", 200, "br"},          {"br;q=0, gzip", 200, "gzip"}, {"br;q=0.0, *", 200, "gzip"},
        {"br ; q=0.5", 200, "br"}, {"identity", 406, ""},         {"", 406, ""},
        {"*;q=0", 406, ""},        {"deflate", 406, ""},          {std::nullopt, 200, "gzip"},
    };
    for (const auto& c : cases) {
        const auto response = get("/ui/assets/app-1a2b.js", c.accept_encoding);
        EXPECT_EQ(response.status, c.status) << c.accept_encoding.value_or("absent");
        EXPECT_EQ(response.header("Content-Encoding"), c.coding) << c.accept_encoding.value_or("absent");
    }
}

TEST_F(UiAssetsTest, ThePageIsReadableByAToolThatAsksForNoCoding) {
    for (const auto accept_encoding : {std::optional<std::string_view>{}, std::optional<std::string_view>{""sv}}) {
        const auto response = get("/ui/", accept_encoding);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.header("Content-Encoding"), "");
        EXPECT_EQ(text_of(response.body), "<!doctype html>");
    }
    EXPECT_EQ(get("/ui/", "identity;q=0").status, 406);
}

TEST_F(UiAssetsTest, EveryAnswerCarriesTheSecurityHeaders) {
    for (const auto path : {"/ui/phone", "/ui/assets/app-1a2b.js", "/ui/assets/none.js"}) {
        const auto response = get(path);
        const auto csp = response.header("Content-Security-Policy");
        for (const auto part :
             {"default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'",
              "frame-ancestors 'none'", "require-trusted-types-for 'script'", "trusted-types dialplane"}) {
            EXPECT_NE(csp.find(part), std::string_view::npos) << path << " lacks " << part;
        }
        EXPECT_EQ(csp.find("unsafe"), std::string_view::npos);
        EXPECT_EQ(response.header("X-Content-Type-Options"), "nosniff");
        EXPECT_EQ(response.header("Referrer-Policy"), "no-referrer");
        EXPECT_EQ(response.header("Cross-Origin-Opener-Policy"), "same-origin");
        EXPECT_TRUE(response.header("Permissions-Policy").starts_with("microphone=(self)"));
    }
}

TEST_F(UiAssetsTest, OnlyReadingMethodsAreAnswered) {
    for (const auto method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
        const auto response = assets_.lookup({.method = method,
                                              .path = "/ui/phone",
                                              .accept = "text/html",
                                              .accept_encoding = "br",
                                              .if_none_match = {}});
        EXPECT_EQ(response.status, 405);
        EXPECT_EQ(response.header("Allow"), "GET, HEAD");
    }
}

TEST(UiAssetsOwns, OnlyTheUiTree) {
    EXPECT_TRUE(UiAssets::owns("/ui"));
    EXPECT_TRUE(UiAssets::owns("/ui/"));
    EXPECT_TRUE(UiAssets::owns("/ui/phone"));
    EXPECT_FALSE(UiAssets::owns("/uid"));
    EXPECT_FALSE(UiAssets::owns("/"));
    EXPECT_FALSE(UiAssets::owns("/api/v2/users/me"));
}

TEST(UiPack, RefusesDamageInsteadOfReadingOutOfBounds) {
    const std::string good = make_pack({{"a.js", "t", ""}, {"b.js", "t", ""}});
    ASSERT_TRUE(UiPack::open(bytes_of(good)));
    // Every byte of header and table set to 0xff, one at a time: an error or a pack whose views stay inside.
    for (std::size_t at = 0; at < 16 + 2 * 64; ++at) {
        std::string bad = good;
        bad[at] = static_cast<char>(0xff);
        const auto pack = UiPack::open(bytes_of(bad));
        if (!pack) continue;
        for (const auto& file : pack->files()) {
            EXPECT_GE(file.brotli.data(), bytes_of(bad).data());
            EXPECT_LE(file.brotli.data() + file.brotli.size(), bytes_of(bad).data() + bad.size());
        }
    }
    for (std::size_t length = 0; length < good.size(); ++length) {
        EXPECT_FALSE(UiPack::open(bytes_of(good).first(length))) << length;
    }
}

TEST(UiPack, RefusesPathsOutOfOrderOrTwice) {
    EXPECT_FALSE(UiPack::open(bytes_of(make_pack({{"b.js", "t", ""}, {"a.js", "t", ""}}))));
    EXPECT_FALSE(UiPack::open(bytes_of(make_pack({{"a.js", "t", ""}, {"a.js", "t", ""}}))));
}

TEST(EmbeddedUi, OpensAndHasAPage) {
    const auto response = embedded_ui().lookup(
        {.method = "GET", .path = "/ui/", .accept = "text/html", .accept_encoding = "br", .if_none_match = {}});
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.header("Content-Type"), "text/html; charset=utf-8");
    EXPECT_FALSE(response.body.empty());
    EXPECT_EQ(embedded_ui_id().size(), 64U);
}

}  // namespace
}  // namespace dp::api
