"""SIPp as a carrier that calls in to a number with and without a call flow, to a user and to a queue; baresip and the sandbox phone as
the agents. Prompts, keys and both directions of the bridge are measured."""
import subprocess

import pytest

from harness.audio import best_snr_db, envelope, likeness, read_wav
from harness.ports import free_port
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000
NUMBERS = "/api/v2/telephony/phone/numbers"
QUEUE, FLOW = "queue-inbound-sales", "cf-inbound-ivr-main"
MENU = "Welcome to the proof. For the person you called, press 1. For sales, press 2."
CLOSED = "We are closed. Please call again tomorrow. Goodbye."


def spoken(text: str, folder) -> list[float]:
    """The envelope of the prompt as espeak-ng says it."""
    wav = folder / "said.wav"
    subprocess.run(["espeak-ng", "-v", "en-us", "-s", "150", "-w", wav, "--stdin"], input=text.encode(), check=True)
    return envelope(*read_wav(wav))


@pytest.fixture
def flow(client):
    """The example flow with a menu of ours and hours that are always, or never, open."""
    before = client.get(f"/api/v2/flows/{FLOW}")
    made = []

    def make(opens: bool = True) -> None:
        schedules = []
        if opens:
            made.append(("/api/v2/architect/schedules", client.post("/api/v2/architect/schedules", {
                "name": "Every day", "start": "2026-01-01T00:00:00.000", "end": "2026-01-02T00:00:00.000", "rrule": "FREQ=DAILY"})))
            schedules = [{"id": made[-1][1]["id"]}]
        made.append(("/api/v2/architect/schedulegroups", client.post("/api/v2/architect/schedulegroups", {
            "name": "Proof", "timeZone": "America/New_York", "openSchedules": schedules})))
        client.put(f"/api/v2/flows/{FLOW}", {"name": before["name"], "definition": {"steps": [
            {"id": "hours", "type": "schedule", "scheduleGroupId": made[-1][1]["id"], "open": "menu", "closed": "closed"},
            {"id": "menu", "type": "menu", "prompt": MENU, "choices": [{"digit": "1"}, {"digit": "2", "next": "sales"}]},
            {"id": "sales", "type": "transfer", "target": {"type": "queue", "id": QUEUE}},
            {"id": "closed", "type": "announce", "prompt": CLOSED, "next": "bye"},
            {"id": "bye", "type": "disconnect"}]}})

    yield make
    client.put(f"/api/v2/flows/{FLOW}", {"name": before["name"], "definition": before["definition"]})
    for collection, entity in reversed(made):
        client.request("DELETE", f"{collection}/{entity['id']}")


@pytest.fixture
def route(client):
    """Sets a number's routing object as a whole, as seed 0 does; puts it back."""
    before = {}

    def set_routing(number: str, **changes) -> None:
        [entity] = client.get(f"{NUMBERS}?number={number.replace('+', '%2B')}")["entities"]
        before.setdefault(entity["id"], entity["routing"])
        routing = {key: value for key, value in {**before[entity["id"]], **changes}.items() if value is not None}
        client.put(f"{NUMBERS}/{entity['id']}", {"routing": routing})

    yield set_routing
    for number, routing in before.items():
        client.put(f"{NUMBERS}/{number}", {"routing": routing})


class CallIn:
    """A call of the carrier, and the conversation that it became."""

    def __init__(self, switch, client, sipp, rtp, port: int, number: str, scenario: str = "call_in_long", talk: int = 12000):
        self.client = client
        self.known = {c["id"] for c in self._list()}
        self.id: str | None = None
        self.audio = rtp(CARRIER_HZ)
        self.sipp = sipp(scenario, port=port, remote=switch.sip_address, service=number, audio_port=self.audio.port, talk=talk)

    def _list(self):
        return self.client.get("/api/v2/conversations?pageSize=100")["entities"]

    def conversation(self) -> dict:
        if self.id is None:  # the list has running calls only
            [found] = until(lambda: [c for c in self._list() if c["id"] not in self.known], 10, "a conversation of the call")
            self.id = found["id"]
        return self.client.get(f"/api/v2/conversations/{self.id}")

    def wait_step(self, kind: str, seconds: float = 20) -> None:
        until(lambda: any(step["type"] == kind for step in self.conversation().get("route", [])), seconds, kind)

    def steps(self) -> list[str]:
        return [step["type"].removeprefix("conversation.") for step in self.conversation().get("route", [])]

    def ended(self) -> dict:
        return until(lambda: (c := self.conversation())["status"] in ("disconnected", "failed") and c, 20, "the call's end")

    def bridged(self, agent) -> tuple[float, float]:
        """SNR of the agent's tone at the carrier, and of the carrier's at the agent."""
        heard, rate = read_wav(agent.heard())
        return best_snr_db(self.audio.heard(), AGENT_HZ), best_snr_db(heard, CARRIER_HZ, rate)


@pytest.fixture
def call_in(switch, client, sipp, rtp, make_trunk):
    port = free_port()
    make_trunk(port)
    return lambda number, **options: CallIn(switch, client, sipp, rtp, port, number, **options)


@pytest.mark.parametrize("kind", ["user", "queue"])
def test_with_a_call_flow_the_prompt_comes_first_then_the_target(switch, client, call_in, phone, flow, route, tmp_path, kind):
    agent = phone(hertz=AGENT_HZ)
    number = switch.agent["callerId"]
    flow()
    target = {"type": "user", "id": switch.agent["userId"]} if kind == "user" else {"type": "queue", "id": QUEUE}
    route(number, **target, callflowId=FLOW)
    call = call_in(number, talk=16000)
    call.wait_step("conversation.flow.menu")
    said = spoken(MENU, tmp_path)
    until(lambda: len(call.audio.heard()) > len(said) * 160 + 8000, 20, "the prompt has been heard")
    assert not any(step.endswith("offered") for step in call.steps()), "nobody rings before the choice"
    call.audio.press("1")
    call.sipp.finish()
    ended = call.ended()
    alike = likeness(call.audio.heard(), said)
    figures = call.bridged(agent)
    print(f"to a {kind}: prompt {alike:.3f} alike, SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert alike > 0.9
    assert min(figures) > 20, figures
    assert ended["connectedTime"] and ended["reason"] == "remote_hangup"
    expected = ["flow.started", "flow.schedule", "flow.menu", "flow.digit", "flow.ended"]
    expected += ["user.offered", "user.answered"] if kind == "user" else ["queue.entered", "queue.offered", "queue.answered"]
    assert call.steps() == expected
    [purpose] = {p["purpose"] for p in ended["participants"] if p.get("userId") == switch.agent["userId"]}
    assert purpose == "agent"


@pytest.mark.parametrize("kind", ["user", "queue"])
def test_without_a_call_flow_straight_to_the_target(switch, call_in, phone, route, kind):
    agent = phone(hertz=AGENT_HZ)
    number = switch.agent["callerId"]
    target = {"type": "user", "id": switch.agent["userId"]} if kind == "user" else {"type": "queue", "id": QUEUE}
    route(number, **target, callflowId=None)
    call = call_in(number, talk=5000)
    call.conversation()
    call.sipp.finish()
    assert call.ended()["connectedTime"]
    figures = call.bridged(agent)
    print(f"to a {kind}: SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert min(figures) > 20, figures
    assert call.steps() == ([] if kind == "user" else ["queue.entered", "queue.offered", "queue.answered"])


def test_a_queue_rings_its_members_in_turn(switch, client, call_in, phone, route):
    phone(hertz=AGENT_HZ, answer=False)
    queue = client.get(f"/api/v2/routing/queues/{QUEUE}")
    other = next(agent for agent in switch.first_run["agents"] if agent["userId"] != switch.agent["userId"])
    client.wait_phone(other["stationId"])
    members = [{"id": switch.agent["userId"]}, {"id": other["userId"]}]
    client.put(f"/api/v2/routing/queues/{QUEUE}", {"name": queue["name"], "members": members,
                                                   "mediaSettings": {"call": {"alertingTimeoutSeconds": 3}}})
    try:
        route(switch.agent["callerId"], type="queue", id=QUEUE, callflowId=None)
        call = call_in(switch.agent["callerId"], talk=2000)
        call.conversation()
        call.sipp.finish()
        ended = call.ended()
    finally:
        client.put(f"/api/v2/routing/queues/{QUEUE}", {key: value for key, value in queue.items() if key != "version"})
    assert ended["to"]["id"] == other["userId"]
    assert call.steps() == ["queue.entered", "queue.offered", "queue.missed", "queue.offered", "queue.answered"]


def test_after_hours_the_caller_hears_so_and_the_call_ends(switch, call_in, flow, route, tmp_path):
    flow(opens=False)
    route(switch.agent["callerId"], callflowId=FLOW)
    call = call_in(switch.agent["callerId"], scenario="call_in_bye")
    call.conversation()
    call.sipp.finish()
    ended = call.ended()
    assert (ended["status"], ended["reason"]) == ("disconnected", "flow_ended")
    assert [step.get("detail") for step in ended["route"] if step["type"].endswith("schedule")] == ["closed"]
    alike = likeness(call.audio.heard(), spoken(CLOSED, tmp_path))
    print(f"prompt {alike:.3f} alike")
    assert alike > 0.9


def test_the_dry_run_says_what_a_call_would_do(switch, client, flow, route):
    flow()
    route(switch.agent["callerId"], callflowId=FLOW)
    asked = {"number": switch.agent["callerId"], "digits": "2"}
    found = client.post("/api/v2/telephony/routing/explain", asked, status=200)
    assert found["routed"] and [s["type"] for s in found["steps"]][:3] == [
        "conversation.flow.started", "conversation.flow.schedule", "conversation.flow.menu"]
    assert found["steps"][-1]["queueId"] == QUEUE and found["outcome"]["type"] == "user"
    nobody = client.post("/api/v2/telephony/routing/explain", asked | {"answered": False}, status=200)
    assert nobody["outcome"] == {"type": "ended", "reason": "agent_no_answer"}
