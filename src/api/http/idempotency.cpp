#include "api/http/idempotency.hpp"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <vector>

#include "base/crypto.hpp"

namespace dp::api {

using telephony::IdempotencyRecord;

namespace {

constexpr std::size_t kMaxKey = 255;
constexpr std::size_t kMaxWaiting = 64;  ///< requests that wait for one in flight

bool is_valid_key(std::string_view key) {
    return !key.empty() && key.size() <= kMaxKey && std::ranges::all_of(key, [](char c) { return c > ' ' && c < 127; });
}

}  // namespace

IdempotencyRecord idempotency_of(const ApiRequest& request) {
    IdempotencyRecord out;
    out.scope = request.caller->organization.str() + " " + request.caller->bucket() + " " + request.caller->user.str() +
                " POST " + request.http.path;
    out.key = request.http.header("Idempotency-Key");
    out.request_sha256 = crypto::hex(crypto::sha256(request.http.body));
    return out;
}

namespace {

std::string slot_of(const IdempotencyRecord& record) {
    return record.scope + "\n" + record.key;
}

void fill_answer(IdempotencyRecord& record, const telephony::Secrets& secrets, int status, std::string_view body) {
    record.http_status = status;
    record.response = crypto::base64(secrets.seal(body, "idempotency/" + slot_of(record)).bytes);
}

Error reused() {
    return {ErrorCode::IdempotencyMismatch, "The Idempotency-Key was used before with another body.",
            "Idempotency-Key"};
}

}  // namespace

void keep_answer(telephony::WriteContext& write, const telephony::Secrets& secrets, int status, std::string_view body) {
    if (write.idempotency) fill_answer(*write.idempotency, secrets, status, body);
}

/// One request on its way through the gate.
struct IdempotencyGate::Attempt {
    IdempotencyRecord asked;
    ApiRequest request;
    Reply reply;
    ApiHandler handler;
    int created;
    ReadBack read_back;
    std::shared_ptr<Landing> landing;
};

/// The requests under way, by client, route and key.
struct IdempotencyGate::Flights {
    struct Flight {
        std::string request_sha256;
        std::vector<Reply> waiting;
    };
    std::mutex mutex;
    std::map<std::string, Flight> by_slot;

    std::vector<Reply> land(const std::string& slot) {
        std::lock_guard lock(mutex);
        auto node = by_slot.extract(slot);
        return node.empty() ? std::vector<Reply>() : std::move(node.mapped().waiting);
    }
};

/// Ends one flight: with the answer for those who wait, or, dropped, without one (each then answers 500 by itself). Its
/// own flight only: once that has landed, the next request under the key begins another, and this one may live on for a
/// moment.
struct IdempotencyGate::Landing {
    std::shared_ptr<Flights> flights;
    std::string slot;
    std::atomic<bool> landed{false};

    Landing(std::shared_ptr<Flights> given, std::string name) : flights(std::move(given)), slot(std::move(name)) {}
    Landing(const Landing&) = delete;
    Landing& operator=(const Landing&) = delete;
    ~Landing() { land(); }

    void answer(const net::HttpResponse& response) {
        const std::string body(response.body.view());
        for (auto& reply : land()) {
            net::HttpResponse copy{response.status, {}, body};
            if (!body.empty()) copy.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
            copy.headers.push_back({"Idempotency-Replayed", "true"});
            std::move(reply).response(std::move(copy));
        }
    }

private:
    std::vector<Reply> land() { return landed.exchange(true) ? std::vector<Reply>() : flights->land(slot); }
};

IdempotencyGate::IdempotencyGate(telephony::Store& store, const telephony::Secrets& secrets, Executor& api)
    : store_(store), secrets_(secrets), api_(api), flights_(std::make_shared<Flights>()) {}

IdempotencyGate::~IdempotencyGate() = default;

void IdempotencyGate::run(ApiRequest request, Reply reply, const ApiHandler& handler, int created, ReadBack read_back) {
    if (!is_valid_key(request.http.header("Idempotency-Key")))
        return std::move(reply).error({ErrorCode::InvalidValue,
                                       "Idempotency-Key must be 1 to 255 visible ASCII characters without spaces.",
                                       "Idempotency-Key"});
    auto record = idempotency_of(request);
    auto slot = slot_of(record);
    {
        std::unique_lock lock(flights_->mutex);
        auto [flight, first] = flights_->by_slot.try_emplace(slot, Flights::Flight{record.request_sha256, {}});
        if (!first && flight->second.request_sha256 != record.request_sha256) {
            lock.unlock();
            return std::move(reply).error(reused());
        }
        if (!first && flight->second.waiting.size() >= kMaxWaiting) {
            lock.unlock();
            return std::move(reply).error(
                {ErrorCode::Unavailable, "Too many requests wait for the first one under this Idempotency-Key.", ""});
        }
        if (!first) return flight->second.waiting.push_back(std::move(reply));
    }
    // Whatever is answered, here or by the handler, is also the answer of those who wait.
    auto landing = std::make_shared<Landing>(flights_, std::move(slot));
    reply.on_response([landing](net::HttpResponse response, net::HttpResponder responder) {
        landing->answer(response);
        std::move(responder).respond(std::move(response));
    });
    look_up({std::move(record), std::move(request), std::move(reply), handler, created, std::move(read_back),
             std::move(landing)});
}

void IdempotencyGate::look_up(Attempt attempt) {
    const auto scope = attempt.asked.scope, key = attempt.asked.key;
    store_.find_idempotency(
        scope, key, api_, [this, attempt = std::move(attempt)](Result<std::optional<IdempotencyRecord>> kept) mutable {
            if (!kept) return std::move(attempt.reply).error(kept.error());
            proceed(std::move(attempt), *kept);
        });
}

void IdempotencyGate::proceed(Attempt attempt, const std::optional<IdempotencyRecord>& kept) {
    auto& reply = attempt.reply;
    if (kept && kept->request_sha256 != attempt.asked.request_sha256) return std::move(reply).error(reused());
    if (kept && kept->http_status != 0) return replay(std::move(reply), *kept);
    // From here on a success is kept before it goes out; what is read back was created by the try before.
    reply.on_response([this, asked = attempt.asked, landing = attempt.landing, created = attempt.created,
                       lost = kept.has_value()](net::HttpResponse response, net::HttpResponder responder) {
        if (lost && response.status == 200) response.status = created;
        keep(asked, std::move(response), std::move(responder), landing);
    });
    if (kept) return attempt.read_back(std::move(attempt.request), std::move(reply), kept->response);
    attempt.handler(std::move(attempt.request), std::move(reply));
}

void IdempotencyGate::replay(Reply reply, const IdempotencyRecord& kept) const {
    const auto sealed = crypto::base64_decode(kept.response);
    auto body = sealed ? secrets_.open({*sealed}, "idempotency/" + slot_of(kept))
                       : Result<std::string>(fail(ErrorCode::Internal, "The kept answer is damaged."));
    if (!body) return std::move(reply).error(body.error());
    reply.add_header("Idempotency-Replayed", "true");
    net::HttpResponse out{kept.http_status, {}, {}};
    if (!body->empty()) out.headers = {{"Content-Type", "application/json"}, {"Cache-Control", "no-store"}};
    out.body = std::move(*body);
    std::move(reply).response(std::move(out));
}

void IdempotencyGate::keep(IdempotencyRecord record, net::HttpResponse response, net::HttpResponder responder,
                           std::shared_ptr<Landing> landing) {
    if (response.status >= 300) {
        landing->answer(response);
        return std::move(responder).respond(std::move(response));
    }
    fill_answer(record, secrets_, response.status, response.body.view());
    telephony::UnitOfWork unit;
    unit.idempotency = std::move(record);
    store_.submit(std::move(unit), api_,
                  [response = std::move(response), responder = std::move(responder),
                   landing](const Result<telephony::Committed>&) mutable {
                      // The request is carried out and claimed whatever became of its answer's copy.
                      landing->answer(response);
                      std::move(responder).respond(std::move(response));
                  });
}

}  // namespace dp::api
