"""A REGISTER with digest (RFC 3261 section 22.4, MD5) on behalf of a program that answers calls but can't register: SIPp 3.6 knows one
algorithm and gives up where it is offered two."""
import hashlib
import re
import socket
import threading
import uuid


def register(account: dict, port: int, expires: int = 3600) -> None:
    """Binds `sip:USER@127.0.0.1:port`, from that port, which must be free; `expires` 0 takes it back."""
    answer = try_register(account, port, expires)
    assert answer.startswith("SIP/2.0 200"), answer


def try_register(account: dict, port: int, expires: int = 3600) -> str:
    """The last answer, whatever it is."""
    sip = account["sip"]
    host, _, server_port = sip["registrar"].removeprefix("sip:").rpartition(":")
    call_id = uuid.uuid4().hex
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.1", port))
        udp.connect((host, int(server_port)))
        udp.settimeout(5)

        def ask(number: int, extra: str = "") -> str:
            me = f"sip:{sip['username']}@{sip['domain']}"
            udp.send((f"REGISTER sip:{sip['domain']} SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK{uuid.uuid4().hex}\r\n"
                      f"From: <{me}>;tag={call_id[:8]}\r\nTo: <{me}>\r\nCall-ID: {call_id}\r\nCSeq: {number} REGISTER\r\n"
                      f"Contact: <sip:{sip['username']}@127.0.0.1:{port}>\r\nExpires: {expires}\r\nMax-Forwards: 70\r\n"
                      f"User-Agent: SIPp\r\n{extra}Content-Length: 0\r\n\r\n").encode())
            return udp.recv(8192).decode()

        challenge = ask(1)
        offers = [line for line in challenge.split("\r\n") if line.lower().startswith("www-authenticate:")]
        offered = next(line for line in offers if "algorithm=MD5" in line or "algorithm" not in line)
        return ask(2, authorization(sip, offered))


def authorization(sip: dict, challenge: str) -> str:
    realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge).group(1) for name in ("realm", "nonce"))
    uri, cnonce = f"sip:{sip['domain']}", uuid.uuid4().hex
    ha1, ha2 = md5(sip["username"], realm, sip["password"]), md5("REGISTER", uri)
    response = md5(ha1, nonce, "00000001", cnonce, "auth", ha2)
    return (f'Authorization: Digest username="{sip["username"]}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
            f'response="{response}", qop=auth, nc=00000001, cnonce="{cnonce}"\r\n')


def md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()


class SipPeer:
    """A carrier or a phone over UDP that refuses every INVITE, and keeps it: what was on the wire is what a test asks for."""

    def __init__(self, port: int = 0, status: str = "486 Busy Here"):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", port))
        self.port = self.socket.getsockname()[1]
        self.status = status
        self.invites: list[str] = []
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                data, source = self.socket.recvfrom(65535)
            except OSError:
                return
            if not data:
                return
            text = data.decode(errors="replace")
            method = text.split(" ", 1)[0]
            if method == "INVITE":
                self.invites.append(text)
            if method not in ("ACK", "") and not text.startswith("SIP/2.0"):
                self.socket.sendto(self._answer(text, "200 OK" if method != "INVITE" else self.status).encode(), source)

    @staticmethod
    def _answer(request: str, status: str) -> str:
        kept = [line for line in request.split("\r\n\r\n")[0].split("\r\n")[1:]
                if line.split(":")[0].strip().lower() in ("via", "from", "call-id", "cseq", "to")]
        tagged = [line + ";tag=peer" if line.lower().startswith("to:") and ";tag=" not in line else line for line in kept]
        return "\r\n".join([f"SIP/2.0 {status}", *tagged, "Content-Length: 0", "", ""])

    def close(self) -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as waker:
            waker.sendto(b"", ("127.0.0.1", self.port))
        self._thread.join(5)
        self.socket.close()
