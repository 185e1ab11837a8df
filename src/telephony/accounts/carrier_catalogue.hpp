#pragma once
/// @file The carriers that a telephony configuration can name, and what each asks for: one table from which the form
/// metadata, the validation of `config` and the masking of secrets are all read (seed 4, "Supported Providers").
///
/// Static data; any thread. Sources: seed 4 for keys, names and notes; the carriers' own documents for the fields.

#include <cstdint>
#include <span>
#include <string_view>

namespace dp::telephony {

/// How a form shows a field and what its value is in JSON: `boolean` is true or false, every other a string.
enum class FieldKind : std::uint8_t { Text, Password, TextArea, Boolean };

struct CarrierField {
    std::string_view name;
    std::string_view label;
    FieldKind kind = FieldKind::Text;
    bool required = false;
    bool sensitive = false;  ///< sealed at rest, masked in answers
    std::string_view description = {};
};

struct KnownCarrier {
    std::string_view key;   ///< `telnyx`
    std::string_view name;  ///< `Telnyx`
    std::string_view note;  ///< seed 4's
    std::string_view connectivity;
    std::string_view docs_url;
    std::span<const CarrierField> fields;
};

/// In order of their keys.
std::span<const KnownCarrier> known_carriers();
/// Null when there is none.
const KnownCarrier* find_carrier(std::string_view key);
const CarrierField* find_field(const KnownCarrier& carrier, std::string_view name);
std::string_view to_string(FieldKind kind);

}  // namespace dp::telephony
