"""A SIP phone on UDP that registers, answers every call, and sends RTP as it is told. It notes with which type of service the
server's packets arrive (IP_RECVTOS): the DSCP values as they are on the wire."""
import re
import select
import socket
import struct
import threading
import time
import uuid

from harness import sip

SILENCE = b"\xff" * 160
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


class SipPhone:
    def __init__(self, account: dict, sends_audio: bool = True, loses_every: int = 0):
        self.account = account
        self.sends_audio = sends_audio
        self.loses_every = loses_every
        self.sip_dscp: set[int] = set()
        self.media_dscp: set[int] = set()
        self._sip, self._rtp = listening(), listening()
        self.port = self._sip.getsockname()[1]
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
        server, call_id = (host, int(port)), uuid.uuid4().hex

        def ask(number: int, extra: str = "") -> str:
            me = f"sip:{account['username']}@{account['domain']}"
            self._sip.sendto((f"REGISTER sip:{account['domain']} SIP/2.0\r\n"
                              f"Via: SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
                              f"From: <{me}>;tag={call_id[:8]}\r\nTo: <{me}>\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
                              f"Contact: <sip:{account['username']}@127.0.0.1:{self.port}>\r\nExpires: {expires}\r\n"
                              f"Max-Forwards: 70\r\nUser-Agent: test phone\r\n{extra}Content-Length: 0\r\n\r\n").encode(), server)
            deadline = time.monotonic() + 10
            while time.monotonic() < deadline:
                if not select.select([self._sip], [], [], 0.2)[0]:
                    continue
                answer = self._sip.recv(65535).decode(errors="replace")
                if answer.startswith("SIP/2.0") and call_id in answer and f"CSeq: {number} REGISTER" in answer:
                    return answer
            raise AssertionError("the registrar does not answer")

        challenge = ask(1)
        offers = [line for line in challenge.split("\r\n") if line.lower().startswith("www-authenticate:")]
        offered = next(line for line in offers if "algorithm=MD5" in line or "algorithm" not in line)
        answer = ask(2, sip.authorization(account, offered))
        assert answer.startswith("SIP/2.0 200"), answer

    # -- calls --------------------------------------------------------------------------------------------------------
    def _serve(self) -> None:
        sequence, due = 0, time.monotonic()
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
                        self._rtp.sendto(head + SILENCE, self._remote)

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
