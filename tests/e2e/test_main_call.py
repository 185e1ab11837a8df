"""The main job against the sandbox carrier: a call through the API rings the agent's phone, goes out over the trunk, and ends for a
reason that says what happened."""
import json
import subprocess

import pytest

from harness.waiting import until

pytestmark = pytest.mark.usefixtures("ready")

RANK = {"queued": 0, "initiated": 1, "ringing": 2, "connected": 3, "disconnected": 4, "failed": 4}


@pytest.fixture
def ready(api, agent):
    api.wait_phone(agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")


@pytest.fixture
def follow(api, agent):
    with api.notifications(f"v2.users.{agent['userId']}.conversations") as channel:
        yield channel


def statuses(frames: list[dict]) -> list[str]:
    """Each status once, in the order of first sight."""
    return list(dict.fromkeys(frame["status"] for frame in frames))


def legs(conversation: dict) -> dict[str, dict]:
    return {participant["purpose"]: participant["calls"][-1] for participant in conversation["participants"]}


def test_a_call_lives_its_whole_life_over_notifications(api, agent, follow):
    call = api.place_call(agent, "+14155550110")
    assert call["status"] == "queued"
    frames = follow.conversation_until(call["id"], "connected")
    api.hang_up(call["id"])
    frames += follow.conversation_until(call["id"], "disconnected")
    assert statuses(frames) == ["initiated", "ringing", "connected", "disconnected"]
    versions = [frame["version"] for frame in frames]
    assert versions == sorted(set(versions)), "every frame is a newer version"
    ended = frames[-1]
    assert (ended["reason"], ended["result"]) == ("api_disconnect", "disconnected")
    times = [ended[name] for name in ("startTime", "initiatedTime", "ringingTime", "connectedTime", "endTime")]
    assert times == sorted(times)
    assert legs(ended)["customer"]["trunkId"] == "sip-trunk-acme-us-east"
    assert all(leg["state"] in ("disconnected", "terminated") for leg in legs(ended).values())


def test_a_call_lives_its_whole_life_over_polling(api, agent):
    call = api.place_call(agent, "+14155550110")
    seen = [call["status"]]

    def look():
        seen.append(api.conversation(call["id"])["status"])
        return seen[-1] == "connected"
    until(look, 20, "connected", every=0.02)
    seen.append(api.hang_up(call["id"])["status"])
    ranks = [RANK[status] for status in seen]
    assert ranks == sorted(ranks), f"a status never goes back: {seen}"
    assert {"queued", "ringing", "connected", "disconnected"} <= set(seen) | {"queued"}


def test_the_live_list_and_the_history(api, agent):
    call = api.place_call(agent, "+14155550113")
    api.wait_status(call["id"], "connected")
    assert call["id"] in [entry["id"] for entry in api.get("/api/v2/conversations")["entities"]]
    api.hang_up(call["id"])
    assert call["id"] not in [entry["id"] for entry in api.get("/api/v2/conversations")["entities"]]
    assert api.request("POST", f"/api/v2/conversations/{call['id']}/disconnect").status_code == 409


@pytest.mark.parametrize("number, reason, sip_status", [
    ("+14155550130", "busy", 486),
    ("+14155550131", "no_answer", 480),
    ("+14155550132", "number_not_found", 404),
    ("+14155550133", "rejected", 403),
    ("+14155550134", "number_not_found", 484),
    ("+14155550135", "number_not_found", 410),
    ("+14155550136", "incompatible_media", 488),
    ("+14155550138", "trunk_failed", 503),
    ("+14155550140", "rejected", 603),
    ("+14155550143", "busy", 600),
    ("+14155550144", "number_not_found", 604),
    ("+14155550148", "busy", 486),
])
def test_a_refusal_has_its_reason(api, agent, number, reason, sip_status):
    call = api.place_call(agent, number)
    ended = api.wait_status(call["id"], "failed")
    assert (ended["reason"], ended["sipStatus"]) == (reason, sip_status)
    assert "connectedTime" not in ended


def test_a_carrier_that_asks_for_a_pause_gets_it(fresh):
    """503 with Retry-After: 30 (RFC 3261 section 21.5.4): the next call is not sent to that gateway."""
    client = fresh.client().log_in()
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    paused = client.wait_status(client.place_call(fresh.agent, "+14155550139")["id"], "failed")
    assert (paused["reason"], paused["sipStatus"]) == ("trunk_failed", 503)
    following = client.wait_status(client.place_call(fresh.agent, "+14155550111")["id"], "failed")
    assert following["reason"] in ("no_trunk_available", "trunk_failed")


def test_nobody_answers_until_the_api_hangs_up(api, agent, follow):
    call = api.place_call(agent, "+14155550117")
    frames = follow.conversation_until(call["id"], "ringing")
    while legs(frames[-1])["customer"]["state"] not in ("alerting", "contacting"):
        frames += follow.conversation_until(call["id"], "ringing")
    ended = api.hang_up(call["id"])
    assert (ended["status"], ended["reason"]) == ("disconnected", "cancelled")
    assert "connectedTime" not in ended


def test_early_media_is_not_an_answer(api, agent, follow):
    call = api.place_call(agent, "+14155550119")
    frames = follow.conversation_until(call["id"], "connected")
    api.hang_up(call["id"])
    alerting = [frame for frame in frames if legs(frame)["customer"]["state"] in ("alerting", "contacting")]
    assert alerting and all(frame["status"] == "ringing" for frame in alerting)


def test_early_media_and_then_a_refusal(api, agent):
    ended = api.wait_status(api.place_call(agent, "+14155550120")["id"], "failed")
    assert (ended["reason"], ended["sipStatus"], ended["q850Cause"]) == ("no_answer", 480, 18)


def test_a_slow_answer_is_waited_for(api, agent):
    call = api.place_call(agent, "+14155550115")
    connected = api.wait_status(call["id"], "connected")
    api.hang_up(call["id"])
    assert connected["connectedTime"] > connected["ringingTime"]


def test_the_far_end_hangs_up(api, agent):
    call = api.place_call(agent, "+14155550121")
    ended = api.wait_status(call["id"], "disconnected")
    assert (ended["reason"], ended["result"]) == ("remote_hangup", "disconnected")
    assert ended["connectedTime"]


def test_the_far_end_holds_and_resumes(api, agent, follow):
    call = api.place_call(agent, "+14155550123")
    frames = follow.conversation_until(call["id"], "connected")
    held = []
    while held != [True, False]:
        frames = follow.conversation_until(call["id"], "connected", seconds=10)
        now = any(leg["held"] for leg in legs(frames[-1]).values())
        if now != (held[-1] if held else False):
            held.append(now)
    api.hang_up(call["id"])


@pytest.mark.parametrize("number", ["+14155550124", "+14155550125"], ids=["from the start", "in the middle"])
def test_audio_missing_in_one_direction_is_an_event_that_says_whose(api, agent, number):
    call = api.wait_status(api.place_call(agent, number)["id"], "connected")
    query = {"type": "events", "filter": f"resourceIds:[{call['id']}] AND eventTypes:[conversation.media.warning]"}
    warnings = until(lambda: api.post("/api/v2/analytics/events/query", query, 200)["events"], 25, "the warning", every=0.2)
    assert api.conversation(call["id"])["status"] == "connected", "the call goes on"
    api.hang_up(call["id"])
    assert [event["data"]["party"] for event in warnings] == ["customer"], warnings
    assert warnings[0]["data"]["warning"] == "no_audio"
    assert warnings[0]["data"]["communicationId"] == legs(call)["customer"]["id"]


@pytest.mark.parametrize("number, codec", [("+14155550126", "PCMU"), ("+14155550127", "PCMA"), ("+14155550129", "opus")])
def test_a_carrier_with_one_codec(api, agent, number, codec):
    call = api.place_call(agent, number)
    connected = api.wait_status(call["id"], "connected")
    api.hang_up(call["id"])
    assert legs(connected)["customer"]["codec"] == codec


def test_the_callback_rings_the_agents_phone(api, agent, follow):
    """The number that is called back is the agent's caller ID, which is assigned to the agent."""
    call = api.place_call(agent, "+14155550170")
    api.wait_status(call["id"], "connected")
    api.hang_up(call["id"])
    while True:
        frame = follow.socket.receive_json(20)["eventBody"]
        if frame.get("direction") == "inbound" and frame["status"] == "connected":
            break
    assert frame["from"]["phoneNumber"] == "+14155550170"
    assert (frame["to"]["phoneNumber"], frame["to"]["id"]) == (agent["callerId"], agent["userId"])
    assert "id" not in frame["from"], "the caller is nobody of ours"
    ended = api.hang_up(frame["id"])
    assert ended["connectedTime"] and ended["status"] == "disconnected"


def test_a_dialled_nine_is_ignored_by_the_carrier_only(api, agent):
    """Seed 0's dial rules may add it; a caller of the API may not."""
    body = {"from": {"id": agent["userId"]}, "to": {"phoneNumber": "9+14155550111"}, "type": "pstn"}
    assert api.request("POST", "/api/v2/conversations/calls", body).status_code == 400


def test_twenty_calls_at_once(api, agent):
    calls = [api.place_call(agent, "+14155550113")["id"] for _ in range(20)]
    for call in calls:
        api.wait_status(call, "connected", seconds=40)
    for call in calls:
        assert api.hang_up(call)["status"] == "disconnected"


class TestCommandLine:
    def run(self, server, *words, timeout=60):
        return subprocess.run([str(word) for word in server.command(*words)], capture_output=True, text=True, timeout=timeout)

    def call(self, server, number, *more):
        return self.run(server, "call", "--data", server.data, "--from", server.agent["userId"], "--to", number, *more)

    def test_wait_for_connected(self, server, api):
        done = self.call(server, "+14155550122", "--wait", "connected")
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == ["queued", "initiated", "ringing", "connected"], "also what went by between two looks"

    def test_wait_for_the_end(self, server):
        done = self.call(server, "+14155550121", "--wait", "ended")
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines() == ["queued", "initiated", "ringing", "connected", "disconnected (remote_hangup)"]

    def test_a_failure_has_a_name_and_an_exit_code(self, server):
        done = self.call(server, "+14155550130", "--wait", "connected")
        assert done.returncode == 1
        assert "busy" in done.stderr

    def test_json(self, server):
        done = self.call(server, "+14155550121", "--wait", "ended", "--json")
        assert done.returncode == 0, done.stderr
        assert json.loads(done.stdout)["reason"] == "remote_hangup"

    def test_mistakes_are_explained(self, server, tmp_path):
        assert "to.phoneNumber" in self.call(server, "12x").stderr or self.call(server, "12x").returncode == 1
        done = self.call(server, "+14155550111", "--caller-id", "+15550001111")
        assert done.returncode == 1 and "+15550001111" in done.stderr
        done = self.run(server, "call", "--data", tmp_path, "--from", "x", "--to", "+14155550111")
        assert done.returncode == 1 and "first-run.json" in done.stderr
        assert self.run(server, "call").returncode not in (0, 1)

    def test_doctor_finds_a_healthy_server(self, server):
        options = [part for name in ("http", "https", "sip", "sips") for part in (f"--{name}", server.settings[name])]
        done = self.run(server, "doctor", "--data", server.data, *options)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "Acme US East" in done.stdout

    def test_doctor_says_what_to_do_about_a_trunk(self, server, api):
        run = server.first_run
        refused = api.post("/api/v2/telephony/providers/edges", {
            "name": "Refused", "edgeGroupId": run["edgeGroupId"], "sipProfileId": run["sipProfileId"], "maxConcurrentSessions": 1,
            "codecs": ["G711u"], "registration": {"type": "REGISTER", "host": run["carrier"]["host"], "port": run["carrier"]["port"],
                                                  "username": run["carrier"]["username"], "password": "wrong"}})
        path = f"/api/v2/telephony/providers/edges/{refused['id']}"
        try:
            api.wait_trunk(refused["id"], "failed")
            line = self.doctors_line(server, "Refused")
            assert line.startswith("FAIL") and "401" in line and "correct registration.username" in line, line
            api.put(path, api.get(path) | {"enabled": False})
            line = self.doctors_line(server, "Refused")
            assert line.startswith("ok") and "switched off" in line, line
        finally:
            api.delete(path)

    def doctors_line(self, server, word: str) -> str:
        done = self.run(server, "doctor", "--data", server.data, "--http", "off", "--https", "off", "--sip", "off", "--sips", "off")
        return next(line for line in done.stdout.splitlines() if word in line)

    def test_print_config_names_the_source_of_each_value(self, server, tmp_path):
        file = tmp_path / "dialplane.yaml"
        file.write_text("sip: 127.0.0.1:15060\n")
        done = self.run(server, "serve", "--config", file, "--http", "127.0.0.1:18080", "--print-config")
        assert done.returncode == 0
        rows = {line.split(":")[0]: line for line in done.stdout.splitlines()}
        assert "--http" in rows["http"] and "file" in rows["sip"] and "default" in rows["https"]


def test_a_phone_with_pcmu_and_the_sandbox_carrier_need_no_transcoding(fresh, tmp_path):
    """The carrier answers in the order of the offer (RFC 3264 section 6.1)."""
    from harness.peers import Baresip

    client = fresh.client().log_in()
    with Baresip(tmp_path / "phone", fresh.agent, codecs="PCMU,PCMA"):
        client.wait_phone(fresh.agent["stationId"], user_agent="baresip")
        client.wait_trunk("sip-trunk-acme-us-east", "registered")
        connected = client.wait_status(client.place_call(fresh.agent, "+14155550111")["id"], "connected")
        client.hang_up(connected["id"])
    assert {leg["codec"] for leg in legs(connected).values()} == {"PCMU"}


def test_a_name_of_dns_hosts_is_the_carriers_address(start_server):
    """Configuration beats DNS; a port in it beats the trunk's."""
    from harness.ports import free_port

    sandbox = free_port()
    server = start_server(sandbox_sip=f"127.0.0.1:{sandbox}", dns_hosts=f"sip.nowhere.invalid=127.0.0.1:{sandbox}")
    client, run = server.client().log_in(), server.first_run
    account = {name: run["carrier"][name] for name in ("username", "password")}
    made = client.post("/api/v2/telephony/providers/edges", {
        "name": "By name", "edgeGroupId": run["edgeGroupId"], "sipProfileId": run["sipProfileId"], "maxConcurrentSessions": 1,
        "codecs": ["G711u"], "registration": {"type": "REGISTER", "host": "sip.nowhere.invalid", "port": 5060} | account})
    assert client.wait_trunk(made["id"], "registered")["lastSipStatus"] == 200


def test_a_taken_port_is_said_and_the_login_is_told_by_the_start_that_works(tmp_path):
    """The commonest first run of all: something else has port 8080."""
    import json
    import socket

    from harness.server import Server

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        server = Server(tmp_path / "server", http=f"127.0.0.1:{port}")
        server._spawn()
        assert server.process.wait(30) == 1
        assert f"127.0.0.1:{port}" in server.process.stderr and "--http" in server.process.stderr
    server.settings["http"] = "127.0.0.1:0"
    server.start()
    try:
        login = json.loads((server.data / "first-run.json").read_text())["console"]
        assert login["password"] in server.process.stdout and login["user"] in server.process.stdout
        assert f"call --data {server.data}" in server.process.stdout
        server.stop()
        server.start()
        assert server.process.stdout.count(login["password"]) == 1, "told once"
    finally:
        server.stop()
