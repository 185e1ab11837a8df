#include "telephony/accounts/carrier_catalogue.hpp"

#include <algorithm>

namespace dp::telephony {
namespace {

constexpr CarrierField kCloudonix[] = {
    {"bearer_token", "Bearer Token", FieldKind::Password, true, true, "API key of the domain."},
    {"domain_id", "Domain Name", FieldKind::Text, true, false, "A short name stands for NAME.cloudonix.net."},
    {"application_name", "Application Name", FieldKind::Text, false, false, "The voice application for calls."},
};
constexpr CarrierField kPlivo[] = {
    {"auth_id", "Auth ID", FieldKind::Text, true, true},
    {"auth_token", "Auth Token", FieldKind::Password, true, true},
    {"application_id", "Application ID", FieldKind::Text, false, false},
};
constexpr CarrierField kSignalWire[] = {
    {"space_url", "Space URL", FieldKind::Text, true, false, "As in NAME.signalwire.com."},
    {"project_id", "Project ID", FieldKind::Text, true, true},
    {"api_token", "API Token", FieldKind::Password, true, true},
    {"signing_key", "Signing Key", FieldKind::Password, true, true, "Signs callbacks; it is not the API token."},
};
constexpr CarrierField kTelnyx[] = {
    {"api_key", "API Key", FieldKind::Password, true, true},
    {"connection_id", "Call Control App ID", FieldKind::Text, false, false},
    {"webhook_public_key", "Webhook Public Key", FieldKind::TextArea, false, false,
     "Without it Telnyx's callbacks cannot be verified."},
};
constexpr CarrierField kTwilio[] = {
    {"account_sid", "Account SID", FieldKind::Text, true, true},
    {"auth_token", "Auth Token", FieldKind::Password, true, true},
    {"amd_enabled", "Answering Machine Detection", FieldKind::Boolean, false, false},
};
constexpr CarrierField kVobiz[] = {
    {"auth_id", "Account ID", FieldKind::Text, true, true},
    {"auth_token", "Auth Token", FieldKind::Password, true, true},
    {"application_id", "Application ID", FieldKind::Text, false, false},
};
constexpr CarrierField kVonage[] = {
    {"application_id", "Application ID", FieldKind::Text, true, false},
    {"private_key", "Private Key", FieldKind::TextArea, true, true, "PEM, of the application."},
    {"api_key", "API Key", FieldKind::Text, true, true},
    {"api_secret", "API Secret", FieldKind::Password, true, true},
    {"signature_secret", "Signature Secret", FieldKind::Password, false, true,
     "Without it Vonage's callbacks cannot be verified."},
};

constexpr KnownCarrier kCarriers[] = {
    {"cloudonix", "Cloudonix", "Enterprise SIP", "sip", "https://developers.cloudonix.com", kCloudonix},
    {"plivo", "Plivo", "Cost-effective option", "api", "https://www.plivo.com/docs", kPlivo},
    {"signalwire", "SignalWire", "Twilio-compatible API", "api", "https://developer.signalwire.com", kSignalWire},
    {"telnyx", "Telnyx", "Recommended for high volume", "api", "https://developers.telnyx.com", kTelnyx},
    {"twilio", "Twilio", "Widest geographic coverage", "api", "https://www.twilio.com/docs", kTwilio},
    {"vobiz", "Vobiz", "Regional provider", "api", "https://www.docs.vobiz.ai", kVobiz},
    {"vonage", "Vonage", "Strong European coverage", "api", "https://developer.vonage.com", kVonage},
};

}  // namespace

std::span<const KnownCarrier> known_carriers() {
    return kCarriers;
}

const KnownCarrier* find_carrier(std::string_view key) {
    const auto* const found = std::ranges::find(kCarriers, key, &KnownCarrier::key);
    return found == std::ranges::end(kCarriers) ? nullptr : found;
}

const CarrierField* find_field(const KnownCarrier& carrier, std::string_view name) {
    const auto found = std::ranges::find(carrier.fields, name, &CarrierField::name);
    return found == carrier.fields.end() ? nullptr : &*found;
}

std::string_view to_string(FieldKind kind) {
    switch (kind) {
        case FieldKind::Password:
            return "password";
        case FieldKind::TextArea:
            return "textarea";
        case FieldKind::Boolean:
            return "boolean";
        case FieldKind::Text:
            break;
    }
    return "text";
}

}  // namespace dp::telephony
