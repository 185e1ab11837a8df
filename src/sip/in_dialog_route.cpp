#include "sip/in_dialog_route.hpp"

#include "sip/uri.hpp"

namespace dp::sip {

namespace {

std::optional<TransportKind> transport_of(const UriView& uri) {
    if (uri.scheme() == UriScheme::Sips) return TransportKind::Tls;
    const std::string_view name = uri.transport();
    if (name.empty() || ascii::iequals(name, "udp")) return TransportKind::Udp;
    if (ascii::iequals(name, "tcp")) return TransportKind::Tcp;
    if (ascii::iequals(name, "tls")) return TransportKind::Tls;
    return std::nullopt;
}

// A private Contact behind a public source is a phone or a carrier's inner host behind NAT: not reachable from here.
bool is_reachable(const IpAddress& address, const Flow& flow) {
    if (address.is_unspecified()) return false;
    return !address.is_private() || flow.remote.address.is_private();
}

}  // namespace

std::optional<Target> in_dialog_target(std::string_view next_hop, const Flow& flow, InDialogPath path) {
    if (flow.kind != TransportKind::Udp || path == InDialogPath::Flow) return std::nullopt;
    const auto uri = UriView::parse(next_hop);
    if (!uri || !uri->is_sip()) return std::nullopt;
    const auto address = IpAddress::parse(uri->host());
    const auto transport = transport_of(*uri);
    if (!address || !transport) return std::nullopt;
    if (path == InDialogPath::Automatic && !is_reachable(*address, flow)) return std::nullopt;
    Target target{.transport = *transport,
                  .remote = {*address, uri->port().value_or(default_port(*transport))},
                  .server_name = {}};
    if (target.transport == TransportKind::Udp && target.remote == flow.remote) return std::nullopt;
    return target;
}

}  // namespace dp::sip
