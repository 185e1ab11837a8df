#pragma once
/// @file Registrar: which flows an address-of-record can be reached on (RFC 3261 10.3, RFC 3327 Path, RFC 5626
/// outbound).
///
/// A binding is keyed by (AoR, +sip.instance, reg-id), else by (AoR, Contact URI). A REGISTER is taken whole or not at
/// all. Requests to a binding go to its flow, never to the host of its Contact. A stream binding outlives its
/// connection by a short grace, so that a page reload does not flap a station.
///
/// Threads: owned by one. Time is handed in; call `expire` at `next_deadline`. Authentication and the right to the AoR
/// are settled before `process`.

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/strong_id.hpp"
#include "sip/flow.hpp"
#include "sip/header_values.hpp"
#include "sip/message.hpp"

namespace dp::sip {

using BindingId = StrongIndex<struct BindingTag>;

struct Binding {
    BindingId id;
    std::string aor;
    Uri contact;               ///< as given: goes into the R-URI
    std::string instance;      ///< `+sip.instance` without quotes and <>; empty when not given
    std::uint32_t reg_id = 0;  ///< 0: not given
    bool outbound = false;     ///< RFC 5626 was agreed on
    std::string call_id;
    std::uint32_t cseq = 0;
    Flow flow;
    std::vector<std::string> path;  ///< RFC 3327, top first: route set of requests to this binding
    std::string user_agent;
    std::uint16_t q = 1000;     ///< thousandths
    TimePoint registered_at{};  ///< first of this binding
    TimePoint refreshed_at{};
    TimePoint expires_at{};
    TimePoint flow_lost_at = kNever;  ///< grace runs

    bool has_flow() const { return flow_lost_at == kNever; }
};

struct RegistrarEvent {
    enum class Kind : std::uint8_t {
        Added,
        Refreshed,
        FlowChanged,  ///< same instance on another flow (reconnect, new source port); implies refreshed
        FlowLost,     ///< connection closed; grace runs, the binding is not reachable
        Removed,      ///< by the phone
        Replaced,     ///< pushed out by max_contacts
        Expired,
        Disconnected,  ///< grace ended
    };
    Kind kind = Kind::Added;
    Binding binding;  ///< as it is now, or as it was when it ended
};

/// What the 200 or the refusal to a REGISTER says; the caller adds tags and its own headers.
struct RegisterAnswer {
    int status = 200;
    std::string_view reason;            ///< empty: the usual phrase
    std::vector<std::string> contacts;  ///< header values, one for each binding of the AoR
    std::vector<std::string> path;      ///< echoed (RFC 3327 5.3)
    std::uint32_t min_expires = 0;      ///< with 423
    bool require_outbound = false;      ///< `Require: outbound`
    std::uint32_t flow_timer = 0;       ///< seconds; 0: no header
    std::string unsupported;            ///< with 420
    std::vector<RegistrarEvent> events;

    /// Appends the headers above to an answer under construction.
    void write(class ResponseBuilder& out) const;
};

/// One place where a user can be reached now.
struct RegisteredTarget {
    BindingId binding;
    std::string uri;
    Flow flow;
    std::vector<std::string> path;
    std::string instance;
};

class Registrar {
public:
    struct Options {
        std::uint32_t min_expires = 60;
        std::uint32_t max_expires = 3600;
        std::uint32_t max_expires_ws = 600;
        std::uint32_t default_expires = 3600;
        std::size_t max_contacts = limits::kContacts;  ///< bindings of one AoR
        std::uint32_t flow_timer = 25;                 ///< what a phone that agreed on outbound is told
        std::chrono::seconds grace{5};
    };
    explicit Registrar(Options options) : options_(options) {}

    /// `aor` is address_of_record(To) after authorisation; `flow` is where the REGISTER came from.
    RegisterAnswer process(const MessageView& request, std::string_view aor, const Flow& flow, TimePoint now);

    /// Reachable bindings: highest q first, then the most recently refreshed; one per instance (its newest flow).
    std::vector<RegisteredTarget> lookup(std::string_view aor, TimePoint now) const;
    /// Every binding of the AoR, reachable or not.
    std::vector<const Binding*> bindings(std::string_view aor) const;
    const Binding* find(BindingId id) const;
    /// Newest live flow of the same instance: for in-dialog requests after a reconnect. Null when there is none.
    const Binding* newest_of_instance(std::string_view aor, std::string_view instance) const;
    /// Bindings that live on this flow: is it that of a registered phone?
    std::vector<const Binding*> on_flow(const Flow& flow) const;

    std::vector<RegistrarEvent> connection_lost(const Flow& flow, TimePoint now);
    /// A request to the binding found its flow dead (RFC 5626 5.3: 430): the binding goes at once.
    std::vector<RegistrarEvent> flow_failed(BindingId id);
    /// The account is gone or changed: all its bindings go.
    std::vector<RegistrarEvent> remove_all(std::string_view aor);
    /// This one is no longer welcome.
    std::vector<RegistrarEvent> remove(BindingId id);
    std::vector<RegistrarEvent> expire(TimePoint now);
    TimePoint next_deadline() const;
    std::size_t size() const { return bindings_.size(); }

private:
    struct Change;  ///< one Contact of a REGISTER, checked and matched
    struct Plan;    ///< all of them, before any is stored
    struct StringHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>{}(text); }
    };

    /// Fills `out`; an answer other than 200 refuses the whole REGISTER.
    RegisterAnswer make_plan(const MessageView& request, Plan& out) const;
    RegisterAnswer plan_contact(const NameAddr& contact, Plan& out) const;
    RegisterAnswer plan_removal_of_all(Plan& out) const;
    BindingId match(const Plan& plan, const Change& change) const;
    bool is_out_of_order(const Plan& plan, const Binding& binding) const;
    void apply(const Plan& plan, std::vector<RegistrarEvent>& events);
    void apply_change(const Plan& plan, const Change& change, std::vector<RegistrarEvent>& events);
    void make_room(const Plan& plan, std::vector<RegistrarEvent>& events);
    std::vector<std::string> contact_values(std::string_view aor, TimePoint now) const;
    void insert(Binding binding);
    void index(const Binding& binding);
    void unindex(const Binding& binding);
    void unindex_flow(const Binding& binding);
    RegistrarEvent erase(BindingId id, RegistrarEvent::Kind kind);
    TimePoint deadline_of(const Binding& binding) const;

    Options options_;
    std::uint64_t next_id_ = 0;
    std::unordered_map<std::uint64_t, std::unique_ptr<Binding>> bindings_;
    std::unordered_map<std::string, std::vector<BindingId>, StringHash, std::equal_to<>> by_aor_;
    std::unordered_multimap<Flow, BindingId> by_flow_;
    std::set<std::pair<TimePoint, std::uint64_t>> deadlines_;
};

}  // namespace dp::sip
