"""SIPp as a carrier that calls in over a trusted trunk: to an agent's number, to one that leads nowhere yet, to one that nobody has,
and from a source that nobody knows."""
import contextlib
import sqlite3

from harness.audio import best_snr_db, read_wav
from harness.peers import Sipp
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000
MAIN_LINE, NOBODYS = "+15551230000", "+15550009999"


def test_a_call_in_reaches_the_phone_of_the_numbers_user(switch, client, make_trunk, sipp, rtp, phone):
    from harness.ports import free_port

    agent, far_end, port = phone(hertz=AGENT_HZ), rtp(CARRIER_HZ), free_port()
    make_trunk(port)
    with client.notifications(f"v2.users.{switch.agent['userId']}.conversations") as channel:
        caller = sipp("call_in", port=port, remote=switch.sip_address, service=switch.agent["callerId"], audio_port=far_end.port)
        caller.finish()
        frames = []
        while not frames or frames[-1]["status"] not in ("disconnected", "failed"):
            frames.append(channel.socket.receive_json(20)["eventBody"])
    ended = frames[-1]
    assert ended["direction"] == "inbound" and ended["connectedTime"]
    assert ended["reason"] == "remote_hangup"
    assert ended["from"]["phoneNumber"] == "+14155557777" and ended["to"]["phoneNumber"] == switch.agent["callerId"]
    assert len(far_end.heard()) > 3 * 8000
    heard, rate = read_wav(agent.heard())
    figures = best_snr_db(far_end.heard(), AGENT_HZ), best_snr_db(heard, CARRIER_HZ, rate)
    print(f"SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert min(figures) > 20, figures


def unrouted(switch, number: str) -> list[str]:
    """Payloads of the events `inbound.unrouted` that name the number, as the log has them."""
    with contextlib.closing(sqlite3.connect(f"file:{switch.data / 'dialplane.db'}?mode=ro", uri=True)) as database:
        rows = database.execute("SELECT payload FROM events WHERE type = 'inbound.unrouted' ORDER BY sequence").fetchall()
    return [payload for (payload,) in rows if number in payload]


def test_a_queue_without_members_leads_nowhere_and_is_480(switch, client, make_trunk, sipp, rtp):
    from harness.ports import free_port

    port, before = free_port(), len(unrouted(switch, MAIN_LINE))
    make_trunk(port)
    queue = client.get("/api/v2/routing/queues/queue-inbound-sales")
    client.put("/api/v2/routing/queues/queue-inbound-sales", {"name": queue["name"], "members": []})
    try:
        sipp("call_in_refused", status=480, port=port, remote=switch.sip_address, service=MAIN_LINE, audio_port=rtp(CARRIER_HZ).port).finish()
        until(lambda: len(unrouted(switch, MAIN_LINE)) == before + 1, 10, "the event inbound.unrouted is written, once")
    finally:
        client.put("/api/v2/routing/queues/queue-inbound-sales", {key: value for key, value in queue.items() if key != "version"})


def test_a_number_that_nobody_has_is_404(switch, make_trunk, sipp, rtp):
    from harness.ports import free_port

    port = free_port()
    make_trunk(port)
    sipp("call_in_refused", status=404, port=port, remote=switch.sip_address, service=NOBODYS, audio_port=rtp(CARRIER_HZ).port).finish()
    until(lambda: len(unrouted(switch, NOBODYS)) == 1, 10, "the event inbound.unrouted is written, once")


def test_a_source_that_nobody_knows_is_403(switch, tmp_path):
    """No trunk has the address 127.0.0.3."""
    caller = Sipp(tmp_path, "call_in_refused", status=403, remote=switch.sip_address, service=switch.agent["callerId"],
                  address="127.0.0.3", audio_port=40000)
    try:
        caller.finish()
    finally:
        caller.close()
