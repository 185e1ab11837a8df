#include "app/cli/routing_manifest.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>

#include "app/cli/documents.hpp"
#include "base/ascii.hpp"

namespace dp::app::cli {

namespace json = boost::json;

namespace {

using Names = std::initializer_list<std::string_view>;

constexpr Names kDocumentKeys{"kind", "complete", "numbers"};
constexpr Names kNumberKeys{"routing", "label", "locationId", "order"};
constexpr Names kRoutingKeys{"type", "id", "displayName", "routingType", "callflowId"};
constexpr Names kOrderKeys{"type", "providerId", "locationId"};
/// What a manifest can change of a number that is there.
constexpr Names kWritable{"routing", "label", "locationId"};

Result<void> only(const json::object& object, Names known, std::string_view where) {
    for (const auto& [key, value] : object)
        if (std::ranges::find(known, std::string_view(key)) == known.end())
            return fail(ErrorCode::InvalidValue,
                        fmt::format("{}: {} is no key here; known are {}.", where, std::string_view(key),
                                    fmt::join(known, ", ")),
                        std::string(key));
    return {};
}

/// ITU-T E.164: plus, a digit that is not 0, at most 15 in all.
bool is_e164(std::string_view text) {
    return text.size() >= 3 && text.size() <= 16 && text[0] == '+' && text[1] != '0' &&
           std::ranges::all_of(text.substr(1), ascii::is_digit);
}

Result<void> check_group(const json::object& entry, std::string_view name, Names known, std::string_view number) {
    const auto* group = entry.if_contains(name);
    if (!group || (group->is_null() && name == "routing")) return {};
    if (!group->is_object())
        return fail(ErrorCode::InvalidValue, fmt::format("{}: {} must be an object.", number, name), std::string(name));
    return only(group->get_object(), known, fmt::format("{}, {}", number, name));
}

Result<void> check_entry(std::string_view number, const json::value& entry) {
    if (!is_e164(number))
        return fail(ErrorCode::InvalidValue, fmt::format("{} is not a number in E.164 form.", number), "numbers");
    if (entry.is_null()) return {};
    if (!entry.is_object())
        return fail(ErrorCode::InvalidValue, fmt::format("{} must be an object, or null to release it.", number));
    DP_CHECK(only(entry.get_object(), kNumberKeys, number));
    DP_CHECK(check_group(entry.get_object(), "routing", kRoutingKeys, number));
    return check_group(entry.get_object(), "order", kOrderKeys, number);
}

Result<void> add_document(Manifest& manifest, const json::object& document) {
    DP_CHECK(only(document, kDocumentKeys, "routing manifest"));
    if (const auto* complete = document.if_contains("complete")) {
        if (!complete->is_bool()) return fail(ErrorCode::InvalidValue, "complete must be true or false.", "complete");
        manifest.complete |= complete->get_bool();
    }
    const auto* numbers = document.if_contains("numbers");
    if (!numbers || !numbers->is_object())
        return fail(ErrorCode::MissingField, "A routing manifest needs numbers, a mapping by E.164 value.", "numbers");
    for (const auto& [number, entry] : numbers->get_object()) {
        DP_CHECK(check_entry(number, entry));
        if (!manifest.numbers.emplace(std::string(number), entry).second)
            return fail(ErrorCode::Duplicate, fmt::format("{} stands in two documents.", std::string_view(number)));
    }
    return {};
}

json::object without_empty_texts(const json::object& object) {
    json::object out;
    for (const auto& [key, value] : object)
        if (!value.is_string() || !value.get_string().empty()) out[key] = value;
    return out;
}

/// The writable part of a live number, empty members left out: an empty label and no label are the same.
json::object writable_of(const json::object& live) {
    json::object out;
    for (const auto name : kWritable) {
        const auto* value = live.if_contains(name);
        if (!value || value->is_null() || (value->is_string() && value->get_string().empty())) continue;
        out[name] = *value;
        if (!value->is_object()) continue;
        out[name] = without_empty_texts(value->get_object());
    }
    return out;
}

json::object without_order(const json::object& entry) {
    json::object out = entry;
    out.erase("order");
    return out;
}

Problem refused_drop(const std::string& number, const std::string& flow) {
    return {number, fmt::format("would lose its callflowId {}: callers would go past the IVR. --allow-drop-callflow "
                                "permits it.",
                                flow)};
}

class Planner {
public:
    Planner(const Permissions& permissions, Plan& plan) : permissions_(permissions), plan_(plan) {}

    void missing(const std::string& number, const json::object& live) {
        release(number, live, "is not in the manifest, which is complete: it would be released.");
    }
    void present(const std::string& number, const json::object& live, const json::value& entry) {
        if (entry.is_null()) return release(number, live, "is null in the manifest: it would be released.");
        Change change = change_of(ChangeKind::Assign, number, live);
        change.before = writable_of(live);
        change.after =
            writable_of(merge_patch(json::value(change.before), without_order(entry.get_object())).get_object());
        if (change.after == change.before) return void(++plan_.unchanged);
        if (const auto flow = callflow_of(change.before);
            !flow.empty() && callflow_of(change.after).empty() && !permissions_.drop_callflow)
            plan_.problems.push_back(refused_drop(number, flow));
        if (change.state == "releasing") plan_.problems.push_back({number, "is being released."});
        plan_.changes.push_back(std::move(change));
    }
    void absent(const std::string& number, const json::value& entry) {
        if (entry.is_null()) return void(++plan_.unchanged);
        const auto* order = entry.get_object().if_contains("order");
        if (!order || !order->is_object())
            return plan_.problems.push_back({number, "is not there, and the manifest has no order for it."});
        Change change{.kind = ChangeKind::Order, .number = number};
        change.after = writable_of(merge_patch(json::object{}, without_order(entry.get_object())).get_object());
        for (const auto& [key, value] : order->get_object()) change.after[key] = value;
        change.after["number"] = number;
        plan_.changes.push_back(std::move(change));
    }

private:
    static Change change_of(ChangeKind kind, const std::string& number, const json::object& live) {
        Change out{.kind = kind, .number = number, .id = text_at(live, "id"), .state = text_at(live, "state")};
        if (const auto* version = live.if_contains("version"); version && version->is_int64())
            out.version = version->get_int64();
        return out;
    }
    void release(const std::string& number, const json::object& live, std::string_view why) {
        Change change = change_of(ChangeKind::Release, number, live);
        if (change.state == "releasing") return void(++plan_.unchanged);
        change.before = writable_of(live);
        plan_.changes.push_back(std::move(change));
        if (!permissions_.release)
            plan_.problems.push_back({number, fmt::format("{} --allow-release permits it.", why)});
    }

    const Permissions& permissions_;
    Plan& plan_;
};

/// `routing.callflowId` → text, in order of names.
void flatten(std::map<std::string, std::string>& out, const json::object& object, const std::string& prefix) {
    for (const auto& [key, value] : object) {
        const std::string path = prefix + std::string(key);
        if (value.is_object())
            flatten(out, value.get_object(), path + ".");
        else
            out[path] = value.is_string() ? std::string(value.get_string()) : json::serialize(value);
    }
}

std::string render_fields(const Change& change) {
    std::map<std::string, std::string> before, after;
    flatten(before, change.before, "");
    flatten(after, change.after, "");
    std::string out;
    auto all = before;
    all.insert(after.begin(), after.end());
    for (const auto& [path, ignored] : all) {
        const auto was = before.find(path), is = after.find(path);
        if (is == after.end())
            out += fmt::format("  - {}: {}\n", path, was->second);
        else if (was == before.end())
            out += fmt::format("  + {}: {}\n", path, is->second);
        else if (was->second != is->second)
            out += fmt::format("  ~ {}: {} -> {}\n", path, was->second, is->second);
        else if (path == "routing.callflowId")
            out += fmt::format("    {}: {} (kept)\n", path, is->second);
    }
    return out;
}

std::string render(const Change& change) {
    switch (change.kind) {
        case ChangeKind::Order:
            return fmt::format("+ {} (to be ordered)\n{}", change.number, render_fields(change));
        case ChangeKind::Release:
            return fmt::format("- {} (to be released)\n{}", change.number, render_fields(change));
        case ChangeKind::Assign:
            break;
    }
    return fmt::format("~ {}\n{}", change.number, render_fields(change));
}

constexpr std::array<std::string_view, 3> kKindNames{"order", "assign", "release"};

std::string_view name_of(ChangeKind kind) {
    return kKindNames[static_cast<std::size_t>(kind)];
}

}  // namespace

bool is_manifest(const json::value& document) {
    const auto* object = document.if_object();
    if (!object) return false;
    const auto* kind = object->if_contains("kind");
    return kind ? *kind == "routing" : object->contains("numbers");
}

Result<Manifest> read_manifest(std::span<const json::value> documents) {
    Manifest out;
    for (const auto& document : documents) {
        if (!is_manifest(document))
            return fail(ErrorCode::InvalidValue, "A routing manifest has `numbers`, and `kind: routing` if any kind.");
        DP_CHECK(add_document(out, document.get_object()));
    }
    return out;
}

Estate estate_of(const json::array& numbers) {
    static constexpr Names kOver{"rejected", "failed", "released"};
    Estate out;
    for (const auto& number : numbers) {
        const auto state = text_at(number, "state");
        if (number.is_object() && std::ranges::find(kOver, std::string_view(state)) == kOver.end())
            out[text_at(number, "number")] = number.get_object();
    }
    return out;
}

json::value merge_patch(json::value target, const json::value& patch) {
    if (!patch.is_object()) return patch;
    if (!target.is_object()) target.emplace_object();
    auto& object = target.get_object();
    for (const auto& [key, value] : patch.get_object()) {
        if (value.is_null())
            object.erase(key);
        else
            object[key] = merge_patch(object[key], value);
    }
    return target;
}

Plan make_plan(const Estate& live, const Manifest& manifest, const Permissions& permissions) {
    Plan out;
    Planner planner(permissions, out);
    for (const auto& [number, entry] : manifest.numbers) {
        const auto there = live.find(number);
        there == live.end() ? planner.absent(number, entry) : planner.present(number, there->second, entry);
    }
    for (const auto& [number, there] : live) {
        if (manifest.numbers.contains(number)) continue;
        manifest.complete ? planner.missing(number, there) : void(++out.left_alone);
    }
    std::ranges::sort(out.changes, {}, &Change::number);  // one change a number
    return out;
}

json::object manifest_of(const Estate& live) {
    json::object numbers;
    for (const auto& [number, there] : live) {
        if (text_at(there, "state") == "releasing") continue;
        auto entry = writable_of(there);
        json::object order;
        for (const auto name : kOrderKeys)
            if (auto text = text_at(there, name); !text.empty()) order[name] = text;
        entry["order"] = std::move(order);
        numbers[number] = std::move(entry);
    }
    return {{"kind", "routing"}, {"complete", true}, {"numbers", std::move(numbers)}};
}

std::string render(const Plan& plan) {
    std::string out;
    std::array<std::size_t, 3> sums{};
    for (const auto& change : plan.changes) {
        out += render(change);
        ++sums[static_cast<std::size_t>(change.kind)];
    }
    for (const auto& problem : plan.problems) out += fmt::format("! {} {}\n", problem.number, problem.sentence);
    return out +
           fmt::format("{} to change, {} to order, {} to release; {} as they should be; {} not in the manifest.\n",
                       sums[1], sums[0], sums[2], plan.unchanged, plan.left_alone);
}

json::object plan_to_json(const Plan& plan) {
    json::array changes;
    for (const auto& change : plan.changes)
        changes.push_back(json::object{{"change", name_of(change.kind)},
                                       {"number", change.number},
                                       {"id", change.id},
                                       {"state", change.state},
                                       {"version", change.version},
                                       {"before", change.before},
                                       {"after", change.after}});
    return {{"kind", "routing-plan"}, {"changes", std::move(changes)}};
}

Result<Plan> plan_from_json(const json::value& document) {
    const auto* changes = member_at(document, "changes");
    if (text_at(document, "kind") != "routing-plan" || !changes || !changes->is_array())
        return fail(ErrorCode::MalformedInput, "It is not a plan: `dialplane plan --out FILE` writes one.");
    Plan out;
    for (const auto& item : changes->get_array()) {
        const auto name = text_at(item, "change");
        const auto kind = std::ranges::find(kKindNames, name);
        const auto *before = member_at(item, "before"), *after = member_at(item, "after");
        const auto* version = member_at(item, "version");
        if (kind == kKindNames.end() || !before || !before->is_object() || !after || !after->is_object() || !version ||
            !version->is_int64())
            return fail(ErrorCode::MalformedInput, "The plan has a change that is not whole.");
        out.changes.push_back({static_cast<ChangeKind>(kind - kKindNames.begin()), text_at(item, "number"),
                               text_at(item, "id"), text_at(item, "state"), version->get_int64(), before->get_object(),
                               after->get_object()});
    }
    return out;
}

std::string callflow_of(const json::object& number) {
    return text_at(number, "routing.callflowId");
}

}  // namespace dp::app::cli
