#pragma once
/// @file Which table an entity type lives in, its key columns and what is unique among them: the one place where the
/// schema's guarantees meet the domain's errors.

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "telephony/config/entity.hpp"

namespace dp::store::sqlite {

/// A UNIQUE of the table, by its columns beyond the organization.
struct UniqueRule {
    std::vector<std::string_view> columns;
    bool within_organization;
    std::string_view sentence;  ///< what is taken, for the answer
};

struct EntityTable {
    std::string_view name;
    std::vector<std::string_view> keys;  ///< key columns, in the order of key_values()
    std::vector<UniqueRule> unique;

    std::string select_one;  ///< version, created_at, created_by, modified_at, modified_by, doc; by organization_id, id
    std::string select_all;  ///< organization_id, id, then the same
    std::string insert;  ///< organization_id, id, version, created_at, modified_at, created_by, modified_by, doc, keys…
    std::string update;  ///< version, modified_at, modified_by, doc, keys…; organization_id, id
    std::string remove;  ///< organization_id, id
};

const EntityTable& table_of(telephony::EntityType type);

/// Empty strings become NULL, so that what is absent is neither unique nor a reference.
std::vector<std::optional<std::string>> key_values(const telephony::Entity& entity);

}  // namespace dp::store::sqlite
