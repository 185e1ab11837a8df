#include "telephony/trunks/trunk_service.hpp"

#include <algorithm>

namespace dp::telephony {
namespace {

// seed 1, AllowedCodecs: exactly five names, case-sensitive.
Result<CodecList> seed_codecs(const std::vector<std::string>& names) {
    CodecList out;
    for (const std::string& name : names) {
        const auto codec = codec_from(name, CodecSpelling::Trunk);
        if (!codec) return fail(ErrorCode::InvalidValue, "codecs: unsupported codec: " + name + ".", "codecs");
        if (std::ranges::find(out, *codec) == out.end()) out.push_back(*codec);
    }
    return out;
}

bool is_named(Codec codec) {
    return !name_of(codec, CodecSpelling::Trunk).empty();
}

/// What a client of seed 1's shape could not see it did not mean to remove: the list as it was when it sends back what
/// it read, else the unseen ones behind its own. Its empty list asks for the profile's, which has no place for others.
CodecList keep_unnamed(CodecList codecs, const CodecList& before) {
    CodecList seen;
    std::ranges::copy_if(before, std::back_inserter(seen), is_named);
    if (seen == codecs) return before;
    if (codecs.empty()) return codecs;
    std::ranges::copy_if(before, std::back_inserter(codecs), [](Codec codec) { return !is_named(codec); });
    return codecs;
}

bool keeps_password(const std::optional<std::string>& password) {
    return !password || password->empty() || *password == kMaskedSecret;
}

}  // namespace

Result<Trunk> TrunkService::complete(TrunkCommand command, const Trunk* before) const {
    Trunk trunk = std::move(command.trunk);
    if (trunk.id.empty()) trunk.id = TrunkId(random_.uuid());
    if (command.exact_codecs) {
        trunk.codecs = std::move(*command.exact_codecs);
    } else {
        DP_TRY(codecs, seed_codecs(command.codecs));
        trunk.codecs = before ? keep_unnamed(std::move(codecs), before->codecs) : std::move(codecs);
    }
    if (!keeps_password(command.password))
        trunk.registration.password = secrets_.seal(*command.password, password_context(trunk.id));
    else if (before)
        trunk.registration.password = before->registration.password;
    return trunk;
}

void TrunkService::create(WriteContext context, TrunkCommand command, Executor& reply_on, Reply<Committed> reply) {
    auto trunk = complete(std::move(command), nullptr);
    if (!trunk) return reply(std::unexpected(std::move(trunk).error()));
    configuration_.create(std::move(context), std::move(*trunk), reply_on, std::move(reply));
}

void TrunkService::replace(WriteContext context, TrunkCommand command, std::int64_t expected_version,
                           Executor& reply_on, Reply<Committed> reply) {
    const auto snapshot = store_.snapshots().current();
    const auto& config = snapshot->organization(context.organization);
    const Ptr<Trunk> before = config ? config->trunk(command.trunk.id) : nullptr;
    if (!before) return reply(fail(ErrorCode::NotFound, "The edge '" + command.trunk.id.str() + "' does not exist."));
    auto trunk = complete(std::move(command), before.get());
    if (!trunk) return reply(std::unexpected(std::move(trunk).error()));
    configuration_.replace(std::move(context), std::move(*trunk), expected_version, reply_on, std::move(reply));
}

}  // namespace dp::telephony
