#include "store/documents/documents.hpp"

#include <boost/json.hpp>

#include <fmt/format.h>

#include <array>
#include <limits>
#include <utility>

#include "base/crypto.hpp"
#include "base/json_text.hpp"
#include "store/documents/fields.hpp"
#include "telephony/names.hpp"
#include "telephony/trunks/trunk_service.hpp"

namespace dp::store {
namespace {

namespace json = boost::json;
using telephony::EndReason;
using telephony::Sealed;

template <class T>
inline constexpr bool is_id = false;
template <class Tag>
inline constexpr bool is_id<StrongId<Tag>> = true;

// EndReason's names are its table; every other choice has its own.
template <class E>
std::string_view choice_name(E value) {
    if constexpr (std::is_same_v<E, EndReason>)
        return telephony::facts(value).name;
    else
        return telephony::name_of(value);
}
template <class E>
std::optional<E> choice_from(std::string_view name) {
    if constexpr (std::is_same_v<E, EndReason>)
        return telephony::end_reason_from(name);
    else
        return telephony::from_name<E>(name);
}

/// Writes the text directly: a tree of values would cost more than the rest of the write.
class Writer {
public:
    Writer(Secrecy secrecy, std::string& out) : secrecy_(secrecy), out_(out) { out_ += '{'; }

    template <class T>
    void operator()(std::string_view name, const T& value) {
        key(name);
        encode(value);
    }
    /// Absent when there is nothing: every optional field is empty by default.
    template <class T>
    void operator()(std::string_view name, const std::optional<T>& value) {
        if (value) (*this)(name, *value);
    }
    template <class T>
    void operator()(std::string_view name, const Boxed<T>& value) {
        if (value) (*this)(name, *value);
    }
    void secret(std::string_view name, const std::string& value) {
        key(name);
        append_json_string(out_, secrecy_ == Secrecy::Masked ? telephony::kMaskedSecret : std::string_view(value));
    }
    void close() { out_ += '}'; }

private:
    void key(std::string_view name) {
        if (!first_) out_ += ',';
        first_ = false;
        append_json_string(out_, name);
        out_ += ':';
    }
    void encode(const std::string& value) { append_json_string(out_, value); }
    void encode(bool value) { out_ += value ? "true" : "false"; }
    void encode(std::chrono::seconds value) { out_ += std::to_string(value.count()); }
    void encode(WallTime value) { out_ += std::to_string(to_millis(value)); }
    void encode(const Sealed& value) {
        append_json_string(out_, secrecy_ == Secrecy::Masked ? telephony::kMaskedSecret : crypto::base64(value.bytes));
    }
    template <class Tag>
    void encode(const StrongId<Tag>& value) {
        append_json_string(out_, value.str());
    }
    template <class T>
    void encode(const std::vector<T>& values) {
        out_ += '[';
        for (std::size_t i = 0; i < values.size(); ++i) {
            if (i != 0) out_ += ',';
            encode(values[i]);
        }
        out_ += ']';
    }
    template <class T>
    void encode(const T& value) {
        if constexpr (std::is_enum_v<T>) {
            append_json_string(out_, choice_name(value));
        } else if constexpr (std::is_integral_v<T>) {
            out_ += std::to_string(value);
        } else {
            Writer nested(secrecy_, out_);
            fields(nested, value);
            nested.close();
        }
    }

    Secrecy secrecy_;
    std::string& out_;
    bool first_ = true;
};

class Reader {
public:
    explicit Reader(const json::object& in) : in_(in) {}

    template <class T>
    void operator()(std::string_view name, T& value) {
        const json::value* found = in_.if_contains(name);
        if (found && !decode(*found, value) && bad_.empty()) bad_ = name;
    }
    void secret(std::string_view name, std::string& value) { (*this)(name, value); }
    const std::string& bad() const { return bad_; }

private:
    static bool decode(const json::value& in, std::string& out) {
        const auto* text = in.if_string();
        if (text) out.assign(text->data(), text->size());
        return text != nullptr;
    }
    static bool decode(const json::value& in, bool& out) {
        if (!in.is_bool()) return false;
        out = in.get_bool();
        return true;
    }
    static bool decode(const json::value& in, std::chrono::seconds& out) {
        std::int64_t count = 0;
        if (!decode(in, count)) return false;
        out = std::chrono::seconds(count);
        return true;
    }
    static bool decode(const json::value& in, WallTime& out) {
        std::int64_t millis = 0;
        if (!decode(in, millis)) return false;
        out = from_millis(millis);
        return true;
    }
    static bool decode(const json::value& in, Sealed& out) {
        const auto* text = in.if_string();
        if (!text) return false;
        auto bytes = crypto::base64_decode({text->data(), text->size()});
        if (bytes) out.bytes = std::move(*bytes);
        return bytes.has_value();
    }
    template <class Tag>
    static bool decode(const json::value& in, StrongId<Tag>& out) {
        std::string text;
        if (!decode(in, text)) return false;
        out = StrongId<Tag>(std::move(text));
        return true;
    }
    template <class T>
    static bool decode(const json::value& in, std::optional<T>& out) {
        out.reset();
        return in.is_null() || decode(in, out.emplace());
    }
    template <class T>
    static bool decode(const json::value& in, Boxed<T>& out) {
        out.reset();
        return in.is_null() || decode(in, out.emplace());
    }
    template <class T>
    static bool decode(const json::value& in, std::vector<T>& out) {
        const auto* array = in.if_array();
        if (!array) return false;
        out.clear();
        for (const json::value& value : *array)
            if (!decode(value, out.emplace_back())) return false;
        return true;
    }
    template <class T>
    static bool decode(const json::value& in, T& out) {
        if constexpr (std::is_enum_v<T>)
            return decode_choice(in, out);
        else if constexpr (std::is_integral_v<T>)
            return decode_integer(in, out);
        else
            return decode_object(in, out);
    }
    template <class E>
    static bool decode_choice(const json::value& in, E& out) {
        const auto* text = in.if_string();
        const auto choice = text ? choice_from<E>({text->data(), text->size()}) : std::nullopt;
        if (choice) out = *choice;
        return choice.has_value();
    }
    template <class T>
    static bool decode_integer(const json::value& in, T& out) {
        const auto* number = in.if_int64();
        if (!number || !std::in_range<T>(*number)) return false;
        out = static_cast<T>(*number);
        return true;
    }
    template <class T>
    static bool decode_object(const json::value& in, T& out) {
        const auto* object = in.if_object();
        if (!object) return false;
        Reader nested(*object);
        fields(nested, out);
        return nested.bad().empty();
    }

    const json::object& in_;
    std::string bad_;
};

template <class T>
std::string write(const T& value, Secrecy secrecy) {
    std::string out;
    Writer writer(secrecy, out);
    fields(writer, value);
    writer.close();
    return out;
}

template <class T>
Result<T> read(std::string_view document) {
    boost::system::error_code problem;
    // The tree is read once and thrown away: most fit in a page of the stack.
    std::array<unsigned char, 4096> room;
    json::monotonic_resource memory(room.data(), room.size());
    const json::value parsed = json::parse({document.data(), document.size()}, problem, &memory);
    if (problem || !parsed.is_object())
        return fail(ErrorCode::Internal, "A stored document is not a JSON object: the database is damaged.");
    T out;
    Reader reader(parsed.get_object());
    fields(reader, out);
    if (!reader.bad().empty())
        return fail(ErrorCode::Internal,
                    fmt::format("The field '{}' of a stored document does not read: the database is damaged "
                                "or was written by a newer version.",
                                reader.bad()));
    return out;
}

template <std::size_t I>
Result<telephony::Entity> read_entity(std::string_view document) {
    DP_TRY(entity, read<std::variant_alternative_t<I, telephony::Entity>>(document));
    return telephony::Entity(std::in_place_index<I>, std::move(entity));
}

}  // namespace

std::string to_document(const telephony::Entity& entity, Secrecy secrecy) {
    return std::visit([&](const auto& e) { return write(e, secrecy); }, entity);
}

std::string to_document(const telephony::Conversation& conversation) {
    return write(conversation, Secrecy::Stored);
}
std::string to_document(const telephony::AccessGrant& grant) {
    return write(grant, Secrecy::Stored);
}

Result<telephony::Entity> entity_from_document(telephony::EntityType type, std::string_view document) {
    using Read = Result<telephony::Entity> (*)(std::string_view);
    static constexpr auto kReaders = []<std::size_t... I>(std::index_sequence<I...>) {
        return std::array<Read, sizeof...(I)>{&read_entity<I>...};
    }(std::make_index_sequence<telephony::kEntityTypes>());
    return kReaders[static_cast<std::size_t>(type)](document);
}

Result<telephony::Conversation> conversation_from_document(std::string_view document) {
    return read<telephony::Conversation>(document);
}

Result<telephony::AccessGrant> grant_from_document(std::string_view document) {
    return read<telephony::AccessGrant>(document);
}

Result<std::string> masked_document(telephony::EntityType type, std::string_view document) {
    DP_TRY(entity, entity_from_document(type, document));
    return to_document(entity, Secrecy::Masked);
}

}  // namespace dp::store
