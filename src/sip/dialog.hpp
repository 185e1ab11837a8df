#pragma once
/// @file Dialog: identity, route set, remote target and sequence numbers of one dialog, early or confirmed (RFC 3261
/// §12), and the requests built from them. One per To tag that a forked INVITE brings back.
///
/// Threads: owned by its session. Direction and identity come from tags only, never from addresses.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sip/message_builder.hpp"
#include "sip/offer_answer.hpp"
#include "sip/packed_text.hpp"

namespace dp::sip {

struct InviteRequest;

/// What the peer said it takes (Allow, Supported); absent Allow: nothing is assumed but what RFC 3261 itself demands.
struct PeerAbilities {
    bool update = false;
    bool timer = false;
    bool prack = false;
};

class Dialog {
public:
    /// Caller, before any answer: `local_tag` is ours; the route set is the preloaded one.
    static Dialog calling(const InviteRequest& request, std::string_view call_id, std::string_view local_tag,
                          std::string_view contact);
    /// Callee (§12.1.1). Fails when the texts are too long to keep.
    static Result<Dialog> called(const MessageView& invite, std::string_view local_tag, std::string_view contact);
    /// Caller: the dialog that this response to our INVITE makes (§12.1.2): Record-Route reversed, Contact as target.
    Dialog forked(const MessageView& response) const;
    /// The same from the response alone, when nothing of the INVITE is kept any more.
    static Dialog stray_fork(const MessageView& response);
    /// The confirmed dialog goes on counting where its early form was.
    void continue_from(const Dialog& early);

    std::string_view call_id() const { return text_.get(Text::CallId); }
    std::string_view local_tag() const { return text_.get(Text::LocalTag); }
    std::string_view remote_tag() const { return text_.get(Text::RemoteTag); }
    std::string_view remote_target() const { return text_.get(Text::Target); }
    std::string_view contact() const { return text_.get(Text::Contact); }
    void set_contact(std::string_view contact) { text_.set(Text::Contact, contact); }

    /// Target refresh by a re-INVITE, an UPDATE, or a 2xx to one (§12.2.1.2): the target only, never the route set.
    void refresh_target(const MessageView& message);
    void learn_abilities(const MessageView& message);
    const PeerAbilities& peer() const { return peer_; }

    /// URI of where the next request goes first: top of the route set, else the remote target.
    std::string_view next_hop() const;

    /// Start line, Via, Max-Forwards, From, To, Call-ID, CSeq and Route of a request within the dialog (§12.2.1.1),
    /// with the rewriting for a first hop without `lr`. ACK and CANCEL use the number of their INVITE.
    RequestBuilder request(std::string& buffer, Method method, std::uint32_t cseq, const ViaFields& via,
                           int max_forwards = 70) const;

    std::uint32_t next_cseq() { return ++local_cseq_; }
    std::uint32_t local_cseq() const { return local_cseq_; }
    void set_local_cseq(std::uint32_t number) { local_cseq_ = number; }
    /// §12.2.2: false for a number that is not above the last one; else it is remembered.
    bool take_remote_cseq(std::uint32_t number);

    OfferAnswer& offers() { return offers_; }
    const OfferAnswer& offers() const { return offers_; }

    /// RFC 3262 §4, caller: true when this is the next reliable 1xx in order; false for a repetition or one out of
    /// order.
    bool take_rseq(std::uint32_t rseq);
    bool answered_early = false;  ///< a reliable 1xx completed the offer: the 2xx brings no description
    bool previewed = false;       ///< an unreliable 1xx brought a description

private:
    enum class Text : std::uint8_t { CallId, Local, LocalTag, Remote, RemoteTag, Target, Contact, Routes };
    std::vector<std::string_view> routes() const;

    PackedText<Text, 8> text_;  ///< Local and Remote: whole From/To values; Routes: values separated by '\n'
    std::uint32_t local_cseq_ = 0;
    std::uint32_t remote_cseq_ = 0;
    std::uint32_t remote_rseq_ = 0;
    bool has_remote_cseq_ = false;
    PeerAbilities peer_;
    OfferAnswer offers_;
};

}  // namespace dp::sip
