"""Ports that are free right now, for programs that can't be told to bind port 0."""
import random
import socket

# Above the ports that the kernel gives to whoever asks for any, and above our media's: nobody else comes by them.
_RANGE = range(61000, 65000)
_given: set[int] = set()


def free_port() -> int:
    """A port free on 127.0.0.1 for UDP and TCP, and the one after it for UDP; never given twice in one run."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as beside, \
                socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp:
            port = random.choice(_RANGE)
            if port in _given or port + 1 in _given:
                continue
            try:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                beside.bind(("127.0.0.1", port + 1))
            except OSError:
                continue
            _given.update((port, port + 1))
            return port
