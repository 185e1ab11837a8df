#pragma once
/// @file NumberService: order, assign, retry and release numbers, and the steps of their jobs (seed 0). Each obeys the
/// lifecycle; assigning before `active` is a Conflict that says the state.
///
/// Threads: any; the reply runs on the executor named, or at once when a rule is broken.

#include "base/random.hpp"
#include "telephony/config/rules.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

/// What a PUT means for a call flow that it leaves out (seed 0, edge case 3).
enum class CallflowLoss { Warned, Refused };

/// Absent members stay as they are.
struct NumberUpdate {
    std::optional<std::optional<NumberRouting>> routing{};  ///< replaced as a whole; inner nullopt: no routing any more
    std::optional<std::string> label{};
    std::optional<LocationId> location{};
    CallflowLoss on_callflow_loss = CallflowLoss::Warned;
};

/// What a job's step changes. Applies to that job only: another one is a Conflict.
struct NumberChange {
    std::string job;
    std::vector<NumberTransition> transitions{};
    std::optional<std::string> external_id{};
    std::optional<Attention> attention{};
    std::string carrier_code{};
    std::string carrier_text{};
};

/// The number after the change; its job is gone once it is active or released.
Result<Number> applied(Number number, const NumberChange& change);
/// True when `after` sends calls past a call flow that `before` ran first.
bool drops_callflow(const std::optional<NumberRouting>& before, const std::optional<NumberRouting>& after);

class NumberService {
public:
    NumberService(Store& store, Random& random) : store_(store), random_(random) {}

    /// Stores it `pending` with its job. InvalidValue for an unknown provider, location, routing target or a type the
    /// provider does not have.
    void order(WriteContext context, Number number, Executor& reply_on, Reply<Committed> reply);
    void update(WriteContext context, const NumberId& id, NumberUpdate update, std::int64_t expected_version,
                Executor& reply_on, Reply<Committed> reply);
    /// Orders a rejected or failed number again.
    void retry(WriteContext context, const NumberId& id, Executor& reply_on, Reply<Committed> reply);
    /// Starts to give it back: `releasing`, with a job.
    void release(WriteContext context, const NumberId& id, std::int64_t expected_version, Executor& reply_on,
                 Reply<Committed> reply);
    /// A step of its job.
    void change(WriteContext context, const NumberId& id, const NumberChange& change, Executor& reply_on,
                Reply<Committed> reply);

private:
    Result<Number> present(const WriteContext& context, const NumberId& id) const;
    void write(WriteContext context, Number number, std::int64_t expected_version, std::vector<Event> events,
               std::string_view action, Executor& reply_on, Reply<Committed> reply);

    Store& store_;
    Random& random_;
};

}  // namespace dp::telephony
