#pragma once
/// @file Failures of the store on demand, for the sandbox only.

#include "api/http/router.hpp"

namespace dp::store {
class StoreFaults;
}

namespace dp::api {

/// `faults` outlives the router.
void add_sandbox_faults(Router& router, store::StoreFaults& faults);

}  // namespace dp::api
