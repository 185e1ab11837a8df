#pragma once
/// @file IdempotencyGate: `Idempotency-Key` for every POST, before its handler. The same request of the same client
/// under the same key is carried out once within 24 hours and answered alike: concurrent ones wait for the first,
/// later ones get what was kept, and another body under the key is a 422.
///
/// How it survives a crash: the unit of work that carries the request out claims the key in the same transaction, with
/// the answer where it is known beforehand (keep_answer); what was answered is kept before it goes out. A claim without
/// an answer (the server died in between) is answered from what the request made. Only success is kept: a refused
/// request changed nothing and may be sent again.
///
/// Answers are kept sealed, because some show a secret once. API thread, but answers may come from any. The gate
/// outlives every request. Source: product.md "Idempotency-Key".

#include <functional>
#include <memory>
#include <string>

#include "api/http/reply.hpp"
#include "api/http/router.hpp"
#include "telephony/ports/secrets.hpp"
#include "telephony/ports/store.hpp"
#include "telephony/write_context.hpp"

namespace dp::api {

/// The claim of a POST's key: who, where, which key, which body.
telephony::IdempotencyRecord idempotency_of(const ApiRequest& request);

/// Puts the answer into the claim, so that one transaction holds the effect and what is said of it. Nothing without a
/// key. `body` empty: an answer without one.
void keep_answer(telephony::WriteContext& write, const telephony::Secrets& secrets, int status, std::string_view body);

class IdempotencyGate {
public:
    /// Answers a request from the resource with this id, which an earlier try of it made.
    using ReadBack = std::function<void(ApiRequest, Reply, const std::string&)>;

    IdempotencyGate(telephony::Store& store, const telephony::Secrets& secrets, Executor& api);
    ~IdempotencyGate();

    /// `created`: what the route answers when it has made something.
    void run(ApiRequest request, Reply reply, const ApiHandler& handler, int created, ReadBack read_back);

private:
    struct Flights;
    struct Landing;
    struct Attempt;

    void look_up(Attempt attempt);
    void proceed(Attempt attempt, const std::optional<telephony::IdempotencyRecord>& kept);
    void replay(Reply reply, const telephony::IdempotencyRecord& kept) const;
    void keep(telephony::IdempotencyRecord record, net::HttpResponse response, net::HttpResponder responder,
              std::shared_ptr<Landing> landing);

    telephony::Store& store_;
    const telephony::Secrets& secrets_;
    Executor& api_;
    std::shared_ptr<Flights> flights_;
};

}  // namespace dp::api
