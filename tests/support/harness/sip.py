"""A REGISTER with digest (RFC 3261 section 22.4, MD5) on behalf of a program that answers calls but can't register: SIPp 3.6 knows one
algorithm and gives up where it is offered two."""
import hashlib
import re
import socket
import uuid


def register(account: dict, port: int, expires: int = 3600) -> None:
    """Binds `sip:USER@127.0.0.1:port`, from that port, which must be free; `expires` 0 takes it back."""
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
        answer = ask(2, authorization(sip, offered))
    assert answer.startswith("SIP/2.0 200"), answer


def authorization(sip: dict, challenge: str) -> str:
    realm, nonce = (re.search(rf'{name}="([^"]*)"', challenge).group(1) for name in ("realm", "nonce"))
    uri, cnonce = f"sip:{sip['domain']}", uuid.uuid4().hex
    ha1, ha2 = md5(sip["username"], realm, sip["password"]), md5("REGISTER", uri)
    response = md5(ha1, nonce, "00000001", cnonce, "auth", ha2)
    return (f'Authorization: Digest username="{sip["username"]}", realm="{realm}", nonce="{nonce}", uri="{uri}", algorithm=MD5, '
            f'response="{response}", qop=auth, nc=00000001, cnonce="{cnonce}"\r\n')


def md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode()).hexdigest()
