#!/usr/bin/env python3
"""How much sooner an agent with a persistent connection is in the next call.

Inbound calls reach the browser phone in headless Chromium (the page users have, a fake microphone with a tone), which lets them ring
for 0.7 s and presses Answer; 0.7 s lie between two calls. Cold: the base settings keep no connection, each call is an INVITE with ICE and DTLS. Kept: the
same page, logged in anew with the setting on; its first call, which makes the connection, is not counted. Both take turns in blocks on
one server. All on this machine, so one clock measures both ends:

    alert      the INVITE leaves the carrier               → the page shows Answer
    ringing    the INVITE leaves the carrier               → 180 is back there (RFC 6076 4.3.1, session request delay)
    media      Answer is pressed                           → both hear: the first sound of the page's tone arrives at the carrier,
                                                             and the first sound of the carrier's leaves the decoder of the page (whichever is later)
    together   alert and media: what the machines take, without the person's 0.7 s

    tests/bench/persistent/run.py [--calls 15] [--blocks 2] [--json FILE]     (DIALPLANE_BINARY names the program; it needs the console)

Exit status 1 when the p50 of `alert`, kept, is above a third of the cold one.
"""
import argparse
import json
import pathlib
import random
import re
import select
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from harness.audio import FRAME, decode_ulaw, encode_ulaw, tone  # noqa: E402
from harness.server import Server  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
EDGES = "/api/v2/telephony/providers/edges"
CARRIER_HZ = 440
LOUD = 1000  # of 32767: the page's tone, no comfort noise
INTERVALS = ("alert", "ringing", "media", "together")
JUDGED = "alert"
TARGET = 1 / 3


class Voice(threading.Thread):
    """RTP of one call at the carrier: sends a tone once it knows where to, notes when it first hears one."""

    def __init__(self):
        super().__init__(daemon=True)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.target = None
        self.heard = threading.Event()
        self.heard_at = 0.0
        self.over = False
        self.start()

    def run(self) -> None:
        frame = bytes(encode_ulaw(x) for x in tone(CARRIER_HZ, 0.02))
        sequence, due, ssrc = random.getrandbits(15), time.monotonic(), random.getrandbits(32)
        while not self.over:
            if select.select([self.socket], [], [], max(0.0, min(0.02, due - time.monotonic())))[0]:
                packet = self.socket.recv(2048)
                now = time.time()
                if not self.heard.is_set() and packet[1] & 0x7F == 0 and max(abs(decode_ulaw(x)) for x in packet[12:]) > LOUD:
                    self.heard_at = now
                    self.heard.set()
            if time.monotonic() >= due:
                due = max(due + 0.02, time.monotonic() - 0.02)
                sequence += 1
                if self.target:
                    head = struct.pack(">BBHII", 0x80, 0, sequence & 0xFFFF, sequence * FRAME & 0xFFFFFFFF, ssrc)
                    self.socket.sendto(head + frame, self.target)
        self.socket.close()


class Carrier:
    """Calls a number of the server's over UDP, answers nothing by itself but what a call needs."""

    def __init__(self, server: tuple, number: str):
        self.server, self.number = server, number
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.calls = 0

    def _send(self, method: str, cseq: int, to: str, branch: str, sdp: str = "") -> None:
        me = f"127.0.0.1:{self.port}"
        kind = "Content-Type: application/sdp\r\n" if sdp else ""
        self.socket.sendto((f"{method} sip:{self.number}@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP {me};branch=z9hG4bK{branch}\r\n"
                            f"Max-Forwards: 70\r\nFrom: <sip:+14155557777@{me}>;tag={self.tag}\r\nTo: {to}\r\nCall-ID: {self.call_id}\r\n"
                            f"CSeq: {cseq} {method}\r\nContact: <sip:carrier@{me}>\r\n{kind}Content-Length: {len(sdp)}\r\n\r\n{sdp}").encode(),
                           self.server)

    def _until(self, pattern: str, seconds: float = 20) -> str:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if select.select([self.socket], [], [], 0.2)[0]:
                message = self.socket.recv(65535).decode(errors="replace")
                if self.call_id in message and re.match(pattern, message):
                    return message
        raise AssertionError(f"no {pattern} within {seconds} s")

    def invite(self, voice: Voice) -> float:
        """The moment at which the INVITE left."""
        self.calls += 1
        self.call_id, self.tag = f"bench-{self.port}-{self.calls}", f"t{self.calls}"
        self.to = f"<sip:{self.number}@127.0.0.1>"
        sdp = (f"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {voice.port} RTP/AVP 0\r\n"
               "a=rtpmap:0 PCMU/8000\r\na=ptime:20\r\n")
        left = time.time()
        self._send("INVITE", 1, self.to, f"i{self.calls}", sdp)
        return left

    def rings(self) -> float:
        """The moment at which 180 is back."""
        self._until(r"SIP/2\.0 180")
        return time.time()

    def confirm(self, voice: Voice) -> None:
        """Waits for the 200 and lets the voice speak."""
        answer = self._until(r"SIP/2\.0 200")
        self.to = re.search(r"^To: (.*)\r$", answer, re.M).group(1)
        body = answer.partition("\r\n\r\n")[2]
        voice.target = (re.search(r"^c=IN IP4 (\S+)", body, re.M).group(1), int(re.search(r"^m=audio (\d+)", body, re.M).group(1)))
        self._send("ACK", 1, self.to, f"a{self.calls}")

    def hang_up(self) -> None:
        self._send("BYE", 2, self.to, f"b{self.calls}")
        self._until(r"SIP/2\.0 200 OK(?s:.*)CSeq: 2 BYE")


class Page:
    def __init__(self, first_run: pathlib.Path):
        self.process = subprocess.Popen(["node", HERE / "page.mjs", f"--first-run={first_run}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def tell(self, verb: str) -> None:
        self.process.stdin.write(verb + "\n")
        self.process.stdin.flush()

    def answer(self) -> dict:
        answer = json.loads(self.process.stdout.readline())
        assert "error" not in answer, answer["error"]
        return answer

    def do(self, verb: str) -> dict:
        self.tell(verb)
        return self.answer()

    def close(self) -> None:
        self.process.stdin.close()
        self.process.wait(30)


def one_call(page: Page, carrier: Carrier) -> dict:
    """Seconds."""
    voice = Voice()
    page.do("watch")
    invited = carrier.invite(voice)
    rang = carrier.rings()
    page.tell("take")
    carrier.confirm(voice)
    seen = {name: at / 1000 for name, at in page.answer().items()}
    assert voice.heard.wait(20), "the carrier never heard the page"
    carrier.hang_up()
    voice.over = True
    page.do("over")
    both = max(voice.heard_at, seen["heard"])
    alert, media = seen["alerted"] - invited, both - seen["accepted"]
    return {"alert": alert, "ringing": rang - invited, "media": media, "together": alert + media}


def keep(client, server: Server, enabled: bool) -> None:
    phone = client.get(f"{EDGES}/phones/{server.agent['phoneId']}")
    path = f"{EDGES}/phonebasesettings/{phone['phoneBaseSettings']['id']}"
    client.put(path, client.get(path) | {"persistentConnection": {"enabled": enabled, "timeoutSeconds": 600}})


def quantile(values: list[float], part: float) -> float:
    return sorted(values)[min(len(values) - 1, int(part * len(values)))]


def measure(calls: int, blocks: int) -> dict:
    rows = {"cold": [], "kept": []}
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), log_level="warn").start()
        page = Page(server.data / "first-run.json")
        try:
            client = server.client().log_in()
            carrier = Carrier(("127.0.0.1", server.sip_port), server.agent["callerId"])
            client.post(EDGES, {"name": "Bench carrier", "edgeGroupId": server.first_run["edgeGroupId"],
                                "sipProfileId": server.first_run["sipProfileId"], "maxConcurrentSessions": 10, "codecs": ["G711u"],
                                "registration": {"type": "NONE", "host": "127.0.0.1", "port": carrier.port, "username": "bench"},
                                "healthProbe": None})
            for _ in range(blocks):
                for name in rows:
                    keep(client, server, name == "kept")
                    page.do("login")
                    one_call(page, carrier)  # the first one warms the page up; with the setting on it makes the connection
                    rows[name] += [one_call(page, carrier) for _ in range(calls)]
        finally:
            page.close()
            server.stop()
    return rows


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--calls", type=int, default=15, help="of each kind in a block")
    options.add_argument("--blocks", type=int, default=2)
    options.add_argument("--json", type=pathlib.Path)
    asked = options.parse_args()
    rows = measure(asked.calls, asked.blocks)
    figures = {}
    print(f"{'ms':>10} {'cold p50':>10} {'cold p95':>10} {'kept p50':>10} {'kept p95':>10} {'kept/cold p50':>14}")
    for interval in INTERVALS:
        values = {name: [row[interval] * 1000 for row in calls] for name, calls in rows.items()}
        p50 = {name: statistics.median(each) for name, each in values.items()}
        p95 = {name: quantile(each, 0.95) for name, each in values.items()}
        figures[interval] = {"p50": p50, "p95": p95, "ratio": p50["kept"] / p50["cold"]}
        print(f"{interval:>10} {p50['cold']:10.1f} {p95['cold']:10.1f} {p50['kept']:10.1f} {p95['kept']:10.1f} {figures[interval]['ratio']:14.2f}")
    if asked.json:
        asked.json.write_text(json.dumps({"calls": len(rows["cold"]), "milliseconds": figures}, indent=1))
    met = figures[JUDGED]["ratio"] <= TARGET
    print(f"{len(rows['cold'])} calls of each kind; {JUDGED} kept at most a third of cold: {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
