#include "app/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>

namespace dp::app {
namespace {

using Options = std::map<std::string, std::vector<std::string>>;

class ConfigTest : public testing::Test {
protected:
    std::map<std::string, std::string> environment{{"HOME", "/home/ada"}};
    std::filesystem::path file = std::filesystem::path(testing::TempDir()) / "dialplane-config-test.yaml";

    ~ConfigTest() override { std::filesystem::remove(file); }
    Result<RawConfig> merged(const Options& options) {
        return merge(options, [this](const std::string& name) -> std::optional<std::string> {
            auto it = environment.find(name);
            return it == environment.end() ? std::nullopt : std::optional(it->second);
        });
    }
    Result<Config> loaded(const Options& options) {
        DP_TRY(raw, merged(options));
        return validate(raw);
    }
    void write(std::string_view text) { std::ofstream(file) << text; }
};

TEST_F(ConfigTest, DefaultsAreTheDocumentedOnes) {
    const auto config = loaded({});
    ASSERT_TRUE(config);
    EXPECT_EQ(config->http->str(), "127.0.0.1:8080");
    EXPECT_EQ(config->sip->str(), "127.0.0.1:5060");
    EXPECT_EQ(config->data, "/home/ada/.local/share/dialplane");
    EXPECT_FALSE(config->sandbox);
}

TEST_F(ConfigTest, TheDataFolderIsAbsoluteAndShownWhoeverNamesIt) {
    const auto here = std::filesystem::current_path();
    EXPECT_EQ(loaded({{"data", {"here/data"}}})->data, here / "here/data");
    EXPECT_EQ(loaded({{"data", {"./data/"}}})->data, here / "data");
    EXPECT_NE(render(*merged({})).find("data: /home/ada/.local/share/dialplane"), std::string::npos);
    environment["DP_DATA"] = "";
    EXPECT_EQ(loaded({})->data, "/home/ada/.local/share/dialplane");
}

TEST_F(ConfigTest, OptionBeatsVariableBeatsFileBeatsDefault) {
    write("http: 127.0.0.1:1\nsip: 127.0.0.1:2\nsips: 127.0.0.1:3\n");
    environment["DP_SIP"] = "127.0.0.1:22";
    environment["DP_SIPS"] = "127.0.0.1:33";
    const auto raw = merged({{"config", {file.string()}}, {"sips", {"127.0.0.1:333"}}});
    ASSERT_TRUE(raw);
    const auto config = validate(*raw);
    EXPECT_EQ(config->http->port, 1);
    EXPECT_EQ(config->sip->port, 22);
    EXPECT_EQ(config->sips->port, 333);
    const auto text = render(*raw);
    EXPECT_NE(text.find("# file " + file.string()), std::string::npos);
    EXPECT_NE(text.find("# DP_SIP\n"), std::string::npos);
    EXPECT_NE(text.find("# --sips\n"), std::string::npos);
    EXPECT_NE(text.find("# default"), std::string::npos);
}

TEST_F(ConfigTest, FileHasGroupsListsAndMaps) {
    write(
        "tls:\n  name: [api.mypurecloud.com, acme.mygen.com]\ndns:\n  hosts:\n    sip.carrier.example.com: "
        "127.0.0.1:5070\nsandbox: true\n");
    const auto config = loaded({{"config", {file.string()}}});
    ASSERT_TRUE(config) << config.error().detail;
    EXPECT_EQ(config->tls_names.size(), 2U);
    EXPECT_EQ(config->dns_hosts.at("sip.carrier.example.com"), "127.0.0.1:5070");
    EXPECT_TRUE(config->sandbox);
}

TEST_F(ConfigTest, RefusalsNameTheSettingItsSourceAndTheRule) {
    environment["DP_HTTP"] = "localhost";
    const auto config = loaded({});
    ASSERT_FALSE(config);
    EXPECT_EQ(config.error().field, "http");
    EXPECT_NE(config.error().detail.find("DP_HTTP"), std::string::npos);
    EXPECT_NE(config.error().detail.find("ADDRESS:PORT"), std::string::npos);
}

TEST_F(ConfigTest, UnknownKeysBadYamlAndMissingFilesAreErrors) {
    write("htp: 127.0.0.1:1\n");
    EXPECT_EQ(loaded({{"config", {file.string()}}}).error().field, "htp");
    write("http: [\n");
    EXPECT_EQ(loaded({{"config", {file.string()}}}).error().code, ErrorCode::MalformedInput);
    std::filesystem::remove(file);
    EXPECT_EQ(loaded({{"config", {file.string()}}}).error().code, ErrorCode::NotFound);
}

TEST_F(ConfigTest, EveryRuleIsChecked) {
    for (const auto& [key, value] : std::vector<std::pair<std::string, std::string>>{{"media.ports", "30000-20000"},
                                                                                     {"media.ports", "80"},
                                                                                     {"media.workers", "65"},
                                                                                     {"drain", "-1"},
                                                                                     {"events.keep-days", "forever"},
                                                                                     {"log.level", "loud"},
                                                                                     {"advertise", "example.com"},
                                                                                     {"sandbox", "maybe"},
                                                                                     {"dns.hosts", "=1.2.3.4"},
                                                                                     {"dns.hosts", "sip.example.com="},
                                                                                     {"tls.certificate", "only.pem"}}) {
        const auto config = loaded({{key, {value}}});
        ASSERT_FALSE(config) << key;
        EXPECT_EQ(config.error().field, key);
    }
}

TEST_F(ConfigTest, NamesOfOptionsAndVariablesFollowTheKey) {
    const auto& all = settings();
    auto it = std::ranges::find(all, "tls.name", &Setting::key);
    EXPECT_EQ(option_of(*it), "--tls-name");
    EXPECT_EQ(variable_of(*it), "DP_TLS_NAME");
}

}  // namespace
}  // namespace dp::app
