#include "store/sqlite/audit_chain.hpp"

#include "telephony/names.hpp"

namespace dp::store::sqlite {
namespace {

void append_number(std::string& out, std::uint64_t value) {
    for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> static_cast<unsigned>(shift));
}

void append_field(std::string& out, std::string_view field) {
    append_number(out, field.size());
    out.append(field);
}

}  // namespace

crypto::Sha256 payload_digest(const Salt& salt, const telephony::AuditEntry& entry) {
    std::string text(crypto::as_text(salt));
    append_number(text, static_cast<std::uint64_t>(to_millis(entry.time)));
    for (std::string_view field :
         {std::string_view(entry.organization.str()), telephony::name_of(entry.actor.kind),
          std::string_view(entry.actor.id), std::string_view(entry.request_id), std::string_view(entry.action),
          std::string_view(entry.entity_type), std::string_view(entry.entity_id), std::string_view(entry.before),
          std::string_view(entry.after)})
        append_field(text, field);
    return crypto::sha256(text);
}

crypto::Sha256 chain_digest(const crypto::Sha256& previous, std::uint64_t sequence, const crypto::Sha256& payload) {
    std::string text(crypto::as_text(previous));
    append_number(text, sequence);
    text.append(crypto::as_text(payload));
    return crypto::sha256(text);
}

AuditSeal seal_entry(const crypto::Sha256& previous, const telephony::AuditEntry& entry, Random& random) {
    AuditSeal seal;
    random.fill(seal.salt);
    seal.payload = payload_digest(seal.salt, entry);
    seal.chain = chain_digest(previous, entry.sequence, seal.payload);
    return seal;
}

}  // namespace dp::store::sqlite
