#pragma once
/// @file What every changing request has in common: who asks (WriteContext), the body as a checked JSON object, unknown
/// fields (a warning header, or a 400 under `Prefer: handling=strict`), and the version the client means (`If-Match`,
/// else the body's `version`).

#include <boost/json/fwd.hpp>

#include <memory>

#include "api/http/json_reader.hpp"
#include "api/http/reply.hpp"
#include "api/http/router.hpp"
#include "telephony/write_context.hpp"

namespace dp::api {

telephony::WriteContext write_context(const ApiRequest& request, const Clock& clock);

/// The body and its reader; keep it for as long as fields are read.
struct Body {
    std::unique_ptr<boost::json::value> document;
    std::unique_ptr<JsonReader> fields;

    JsonReader* operator->() const { return fields.get(); }
    JsonReader& operator*() const { return *fields; }
};

Result<Body> body_of(const ApiRequest& request);

/// After the last field was read: its first error, or what is unknown.
Result<void> finish(const Body& body, const ApiRequest& request, Reply& reply);

/// The version that If-Match names; kAnyVersion without one.
Result<std::int64_t> matched_version(const ApiRequest& request);

/// `If-Match: "7"` beats the body's `version`; neither: kAnyVersion (the seeds' clients send none, last write wins).
Result<std::int64_t> expected_version(const ApiRequest& request, JsonReader& fields);

}  // namespace dp::api
