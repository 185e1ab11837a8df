/// @file `dialplane apply`: the documents of a file, one after the other, then its routing manifest.
#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/cli/commands.hpp"
#include "app/cli/documents.hpp"
#include "app/cli/resource_client.hpp"
#include "app/cli/routing_run.hpp"
#include "app/cli/text_table.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

std::string_view word_of(Applied applied) {
    return applied == Applied::Created ? "created" : applied == Applied::Replaced ? "replaced" : "unchanged";
}

Result<void> apply_one(ResourceClient& client, const json::value& document) {
    const auto name = text_at(document, "kind");
    if (name.empty()) return fail(ErrorCode::MissingField, "it needs `kind`, the name of a resource.", "kind");
    DP_TRY(kind, resource_kind(name));
    auto body = document.get_object();
    body.erase("kind");
    DP_TRY(done, client.apply(*kind, std::move(body)));
    fmt::print("{}/{} {}\n", kind->name, one_line(done.second), word_of(done.first));
    return {};
}

/// Those that are not of the manifest.
Result<void> apply_resources(ApiSession& session, const std::string& file, const std::vector<json::value>& documents) {
    ResourceClient client(session);
    for (std::size_t i = 0; i < documents.size(); ++i) {
        if (is_manifest(documents[i])) continue;
        if (auto done = apply_one(client, documents[i]); !done)
            return fail(done.error().code, fmt::format("{}, document {}: {}", file, i + 1, done.error().detail));
    }
    return {};
}

Result<void> apply_documents(const ApplyCommand& command) {
    DP_TRY(text, read_text(command.file));
    DP_TRY(documents, read_documents(text));
    const auto manifests = manifests_of(documents);
    DP_TRY(manifest, read_manifest(manifests));
    DP_TRY(session, connect(command.connection));
    DP_CHECK(apply_resources(*session, command.file, documents));
    if (manifests.empty()) return {};
    RoutingRun run(*session, command.routing);
    DP_TRY(plan, run.plan(manifest));
    fmt::print("{}", render(plan));
    return run.apply(plan);
}

Result<void> apply_saved(const ApplyCommand& command) {
    DP_TRY(text, read_text(command.plan));
    DP_TRY(documents, read_documents(text));
    DP_TRY(plan, plan_from_json(documents.front()));
    DP_TRY(session, connect(command.connection));
    fmt::print("{}", render(plan));
    return RoutingRun(*session, command.routing).apply(plan);
}

}  // namespace

int apply_file(const ApplyCommand& command) {
    const auto done = command.plan.empty() ? apply_documents(command) : apply_saved(command);
    return done ? kDone : complain(done.error());
}

}  // namespace dp::app::cli
