#pragma once
/// @file One live transaction as the transaction layer keeps it: a machine, its last message, where it goes and whose
/// it is.
///
/// A transaction holds only what its state can still need: the request until it is answered, the answer until it can no
/// longer be asked for again. Threads: the control thread. Lifetime: owned by TransactionLayer; others hold ids.

#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/strong_id.hpp"
#include "base/timer_wheel.hpp"
#include "sip/digest_client.hpp"
#include "sip/flow.hpp"
#include "sip/invite_client_fsm.hpp"
#include "sip/invite_server_fsm.hpp"
#include "sip/message.hpp"
#include "sip/non_invite_client_fsm.hpp"
#include "sip/non_invite_server_fsm.hpp"
#include "sip/slot_table.hpp"

namespace dp::sip {

using ClientTransactionId = StrongIndex<struct ClientTransactionTag>;
using ServerTransactionId = StrongIndex<struct ServerTransactionTag>;

enum class RequestFailure : std::uint8_t { None, Timeout, TransportFailed };

/// What a client transaction was started for; its owner is a session or a request outside dialogs.
enum class Purpose : std::uint8_t {
    Invite,
    ReInvite,
    Cancel,
    Prack,
    Update,
    Bye,
    Info,
    Notify,
    Refer,
    Request,
    Nothing
};

/// The ACK of a 2xx, kept so that every repetition of the 2xx gets it again, even after the session has ended (RFC 6026
/// §7.2).
struct KeptAck {
    std::string to_tag;
    std::string bytes;
    Flow flow;
};

struct ClientTransaction {
    ClientTransactionId id;
    HashKey key;
    std::uint64_t owner = 0;  ///< SessionId or ClientRequestId by purpose
    Purpose purpose = Purpose::Nothing;
    Method method = Method::Unknown;
    bool send_failed = false;  ///< found out when it was started; reported from the next timer
    TimePoint started{};
    Flow flow;
    std::string request;  ///< emptied when the INVITE is answered for good
    std::string ack;      ///< of a failure
    std::vector<KeptAck> acks;
    std::unique_ptr<DigestAttempts> attempts;  ///< made by the first challenge; moves on to the retry
    std::variant<InviteClientFsm, NonInviteClientFsm> machine;
    Timer timer;

    TimePoint deadline() const {
        return std::visit([](const auto& m) { return m.deadline(); }, machine);
    }
};

struct ServerTransaction {
    ServerTransactionId id;
    HashKey key;
    HashKey merge_key;          ///< empty for requests within dialogs
    std::uint64_t session = 0;  ///< SessionId of the dialog it belongs to or made; 0: none
    Method method = Method::Unknown;
    bool answered = false;     ///< a final answer was given
    bool reconnected = false;  ///< §18.2.2: one new connection for the answer
    Flow flow;                 ///< where answers go
    std::string to_tag;
    std::string answer;                    ///< last response
    const MessageView* arrived = nullptr;  ///< while the request is being handled
    Message kept;                          ///< afterwards, until answered
    std::variant<InviteServerFsm, NonInviteServerFsm> machine;
    Timer timer;

    const MessageView& request() const { return arrived ? *arrived : kept.view(); }
    TimePoint deadline() const {
        return std::visit([](const auto& m) { return m.deadline(); }, machine);
    }
};

}  // namespace dp::sip
