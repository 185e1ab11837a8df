"""SIP phones. SipPhone (UDP) registers, answers every call, and sends RTP as it is told; StreamPhone keeps a registration over TCP,
TLS or a WebSocket. Both note with which DSCP the server's packets arrive, as it is on the wire."""
import re
import select
import socket
import struct
import threading
import time
import uuid

from harness import sip
from harness.websocket import WebSocket, trusting_context

SILENCE = b"\xff" * 160  # PCMU
SOUND = bytes([0x80, 0xAA, 0x00, 0x2A] * 40)  # a loud tone of 2 kHz
IP_RECVTOS = 13  # linux/in.h


def listening() -> socket.socket:
    udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    udp.bind(("127.0.0.1", 0))
    udp.setsockopt(socket.IPPROTO_IP, IP_RECVTOS, 1)
    return udp


def receive(udp: socket.socket) -> tuple[bytes, tuple, int]:
    """The datagram, its source, and its DSCP."""
    data, ancillary, _, source = udp.recvmsg(65535, 64)
    tos = next((value[0] for level, kind, value in ancillary if level == socket.IPPROTO_IP and kind == socket.IP_TOS), 0)
    return data, source, tos >> 2


def offered_md5(challenge: str) -> str:
    offers = [line for line in challenge.split("\r\n") if line.lower().startswith("www-authenticate:")]
    return next(line for line in offers if "algorithm=MD5" in line or "algorithm" not in line)


class SipPhone:
    """`jitter`: seconds by which every other packet is late on its way; `call_id`: that of its REGISTERs, one for each boot of a phone."""

    def __init__(self, account: dict, sends_audio: bool = True, loses_every: int = 0, sound: bytes = SOUND, jitter: float = 0.0,
                 call_id: str = ""):
        self.account = account
        self.sends_audio = sends_audio
        self.loses_every = loses_every
        self.sound = sound
        self.jitter = jitter
        self.sip_dscp: set[int] = set()
        self.media_dscp: set[int] = set()
        self._sip, self._rtp = listening(), listening()
        self.port = self._sip.getsockname()[1]
        self._call_id, self._register_number = call_id or uuid.uuid4().hex, 0
        self._remote = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "SipPhone":
        self._register(3600)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join(10)
        self._register(0)
        self._sip.close()
        self._rtp.close()

    # -- registration -------------------------------------------------------------------------------------------------
    def _register(self, expires: int) -> None:
        account = self.account["sip"]
        host, _, port = account["registrar"].removeprefix("sip:").rpartition(":")
        server = (host, int(port))

        def ask(extra: str = "") -> str:
            self._register_number += 1
            me = f"sip:{account['username']}@{account['domain']}"
            self._sip.sendto((f"REGISTER sip:{account['domain']} SIP/2.0\r\n"
                              f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
                              f"From: <{me}>;tag={self._call_id[:8]}\r\nTo: <{me}>\r\nCall-ID: {self._call_id}\r\n"
                              f"CSeq: {self._register_number} REGISTER\r\n"
                              f"Contact: <sip:{account['username']}@127.0.0.1:{self.port}>\r\nExpires: {expires}\r\n"
                              f"Max-Forwards: 70\r\nUser-Agent: test phone\r\n{extra}Content-Length: 0\r\n\r\n").encode(), server)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if not select.select([self._sip], [], [], 0.2)[0]:
                    continue
                answer = self._sip.recv(65535).decode(errors="replace")
                if answer.startswith("SIP/2.0") and self._call_id in answer and f"CSeq: {self._register_number} REGISTER" in answer:
                    return answer
            raise AssertionError("the registrar does not answer")

        answer = ask(sip.authorization(account, offered_md5(ask())))
        assert answer.startswith("SIP/2.0 200"), answer

    # -- calls --------------------------------------------------------------------------------------------------------
    def _serve(self) -> None:
        sequence, due, on_the_way = 0, time.monotonic(), []
        while not self._over.is_set():
            ready, _, _ = select.select([self._sip, self._rtp], [], [], max(0.0, min(0.02, due - time.monotonic())))
            if self._sip in ready:
                data, source, dscp = receive(self._sip)
                self._take(data.decode(errors="replace"), source, dscp)
            if self._rtp in ready:
                self.media_dscp.add(receive(self._rtp)[2])
            if time.monotonic() >= due:
                due = max(due + 0.02, time.monotonic() - 0.2)
                if self._remote and self.sends_audio:
                    sequence += 1
                    if not self.loses_every or sequence % self.loses_every:
                        head = struct.pack("!BBHII", 0x80, 0, sequence & 0xFFFF, sequence * 160 & 0xFFFFFFFF, 0x51505051)
                        on_the_way.append((time.monotonic() + (self.jitter if sequence % 2 else 0), head + self.sound))
            for packet in [entry for entry in on_the_way if entry[0] <= time.monotonic()]:
                on_the_way.remove(packet)
                if self._remote:
                    self._rtp.sendto(packet[1], self._remote)

    def _take(self, message: str, source: tuple, dscp: int) -> None:
        method = message.split(" ", 1)[0]
        if method not in ("INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "UPDATE", "NOTIFY"):
            return
        self.sip_dscp.add(dscp)
        if method == "INVITE":
            self._answer(message, source)
        elif method != "ACK":
            if method == "BYE":
                self._remote = None
            self._sip.sendto(self._response(message, ""), source)

    def _answer(self, invite: str, source: tuple) -> None:
        body = invite.partition("\r\n\r\n")[2]
        address = re.search(r"^c=IN IP4 (\S+)", body, re.M).group(1)
        self._remote = (address, int(re.search(r"^m=audio (\d+)", body, re.M).group(1)))
        port = self._rtp.getsockname()[1]
        self._sip.sendto(self._response(invite, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                                                f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"), source)

    def _response(self, request: str, sdp: str) -> bytes:
        head = request.partition("\r\n\r\n")[0].split("\r\n")[1:]
        kept = [line for line in head if re.match(r"(Via|From|Call-ID|CSeq|Record-Route|v|f|i)\s*:", line, re.I)]
        to = next(line for line in head if re.match(r"(To|t)\s*:", line, re.I))
        to += "" if ";tag=" in to else f";tag={self.port}"
        kind = "Content-Type: application/sdp\r\n" if sdp else ""
        contact = f"Contact: <sip:{self.account['sip']['username']}@127.0.0.1:{self.port}>\r\n"
        return ("SIP/2.0 200 OK\r\n" + "\r\n".join(kept + [to]) + f"\r\n{contact}{kind}Content-Length: {len(sdp)}\r\n\r\n{sdp}").encode()


class Sniffer:
    """The DSCP of what arrives on a TCP connection, off the wire: a raw socket sees IP headers (it needs CAP_NET_RAW)."""

    def __init__(self, connection: socket.socket):
        self._ports = (connection.getpeername()[1], connection.getsockname()[1])
        self._raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP)

    def close(self) -> None:
        self._raw.close()

    def seen(self, seconds: float = 0.2) -> list[int]:
        """Of every packet with a payload since the last look, in order."""
        out = []
        while select.select([self._raw], [], [], seconds)[0]:
            packet = self._raw.recv(65535)
            ip = (packet[0] & 15) * 4
            payload = len(packet) - ip - (packet[ip + 12] >> 4) * 4
            if struct.unpack("!HH", packet[ip:ip + 4]) == self._ports and payload > 0:
                out.append(packet[1] >> 2)
        return out


class StreamPhone:
    """Registered over TCP ("tcp", to the registrar's port), TLS ("tls://host:port") or a WebSocket (its URI)."""

    def __init__(self, account: dict, to: str):
        self.account, self.to = account, to
        self._call_id, self._number = uuid.uuid4().hex, 0
        self._connect()

    def _connect(self) -> None:
        self._websocket, self._buffer = None, b""
        if self.to == "tcp":
            host, _, port = self.account["sip"]["registrar"].removeprefix("sip:").rpartition(":")
            self.connection = socket.create_connection((host, int(port)), timeout=10)
        elif self.to.startswith("tls:"):
            host, _, port = self.to.removeprefix("tls://").rpartition(":")
            self.connection = trusting_context().wrap_socket(socket.create_connection((host, int(port)), timeout=10))
        else:
            self._websocket = WebSocket.connect(self.to, "sip")
            self.connection = self._websocket.connection
        self.wire = Sniffer(self.connection)

    def __enter__(self) -> "StreamPhone":
        self.register()
        return self

    def __exit__(self, *_) -> None:
        self.register(0)
        self.drop()

    def drop(self) -> None:
        """The connection goes, the log-in stays."""
        self.wire.close()
        self.connection.close()

    def reconnect(self) -> None:
        self._connect()
        self.register()

    def register(self, expires: int = 3600) -> None:
        answer = self._ask(expires, sip.authorization(self.account["sip"], offered_md5(self._ask(expires))))
        assert answer.startswith("SIP/2.0 200"), answer

    def _ask(self, expires: int, extra: str = "") -> str:
        self._number += 1
        account = self.account["sip"]
        me = f"sip:{account['username']}@{account['domain']}"
        via = "TCP" if self.to == "tcp" else self.to.partition(":")[0].upper()
        kind = "ws" if self._websocket else via.lower()  # RFC 7118: also over WSS
        request = (f"REGISTER sip:{account['domain']} SIP/2.0\r\nVia: SIP/2.0/{via} phone.invalid;branch=z9hG4bK{uuid.uuid4().hex}\r\n"
                   f"From: <{me}>;tag={self._call_id[:8]}\r\nTo: <{me}>\r\nCall-ID: {self._call_id}\r\nCSeq: {self._number} REGISTER\r\n"
                   f"Contact: <sip:{account['username']}@phone.invalid;transport={kind}>;+sip.instance=\"<urn:uuid:{self._call_id}>\"\r\n"
                   f"Expires: {expires}\r\nMax-Forwards: 70\r\nUser-Agent: test phone\r\n{extra}Content-Length: 0\r\n\r\n").encode()
        self._websocket.send(request) if self._websocket else self.connection.sendall(request)
        while True:
            answer = self._receive()
            if answer.startswith("SIP/2.0") and f"CSeq: {self._number} REGISTER" in answer:
                return answer

    def _receive(self) -> str:
        if self._websocket:
            return self._websocket.receive().decode(errors="replace")
        while b"\r\n\r\n" not in self._buffer:
            chunk = self.connection.recv(65535)
            assert chunk, "the server closed the connection"
            self._buffer += chunk
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        return head.decode(errors="replace")
