#include "sip/registrar.hpp"

#include <algorithm>

#include "sip/message_builder.hpp"

namespace dp::sip {

struct Registrar::Change {
    NameAddr contact;
    std::string instance;
    std::uint32_t reg_id = 0;
    std::uint16_t q = 1000;
    std::uint32_t granted = 0;  ///< seconds; 0 removes
    BindingId existing;         ///< the stored binding that it is about
};

struct Registrar::Plan {
    std::string_view aor;
    const Flow* flow = nullptr;
    TimePoint now{};
    std::string_view call_id;
    std::uint32_t cseq = 0;
    std::string_view user_agent;
    std::optional<std::uint32_t> header_expires;
    std::vector<std::string> path;
    bool outbound = false;  ///< the phone offers it and nobody stands between
    std::vector<Change> changes;

    std::size_t kept() const {
        return static_cast<std::size_t>(std::ranges::count_if(changes, [](const Change& c) { return c.granted > 0; }));
    }
};

namespace {

RegisterAnswer refuse(int status, std::string_view reason) {
    RegisterAnswer answer;
    answer.status = status;
    answer.reason = reason;
    return answer;
}

// `"<urn:uuid:…>"` without its quotes and brackets (RFC 5626 4.1).
std::string instance_of(const NameAddr& contact) {
    std::string text = unquote(contact.param("+sip.instance"));
    if (text.size() >= 2 && text.front() == '<' && text.back() == '>') text = text.substr(1, text.size() - 2);
    return text;
}

// qvalue of RFC 3261 25.1 in thousandths; garbage counts as 1.
std::uint16_t q_of(const NameAddr& contact) {
    const std::string_view text = contact.param("q");
    if (!text.starts_with("0")) return 1000;
    std::uint16_t value = 0;
    std::uint16_t weight = 100;
    for (char c : text.substr(std::min<std::size_t>(2, text.size()))) {
        if (!ascii::is_digit(c) || weight == 0) return 1000;
        value = static_cast<std::uint16_t>(value + (c - '0') * weight);
        weight = static_cast<std::uint16_t>(weight / 10);
    }
    return value;
}

std::uint32_t seconds_left(const Binding& binding, TimePoint now) {
    return static_cast<std::uint32_t>(
        std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(binding.expires_at - now).count()));
}

std::string contact_value(const Binding& binding, TimePoint now) {
    std::string value = "<" + binding.contact.str() + ">";
    if (binding.q != 1000) {
        std::string digits = std::to_string(1000 + binding.q);
        value.append(";q=0.").append(digits.substr(1));
    }
    if (!binding.instance.empty()) value.append(";+sip.instance=\"<").append(binding.instance).append(">\"");
    if (binding.reg_id != 0) value.append(";reg-id=").append(std::to_string(binding.reg_id));
    return value.append(";expires=").append(std::to_string(seconds_left(binding, now)));
}

bool is_better_target(const Binding* a, const Binding* b) {
    if (a->q != b->q) return a->q > b->q;
    return a->refreshed_at != b->refreshed_at ? a->refreshed_at > b->refreshed_at : a->id > b->id;
}

}  // namespace

void RegisterAnswer::write(ResponseBuilder& out) const {
    for (const std::string& value : contacts) out.header(HeaderId::Contact, value);
    for (const std::string& value : path) out.header(HeaderId::Path, value);
    if (require_outbound) out.header(HeaderId::Require, "outbound");
    if (flow_timer != 0) out.number(HeaderId::FlowTimer, flow_timer);
    if (status == 423) out.number(HeaderId::MinExpires, min_expires);
    if (!unsupported.empty()) out.header(HeaderId::Unsupported, unsupported);
    if (status == 200) out.header(HeaderId::Supported, "path, outbound");
}

RegisterAnswer Registrar::process(const MessageView& request, std::string_view aor, const Flow& flow, TimePoint now) {
    Plan plan;
    plan.aor = aor;
    plan.flow = &flow;
    plan.now = now;
    RegisterAnswer answer = make_plan(request, plan);
    if (answer.status != 200) return answer;
    apply(plan, answer.events);
    answer.contacts = contact_values(aor, now);
    answer.path = plan.path;
    const bool grants_outbound = plan.outbound && std::ranges::any_of(plan.changes, [](const Change& change) {
                                     return change.granted > 0 && change.reg_id != 0 && !change.instance.empty();
                                 });
    answer.require_outbound = grants_outbound;
    answer.flow_timer = grants_outbound && !is_websocket(flow.kind) ? options_.flow_timer : 0;
    return answer;
}

RegisterAnswer Registrar::make_plan(const MessageView& request, Plan& out) const {
    const auto list = contacts(request);
    if (!list) return refuse(400, "malformed Contact");
    const auto path = addresses(request, HeaderId::Path);
    if (!path) return refuse(400, "malformed Path");
    if (!path->empty() && !request.has_token(HeaderId::Supported, "path")) {
        RegisterAnswer answer = refuse(420, {});
        answer.unsupported = "path";
        return answer;
    }
    for (const NameAddr& hop : *path) out.path.emplace_back(hop.text());
    out.call_id = request.call_id();
    out.cseq = request.cseq().number;
    out.user_agent = request.value(HeaderId::UserAgent);
    if (const auto asked = expires(request)) out.header_expires = static_cast<std::uint32_t>(asked->count());
    // RFC 5626 6: with another hop in front the flow is that hop's, not the phone's.
    out.outbound = request.has_token(HeaderId::Supported, "outbound") && request.elements(HeaderId::Via).count() == 1;
    if (list->star) return plan_removal_of_all(out);
    for (const NameAddr& contact : *list)
        if (RegisterAnswer answer = plan_contact(contact, out); answer.status != 200) return answer;
    if (out.kept() > options_.max_contacts) return refuse(400, "too many Contact values");
    return {};
}

// RFC 3261 10.3 step 6: `*` stands alone, with Expires 0.
RegisterAnswer Registrar::plan_removal_of_all(Plan& out) const {
    if (out.header_expires != 0) return refuse(400, "Contact * without Expires 0");
    for (const Binding* binding : bindings(out.aor)) {
        if (is_out_of_order(out, *binding)) return refuse(500, "CSeq out of order");
        Change change;
        change.existing = binding->id;
        out.changes.push_back(change);
    }
    return {};
}

// RFC 3261 10.3 step 7. A request for less than an hour, but more than nothing, may be too brief (step 7, 423).
RegisterAnswer Registrar::plan_contact(const NameAddr& contact, Plan& out) const {
    if (!contact.uri().is_sip()) return refuse(400, "Contact is no SIP URI");
    Change change;
    change.contact = contact;
    change.instance = instance_of(contact);
    change.q = q_of(contact);
    if (!change.instance.empty())
        change.reg_id = ascii::parse_decimal<std::uint32_t>(contact.param("reg-id")).value_or(0);
    const auto own = contact_expires(contact);
    const std::uint32_t asked =
        own ? static_cast<std::uint32_t>(own->count()) : out.header_expires.value_or(options_.default_expires);
    if (asked > 0 && asked < options_.min_expires && asked < 3600) {
        RegisterAnswer answer = refuse(423, {});
        answer.min_expires = options_.min_expires;
        return answer;
    }
    const std::uint32_t ceiling = is_websocket(out.flow->kind) ? options_.max_expires_ws : options_.max_expires;
    change.granted = std::min(asked, ceiling);
    change.existing = match(out, change);
    if (const Binding* binding = find(change.existing); binding && is_out_of_order(out, *binding))
        return refuse(500, "CSeq out of order");
    out.changes.push_back(std::move(change));
    return {};
}

// RFC 3261 10.3 step 7: the same Call-ID must count up. (A retransmission never comes here: its transaction absorbs
// it.)
bool Registrar::is_out_of_order(const Plan& plan, const Binding& binding) const {
    return binding.call_id == plan.call_id && plan.cseq <= binding.cseq;
}

// The instance decides where there is one (RFC 5626 6); phones that send it without reg-id have one binding. Else the
// URI does.
BindingId Registrar::match(const Plan& plan, const Change& change) const {
    for (const Binding* binding : bindings(plan.aor)) {
        const bool taken =
            std::ranges::any_of(plan.changes, [&](const Change& c) { return c.existing == binding->id; });
        if (taken) continue;
        const bool same_instance = binding->instance == change.instance && binding->reg_id == change.reg_id;
        const bool by_instance = !change.instance.empty() && !binding->instance.empty();
        if (by_instance ? same_instance : equivalent(binding->contact.view(), change.contact.uri())) return binding->id;
    }
    return {};
}

void Registrar::apply(const Plan& plan, std::vector<RegistrarEvent>& events) {
    for (const Change& change : plan.changes)
        if (change.granted == 0 && change.existing.valid())
            events.push_back(erase(change.existing, RegistrarEvent::Kind::Removed));
    make_room(plan, events);
    for (const Change& change : plan.changes)
        if (change.granted > 0) apply_change(plan, change, events);
}

// One too many pushes out the binding that expires next: a phone that lost its state must not lock its user out.
void Registrar::make_room(const Plan& plan, std::vector<RegistrarEvent>& events) {
    std::vector<const Binding*> others;
    for (const Binding* binding : bindings(plan.aor))
        if (std::ranges::none_of(plan.changes, [&](const Change& c) { return c.existing == binding->id; }))
            others.push_back(binding);
    std::ranges::sort(others, {}, [](const Binding* b) { return b->expires_at; });
    const std::size_t total = others.size() + plan.kept();
    const std::size_t excess = total > options_.max_contacts ? total - options_.max_contacts : 0;
    for (std::size_t i = 0; i < std::min(excess, others.size()); ++i)
        events.push_back(erase(others[i]->id, RegistrarEvent::Kind::Replaced));
}

void Registrar::apply_change(const Plan& plan, const Change& change, std::vector<RegistrarEvent>& events) {
    using Kind = RegistrarEvent::Kind;
    Binding binding;
    Kind kind = Kind::Added;
    if (const Binding* existing = find(change.existing)) {
        kind = existing->has_flow() && existing->flow == *plan.flow ? Kind::Refreshed : Kind::FlowChanged;
        binding.id = existing->id;
        binding.registered_at = existing->registered_at;
        unindex(*existing);
    } else {
        binding.id = BindingId(++next_id_);
        binding.registered_at = plan.now;
    }
    binding.aor = plan.aor;
    binding.contact = Uri(change.contact.uri());
    binding.instance = change.instance;
    binding.reg_id = change.reg_id;
    binding.outbound = plan.outbound && change.reg_id != 0;
    binding.call_id = plan.call_id;
    binding.cseq = plan.cseq;
    binding.flow = *plan.flow;
    binding.path = plan.path;
    binding.user_agent = plan.user_agent;
    binding.q = change.q;
    binding.refreshed_at = plan.now;
    binding.expires_at = plan.now + std::chrono::seconds(change.granted);
    events.push_back({kind, binding});
    insert(std::move(binding));
}

void Registrar::insert(Binding binding) {
    auto& slot = bindings_[binding.id.value()];
    if (!slot) {
        by_aor_[binding.aor].push_back(binding.id);
        slot = std::make_unique<Binding>(std::move(binding));
    } else {
        *slot = std::move(binding);
    }
    index(*slot);
}

void Registrar::index(const Binding& binding) {
    if (binding.has_flow()) by_flow_.emplace(binding.flow, binding.id);
    deadlines_.emplace(deadline_of(binding), binding.id.value());
}

void Registrar::unindex(const Binding& binding) {
    unindex_flow(binding);
    deadlines_.erase({deadline_of(binding), binding.id.value()});
}

void Registrar::unindex_flow(const Binding& binding) {
    auto [it, end] = by_flow_.equal_range(binding.flow);
    for (; it != end; ++it) {
        if (it->second != binding.id) continue;
        by_flow_.erase(it);
        return;
    }
}

TimePoint Registrar::deadline_of(const Binding& binding) const {
    if (binding.has_flow()) return binding.expires_at;
    return std::min(binding.expires_at, binding.flow_lost_at + options_.grace);
}

RegistrarEvent Registrar::erase(BindingId id, RegistrarEvent::Kind kind) {
    const auto found = bindings_.find(id.value());
    unindex(*found->second);
    RegistrarEvent event{kind, std::move(*found->second)};
    bindings_.erase(found);
    const auto siblings = by_aor_.find(event.binding.aor);
    std::erase(siblings->second, id);
    if (siblings->second.empty()) by_aor_.erase(siblings);
    return event;
}

std::vector<std::string> Registrar::contact_values(std::string_view aor, TimePoint now) const {
    std::vector<std::string> values;
    for (const Binding* binding : bindings(aor)) values.push_back(contact_value(*binding, now));
    return values;
}

std::vector<RegisteredTarget> Registrar::lookup(std::string_view aor, TimePoint now) const {
    std::vector<const Binding*> live = bindings(aor);
    std::erase_if(live, [now](const Binding* b) { return !b->has_flow() || b->expires_at <= now; });
    std::ranges::sort(live, is_better_target);
    std::vector<RegisteredTarget> targets;
    for (const Binding* binding : live) {
        const bool seen =
            !binding->instance.empty() && std::ranges::any_of(targets, [binding](const RegisteredTarget& t) {
                return t.instance == binding->instance;
            });
        if (!seen)
            targets.push_back({binding->id, binding->contact.str(), binding->flow, binding->path, binding->instance});
    }
    return targets;
}

std::vector<const Binding*> Registrar::bindings(std::string_view aor) const {
    std::vector<const Binding*> list;
    const auto found = by_aor_.find(aor);
    if (found == by_aor_.end()) return list;
    for (BindingId id : found->second) list.push_back(find(id));
    return list;
}

const Binding* Registrar::find(BindingId id) const {
    const auto found = bindings_.find(id.value());
    return found == bindings_.end() ? nullptr : found->second.get();
}

const Binding* Registrar::newest_of_instance(std::string_view aor, std::string_view instance) const {
    const Binding* newest = nullptr;
    for (const Binding* binding : bindings(aor)) {
        if (!binding->has_flow() || binding->instance != instance) continue;
        if (!newest || binding->refreshed_at > newest->refreshed_at) newest = binding;
    }
    return newest;
}

std::vector<const Binding*> Registrar::on_flow(const Flow& flow) const {
    std::vector<const Binding*> list;
    const auto [begin, end] = by_flow_.equal_range(flow);
    for (auto it = begin; it != end; ++it) list.push_back(find(it->second));
    return list;
}

// RFC 5626 6: the binding of a closed connection cannot be reached; it gets a short time to come back.
std::vector<RegistrarEvent> Registrar::connection_lost(const Flow& flow, TimePoint now) {
    std::vector<RegistrarEvent> events;
    for (const Binding* lost : on_flow(flow)) {
        Binding& binding = *bindings_.at(lost->id.value());
        unindex(binding);
        binding.flow_lost_at = now;
        index(binding);
        events.push_back({RegistrarEvent::Kind::FlowLost, binding});
    }
    return events;
}

std::vector<RegistrarEvent> Registrar::flow_failed(BindingId id) {
    std::vector<RegistrarEvent> events;
    if (find(id)) events.push_back(erase(id, RegistrarEvent::Kind::Disconnected));
    return events;
}

std::vector<RegistrarEvent> Registrar::remove_all(std::string_view aor) {
    std::vector<RegistrarEvent> events;
    for (const Binding* binding : bindings(aor)) events.push_back(erase(binding->id, RegistrarEvent::Kind::Removed));
    return events;
}

std::vector<RegistrarEvent> Registrar::remove(BindingId id) {
    if (find(id) == nullptr) return {};
    return {erase(id, RegistrarEvent::Kind::Removed)};
}

std::vector<RegistrarEvent> Registrar::expire(TimePoint now) {
    using Kind = RegistrarEvent::Kind;
    std::vector<RegistrarEvent> events;
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
        const BindingId id(deadlines_.begin()->second);
        const Binding& binding = *find(id);
        events.push_back(erase(id, binding.expires_at <= now ? Kind::Expired : Kind::Disconnected));
    }
    return events;
}

TimePoint Registrar::next_deadline() const {
    return deadlines_.empty() ? kNever : deadlines_.begin()->first;
}

}  // namespace dp::sip
