"""Trunks with `mediaPort: shared`: SIPp's carriers and their calls all meet one port of ours, each with a tone of its own. The agent's
phone sends every call's sound back, so each carrier must hear its own tone and no other."""
import re
import socket
import struct
import threading

import pytest

from harness.audio import best_snr_db
from harness.ports import free_port
from harness.sip_phone import SILENCE, SipPhone
from harness.waiting import until

NUMBER = "+15559876543"
TONES = (440, 620, 1000, 1500)


class Echo:
    """A socket that sends RTP back to where it came from, as a stream of its own. It begins: the carriers wait for our first packet."""

    def __init__(self, remote: tuple):
        self.remote = remote
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.settimeout(0.2)
        self.port = self.socket.getsockname()[1]
        self.over = threading.Event()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        heard, sequence = False, 0
        while not self.over.is_set():
            try:
                packet, source = self.socket.recvfrom(2048)
            except TimeoutError:
                if not heard:
                    sequence += 1
                    self.socket.sendto(struct.pack("!BBHII", 0x80, 0, sequence, sequence * 1600, self.port) + SILENCE, self.remote)
                continue
            heard = True
            if len(packet) > 12 and not 64 <= packet[1] & 0x7F <= 95:
                self.socket.sendto(packet[:8] + struct.pack("!I", self.port) + packet[12:], source)

    def close(self) -> None:
        self.over.set()
        self.thread.join(5)
        self.socket.close()


class EchoPhone(SipPhone):
    """Answers each call with an echo of its own."""

    def __init__(self, account: dict):
        super().__init__(account, sends_audio=False)
        self.echoes: dict[str, Echo] = {}

    def _answer(self, invite: str, source: tuple) -> None:
        call = re.search(r"^(?:Call-ID|i)\s*:\s*(\S+)", invite, re.M | re.I).group(1)
        body = invite.partition("\r\n\r\n")[2]
        remote = re.search(r"^c=IN IP4 (\S+)", body, re.M).group(1), int(re.search(r"^m=audio (\d+)", body, re.M).group(1))
        echo = self.echoes.get(call) or self.echoes.setdefault(call, Echo(remote))
        self._sip.sendto(self._response(invite, "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
                                                f"m=audio {echo.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"), source)

    def __exit__(self, *error) -> None:
        super().__exit__(*error)
        for echo in self.echoes.values():
            echo.close()


@pytest.fixture
def echo_phone(switch, client):
    with EchoPhone(switch.agent) as made:
        client.wait_phone(switch.agent["stationId"], user_agent="test phone")
        yield made
    client.wait_phone(switch.agent["stationId"], user_agent="sandbox")


def hears_its_own(far_end, own: int) -> None:
    figures = {hertz: best_snr_db(far_end.heard(), hertz) for hertz in TONES}
    print(f"{own} Hz: " + ", ".join(f"{hertz} Hz {figure:.1f} dB" for hertz, figure in figures.items()))
    assert figures.pop(own) > 20 and max(figures.values()) < -20, f"the carrier with {own} Hz heard another call: {figures}"


def test_calls_on_one_port_hear_each_their_own(switch, client, make_trunk, sipp, rtp, echo_phone):
    far_ends = [rtp(hertz) for hertz in TONES]
    carriers = [sipp("answer", audio_port=far_end.port) for far_end in far_ends]
    for carrier in carriers:
        make_trunk(carrier.port, mediaPort="shared", maxConcurrentSessions=1)  # the next call takes the next trunk
    calls = [client.place_call(switch.agent, NUMBER)["id"] for _ in carriers]
    for call in calls:
        client.wait_status(call, "connected", seconds=30)
    until(lambda: all(len(far_end.packets) > 300 for far_end in far_ends), 30, "six seconds of audio in each call")
    for call in calls:
        client.hang_up(call)
    for carrier in carriers:
        carrier.finish()
    assert len(set.union(*(far_end.sources for far_end in far_ends))) == 1, "one port of ours"
    for far_end, hertz in zip(far_ends, TONES):
        hears_its_own(far_end, hertz)


def test_a_carrier_that_calls_in_is_answered_from_the_shared_port(switch, client, make_trunk, sipp, rtp, echo_phone):
    far_ends, ports = [rtp(hertz) for hertz in TONES[:2]], [free_port(), free_port()]
    for port in ports:
        make_trunk(port, mediaPort="shared")
    callers = [sipp("call_in_long", port=port, remote=switch.sip_address, service=switch.agent["callerId"], audio_port=far_end.port, talk=8000)
               for port, far_end in zip(ports, far_ends)]
    for caller in callers:
        caller.finish()
    assert len(set.union(*(far_end.sources for far_end in far_ends))) == 1, "one port of ours"
    for far_end, hertz in zip(far_ends, TONES):
        hears_its_own(far_end, hertz)

