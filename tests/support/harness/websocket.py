"""A WebSocket client (RFC 6455) of the size that tests need: text frames, ping, close; nothing fragmented."""
import base64
import hashlib
import json
import os
import socket
import ssl
import struct
import urllib.parse

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def trusting_context() -> ssl.SSLContext:
    """A server's own certificate is as good as any here."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Closed(AssertionError):
    """`code` and `reason` as in the close frame; 1005 without one."""

    def __init__(self, text: str, payload: bytes = b""):
        super().__init__(text)
        self.code = struct.unpack(">H", payload[:2])[0] if len(payload) >= 2 else 1005
        self.reason = payload[2:].decode()


class WebSocket:
    def __init__(self, connection: socket.socket, rest: bytes = b""):
        self.connection = connection
        self.buffer = rest

    @classmethod
    def connect(cls, uri: str, protocol: str = "", headers: dict | None = None) -> "WebSocket":
        parts = urllib.parse.urlsplit(uri)
        connection = socket.create_connection((parts.hostname, parts.port), timeout=10)
        if parts.scheme == "wss":
            connection = trusting_context().wrap_socket(connection)
        key = base64.b64encode(os.urandom(16)).decode()
        lines = [f"GET {parts.path or '/'} HTTP/1.1", f"Host: {parts.netloc}", "Upgrade: websocket", "Connection: Upgrade",
                 f"Sec-WebSocket-Key: {key}", "Sec-WebSocket-Version: 13"]
        lines += [f"Sec-WebSocket-Protocol: {protocol}"] if protocol else []
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        connection.sendall(("\r\n".join(lines) + "\r\n\r\n").encode())
        answer = b""
        while b"\r\n\r\n" not in answer:
            chunk = connection.recv(4096)
            if not chunk:
                raise Closed(f"the server closed during the handshake: {answer!r}")
            answer += chunk
        head, rest = answer.split(b"\r\n\r\n", 1)
        accept = base64.b64encode(hashlib.sha1((key + _GUID).encode()).digest())
        if b" 101 " not in head.split(b"\r\n")[0] or accept not in head:
            raise Closed(f"no upgrade: {head.decode(errors='replace')}")
        return cls(connection, rest)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def send(self, payload: bytes, opcode: int = 1) -> None:
        size = len(payload)
        head = bytes([0x80 | opcode])
        if size < 126:
            head += bytes([0x80 | size])
        else:
            head += bytes([0x80 | 126]) + struct.pack(">H", size) if size < 65536 else bytes([0xFF]) + struct.pack(">Q", size)
        mask = os.urandom(4)
        self.connection.sendall(head + mask + bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload)))

    def _take(self, count: int) -> bytes:
        while len(self.buffer) < count:
            chunk = self.connection.recv(65536)
            if not chunk:
                raise Closed("the server closed the connection")
            self.buffer += chunk
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def receive(self, seconds: float = 10) -> bytes:
        """The payload of the next text or binary frame."""
        self.connection.settimeout(seconds)
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                size = struct.unpack(">H", self._take(2))[0]
            elif size == 127:
                size = struct.unpack(">Q", self._take(8))[0]
            payload = self._take(size)
            opcode = first & 0x0F
            if opcode == 8:
                raise Closed(f"closed: {payload!r}", payload)
            if opcode == 9:
                self.send(payload, 10)
            elif opcode in (1, 2):
                return payload

    def receive_json(self, seconds: float = 10) -> dict:
        return json.loads(self.receive(seconds))
