"""Control of a running call as it sounds: hold, mute and transfer, by REST and by the phone's own REFER. Every party plays a tone of its
own; what each hears is measured."""
import math

import pytest

from harness.audio import RATE, best_snr_db, decode_ulaw, read_wav
from harness.peers import Baresip
from harness.waiting import until

FIRST_HZ, SECOND_HZ, AGENT_HZ = 440, 700, 1000
NUMBER, ELSEWHERE = "+15559876543", "+15559876544"
CALLS = "/api/v2/conversations/calls"
SETTLED = 10  # packets: what was on its way when the order was carried out


def part(call: dict, purpose: str) -> dict:
    return [each for each in call["participants"] if each["purpose"] == purpose][-1]


def patch(client, call: dict, purpose: str, **changes) -> None:
    path = f"{CALLS}/{call['id']}/participants/{part(call, purpose)['id']}"
    assert client.request("PATCH", path, changes).status_code == 202


def loudness(samples: list[int]) -> float:
    return math.sqrt(sum(x * x for x in samples) / max(len(samples), 1))


def at_carrier(endpoint, seconds: float = 2) -> list[int]:
    """What the endpoint hears from now on."""
    first = len(endpoint.packets) + SETTLED
    wanted = first + int(seconds * 50)
    until(lambda: len(endpoint.packets) >= wanted, 30, "packets go on arriving")
    return [decode_ulaw(code) for _, kind, payload in endpoint.packets[first:wanted] if kind == 0 for code in payload]


def at_phone(phone: Baresip, seconds: float = 2) -> list[int]:
    """What baresip hears from now on."""
    def heard():
        samples, rate = read_wav(phone.heard())
        assert rate == RATE
        return samples
    first = len(heard()) + RATE // 2
    until(lambda: len(heard()) >= first + seconds * RATE, 30, "the recording grows")
    return heard()[first:first + int(seconds * RATE)]


def hears(samples: list[int], hertz: float) -> None:
    assert best_snr_db(samples, hertz, seconds=1) > 20, f"{hertz} Hz: {best_snr_db(samples, hertz, seconds=1):.1f} dB"


def hears_silence(samples: list[int]) -> None:
    assert loudness(samples) < 50, f"RMS {loudness(samples):.0f}"


@pytest.fixture
def call(switch, client, make_trunk, sipp, rtp, phone):
    """(conversation, the agent's baresip, the carrier's ear): connected, with room for one call on this carrier."""
    agent, far_end = phone(hertz=AGENT_HZ), rtp(FIRST_HZ)
    carrier = sipp("answer", audio_port=far_end.port)
    make_trunk(carrier.port, maxConcurrentSessions=1)
    connected = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "connected", seconds=30)
    hears(at_carrier(far_end), AGENT_HZ)
    yield connected, agent, far_end
    client.hang_up(connected["id"])
    carrier.finish()


@pytest.fixture
def elsewhere(make_trunk, sipp, rtp):
    """A second carrier, which gets the next call."""
    far_end = rtp(SECOND_HZ)

    def ready():
        carrier = sipp("answer", audio_port=far_end.port)
        make_trunk(carrier.port, maxConcurrentSessions=1)
        return far_end
    return ready


@pytest.mark.parametrize("flag", ["held", "confined"])
def test_a_held_party_hears_silence_and_comes_back(client, call, flag):
    connected, agent, far_end = call
    patch(client, connected, "customer", **{flag: True})
    hears_silence(at_carrier(far_end))
    hears_silence(at_phone(agent))
    patch(client, connected, "customer", **{flag: False})
    hears(at_carrier(far_end), AGENT_HZ)
    hears(at_phone(agent), FIRST_HZ)


def test_a_muted_party_hears_and_is_not_heard(client, call):
    connected, agent, far_end = call
    patch(client, connected, "agent", muted=True)
    hears_silence(at_carrier(far_end))
    hears(at_phone(agent), FIRST_HZ)
    patch(client, connected, "agent", muted=False)
    hears(at_carrier(far_end), AGENT_HZ)


def handed_over(client, call: dict, purpose: str) -> None:
    def look():
        now = client.conversation(call["id"])
        states = [each["calls"][-1]["state"] for each in now["participants"] if each["calls"]]
        return len(states) == 3 and states == ["disconnected", "connected", "connected"]
    until(look, 30, "the agent is out and the target is in", every=0.1)
    assert client.conversation(call["id"])["participants"][-1]["purpose"] == purpose


def test_a_blind_transfer_to_a_number_brings_the_two_together(client, call, elsewhere):
    connected, _, far_end = call
    other_end = elsewhere()
    path = f"{CALLS}/{connected['id']}/participants/{part(connected, 'agent')['id']}/replace"
    assert client.request("POST", path, {"address": ELSEWHERE}).status_code == 202
    handed_over(client, connected, "external")
    hears(at_carrier(far_end), SECOND_HZ)
    hears(at_carrier(other_end), FIRST_HZ)


def test_a_blind_transfer_to_a_user_rings_that_users_phone(switch, client, call, tmp_path, closing):
    connected, _, far_end = call
    colleague = switch.first_run["agents"][1]
    other = closing(Baresip(tmp_path / "colleague", colleague, hertz=SECOND_HZ))
    client.wait_phone(colleague["stationId"], user_agent="baresip")
    path = f"{CALLS}/{connected['id']}/participants/{part(connected, 'agent')['id']}/replace"
    assert client.request("POST", path, {"userId": colleague["userId"]}).status_code == 202
    handed_over(client, connected, "agent")
    hears(at_carrier(far_end), SECOND_HZ)
    hears(at_phone(other), FIRST_HZ)


def test_a_transfer_to_a_queue_is_ringback_and_then_the_member(switch, client, call, tmp_path, closing):
    connected, _, far_end = call
    colleague = switch.first_run["agents"][1]
    other = closing(Baresip(tmp_path / "colleague", colleague, hertz=SECOND_HZ, answer=False))
    client.wait_phone(colleague["stationId"], user_agent="baresip")
    queue = client.post("/api/v2/routing/queues", {"name": "Handed over", "members": [{"id": colleague["userId"]}]})
    path = f"{CALLS}/{connected['id']}/participants/{part(connected, 'agent')['id']}/replace"
    try:
        assert client.request("POST", path, {"queueId": queue["id"]}).status_code == 202
        until(lambda: [each["calls"][-1]["state"] for each in client.conversation(connected["id"])["participants"]]
              == ["disconnected", "connected", "alerting"], 20, "the member's phone rings")
        assert loudness(at_carrier(far_end, seconds=6)) > 200, "ringback: two seconds in six"
        other.command("accept")
        handed_over(client, connected, "agent")
    finally:
        client.delete(f"/api/v2/routing/queues/{queue['id']}")
    hears(at_carrier(far_end), SECOND_HZ)
    hears(at_phone(other), FIRST_HZ)


def test_a_phones_own_transfer_by_refer(switch, client, call, elsewhere):
    """RFC 3515: baresip asks with REFER, and leaves when the target has answered."""
    connected, agent, far_end = call
    other_end = elsewhere()
    agent.command("transfer", f"sip:{ELSEWHERE}@{switch.agent['sip']['domain']}")
    handed_over(client, connected, "external")
    hears(at_carrier(far_end), SECOND_HZ)
    hears(at_carrier(other_end), FIRST_HZ)
