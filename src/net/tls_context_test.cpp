#include "net/tls_context.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "net/local_authority.hpp"

namespace dp::net {
namespace {

using namespace std::chrono_literals;

const WallTime kNow = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());

/// A fresh directory, removed at the end.
class LocalAuthority : public ::testing::Test {
protected:
    LocalAuthority() {
        std::string pattern = (std::filesystem::temp_directory_path() / "dp-tls-XXXXXX").string();
        directory = std::string(mkdtemp(pattern.data())) + "/tls";
    }
    ~LocalAuthority() override { std::filesystem::remove_all(std::filesystem::path(directory).parent_path()); }

    static std::string content(const std::string& path) {
        std::ifstream file(path);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    LocalCertificate ensure(std::vector<std::string> names, WallTime now = kNow) {
        auto made = ensure_local_certificate(directory, std::move(names), now);
        EXPECT_TRUE(made) << made.error().detail;
        return made.value_or(LocalCertificate{});
    }
    std::string directory;
};

TEST_F(LocalAuthority, MakesAKeptCertificateForTheNamesAndForLoopback) {
    const auto made = ensure({"PBX.example.com", "10.0.0.1"});
    EXPECT_TRUE(made.renewed);
    EXPECT_EQ(made.names, (std::vector<std::string>{"10.0.0.1", "127.0.0.1", "::1", "localhost", "pbx.example.com"}));
    const std::string leaf = content(made.files.certificate);
    EXPECT_FALSE(ensure({"10.0.0.1", "pbx.example.com"}).renewed);
    EXPECT_EQ(content(made.files.certificate), leaf);
}

TEST_F(LocalAuthority, KeepsItsKeysPrivate) {
    const auto made = ensure({});
    struct stat facts{};
    for (const auto& key : {made.files.private_key, directory + "/ca.key"}) {
        ASSERT_EQ(::stat(key.c_str(), &facts), 0);
        EXPECT_EQ(facts.st_mode & 0777U, 0600U) << key;
    }
    ASSERT_EQ(::stat(directory.c_str(), &facts), 0);
    EXPECT_EQ(facts.st_mode & 0777U, 0700U);
}

TEST_F(LocalAuthority, RenewsTheLeafButNotTheAuthorityWhenNamesChange) {
    const auto first = ensure({"a.example.com"});
    const std::string authority = content(first.ca_file), leaf = content(first.files.certificate);
    EXPECT_TRUE(ensure({"b.example.com"}).renewed);
    EXPECT_EQ(content(first.ca_file), authority);
    EXPECT_NE(content(first.files.certificate), leaf);
}

TEST_F(LocalAuthority, RenewsTheLeafThirtyDaysBeforeItExpires) {
    const auto first = ensure({});
    EXPECT_FALSE(ensure({}, first.expires - std::chrono::days(31)).renewed);
    EXPECT_TRUE(ensure({}, first.expires - std::chrono::days(29)).renewed);
}

TEST_F(LocalAuthority, RefusesWhatIsNoName) {
    for (const auto* name : {"", "a b", "evil,DNS:other.example", "x\ny", "-a"})
        EXPECT_FALSE(ensure_local_certificate(directory, {name}, kNow)) << name;
}

TEST_F(LocalAuthority, MakesFilesThatATlsServerAndClientTake) {
    const auto made = ensure({"pbx.example.com"});
    EXPECT_TRUE(TlsContext::server(made.files));
    EXPECT_TRUE(TlsContext::client({.ca_file = made.ca_file}));
    EXPECT_EQ(certificate_expiry(made.files.certificate).value_or(WallTime{}), made.expires);
}

TEST_F(LocalAuthority, AServerRefusesAKeyThatIsNotTheCertificates) {
    const auto made = ensure({});
    const auto context = TlsContext::server({made.files.certificate, directory + "/ca.key"});
    ASSERT_FALSE(context);
    EXPECT_EQ(context.error().code, ErrorCode::InvalidValue);
    EXPECT_FALSE(TlsContext::server({directory + "/none.pem", made.files.private_key}));
    EXPECT_FALSE(TlsContext::client({.ca_file = directory + "/none.pem"}));
}

}  // namespace
}  // namespace dp::net
