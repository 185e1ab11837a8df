"""Hostile bytes on every socket: an answer or silence, never a hang, never a crash. After each attack the server still carries a
call. Seeds are fixed: a failure can be repeated."""
import contextlib
import random
import socket
import ssl
import time
import warnings

import pytest

from harness.waiting import until
from harness.websocket import Closed, WebSocket, trusting_context

ANSWER = "+14155550113"


@pytest.fixture(scope="module")
def target(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("hostile"), log_level="warn").start()
    client = made.client().log_in()
    client.wait_phone(made.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    yield made
    made.stop()


@pytest.fixture(autouse=True)
def still_carries_a_call(target):
    yield
    target.process.check_sanitizers()
    client = target.client().log_in()
    call = client.place_call(target.agent, ANSWER)
    client.wait_status(call["id"], "connected")
    assert client.hang_up(call["id"])["status"] == "disconnected"


def tcp(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5)


def tls(port: int) -> ssl.SSLSocket:
    return trusting_context().wrap_socket(tcp(port))


def http_port(target) -> int:
    return int(target.base_url.rsplit(":", 1)[1])


def garbage(seed: int) -> list[bytes]:
    source = random.Random(seed)
    return [source.randbytes(source.choice((1, 3, 40, 600, 1400, 9000))) for _ in range(60)] + \
        [b"\0" * 5000, b"\r\n" * 500, b"\r\n\r\n", b"\xff" * 65000, b"GET", b"INVITE sip:", b"SIP/2.0 200", b"\x16\x03\x01\xff\xff"]


def send_and_leave(connect, data: bytes) -> None:
    with contextlib.suppress(OSError), contextlib.closing(connect()) as connection:
        connection.sendall(data)
        connection.settimeout(0.02)
        connection.recv(4096)


def register(call_id: str, extra: str = "", version: str = "SIP/2.0", length: str = "0", body: str = "") -> bytes:
    return (f"REGISTER sip:dialplane.test {version}\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK{call_id}\r\n"
            f"From: <sip:a@dialplane.test>;tag=1\r\nTo: <sip:a@dialplane.test>\r\nCall-ID: {call_id}\r\nCSeq: 1 REGISTER\r\n"
            f"Max-Forwards: 70\r\n{extra}Content-Length: {length}\r\n\r\n{body}").encode()


BROKEN = [
    register("h1", version="SIP/7.0"),
    register("h2", length="-1"),
    register("h3", length="99999999999999999999"),
    register("h4", length="50", body="short"),
    register("h5", extra="Contact: <sip:a@127.0.0.1>;expires=99999999999999\r\n"),
    register("h6", extra="Contact: *\r\n"),
    register("h7", extra="X: " + "a" * 60000 + "\r\n"),
    register("h8", extra="Via: x\r\n" * 2000),
    register("h9", extra="Authorization: Digest " + 'username="' * 500 + "\r\n"),
    register("h10", extra="Contact: \"\\\"\\\\<sip:" + "%00" * 200 + ">\r\n"),
    register("h11", extra="Route: " + "<sip:127.0.0.1;lr>," * 500 + "<sip:127.0.0.1;lr>\r\n"),
    register("h12", extra="Max-Forwards: 0\r\n"),
    register("h13").replace(b"CSeq: 1", b"CSeq: 4294967296"),
    register("h14").replace(b"\r\n", b"\n"),
    register("h15").replace(b"Call-ID", b"Call-\0ID"),
    register("h16").replace(b"REGISTER sip", b"\xc3\x28 sip"),
]


def test_garbage_on_sip_over_udp(target):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        for data in garbage(1) + BROKEN:
            with contextlib.suppress(OSError):
                udp.sendto(data[:65000], ("127.0.0.1", target.sip_port))


def test_garbage_on_sip_over_tcp(target):
    for data in garbage(2) + BROKEN:
        send_and_leave(lambda: tcp(target.sip_port), data)


def test_garbage_on_sip_over_tls(target):
    for data in garbage(3)[:20] + BROKEN:
        send_and_leave(lambda: tls(target.port_of("sips")), data)
    for data in garbage(4):  # and instead of a handshake
        send_and_leave(lambda: tcp(target.port_of("sips")), data)


def test_garbage_on_http_and_https(target):
    for data in garbage(5):
        send_and_leave(lambda: tcp(http_port(target)), data)
        send_and_leave(lambda: tcp(target.port_of("https")), data)


@pytest.mark.parametrize("head", [
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET /../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /ui/..%2f..%2f..%2fetc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /%00%ff%fe HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcde",
    b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    b"POST /oauth/token HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF1\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X: y\r\n" * 20000 + b"\r\n",
    b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /api/v2/conversations/calls HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n",
    b"GET /ws/sip HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: short\r\n\r\n",
])
def test_http_that_is_refused(target, head):
    """A refusal, or the connection closed: no 2xx, nothing of the file system, and within seconds."""
    answer = b""
    with tcp(http_port(target)) as connection:
        connection.settimeout(10)
        with contextlib.suppress(ConnectionError):
            connection.sendall(head)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                answer += chunk
    assert not answer or answer.startswith(b"HTTP/1.1 4") or answer.startswith((b"HTTP/1.1 5", b"HTTP/1.0 4", b"HTTP/1.0 5")), \
        answer[:300]
    assert b"root:" not in answer


def test_slow_requests_hold_nobody_up(target):
    """Two hundred connections that send a byte now and then; meanwhile the API answers at once, and they are dropped in time."""
    slow = [tcp(http_port(target)) for _ in range(100)] + [tcp(target.sip_port) for _ in range(100)]
    try:
        for connection in slow:
            with contextlib.suppress(OSError):
                connection.sendall(b"P")
        client = target.client().log_in()
        began = time.monotonic()
        for _ in range(10):
            client.get("/api/v2/users")
        assert time.monotonic() - began < 5
    finally:
        for connection in slow:
            connection.close()


def test_a_request_that_never_ends_is_dropped(target):
    with tcp(http_port(target)) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\nX-Slow: ")
        connection.setblocking(False)

        def dropped():
            with contextlib.suppress(OSError):
                connection.send(b"a")
            try:
                connection.recv(4096)  # 408, or the end
                return True
            except BlockingIOError:
                return False
            except OSError:
                return True
        until(dropped, 90, "the connection is dropped", every=0.5)


@pytest.mark.parametrize("scheme", ["ws", "wss"])
def test_websockets_that_break_the_rules(target, scheme):
    base = f"ws://127.0.0.1:{http_port(target)}" if scheme == "ws" else f"wss://127.0.0.1:{target.port_of('https')}"
    origin = {"Origin": base.replace("ws", "http", 1)}
    source = random.Random(6)
    for payload, opcode in [(source.randbytes(2000), 1), (b"\xff\xfe\xfd", 1), (b"x" * 300_000, 1), (b"", 2), (b"x" * 126, 9),
                            (b"\x03", 8), (b"x", 11), (b"INVITE sip:x SIP/2.0\r\n\r\n", 1), (BROKEN[1], 1), (BROKEN[7], 2)]:
        with WebSocket.connect(f"{base}/ws/sip", protocol="sip", headers=origin) as websocket:
            with contextlib.suppress(Closed, OSError):
                websocket.send(payload, opcode)
                websocket.receive(0.05)
    with WebSocket.connect(f"{base}/ws/sip", protocol="sip", headers=origin) as websocket:
        websocket.connection.sendall(bytes([0x81, 0x05]) + b"plain")  # not masked: RFC 6455 section 5.1
        with pytest.raises((Closed, OSError)):
            websocket.receive(5)


def media_garbage(seed: int) -> list[bytes]:
    """What begins like RTP, RTCP, STUN, DTLS and TURN (RFC 7983), and is none of it."""
    source = random.Random(seed)
    heads = (b"\x80\x00", b"\x80\x65", b"\x9f\xff", b"\xbf\x80", b"\x80\xc8", b"\x81\xc9\xff\xff", b"\xdf\xcd\x00\x00", b"\x00\x01\x00\x00\x21\x12\xa4\x42",
             b"\x00\x01\xff\xfc\x21\x12\xa4\x42", b"\x01\x01\x00\x08\x21\x12\xa4\x42", b"\x16\xfe\xfd", b"\x17\xfe\xfd", b"\x14\xff\xff", b"\x40\x00")
    return [head + source.randbytes(size) for head in heads for size in (0, 4, 10, 160, 1400)]


def test_garbage_on_every_udp_socket_during_a_call(target):
    """SIP, media, and the sandbox's: whatever the process has bound. A stranger's packets neither end the call nor become its sound."""
    client = target.client().log_in()
    call = client.place_call(target.agent, ANSWER)
    client.wait_status(call["id"], "connected")
    ports = target.process.ports("udp")
    assert {target.sip_port, target.port_of("sandbox-sip")} < ports and len(ports) > 4, "the media's are among them"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.4", 0))  # nobody's address
        for port in ports:
            for data in media_garbage(port) + garbage(port)[:20] + BROKEN[:4]:
                with contextlib.suppress(OSError):
                    udp.sendto(data[:65000], ("127.0.0.1", port))
    assert client.conversation(call["id"])["status"] == "connected"
    assert client.hang_up(call["id"])["reason"] == "api_disconnect"


def test_garbage_on_every_tcp_socket(target):
    ports = target.process.ports("tcp")
    assert {target.sip_port, http_port(target), target.port_of("https"), target.port_of("sips")} <= ports
    for port in ports:
        for data in garbage(port)[::3] + BROKEN[:4]:
            send_and_leave(lambda: tcp(port), data)


def test_a_websocket_without_a_known_channel_is_refused(target):
    with pytest.raises(Closed, match="404"):
        WebSocket.connect(target.base_url.replace("http", "ws", 1) + "/ws/notifications/streaming-guess")


def test_tls_that_is_too_old_or_broken(target):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.MINIMUM_SUPPORTED
    with contextlib.suppress(ssl.SSLError, ValueError), warnings.catch_warnings(action="ignore"):
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("ALL:@SECLEVEL=0")
    for port in (target.port_of("https"), target.port_of("sips")):
        with pytest.raises((ssl.SSLError, OSError)), tcp(port) as plain:
            context.wrap_socket(plain).do_handshake()


def test_strangers_get_403_or_silence(target):
    """A source that is no trunk and no phone: never a call, and no more than one answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.bind(("127.0.0.2", 0))  # trunks are recognized by address: not this one
        port = udp.getsockname()[1]
        answers = []
        for number in range(5):
            invite = (f"INVITE sip:+15551234567@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.2:{port};branch=z9hG4bKs{number}\r\n"
                      f"From: <sip:mallory@elsewhere.example>;tag={number}\r\nTo: <sip:+15551234567@127.0.0.1>\r\n"
                      f"Call-ID: stranger-{number}\r\nCSeq: 1 INVITE\r\nContact: <sip:m@127.0.0.2:{port}>\r\nMax-Forwards: 70\r\n"
                      "Content-Length: 0\r\n\r\n").encode()
            udp.sendto(invite, ("127.0.0.1", target.sip_port))
            udp.settimeout(0.3)
            with contextlib.suppress(TimeoutError):
                answers.append(udp.recv(4096))
    assert all(answer.startswith(b"SIP/2.0 403") for answer in answers)
    assert len({answer.split(b"Call-ID: ")[1].split(b"\r\n")[0] for answer in answers}) <= 1
