#include "api/probe_target.hpp"

namespace dp::api {

net::ProbeTarget probe_target(const telephony::IceServerUri& server, ice::ProbeKind kind) {
    net::ProbeTarget out{server.host, server.port, net::ProbeTransport::Udp, kind};
    if (server.is_secure())
        out.transport = net::ProbeTransport::Tls;
    else if (server.transport == telephony::IceTransport::Tcp)
        out.transport = net::ProbeTransport::Tcp;
    return out;
}

}  // namespace dp::api
