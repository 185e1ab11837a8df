#pragma once
/// @file For the tests of this folder: a user agent with a recording handler on a simulated node, and a scripted peer
/// that sends and checks raw messages.

#include <algorithm>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "sip/header_values.hpp"
#include "sip/message.hpp"
#include "sip/simulated_network.hpp"
#include "sip/user_agent.hpp"

namespace dp::sip::test {

using namespace std::chrono_literals;

inline Body sdp(std::string text) {
    return {"application/sdp", std::move(text)};
}

/// One word per event, with what matters of it; hooks decide what happens inside the callback.
struct Recorder : InviteSessionHandler {
    std::vector<std::string> events;
    std::optional<EndCause> ended;
    int ended_status = 0;
    std::string ended_reason;
    std::optional<std::chrono::seconds> ended_retry_after;
    InviteSession* session = nullptr;
    std::function<void(InviteSession&, const RemoteOffer&)> when_offered;
    std::function<void(InviteSession&, const Progress&)> when_progress;
    std::function<void(InviteSession&, const Answered&)> when_answered;
    std::function<void(InviteSession&)> when_ended;
    std::function<void(InviteSession&, ServerRequestId)> when_referred;
    Body description;

    bool saw(std::string_view event) const { return std::ranges::find(events, event) != events.end(); }
    long count(std::string_view event) const { return std::ranges::count(events, event); }

    static std::string word(Description description) {
        switch (description) {
            case Description::None:
                return "";
            case Description::Preview:
                return " preview";
            case Description::Offer:
                return " offer";
            case Description::Answer:
                return " answer";
        }
        return "";
    }
    void on_session_progress(InviteSession& s, const Progress& p) override {
        session = &s;
        events.push_back("progress " + std::to_string(p.status) + word(p.description) +
                         (p.fork ? " fork " + std::to_string(p.fork) : ""));
        if (when_progress) when_progress(s, p);
    }
    void on_session_answered(InviteSession& s, const Answered& a) override {
        session = &s;
        events.push_back("answered" + word(a.description));
        if (when_answered) when_answered(s, a);
    }
    void on_session_confirmed(InviteSession&, BodyView answer) override {
        events.push_back("confirmed" + (answer.empty() ? std::string() : " " + std::string(answer.bytes)));
    }
    void on_session_offered(InviteSession& s, const RemoteOffer& o) override {
        events.push_back("offered " + std::string(o.body.bytes));
        if (when_offered) when_offered(s, o);
    }
    void on_session_offer_answered(InviteSession&, BodyView answer) override {
        events.push_back("offer answered " + std::string(answer.bytes));
    }
    void on_session_offer_withdrawn(InviteSession&) override { events.push_back("offer withdrawn"); }
    void on_session_offer_failed(InviteSession&, OfferFailure failure, int status) override {
        events.push_back((failure == OfferFailure::GlareGivenUp ? "glare given up " : "offer refused ") +
                         std::to_string(status));
    }
    void on_session_info(InviteSession&, const MessageView& info) override {
        events.push_back("info " + std::string(info.body()));
    }
    void on_session_referred(InviteSession& s, const MessageView& refer, ServerRequestId request) override {
        events.push_back("referred " + std::string(refer.value(HeaderId::ReferTo)));
        if (when_referred) when_referred(s, request);
    }
    void on_session_notified(InviteSession&, const MessageView& notify) override {
        events.push_back("notified " + std::string(notify.body()));
    }
    Body current_description(InviteSession&) override { return description; }
    void on_session_ended(InviteSession& s, const SessionEnd& end) override {
        events.push_back("ended");
        ended = end.cause;
        ended_status = end.status;
        ended_reason = end.reason_header;
        ended_retry_after = end.retry_after;
        session = nullptr;
        if (when_ended) when_ended(s);
    }
};

/// A user agent on a node.
struct Station : UserAgentHandler {
    SimulatedNetwork& network;
    SimulatedNetwork::Node& node;
    UserAgent agent;
    Recorder calls;
    std::function<void(InviteSession&, const MessageView&)> when_invited;
    std::function<Screening(const MessageView&)> when_screened;
    std::function<void(const IncomingRequest&)> when_requested;
    std::vector<std::string> requests;

    Station(SimulatedNetwork& net, std::string_view address, UserAgentConfig config = {})
        : network(net),
          node(net.add(address)),
          agent({net.timers(), net.clock(), net.random(), node}, std::move(config), *this) {
        node.on_message = [this](std::span<char> bytes, const Flow& flow) { agent.receive(bytes, flow); };
        node.on_closed = [this](const Flow& flow) { agent.flow_closed(flow); };
    }

    Screening screen(const MessageView& request, const Flow&) override {
        return when_screened ? when_screened(request) : Screening{};
    }
    void on_invite(InviteSession& session, const MessageView& invite, const Flow&) override {
        session.set_handler(&calls);
        calls.session = &session;
        calls.events.push_back("invited");
        if (when_invited) when_invited(session, invite);
    }
    void on_request(const IncomingRequest& request) override {
        requests.emplace_back(request.message.method_text());
        if (when_requested)
            when_requested(request);
        else
            agent.respond(request.id, Response{});
    }

    InviteRequest invite_to(const Endpoint& remote, TransportKind kind = TransportKind::Udp) const {
        InviteRequest request;
        NextHop hop;
        hop.target = {.transport = kind, .remote = remote, .server_name = {}};
        request.hops.push_back(hop);
        request.request_uri = "sip:bob@" + remote.str();
        request.from = "\"Ann\" <sip:ann@example.org>";
        request.to = "<sip:bob@example.org>";
        request.contact_user = "ann";
        request.offer = sdp("offer-1");
        return request;
    }
    InviteSession& place(const InviteRequest& request) {
        calls.session = agent.find(*agent.place(request, calls));
        return *calls.session;
    }
    bool idle() const {
        const auto stats = agent.stats();
        return stats.sessions == 0 && stats.client_transactions == 0 && stats.server_transactions == 0;
    }
};

/// Raw messages in and out.
struct ScriptedPeer {
    SimulatedNetwork& network;
    SimulatedNetwork::Node& node;
    std::vector<Message> inbox;
    std::vector<Flow> flows;  ///< of each message
    std::string tag = "peer-tag";
    int branches = 0;

    ScriptedPeer(SimulatedNetwork& net, std::string_view address) : network(net), node(net.add(address)) {
        node.on_message = [this](std::span<char> bytes, const Flow& flow) {
            auto message = Message::parse({bytes.data(), bytes.size()});
            if (!message) return;
            inbox.push_back(std::move(*message));
            flows.push_back(flow);
        };
    }

    /// The newest message of this method; for responses of this status.
    const MessageView* last(Method method, int status = 0) const {
        for (auto m = inbox.rbegin(); m != inbox.rend(); ++m)
            if ((*m)->method() == method && (*m)->status() == status) return &m->view();
        return nullptr;
    }
    long count(Method method, int status = 0) const {
        return std::ranges::count_if(inbox,
                                     [&](const Message& m) { return m->method() == method && m->status() == status; });
    }
    /// Requests of this method without their retransmissions.
    std::size_t distinct(Method method) const {
        std::set<std::string> branches_seen;
        for (const Message& m : inbox)
            if (m->is_request() && m->method() == method) branches_seen.insert(std::string(m->top_via().branch()));
        return branches_seen.size();
    }
    const Flow& peer_flow() const { return flows.back(); }

    /// `headers`: whole lines with CRLF.
    void answer(const MessageView& request, int status, std::string headers = {}, std::string body = {},
                std::optional<std::string> to_tag = std::nullopt) {
        std::string text = "SIP/2.0 " + std::to_string(status) + " Phrase\r\n";
        for (auto value : request.lines(HeaderId::Via)) text += "Via: " + std::string(value) + "\r\n";
        text += "From: " + std::string(request.from().text()) + "\r\nTo: " + std::string(request.to().text());
        const std::string own = to_tag.value_or(tag);
        if (request.to_tag().empty() && status > 100 && !own.empty()) text += ";tag=" + own;
        text += "\r\nCall-ID: " + std::string(request.call_id()) +
                "\r\nCSeq: " + std::to_string(request.cseq().number) + " " + std::string(request.cseq().method_text) +
                "\r\n";
        if (status > 100 && status < 300 && headers.find("Contact:") == headers.npos)
            text += "Contact: <sip:peer@" + node.address().str() + ">\r\n";
        text += headers;
        if (!body.empty()) text += "Content-Type: application/sdp\r\n";
        text += "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
        send(text);
    }

    std::string new_branch() { return "z9hG4bKpeer" + std::to_string(++branches); }

    struct Fields {
        std::string method;
        std::string uri = "sip:ann@10.0.0.1:5060";
        std::string from = "<sip:peer@example.net>;tag=peer-tag";
        std::string to = "<sip:ann@example.org>";
        std::string call_id = "call-1";
        int cseq = 1;
        std::string branch;
        std::string headers;
        std::string body;
        bool contact = true;
        std::string body_type = "application/sdp";
    };
    std::string text_of(Fields f) {
        if (f.branch.empty()) f.branch = new_branch();
        std::string text = f.method + " " + f.uri + " SIP/2.0\r\nVia: SIP/2.0/UDP " + node.address().str() +
                           ";rport;branch=" + f.branch + "\r\nMax-Forwards: 70\r\nFrom: " + f.from + "\r\nTo: " + f.to +
                           "\r\nCall-ID: " + f.call_id + "\r\nCSeq: " + std::to_string(f.cseq) + " " + f.method +
                           "\r\n";
        if (f.contact) text += "Contact: <sip:peer@" + node.address().str() + ">\r\n";
        text += f.headers;
        if (!f.body.empty()) text += "Content-Type: " + f.body_type + "\r\n";
        return text + "Content-Length: " + std::to_string(f.body.size()) + "\r\n\r\n" + f.body;
    }
    void request(const Fields& f) { send(text_of(f)); }

    /// A request of ours in the dialog that `their_request` (from the user agent under test) made.
    Fields in_dialog(const MessageView& their_request, std::string method, int cseq) {
        Fields f;
        f.method = std::move(method);
        f.uri = std::string(their_request.contact().uri().text());
        f.from = std::string(their_request.to().text());
        if (their_request.to_tag().empty()) f.from += ";tag=" + tag;
        f.to = std::string(their_request.from().text());
        f.call_id = std::string(their_request.call_id());
        f.cseq = cseq;
        return f;
    }
    /// A request of ours in the dialog that our INVITE and `their_answer` made.
    Fields in_own_dialog(const MessageView& their_answer, std::string method, int cseq) {
        Fields f;
        f.method = std::move(method);
        f.from = std::string(their_answer.from().text());
        f.to = std::string(their_answer.to().text());
        f.call_id = std::string(their_answer.call_id());
        f.cseq = cseq;
        return f;
    }

    std::optional<Flow> to;  ///< where messages go; the source of the last one by default
    void send(std::string_view text) { (void)node.send(to ? *to : flows.back(), text); }
};

}  // namespace dp::sip::test
