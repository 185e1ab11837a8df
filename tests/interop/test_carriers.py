"""SIPp as the carrier: what it refuses, delays, cancels and answers early; baresip as the agent's phone, where sound is measured."""
import pytest

from harness.audio import best_snr_db, read_wav
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000
NUMBER = "+15559876543"


def rings_at_the_carrier(client, call: dict) -> None:
    def rings():
        return client.conversation(call["id"])["participants"][1]["calls"][-1]["state"] in ("alerting", "contacting")
    until(rings, 20, "the carrier's leg rings")


def call_and_measure(switch, client, make_trunk, sipp, rtp, phone, scenario: str = "answer", codecs: str = "PCMU,PCMA",
                     address: str = "127.0.0.1", words: dict | None = None, **trunk):
    agent = phone(hertz=AGENT_HZ, codecs=codecs)
    far_end = rtp(CARRIER_HZ, address=address)
    carrier = sipp(scenario, audio_port=far_end.port, address=address, transport="t1" if trunk.get("transport") == "tcp" else "u1",
                   **(words or {}))
    made = make_trunk(carrier.port, host=address, **trunk)
    if trunk.get("register"):
        assert client.wait_trunk(made["id"], "registered")["lastSipStatus"] == 200
    call = client.place_call(switch.agent, NUMBER)
    connected = client.wait_status(call["id"], "connected", seconds=30)
    packets = len(far_end.packets)
    until(lambda: len(far_end.packets) > packets + 270, 20, "five seconds of audio")
    heard_by_carrier = far_end.heard()
    assert client.hang_up(call["id"])["reason"] == "api_disconnect"
    carrier.finish()
    heard_by_agent, rate = read_wav(agent.heard())
    assert len(heard_by_agent) > 3 * rate
    figures = best_snr_db(heard_by_carrier, AGENT_HZ), best_snr_db(heard_by_agent, CARRIER_HZ, rate)
    print(f"SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert min(figures) > 20, figures
    return connected


def test_a_call_between_baresip_and_sipp_carries_sound_both_ways(switch, client, make_trunk, sipp, rtp, phone):
    connected = call_and_measure(switch, client, make_trunk, sipp, rtp, phone)
    codecs = [participant["calls"][-1]["codec"] for participant in connected["participants"]]
    assert codecs == ["PCMU", "PCMU"]


def test_a_call_goes_through_the_carrier_that_the_trunk_registered_at(switch, client, make_trunk, sipp, rtp, phone):
    """baresip is the agent's phone; SIPp is registrar, with digest, and far end in one."""
    account = {"username": "trunk-s", "password": "secret-s"}
    connected = call_and_measure(switch, client, make_trunk, sipp, rtp, phone, scenario="registering_carrier",
                                 words=account | {"calls": 2}, register=True, **account)
    legs = [participant["calls"][-1] for participant in connected["participants"]]
    assert [leg["codec"] for leg in legs] == ["PCMU", "PCMU"] and legs[1]["trunkId"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_carrier_on_ipv6_and_an_agent_on_ipv4_hear_each_other(switch, client, make_trunk, sipp, rtp, phone, transport):
    call_and_measure(switch, client, make_trunk, sipp, rtp, phone, address="::1", transport=transport)


def test_g722_at_the_phone_is_transcoded_for_the_carrier(switch, client, make_trunk, sipp, rtp, phone):
    connected = call_and_measure(switch, client, make_trunk, sipp, rtp, phone, codecs="G722/16000/1")
    codecs = [participant["calls"][-1]["codec"] for participant in connected["participants"]]
    assert codecs == ["G722", "PCMU"]


def test_early_media_is_heard_before_the_answer(switch, client, make_trunk, sipp, rtp, phone):
    call_and_measure(switch, client, make_trunk, sipp, rtp, phone, scenario="early_media")


@pytest.mark.parametrize("status, reason", [
    ("486 Busy Here", "busy"), ("404 Not Found", "number_not_found"), ("603 Decline", "rejected"),
    ("480 Temporarily Unavailable", "no_answer"),
])
def test_a_refusal_ends_the_call_with_its_reason(switch, client, make_trunk, sipp, status, reason):
    carrier = sipp("refuse", status=status)
    make_trunk(carrier.port)
    ended = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "failed")
    assert (ended["reason"], ended["sipStatus"]) == (reason, int(status[:3]))
    carrier.finish()


def test_a_503_is_tried_on_the_next_trunk(switch, client, make_trunk, sipp, rtp):
    broken, whole = sipp("refuse", status="503 Service Unavailable"), sipp("answer", audio_port=rtp(CARRIER_HZ).port)
    make_trunk(broken.port)
    second = make_trunk(whole.port)
    call = client.place_call(switch.agent, NUMBER)
    connected = client.wait_status(call["id"], "connected")
    assert connected["participants"][1]["calls"][-1]["trunkId"] == second["id"]
    broken.finish()
    client.hang_up(call["id"])
    whole.finish()


def test_a_refused_offer_is_made_once_more_with_one_codec_and_then_elsewhere(switch, client, make_trunk, sipp, rtp):
    picky, whole = sipp("refuse", status="488 Not Acceptable Here", calls=2), sipp("answer", audio_port=rtp(CARRIER_HZ).port)
    make_trunk(picky.port)
    second = make_trunk(whole.port)
    call = client.place_call(switch.agent, NUMBER)
    connected = client.wait_status(call["id"], "connected")
    assert connected["participants"][1]["calls"][-1]["trunkId"] == second["id"]
    picky.finish()
    offers = [line.split()[3:] for line in picky.messages.read_text().splitlines() if line.startswith("m=audio")]
    audio = [[number for number in offer if int(number) < 96] for offer in offers]
    assert [len(offer) for offer in audio] == [2, 1], offers
    client.hang_up(call["id"])
    whole.finish()


def test_a_busy_number_is_not_tried_again_elsewhere(switch, client, make_trunk, sipp):
    busy, unused = sipp("refuse", status="486 Busy Here"), sipp("refuse", status="500 Never Asked")
    make_trunk(busy.port)
    make_trunk(unused.port)
    ended = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "failed")
    assert ended["reason"] == "busy"
    busy.finish()
    assert unused.process.running() and "INVITE" not in unused.messages.read_text()


def test_an_unreachable_carrier_fails_over_too(switch, client, make_trunk, sipp, rtp):
    from harness.ports import free_port

    whole = sipp("answer", audio_port=rtp(CARRIER_HZ).port)
    make_trunk(free_port())
    make_trunk(whole.port)
    call = client.place_call(switch.agent, NUMBER)
    client.wait_status(call["id"], "connected", seconds=40)
    client.hang_up(call["id"])
    whole.finish()


def test_without_any_trunk_the_call_fails_before_anything_rings(switch, client):
    ended = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "failed")
    assert ended["reason"] == "no_trunk_available" and "ringingTime" not in ended


def test_no_answer_is_cancelled_at_the_carrier(switch, client, make_trunk, sipp):
    carrier = sipp("no_answer")
    make_trunk(carrier.port)
    call = client.place_call(switch.agent, NUMBER)
    rings_at_the_carrier(client, call)
    ended = client.hang_up(call["id"])
    assert (ended["status"], ended["reason"]) == ("disconnected", "cancelled")
    carrier.finish()


def test_an_answer_that_crosses_the_cancel_is_acknowledged_and_ended(switch, client, make_trunk, sipp, rtp):
    carrier = sipp("answer_crosses_cancel", audio_port=rtp(CARRIER_HZ).port)
    make_trunk(carrier.port)
    call = client.place_call(switch.agent, NUMBER)
    rings_at_the_carrier(client, call)
    assert client.hang_up(call["id"])["status"] == "disconnected"
    carrier.finish()


def test_the_session_limit_of_a_trunk_is_kept(switch, client, make_trunk, sipp, rtp):
    carrier = sipp("answer", audio_port=rtp(CARRIER_HZ).port)
    make_trunk(carrier.port, maxConcurrentSessions=1)
    first = client.place_call(switch.agent, NUMBER)
    client.wait_status(first["id"], "connected")
    second = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "failed")
    assert second["reason"] == "no_trunk_available"
    client.hang_up(first["id"])
    carrier.finish()
