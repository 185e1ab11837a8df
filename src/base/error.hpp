#pragma once
/// @file One vocabulary of failure, and the one table that says what each failure is over HTTP, over SIP and in
/// metrics.
///
/// Threads: values; free to copy between threads. Errors are answers, never control flow by exception: bytes from the
/// network neither throw nor abort.

#include <cstdint>
#include <string>
#include <string_view>

namespace dp {

enum class ErrorCode : std::uint8_t {
    InvalidValue,     ///< a field breaks a rule; `field` names it
    MissingField,     ///< a required field is absent; `field` names it
    MalformedInput,   ///< the bytes are not the format they claim to be
    Unauthenticated,  ///< no, wrong or expired credentials
    Forbidden,        ///< known caller, not allowed
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,   ///< state or version does not permit the change
    Duplicate,  ///< something with the same key exists; `field` carries its id
    TooLarge,
    UnsupportedMedia,  ///< wrong content type or no common codec
    IdempotencyMismatch,
    TooManyRequests,
    Internal,
    NotImplemented,
    Unavailable,  ///< overloaded, draining, store not writable
    Timeout,
    TransportFailed,
};

/// A failure with its reason for a human (`detail` is a full sentence that stands alone) and the field it concerns.
struct Error {
    ErrorCode code = ErrorCode::Internal;
    std::string detail;
    std::string field;
};

/// What an error code is on each surface. Looked up, never spelled out elsewhere.
struct ErrorFacts {
    std::string_view label;  ///< metric label, stable
    int http_status;
    int sip_status;
    std::string_view api_code;  ///< Genesys dotted error code
};

const ErrorFacts& facts(ErrorCode code);

}  // namespace dp
