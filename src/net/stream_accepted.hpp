#pragma once
/// @file How StreamListener turns an accepted descriptor into a StreamConnection. Internal to net.

#include <functional>
#include <memory>

#include "net/stream_connection.hpp"

namespace dp::net {

using MakeStreamHandler = std::function<std::unique_ptr<StreamHandler>(StreamConnection&)>;

struct AcceptedStream {
    int descriptor = -1;  ///< non-blocking; owned from here on
    Endpoint remote;
    std::move_only_function<void()> on_gone;  ///< once, when the descriptor has been closed
};

std::shared_ptr<StreamConnection> adopt_stream(EventLoop& loop, AcceptedStream accepted, const StreamLimits& limits,
                                               const TlsContext& tls, const MakeStreamHandler& make_handler);

}  // namespace dp::net
