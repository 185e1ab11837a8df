// Any bytes: parsing neither reads outside nor allocates without bound, every accessor survives what parsing let
// through, a kept copy says the same, parsing again gives the same verdict, and a stateless answer never carries a line
// of the sender's making.

#include <cstdlib>
#include <string>

#include "sip/body.hpp"
#include "sip/header_values.hpp"
#include "sip/message_builder.hpp"
#include "sip/parser.hpp"
#include "sip/request_check.hpp"

namespace {

using namespace dp::sip;

void require(bool condition) {
    if (!condition) std::abort();
}

void read_everything(const MessageView& m) {
    for (const HeaderView& header : m.headers()) {
        (void)m.find(m.name_of(header));
        for (std::string_view value : m.elements(header.id == HeaderId::Unknown ? HeaderId::Allow : header.id))
            require(value.data() == nullptr || value.size() <= m.bytes().size());
        if (header.id == HeaderId::Unknown) continue;
        (void)addresses(m, header.id);
        (void)number(m, header.id);
        if (const auto w = word(m, header.id)) (void)w->params.count();
    }
    if (const auto list = contacts(m))
        for (const NameAddr& contact : *list) (void)contact_expires(contact);
    (void)vias(m);
    (void)expires(m);
    (void)retry_after(m);
    (void)rack(m);
    (void)session_expires(m);
    (void)replaces(m);
    (void)reasons(m);
    (void)q850_cause(m);
    (void)warning_codes(m);
    (void)has_privacy(m, "id");
    (void)body_parts(m);
    (void)sdp_body(m);
    (void)uri_header(m.contact().uri(), "Replaces");
    (void)m.from().display_name();
    (void)m.top_via().received();
    (void)address_of_record(m.to().uri());
    (void)equivalent(m.from().uri(), m.to().uri());
    require(equivalent(m.contact().uri(), m.contact().uri()));
}

void check_copy(const MessageView& m) {
    const Message kept(m);
    require(kept->bytes() == m.bytes() && kept->call_id() == m.call_id() && kept->from_tag() == m.from_tag());
    require(kept->contact().text() == m.contact().text() && kept->top_via().branch() == m.top_via().branch());
    require(kept->request_uri().text() == m.request_uri().text());
}

void check_answer(const MessageView& request, int status) {
    std::string out;
    const dp::Endpoint source{dp::IpAddress::v4(0x7F000001), 5060};
    ResponseBuilder(out, request, status, {.reason = {}, .to_tag = "t", .source = &source}).finish();
    std::string copy = out;
    Parser parser;
    (void)parser.parse(copy, {});
    std::size_t lines = 0;
    for (char c : out) lines += c == '\n' ? 1U : 0U;
    const std::size_t routes = request.lines(HeaderId::RecordRoute).count();
    require(lines <= request.elements(HeaderId::Via).count() + routes + request.lines(HeaderId::Timestamp).count() + 7);
    require(out.find('\0') == std::string::npos);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    const auto transport = static_cast<TransportKind>(data[0] % 5);
    std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);
    Parser parser;
    const Verdict verdict = parser.parse(bytes, {transport});
    if (verdict.disposition == Disposition::Drop) return 0;
    const MessageView& m = parser.message();
    if (verdict.disposition == Disposition::Answer) {
        require(m.is_request() && m.method() != Method::Ack);
        check_answer(m, verdict.status);
        return 0;
    }
    read_everything(m);
    check_copy(m);
    std::string again(m.bytes());
    Parser second;
    require(second.parse(again, {transport}).ok());
    require(second.message().call_id() == m.call_id() && second.message().body() == m.body());
    if (m.is_request()) {
        check_answer(m, 200);
        static constexpr Method kMethods[] = {Method::Invite};
        (void)check_request(m, {kMethods, {}, {}});
    }
    return 0;
}
