"""Session timers (RFC 4028) in real time: SIPp as the carrier and as the agents' phones, every one with a session of 90 seconds.
tests/sim has the same in virtual time."""
import re
import time

import pytest

from harness.audio import RATE, tone_snr_db
from harness.ports import free_port
from harness.sip import register
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000
NUMBER = "+15559876543"
CALL_SECONDS = 600
WITH_UPDATE = "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE"
WITHOUT_UPDATE = "INVITE, ACK, CANCEL, BYE, OPTIONS"
REFRESHES = {WITH_UPDATE: "UPDATE", WITHOUT_UPDATE: "INVITE"}


def requests(sipp, method: str) -> int:
    """How many of that method reached it, repetitions of one counted once."""
    return len(set(re.findall(rf"^{method} sip.*?^CSeq: (\d+)", sipp.messages.read_text(errors="replace"), re.DOTALL | re.MULTILINE)))


def speak_first(endpoint, sipp) -> None:
    """Both ends wait to be spoken to; this one begins, at the address in the offer that its SIPp got."""
    offer = re.search(r"^c=IN IP4 (\S+).*?^m=audio (\d+) ", sipp.messages.read_text(), re.DOTALL | re.MULTILINE)
    endpoint.target = (offer.group(1), int(offer.group(2)))


@pytest.fixture
def sipp_phone(client, sipp, rtp):
    """SIPp as an agent's phone, registered in its name; the sandbox phone comes back after it."""
    started = []

    def start(agent: dict, **words):
        port, microphone = free_port(), rtp(AGENT_HZ)
        register(agent, port)
        client.wait_phone(agent["stationId"], user_agent="SIPp")
        phone = sipp("refreshed", port=port, audio_port=microphone.port, **words)
        started.append((agent, port, phone))
        return phone, microphone

    yield start
    for agent, port, phone in started:
        phone.close()
        register(agent, port, expires=0)
        client.wait_phone(agent["stationId"], user_agent="sandbox")


class RefreshedCall:
    """A call of one agent over a trunk of its own, each end refreshed in its way."""

    def __init__(self, client, agent, make_trunk, sipp, rtp, sipp_phone, phone_methods: str, carrier_methods: str):
        self.client, self.methods = client, (phone_methods, carrier_methods)
        limit = CALL_SECONDS + 120
        self.phone, self.agent_end = sipp_phone(agent, methods=phone_methods, timeout=limit)
        self.carrier_end = rtp(CARRIER_HZ)
        self.carrier = sipp("refreshed", audio_port=self.carrier_end.port, methods=carrier_methods, timeout=limit)
        make_trunk(self.carrier.port, maxConcurrentSessions=1)
        self.id = client.place_call(agent, NUMBER)["id"]
        client.wait_status(self.id, "connected")
        speak_first(self.agent_end, self.phone)

    def is_up(self) -> bool:
        return self.client.conversation(self.id)["status"] == "connected"

    def refreshes(self) -> list[int]:
        """At the phone and at the carrier; the INVITE that began the call is none."""
        kinds = [REFRESHES[methods] for methods in self.methods]
        return [requests(end, kind) - (kind == "INVITE") for end, kind in zip((self.phone, self.carrier), kinds)]

    def last_minute_snr(self) -> tuple[float, float]:
        """At the carrier and at the agent."""
        minute = 60 * RATE
        return (tone_snr_db(self.carrier_end.heard()[-minute:], AGENT_HZ), tone_snr_db(self.agent_end.heard()[-minute:], CARRIER_HZ))

    def end(self) -> None:
        assert self.client.hang_up(self.id)["reason"] == "api_disconnect"
        self.phone.finish()
        self.carrier.finish()


@pytest.mark.slow
def test_ten_minutes_with_refreshes_by_update_and_by_reinvite(switch, client, make_trunk, sipp, rtp, sipp_phone):
    """Two calls side by side: one is refreshed by re-INVITE at the phone and by UPDATE at the carrier, the other the other way
    round."""
    ways = [(WITHOUT_UPDATE, WITH_UPDATE), (WITH_UPDATE, WITHOUT_UPDATE)]
    calls = [RefreshedCall(client, agent, make_trunk, sipp, rtp, sipp_phone, *way)
             for agent, way in zip(switch.first_run["agents"], ways)]
    began = time.monotonic()

    def ten_minutes_are_over():
        assert all(call.is_up() for call in calls), [client.conversation(call.id) for call in calls]
        return time.monotonic() - began > CALL_SECONDS
    until(ten_minutes_are_over, CALL_SECONDS + 60, "ten minutes are over", every=5)
    figures = [call.last_minute_snr() for call in calls]
    for call in calls:
        call.end()
    for call, snr in zip(calls, figures):
        print(f"refreshes by {[REFRESHES[methods] for methods in call.methods]}: {call.refreshes()}; "
              f"last minute: {snr[0]:.1f} dB at the carrier, {snr[1]:.1f} dB at the agent")
    assert all(count >= 12 for call in calls for count in call.refreshes())
    assert min(min(snr) for snr in figures) > 20


@pytest.mark.slow
def test_a_408_to_a_refresh_ends_the_call(switch, client, make_trunk, sipp, rtp, sipp_phone):
    phone, microphone = sipp_phone(switch.agent, methods=WITH_UPDATE, timeout=120)
    carrier = sipp("refuses_refresh", audio_port=rtp(CARRIER_HZ).port, methods=WITH_UPDATE, timeout=120)
    make_trunk(carrier.port)
    call = client.place_call(switch.agent, NUMBER)
    client.wait_status(call["id"], "connected")
    speak_first(microphone, phone)
    ended = client.wait_status(call["id"], "disconnected", seconds=80)
    assert ended["reason"] == "transport_error"
    phone.finish()
    carrier.finish()
