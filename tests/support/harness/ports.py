"""Ports that are free right now, for programs that can't be told to bind port 0."""
import socket

_given: set[int] = set()


def free_port() -> int:
    """A port free on 127.0.0.1 for UDP and TCP, and the one after it for UDP; never given twice in one run."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beside, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            udp.bind(("127.0.0.1", 0))
            port = udp.getsockname()[1]
            if port in _given or port + 1 in _given or port > 65000:
                continue
            try:
                tcp.bind(("127.0.0.1", port))
                beside.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            _given.update((port, port + 1))
            return port
