#pragma once
/// @file Names of SIP methods, header fields and status codes, and how they are told apart (RFC 3261 7.3.1, 7.3.3, 20,
/// 21). Header names and compact forms are case-insensitive; methods are case-sensitive.

#include <cstdint>
#include <string_view>

namespace dp::sip {

enum class Method : std::uint8_t {
    Unknown,  ///< a legal token that we do not know: answered 501
    Invite,
    Ack,
    Bye,
    Cancel,
    Register,
    Options,
    Info,
    Prack,
    Update,
    Refer,
    Subscribe,
    Notify,
    Message,
    Publish,
};

Method method_of(std::string_view token);
std::string_view method_name(Method method);

// name, compact form (0: none), shape of the value. Alphabetical; the enumerators follow this order after Unknown.
// List: comma-separated by grammar. Single: one value, commas belong to it (RFC 3261 7.3.1 names the credentials
// headers).
#define DP_SIP_HEADERS(X)                                   \
    X(Accept, "Accept", 0, List)                            \
    X(AcceptContact, "Accept-Contact", 'a', List)           \
    X(AcceptEncoding, "Accept-Encoding", 0, List)           \
    X(AcceptLanguage, "Accept-Language", 0, List)           \
    X(AlertInfo, "Alert-Info", 0, List)                     \
    X(Allow, "Allow", 0, List)                              \
    X(AllowEvents, "Allow-Events", 'u', List)               \
    X(AuthenticationInfo, "Authentication-Info", 0, Single) \
    X(Authorization, "Authorization", 0, Single)            \
    X(CSeq, "CSeq", 0, Single)                              \
    X(CallId, "Call-ID", 'i', Single)                       \
    X(CallInfo, "Call-Info", 0, List)                       \
    X(Contact, "Contact", 'm', List)                        \
    X(ContentDisposition, "Content-Disposition", 0, Single) \
    X(ContentEncoding, "Content-Encoding", 'e', List)       \
    X(ContentLanguage, "Content-Language", 0, List)         \
    X(ContentLength, "Content-Length", 'l', Single)         \
    X(ContentType, "Content-Type", 'c', Single)             \
    X(Date, "Date", 0, Single)                              \
    X(Diversion, "Diversion", 0, List)                      \
    X(ErrorInfo, "Error-Info", 0, List)                     \
    X(Event, "Event", 'o', Single)                          \
    X(Expires, "Expires", 0, Single)                        \
    X(FlowTimer, "Flow-Timer", 0, Single)                   \
    X(From, "From", 'f', Single)                            \
    X(Geolocation, "Geolocation", 0, List)                  \
    X(HistoryInfo, "History-Info", 0, List)                 \
    X(Identity, "Identity", 'y', List)                      \
    X(InReplyTo, "In-Reply-To", 0, List)                    \
    X(MaxForwards, "Max-Forwards", 0, Single)               \
    X(MimeVersion, "MIME-Version", 0, Single)               \
    X(MinExpires, "Min-Expires", 0, Single)                 \
    X(MinSe, "Min-SE", 0, Single)                           \
    X(Organization, "Organization", 0, Single)              \
    X(PAssertedIdentity, "P-Asserted-Identity", 0, List)    \
    X(PCalledPartyId, "P-Called-Party-ID", 0, Single)       \
    X(PPreferredIdentity, "P-Preferred-Identity", 0, List)  \
    X(Path, "Path", 0, List)                                \
    X(Priority, "Priority", 0, Single)                      \
    X(Privacy, "Privacy", 0, Single)                        \
    X(ProxyAuthenticate, "Proxy-Authenticate", 0, Single)   \
    X(ProxyAuthorization, "Proxy-Authorization", 0, Single) \
    X(ProxyRequire, "Proxy-Require", 0, List)               \
    X(RAck, "RAck", 0, Single)                              \
    X(RSeq, "RSeq", 0, Single)                              \
    X(Reason, "Reason", 0, List)                            \
    X(RecordRoute, "Record-Route", 0, List)                 \
    X(ReferSub, "Refer-Sub", 0, Single)                     \
    X(ReferTo, "Refer-To", 'r', Single)                     \
    X(ReferredBy, "Referred-By", 'b', Single)               \
    X(RejectContact, "Reject-Contact", 'j', List)           \
    X(RemotePartyId, "Remote-Party-ID", 0, List)            \
    X(Replaces, "Replaces", 0, Single)                      \
    X(ReplyTo, "Reply-To", 0, Single)                       \
    X(RequestDisposition, "Request-Disposition", 'd', List) \
    X(Require, "Require", 0, List)                          \
    X(RetryAfter, "Retry-After", 0, Single)                 \
    X(Route, "Route", 0, List)                              \
    X(Server, "Server", 0, Single)                          \
    X(ServiceRoute, "Service-Route", 0, List)               \
    X(SessionExpires, "Session-Expires", 'x', Single)       \
    X(Subject, "Subject", 's', Single)                      \
    X(SubscriptionState, "Subscription-State", 0, Single)   \
    X(Supported, "Supported", 'k', List)                    \
    X(Timestamp, "Timestamp", 0, Single)                    \
    X(To, "To", 't', Single)                                \
    X(Unsupported, "Unsupported", 0, List)                  \
    X(UserAgent, "User-Agent", 0, Single)                   \
    X(UserToUser, "User-to-User", 0, Single)                \
    X(Via, "Via", 'v', List)                                \
    X(Warning, "Warning", 0, List)                          \
    X(WwwAuthenticate, "WWW-Authenticate", 0, Single)

enum class HeaderId : std::uint8_t {
    Unknown,
#define DP_SIP_ENUM(id, name, compact, shape) id,
    DP_SIP_HEADERS(DP_SIP_ENUM)
#undef DP_SIP_ENUM
};

inline constexpr std::size_t kHeaderIds = static_cast<std::size_t>(HeaderId::WwwAuthenticate) + 1;

/// By full name or compact form, in any case.
HeaderId header_id(std::string_view name);
/// The canonical spelling; empty for Unknown.
std::string_view header_name(HeaderId id);
/// True where a comma separates values. False for Unknown: an unknown header is never split.
bool is_list(HeaderId id);

/// The phrase of RFC 3261 21 and its extensions; that of the class's x00 for codes without one.
std::string_view reason_phrase(int status);

}  // namespace dp::sip
