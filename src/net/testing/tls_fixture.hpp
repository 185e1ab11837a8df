#pragma once
/// @file A certificate authority in a directory of its own and contexts made from it. Test code only.

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "net/local_authority.hpp"

namespace dp::net::testing {

struct TlsFixture {
    TlsFixture() {
        std::string pattern = (std::filesystem::temp_directory_path() / "dp-tls-XXXXXX").string();
        directory = mkdtemp(pattern.data());
        const auto now = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now());
        auto made = ensure_local_certificate(directory, {"pbx.example.com"}, now);
        EXPECT_TRUE(made) << made.error().detail;
        certificate = *made;
        server = *TlsContext::server(certificate.files);
        client = *TlsContext::client({.ca_file = certificate.ca_file});
    }
    ~TlsFixture() { std::filesystem::remove_all(directory); }
    TlsFixture(const TlsFixture&) = delete;
    TlsFixture& operator=(const TlsFixture&) = delete;

    std::string directory;
    LocalCertificate certificate;
    TlsContext server, client;
};

}  // namespace dp::net::testing
