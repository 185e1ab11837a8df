#pragma once
/// @file ConversationFilter: `conversationFilters` and `segmentFilters` of the details query (genesys-api 1.8), on the
/// dimensions that our calls have. All filters must hold; a segment filter holds when one leg of the call fulfils all of
/// it.
///
/// Values, no threads. Errors: an unknown dimension or operator is refused by the reader, named with those there are.

#include <cstdint>
#include <string>
#include <vector>

#include "api/http/json_reader.hpp"
#include "telephony/conversation/conversation.hpp"

namespace dp::api {

/// One leg and whose it is, or (both null) the call itself.
struct Subject {
    const telephony::Conversation& conversation;
    const telephony::Participant* participant = nullptr;
    const telephony::Communication* leg = nullptr;
};

/// The value of a dimension; empty: it has none.
using DimensionValue = std::string (*)(const Subject&);

class ConversationFilter {
public:
    /// Takes both arrays out of the body.
    static ConversationFilter read(JsonReader& body);

    bool matches(const telephony::Conversation& conversation) const;

private:
    enum class Test : std::uint8_t { Matches, Exists, NotExists };
    enum class Join : std::uint8_t { And, Or };
    struct Predicate {
        DimensionValue dimension = nullptr;
        Test test = Test::Matches;
        std::string value;
    };
    struct Clause {
        Join join = Join::And;
        std::vector<Predicate> predicates;
        std::vector<Clause> clauses;
    };
    enum class About : std::uint8_t { Call, Leg };

    static std::vector<Clause> read_clauses(JsonReader& body, std::string_view name, About about, int depth);
    static Predicate read_predicate(JsonReader& body, About about);
    static bool holds(const Clause& clause, const Subject& subject);
    static bool holds(const Predicate& predicate, const Subject& subject);

    std::vector<Clause> calls_, legs_;
};

}  // namespace dp::api
