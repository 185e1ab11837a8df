#pragma once
/// @file Entities to and from the JSON documents that are stored. JSON itself stays behind documents.cpp.
///
/// Threads: pure. Errors: Internal for a document that does not read (a damaged database, or one from a newer program).

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "telephony/config/entity.hpp"
#include "telephony/conversation/conversation.hpp"

namespace dp::store {

enum class Secrecy { Stored, Masked };  ///< Masked: as an audit entry may show it

std::string to_document(const telephony::Entity& entity, Secrecy secrecy);
std::string to_document(const telephony::Conversation& conversation);
std::string to_document(const telephony::AccessGrant& grant);

/// Without id and meta, which are columns.
Result<telephony::Entity> entity_from_document(telephony::EntityType type, std::string_view document);
Result<telephony::Conversation> conversation_from_document(std::string_view document);
Result<telephony::AccessGrant> grant_from_document(std::string_view document);

/// A stored document as an audit entry may show it.
Result<std::string> masked_document(telephony::EntityType type, std::string_view document);

}  // namespace dp::store
