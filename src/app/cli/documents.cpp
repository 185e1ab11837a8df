#include "app/cli/documents.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <boost/json.hpp>
#include <charconv>
#include <optional>

#include "api/http/json_writer.hpp"
#include "base/ascii.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

constexpr int kMaxDepth = 64;
constexpr std::size_t kMaxNodes = 8'000'000;  // aliases can make a small file large

template <class T>
bool parse_whole(std::string_view text, T& out) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
    return error == std::errc{} && end == text.data() + text.size();
}

/// YAML 1.2 core schema, section 10.3.2; `+…` stays text.
json::value plain_scalar(const std::string& text) {
    if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL") return nullptr;
    if (text == "true" || text == "True" || text == "TRUE") return true;
    if (text == "false" || text == "False" || text == "FALSE") return false;
    const bool numeric = ascii::is_digit(text.back()) && (ascii::is_digit(text.front()) || text.front() == '-');
    if (std::int64_t whole = 0; numeric && parse_whole(text, whole)) return whole;
    if (double real = 0; numeric && parse_whole(text, real)) return real;
    return json::string(text);
}

Error at(const YAML::Mark& mark, std::string_view what) {
    return {ErrorCode::MalformedInput, fmt::format("line {}: {}", mark.line + 1, what), {}};
}

class YamlReader {
public:
    Result<json::value> read(const YAML::Node& node, int depth = 0) {
        if (depth > kMaxDepth || ++nodes_ > kMaxNodes)
            return std::unexpected(at(node.Mark(), "nested too deeply, or too large."));
        switch (node.Type()) {
            case YAML::NodeType::Scalar:
                // "!" is the tag of a quoted scalar.
                return node.Tag() == "!" ? json::value(node.Scalar()) : plain_scalar(node.Scalar());
            case YAML::NodeType::Sequence:
                return sequence(node, depth);
            case YAML::NodeType::Map:
                return mapping(node, depth);
            default:
                return json::value(nullptr);
        }
    }

private:
    Result<json::value> sequence(const YAML::Node& node, int depth) {
        json::array out;
        for (const auto& item : node) {
            DP_TRY(value, read(item, depth + 1));
            out.push_back(std::move(value));
        }
        return json::value(std::move(out));
    }
    Result<json::value> mapping(const YAML::Node& node, int depth) {
        json::object out;
        for (const auto& member : node) {
            if (!member.first.IsScalar()) return std::unexpected(at(member.first.Mark(), "a key must be plain text."));
            DP_TRY(value, read(member.second, depth + 1));
            if (!out.emplace(member.first.Scalar(), std::move(value)).second)
                return std::unexpected(
                    at(member.first.Mark(), fmt::format("{} stands there twice.", member.first.Scalar())));
        }
        return json::value(std::move(out));
    }

    std::size_t nodes_ = 0;
};

Result<std::vector<json::value>> read_yaml(const std::string& text) {
    std::vector<YAML::Node> nodes;
    try {
        nodes = YAML::LoadAll(text);
    } catch (const YAML::Exception& problem) {
        return std::unexpected(at(problem.mark, problem.msg + "."));
    }
    std::vector<json::value> out;
    YamlReader reader;
    for (const auto& node : nodes) {
        if (node.IsNull()) continue;
        DP_TRY(value, reader.read(node));
        out.push_back(std::move(value));
    }
    return out;
}

/// Nothing when it is not JSON: YAML's flow style begins alike.
std::optional<std::vector<json::value>> read_json(const std::string& text) {
    boost::system::error_code error;
    auto value = json::parse(text, error);
    if (error) return std::nullopt;
    if (!value.is_array()) return std::vector<json::value>{std::move(value)};
    return std::vector<json::value>(value.get_array().begin(), value.get_array().end());
}

void emit(YAML::Emitter& out, const json::value& value);

void emit_text(YAML::Emitter& out, const std::string& text) {
    // Other readers take `+1415…` as a number, `yes` as a truth value (YAML 1.1).
    static constexpr std::string_view kOldTruths[] = {"y", "n", "yes", "no", "on", "off"};
    const bool is_old_truth = std::ranges::find(kOldTruths, ascii::lower(text)) != std::end(kOldTruths);
    const bool is_plain = plain_scalar(text).is_string() && !text.starts_with('+') && !is_old_truth;
    if (!is_plain) out << YAML::DoubleQuoted;
    out << text;
}

void emit_object(YAML::Emitter& out, const json::object& object) {
    if (object.empty()) out << YAML::Flow;
    out << YAML::BeginMap;
    for (const auto& [key, value] : object) {
        out << YAML::Key;
        emit_text(out, std::string(key));
        out << YAML::Value;
        emit(out, value);
    }
    out << YAML::EndMap;
}

void emit_array(YAML::Emitter& out, const json::array& array) {
    if (array.empty()) out << YAML::Flow;
    out << YAML::BeginSeq;
    for (const auto& value : array) emit(out, value);
    out << YAML::EndSeq;
}

void emit(YAML::Emitter& out, const json::value& value) {
    if (value.is_object()) return emit_object(out, value.get_object());
    if (value.is_array()) return emit_array(out, value.get_array());
    if (value.is_string()) return emit_text(out, std::string(value.get_string()));
    if (value.is_null()) return void(out << YAML::Null);  // the text null would come out in quotes
    out << api::json_text(value);                         // true, 12, 1.5: the same in YAML
}

void indent(std::string& out, const json::value& value, std::size_t depth) {
    const auto line = [&](std::size_t to) { out += '\n' + std::string(2 * to, ' '); };
    if (value.is_object() && !value.get_object().empty()) {
        const char* before = "{";
        for (const auto& [key, member] : value.get_object()) {
            out += std::exchange(before, ",");
            line(depth + 1);
            out += api::json_text(json::string(key)) + ": ";
            indent(out, member, depth + 1);
        }
        line(depth);
        out += '}';
    } else if (value.is_array() && !value.get_array().empty()) {
        const char* before = "[";
        for (const auto& item : value.get_array()) {
            out += std::exchange(before, ",");
            line(depth + 1);
            indent(out, item, depth + 1);
        }
        line(depth);
        out += ']';
    } else {
        out += api::json_text(value);
    }
}

}  // namespace

Result<std::vector<json::value>> read_documents(const std::string& text) {
    auto as_json = read_json(text);
    DP_TRY(documents, as_json ? Result<std::vector<json::value>>(std::move(*as_json)) : read_yaml(text));
    for (const auto& document : documents)
        if (!document.is_object()) return fail(ErrorCode::MalformedInput, "a document must be an object.");
    if (documents.empty()) return fail(ErrorCode::MalformedInput, "there is no document in it.");
    return documents;
}

std::string to_yaml(const json::value& value) {
    YAML::Emitter out;
    emit(out, value);
    return std::string(out.c_str()) + "\n";
}

std::string to_pretty_json(const json::value& value) {
    std::string out;
    indent(out, value, 0);
    return out + "\n";
}

const json::value* member_at(const json::value& object, std::string_view path) {
    const json::value* at = &object;
    for (const auto name : ascii::split(path, '.')) {
        if (!at->is_object()) return nullptr;
        at = at->get_object().if_contains(name);
        if (!at) return nullptr;
    }
    return at;
}

std::string text_at(const json::value& object, std::string_view path) {
    const auto* value = member_at(object, path);
    return value && value->is_string() ? std::string(value->get_string()) : "";
}

}  // namespace dp::app::cli
