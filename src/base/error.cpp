#include "base/error.hpp"

#include <array>

namespace dp {
namespace {

constexpr std::array<ErrorFacts, 19> kFacts{{
    {"invalid_value", 400, 400, "invalid.value"},
    {"missing_field", 400, 400, "required.field.missing"},
    {"malformed_input", 400, 400, "bad.request"},
    {"unauthenticated", 401, 401, "authentication.required"},
    {"forbidden", 403, 403, "not.authorized"},
    {"not_found", 404, 404, "not.found"},
    {"method_not_allowed", 405, 405, "method.not.allowed"},
    {"not_acceptable", 406, 406, "not.acceptable"},
    {"conflict", 409, 491, "general.conflict"},
    {"duplicate", 409, 403, "duplicate.value"},
    {"too_large", 413, 513, "request.too.large"},
    {"unsupported_media", 415, 488, "unsupported.media.type"},
    {"idempotency_mismatch", 422, 400, "idempotency.key.reused"},
    {"too_many_requests", 429, 503, "too.many.requests"},
    {"internal", 500, 500, "internal.server.error"},
    {"not_implemented", 501, 501, "not.implemented"},
    {"unavailable", 503, 503, "service.unavailable"},
    {"timeout", 504, 408, "request.timeout"},
    {"transport_failed", 502, 503, "bad.gateway"},
}};
static_assert(kFacts.size() == static_cast<std::size_t>(ErrorCode::TransportFailed) + 1);

}  // namespace

const ErrorFacts& facts(ErrorCode code) {
    return kFacts[static_cast<std::size_t>(code)];
}

}  // namespace dp
