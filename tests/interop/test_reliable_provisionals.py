"""RFC 3262 with carriers: SIPp sends its 180 and 183 reliably, or requires ours to be. What crossed the wire is read from its log; both
directions of sound are measured."""
import re

import pytest

from harness.audio import best_snr_db, read_wav
from harness.ports import free_port
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000
NUMBER = "+15559876543"
FLOWS, NUMBERS = "/api/v2/flows", "/api/v2/telephony/phone/numbers"


def messages(sipp) -> list[tuple[str, str]]:
    """(sent or received, the message) of SIPp's log, in order."""
    text = sipp.messages.read_text().replace("\r", "")
    found = re.split(r"^-{10,} .*\n(?:UDP|TCP) message (sent|received) .*:\n\n", text, flags=re.M)
    return list(zip(found[1::2], found[2::2]))


def sdp_of(message: str) -> str:
    return message.partition("\n\n")[2].strip()


def heard_both_ways(far_end, agent) -> None:
    heard, rate = read_wav(agent.heard())
    figures = best_snr_db(far_end.heard(), AGENT_HZ), best_snr_db(heard, CARRIER_HZ, rate)
    print(f"SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert min(figures) > 20, figures


def test_each_reliable_provisional_of_a_carrier_is_acknowledged_once(switch, client, make_trunk, sipp, rtp, phone):
    agent, far_end = phone(hertz=AGENT_HZ), rtp(CARRIER_HZ)
    carrier = sipp("reliable", audio_port=far_end.port)
    make_trunk(carrier.port)
    call = client.place_call(switch.agent, NUMBER)
    client.wait_status(call["id"], "connected", seconds=30)
    packets = len(far_end.packets)
    until(lambda: len(far_end.packets) > packets + 220, 20, "four seconds of audio")
    client.hang_up(call["id"])
    carrier.finish()
    heard_both_ways(far_end, agent)
    received = [text for kind, text in messages(carrier) if kind == "received"]
    pracks = [text for text in received if text.startswith("PRACK ")]
    [invite_cseq] = {re.search(r"^CSeq: (\d+) INVITE", text, re.M).group(1) for text in received if text.startswith("INVITE ")}
    sent = {re.search(r"^CSeq: (\d+) PRACK", text, re.M).group(1): re.search(r"^RAck: (.*)", text, re.M).group(1) for text in pracks}
    assert list(sent.values()) == [f"71 {invite_cseq} INVITE", f"72 {invite_cseq} INVITE"], "one for each, none for the repetition"
    assert all(int(invite_cseq) < int(cseq) for cseq in sent)


def received(sipp, what: str) -> list[str]:
    return [text for kind, text in messages(sipp) if kind == "received" and re.search(what, text, re.M)]


@pytest.mark.parametrize("late", [0, 1800])
def test_a_carrier_that_requires_reliable_answers_gets_a_180_until_it_acknowledges(switch, make_trunk, sipp, rtp, phone, late):
    agent, far_end, port = phone(hertz=AGENT_HZ, answer=False), rtp(CARRIER_HZ), free_port()
    make_trunk(port)
    caller = sipp("call_in_reliable", port=port, remote=switch.sip_address, service=switch.agent["callerId"], audio_port=far_end.port,
                  status=180, late=late)
    until(lambda: received(caller, r"^CSeq: 2 PRACK"), 20, "the PRACK is answered")
    assert received(caller, r"^CSeq: 2 PRACK")[0].startswith("SIP/2.0 200")
    repeated = len(received(caller, r"\ASIP/2.0 180"))
    assert repeated >= (3 if late else 1), "after half a second, and after a second more"
    agent.command("accept")
    caller.finish()
    heard_both_ways(far_end, agent)
    ringing = received(caller, r"\ASIP/2.0 180")
    assert len(ringing) == repeated and len(set(ringing)) == 1, "the same one each time, and none after the PRACK"


@pytest.fixture
def early_flow(client, switch):
    """The agent's number speaks to the caller in a 183 before the agent's phone rings."""
    [flow] = [entity for entity in client.get(FLOWS)["entities"] if entity["id"] == "cf-inbound-ivr-main"]
    [number] = client.get(f"{NUMBERS}?number={switch.agent['callerId'].replace('+', '%2B')}")["entities"]
    client.put(f"{FLOWS}/{flow['id']}", {"name": flow["name"], "definition": {"answer": "early_media", "steps": [
        {"id": "hello", "type": "announce", "prompt": "One moment."}]}})
    client.put(f"{NUMBERS}/{number['id']}", {"routing": {"type": "user", "id": switch.agent["userId"], "callflowId": flow["id"]}})
    yield
    client.put(f"{NUMBERS}/{number['id']}", {"routing": number["routing"]})
    client.put(f"{FLOWS}/{flow['id']}", {"name": flow["name"], "definition": flow["definition"]})


def test_the_200_waits_for_the_acknowledgement_of_a_183_with_sdp(switch, make_trunk, sipp, rtp, phone, early_flow):
    agent, far_end, port = phone(hertz=AGENT_HZ), rtp(CARRIER_HZ), free_port()
    make_trunk(port)
    caller = sipp("call_in_reliable", port=port, remote=switch.sip_address, service=switch.agent["callerId"], audio_port=far_end.port,
                  status=183, late=4000)
    caller.finish()
    heard_both_ways(far_end, agent)
    [early, *repeated] = received(caller, r"\ASIP/2.0 183")
    assert sdp_of(early) and set(repeated) == {early}
    answers = [text for text in received(caller, r"\ASIP/2.0 200") if "CSeq: 3 BYE" not in text]
    assert [re.search(r"^CSeq: (.*)", text, re.M).group(1) for text in answers] == ["2 PRACK", "1 INVITE"]
    assert not sdp_of(answers[1]), "the 183 has carried the answer (RFC 6337 section 2.2)"
