#pragma once
/// @file Parser: bytes to MessageView, and what to do about bytes that are no proper message.
///
/// The reader tolerates what old and careless peers send (bare LF, folding, SP before the colon, missing Content-Length
/// on datagrams …) and refuses what smuggles (a second Call-ID, octets between name and colon, control octets, wrong
/// lengths); RFC 4475 and 5118 are its test data. A request that shows its top Via gets its refusal statelessly;
/// anything else, every bad response and every bad ACK is dropped.
///
/// Threads: one Parser per thread; it owns the header table that its views use, until the next parse. No allocation, no
/// exception.

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "sip/flow.hpp"
#include "sip/limits.hpp"
#include "sip/message.hpp"

namespace dp::sip {

enum class Disposition : std::uint8_t {
    Accept,
    Answer,  ///< send `status` statelessly (message_builder.hpp, ResponseBuilder), keep nothing
    Drop,    ///< count `reason`, send nothing
};

struct Verdict {
    Disposition disposition = Disposition::Accept;
    std::uint16_t status = 0;
    std::string_view reason;  ///< static text; the answer's phrase and the counter's label
    bool ok() const { return disposition == Disposition::Accept; }
    friend bool operator==(const Verdict&, const Verdict&) = default;
};

struct ParseContext {
    TransportKind transport = TransportKind::Udp;
};

class Parser {
public:
    /// `bytes` is one datagram, one framed stream message or one WebSocket message. Folded lines are joined in place
    /// (RFC 3261 7.3.1: one SP), nothing else is changed. After Answer, `message()` holds what the stateless answer
    /// copies.
    Verdict parse(std::span<char> bytes, const ParseContext& context);
    const MessageView& message() const { return view_; }

private:
    void note(std::uint16_t status, std::string_view reason);
    Verdict conclude() const;
    std::size_t read_start_line(std::span<const char> bytes, std::size_t pos);
    void read_request_line(std::string_view line);
    void read_status_line(std::string_view line);
    std::size_t read_header_lines(std::span<char> bytes, std::size_t pos);
    void read_header_line(std::string_view line);
    void chain_header(HeaderId id, std::uint8_t here);
    void read_request_uri(std::string_view text);
    void read_vias();
    void read_parties();
    void read_call_id();
    void read_cseq();
    void read_max_forwards();
    void read_contacts();
    void read_body(std::size_t begin, const ParseContext& context);

    MessageView view_;
    std::array<std::uint8_t, kHeaderIds> last_{};
    std::array<HeaderView, limits::kHeaderLines> table_;
    Verdict verdict_;  ///< the first fault met; the reading goes on, to find the Via that an answer needs
};

}  // namespace dp::sip
