"""Ports that are free right now, for programs that can't be told to bind port 0."""
import fcntl
import os
import pathlib
import random
import socket
import tempfile

# Above the ports that the kernel gives to whoever asks for any, and above our media's: nobody else comes by them.
_RANGE = range(61000, 65000)
_given: set[int] = set()
_locks: list[int] = []  # held until this process ends


def _claim(port: int) -> bool:
    """Another run of the tests on this machine may look for ports at the same moment: one file, locked, for each of them."""
    folder = pathlib.Path(tempfile.gettempdir()) / "dialplane-test-ports"
    folder.mkdir(exist_ok=True)
    lock = os.open(folder / str(port), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(lock)
        return False
    _locks.append(lock)
    return True


def free_port() -> int:
    """A port free on 127.0.0.1 for UDP and TCP, and the one after it for UDP; never given twice on one machine."""
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
            if not _claim(port) or not _claim(port + 1):
                continue
            _given.update((port, port + 1))
            return port
