#pragma once
/// @file NumberService: order, confirm, assign and release numbers (seed 0). Each step obeys the lifecycle; assigning
/// before `active` is a Conflict that says the state.

#include "base/random.hpp"
#include "telephony/config/rules.hpp"
#include "telephony/write_context.hpp"

namespace dp::telephony {

class NumberService {
public:
    NumberService(Store& store, Random& random) : store_(store), random_(random) {}

    /// Stores it `pending`. InvalidValue for an unknown provider, location, routing target or a type the provider does
    /// not have.
    void order(WriteContext context, Number number, Executor& reply_on, Reply<Committed> reply);
    /// Replaces the routing object as a whole (absent: removes it).
    void assign(WriteContext context, const NumberId& id, std::optional<NumberRouting> routing,
                std::int64_t expected_version, Executor& reply_on, Reply<Committed> reply);
    /// A step of the lifecycle, with the carrier's words where it gave any.
    void step(WriteContext context, const NumberId& id, NumberTransition transition, std::string carrier_code,
              std::string carrier_text, Executor& reply_on, Reply<Committed> reply);

private:
    Result<Number> present(const WriteContext& context, const NumberId& id) const;
    void write(WriteContext context, Number number, std::int64_t expected_version, std::string_view event,
               std::string_view action, Executor& reply_on, Reply<Committed> reply);

    Store& store_;
    Random& random_;
};

}  // namespace dp::telephony
