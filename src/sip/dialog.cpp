#include "sip/dialog.hpp"

#include <algorithm>

#include "sip/header_values.hpp"
#include "sip/invite_request.hpp"

namespace dp::sip {

namespace {

constexpr char kRouteSeparator = '\n';  // cannot occur in a header value

std::string with_tag(std::string_view value, std::string_view tag) {
    std::string text(value);
    return tag.empty() ? text : text.append(";tag=").append(tag);
}

void append_route(std::string& routes, std::string_view route) {
    if (!routes.empty()) routes.push_back(kRouteSeparator);
    routes.append(route);
}

std::string joined_routes(const std::vector<std::string>& values) {
    std::string routes;
    for (const std::string& value : values) append_route(routes, value);
    return routes;
}

// §12.1.1: the callee keeps the order.
std::string recorded_routes(const MessageView& message) {
    std::string routes;
    for (std::string_view value : message.elements(HeaderId::RecordRoute)) append_route(routes, value);
    return routes;
}

// §12.1.2: the caller reverses it.
std::string reversed_routes(const MessageView& message) {
    std::vector<std::string_view> values;
    for (std::string_view value : message.elements(HeaderId::RecordRoute)) values.push_back(value);
    std::string routes;
    for (auto value = values.rbegin(); value != values.rend(); ++value) append_route(routes, *value);
    return routes;
}

bool is_loose(std::string_view route) {
    const auto address = NameAddr::parse(route, Strictness::Response);
    return !address || address->uri().has_lr();
}

std::string_view uri_of(std::string_view route) {
    const auto address = NameAddr::parse(route, Strictness::Response);
    return address ? address->uri().text() : std::string_view();
}

}  // namespace

Dialog Dialog::calling(const InviteRequest& request, std::string_view call_id, std::string_view local_tag,
                       std::string_view contact) {
    Dialog dialog;
    const std::string local = with_tag(request.from, local_tag);
    const std::string routes = joined_routes(request.routes);
    (void)dialog.text_.set_all({call_id, local, local_tag, request.to, "", request.request_uri, contact, routes});
    return dialog;
}

Result<Dialog> Dialog::called(const MessageView& invite, std::string_view local_tag, std::string_view contact) {
    Dialog dialog;
    const std::string local = with_tag(invite.to().text(), local_tag);
    const std::string routes = recorded_routes(invite);
    const bool kept = dialog.text_.set_all({invite.call_id(), local, local_tag, invite.from().text(), invite.from_tag(),
                                            invite.contact().uri().text(), contact, routes});
    if (!kept) return fail(ErrorCode::TooLarge, "The headers that make the dialog are too long to keep.");
    dialog.learn_abilities(invite);
    (void)dialog.take_remote_cseq(invite.cseq().number);
    return dialog;
}

Dialog Dialog::forked(const MessageView& response) const {
    Dialog dialog(*this);
    const std::string_view target = response.contact().empty() ? remote_target() : response.contact().uri().text();
    const std::string routes = reversed_routes(response);
    (void)dialog.text_.set_all({call_id(), text_.get(Text::Local), local_tag(), response.to().text(), response.to_tag(),
                                target, contact(), routes});
    dialog.learn_abilities(response);
    return dialog;
}

Dialog Dialog::stray_fork(const MessageView& response) {
    Dialog dialog;
    const std::string routes = reversed_routes(response);
    (void)dialog.text_.set_all({response.call_id(), response.from().text(), response.from_tag(), response.to().text(),
                                response.to_tag(), response.contact().uri().text(), "", routes});
    return dialog;
}

void Dialog::continue_from(const Dialog& early) {
    local_cseq_ = early.local_cseq_;
    remote_cseq_ = early.remote_cseq_;
    has_remote_cseq_ = early.has_remote_cseq_;
    remote_rseq_ = early.remote_rseq_;
    offers_ = early.offers_;
    answered_early = early.answered_early;
    previewed = early.previewed;
    peer_.update = peer_.update || early.peer_.update;
}

void Dialog::refresh_target(const MessageView& message) {
    if (!message.contact().empty()) text_.set(Text::Target, message.contact().uri().text());
}

void Dialog::learn_abilities(const MessageView& message) {
    if (message.has(HeaderId::Allow)) peer_.update = message.has_token(HeaderId::Allow, "UPDATE");
    if (!message.has(HeaderId::Supported) && !message.has(HeaderId::Require)) return;
    const auto names = [&](std::string_view tag) {
        return message.has_token(HeaderId::Supported, tag) || message.has_token(HeaderId::Require, tag);
    };
    peer_.timer = names("timer");
    peer_.prack = names("100rel");
}

std::vector<std::string_view> Dialog::routes() const {
    const std::string_view text = text_.get(Text::Routes);
    return text.empty() ? std::vector<std::string_view>() : ascii::split(text, kRouteSeparator);
}

std::string_view Dialog::next_hop() const {
    const std::string_view text = text_.get(Text::Routes);
    if (text.empty()) return remote_target();
    return uri_of(text.substr(0, text.find(kRouteSeparator)));
}

RequestBuilder Dialog::request(std::string& buffer, Method method, std::uint32_t cseq, const ViaFields& via,
                               int max_forwards) const {
    std::vector<std::string_view> set = routes();
    const bool strict = !set.empty() && !is_loose(set.front());
    RequestBuilder out(buffer, method, strict ? uri_of(set.front()) : remote_target());
    out.via(via).number(HeaderId::MaxForwards, static_cast<std::uint64_t>(std::max(0, max_forwards)));
    out.header(HeaderId::From, text_.get(Text::Local)).header(HeaderId::To, text_.get(Text::Remote));
    out.header(HeaderId::CallId, call_id()).cseq(cseq, method);
    // §12.2.1.1: a strict router gets itself as R-URI and the target at the end of the Route.
    for (std::size_t i = strict ? 1 : 0; i < set.size(); ++i) out.header(HeaderId::Route, set[i]);
    if (strict) out.header(HeaderId::Route, std::string("<").append(remote_target()).append(">"));
    return out;
}

bool Dialog::take_remote_cseq(std::uint32_t number) {
    if (has_remote_cseq_ && number <= remote_cseq_) return false;
    has_remote_cseq_ = true;
    remote_cseq_ = number;
    return true;
}

bool Dialog::take_rseq(std::uint32_t rseq) {
    const bool next = remote_rseq_ == 0 || rseq == remote_rseq_ + 1;
    if (next) remote_rseq_ = rseq;
    return next;
}

}  // namespace dp::sip
