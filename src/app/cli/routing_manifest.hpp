#pragma once
/// @file The routing manifest (seed 0, section 2: "maintain a routing manifest in version control"): what a file says of
/// numbers, merged with what is live, and the difference as a plan.
///
/// Pure: JSON values in, a plan out. A manifest is
///
///     kind: routing
///     complete: true          # these are all the numbers there are; a live one that is missing is to be released
///     numbers:
///       +14155552671:
///         routing: {type: queue, id: queue-inbound-sales, callflowId: cf-inbound-ivr-main}
///         label: Sales
///         locationId: us_east_1
///         order: {type: pstn, providerId: sip-trunk-acme-us-east, locationId: us_east_1}   # if it is not there yet
///       +14155552672: null    # to be released
///
/// Merging follows RFC 7396: a key that is absent keeps what is live, null removes it. A key that is unknown is an
/// error: a misspelt `callflowId` would silently send callers past the IVR (seed 0, edge case 3).

#include <boost/json/object.hpp>

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace dp::app::cli {

struct Manifest {
    bool complete = false;
    std::map<std::string, boost::json::value> numbers;  ///< by E.164; an object, or null
};

bool is_manifest(const boost::json::value& document);
/// Several documents are one manifest; a number may stand in one of them only.
Result<Manifest> read_manifest(std::span<const boost::json::value> documents);

/// Numbers in force by E.164, in the API's shape. What was rejected, has failed or is released is not among them.
using Estate = std::map<std::string, boost::json::object>;
Estate estate_of(const boost::json::array& numbers);

/// What is refused unless it is asked for.
struct Permissions {
    bool drop_callflow = false;
    bool release = false;
};

enum class ChangeKind { Order, Assign, Release };

struct Change {
    ChangeKind kind = ChangeKind::Assign;
    std::string number{};
    std::string id{};          ///< of the live number; empty for an order
    std::string state{};       ///< of the live number
    std::int64_t version = 0;  ///< of the live number, for If-Match
    boost::json::object before{};
    boost::json::object after{};  ///< whole: routing object, label, location; an order: the body to send
};

/// Why a number's change must not be made.
struct Problem {
    std::string number;
    std::string sentence;
};

struct Plan {
    std::vector<Change> changes;  ///< in order of numbers
    std::vector<Problem> problems;
    std::size_t unchanged = 0;
    std::size_t left_alone = 0;  ///< live, and not in the manifest
};

/// RFC 7396.
boost::json::value merge_patch(boost::json::value target, const boost::json::value& patch);

Plan make_plan(const Estate& live, const Manifest& manifest, const Permissions& permissions);

/// The live estate as a manifest that changes nothing.
boost::json::object manifest_of(const Estate& live);

/// For people: each change with its fields, the problems, a line of sums.
std::string render(const Plan& plan);

/// For a file: plan now, apply later, only if nothing has changed in between.
boost::json::object plan_to_json(const Plan& plan);
Result<Plan> plan_from_json(const boost::json::value& document);

/// The call flow that runs first; empty when none does.
std::string callflow_of(const boost::json::object& number);

}  // namespace dp::app::cli
