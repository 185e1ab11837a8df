"""What was acknowledged is kept: over kill -9 during writes and during calls, and over an ordinary restart."""
import concurrent.futures
import contextlib
import sqlite3
import subprocess
import threading

import pytest
import requests

from harness.waiting import until

GROUPS = "/api/v2/telephony/providers/edges/edgegroups"


def write_until_dead(server, worker: int, acknowledged: list, tried: list) -> None:
    """Creates one entity after the other; remembers those whose 201 arrived."""
    client = server.client().log_in()
    for number in range(100_000):
        name = f"group-{worker}-{number}"
        tried.append(name)
        try:
            if client.request("POST", GROUPS, {"id": name, "name": name}).status_code == 201:
                acknowledged.append(name)
        except requests.RequestException:
            return


def all_groups(client) -> set:
    found, page = set(), 1
    while entities := client.get(f"{GROUPS}?pageSize=100&pageNumber={page}")["entities"]:
        found |= {entity["id"] for entity in entities}
        page += 1
    return found


@pytest.mark.parametrize("round_", range(3))
def test_a_killed_server_loses_no_acknowledged_write(fresh, round_):
    acknowledged, tried = [], []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        workers = [pool.submit(write_until_dead, fresh, worker, acknowledged, tried) for worker in range(4)]
        until(lambda: len(acknowledged) > 40 * (round_ + 1), 30, "writes are under way", every=0.005)
        fresh.kill()
        for worker in workers:
            worker.result()
    before = set(acknowledged)
    fresh.start()
    kept = all_groups(fresh.client().log_in())
    assert before <= kept, f"lost: {sorted(before - kept)}"
    assert kept - {"edge-group-us-east"} <= set(tried), "nothing appears that nobody wrote"


def test_a_killed_server_closes_its_calls_and_starts_in_seconds(fresh):
    client = fresh.client().log_in()
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    calls = [client.place_call(fresh.agent, number)["id"] for number in ("+14155550113", "+14155550117")]
    client.wait_status(calls[0], "connected")
    client.wait_status(calls[1], "ringing")
    fresh.kill()
    fresh.start()
    assert fresh.started_in < 3
    for call in calls:  # the token is older than the process that reads it
        ended = client.conversation(call)
        assert (ended["status"], ended["reason"]) == ("failed", "server_restart")
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    again = client.place_call(fresh.agent, "+14155550113")
    client.wait_status(again["id"], "connected")
    assert client.conversation(calls[0])["status"] == "failed", "an ended call stays as it ended"


def test_an_ended_call_is_kept_over_a_kill(fresh):
    client = fresh.client().log_in()
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    call = client.place_call(fresh.agent, "+14155550130")
    ended = client.wait_status(call["id"], "failed")
    fresh.kill()
    fresh.start()
    kept = client.conversation(call["id"])
    assert {name: kept[name] for name in ("status", "reason", "sipStatus", "endTime")} == \
        {name: ended[name] for name in ("status", "reason", "sipStatus", "endTime")}


def test_a_restart_keeps_tokens_secrets_and_data(fresh):
    client = fresh.client().log_in()
    made = client.post(GROUPS, {"name": "kept"})
    secrets = fresh.first_run["oauth"], fresh.first_run["console"], fresh.first_run["agents"][0]["sip"]["password"]
    fresh.restart()
    assert fresh.started_in < 3
    assert client.get(f"{GROUPS}/{made['id']}")["name"] == "kept"
    assert secrets == (fresh.first_run["oauth"], fresh.first_run["console"], fresh.first_run["agents"][0]["sip"]["password"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")


def test_sigterm_ends_calls_with_their_reason(start_server):
    server = start_server(drain=0)
    client = server.client().log_in()
    client.wait_phone(server.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    call = client.place_call(server.agent, "+14155550113")
    client.wait_status(call["id"], "connected")
    server.restart()
    ended = client.conversation(call["id"])
    assert ended["reason"] == "server_shutdown" and ended["endTime"]


def test_secrets_on_disk_are_the_owners_alone(server):
    assert server.first_run_mode() == 0o600
    for name in ("secret.key", "dialplane.db"):
        path = server.data / name
        if path.exists():
            assert path.stat().st_mode & 0o077 == 0, name


def test_a_second_server_on_the_same_data_is_refused(server):
    done = subprocess.run([str(word) for word in server.command("serve", "--data", server.data, "--http", "127.0.0.1:0",
                                                                "--https", "off", "--sip", "off", "--sips", "off")],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert "uses this data directory" in done.stderr and str(server.process.popen.pid) in done.stderr, done.stderr


def test_a_taken_port_is_named(start_server, server, tmp_path):
    taken = server.settings["http"]
    done = subprocess.run([str(word) for word in server.command("serve", "--data", tmp_path / "other", "--http", taken,
                                                                "--https", "off", "--sip", "off", "--sips", "off")],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1
    assert taken in done.stderr, done.stderr


def test_readers_see_only_whole_states_while_writers_write(fresh):
    client = fresh.client().log_in()
    made = client.post(GROUPS, {"name": "0"})
    stop = threading.Event()

    def write():
        writer = fresh.client().log_in()
        number = 0
        while not stop.is_set():
            number += 1
            writer.put(f"{GROUPS}/{made['id']}", {"name": str(number)})
        return number

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        written = pool.submit(write)
        seen = []
        for _ in range(200):
            group = client.get(f"{GROUPS}/{made['id']}")
            seen.append((group["version"], int(group["name"])))
        stop.set()
        assert written.result() >= seen[-1][1]
    assert seen == sorted(seen)
    assert all(version - seen[0][0] == name - seen[0][1] for version, name in seen)


def test_a_call_that_ends_while_the_store_stands_still_survives_a_kill(fresh):
    """Somebody else holds the database's write lock: what happens meanwhile goes to the spill file, and comes back once."""
    client = fresh.client().log_in()
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    call = client.place_call(fresh.agent, "+14155550121")  # hangs up by itself
    client.wait_status(call["id"], "connected")
    spill = fresh.data / "outbox.spill"
    with contextlib.closing(sqlite3.connect(fresh.data / "dialplane.db", isolation_level=None, timeout=10)) as database:
        database.execute("BEGIN IMMEDIATE")
        ended = client.wait_status(call["id"], "disconnected")
        assert ended["reason"] == "remote_hangup"
        until(lambda: spill.exists() and call["id"] in spill.read_text(), 15, "the end of the call is in the spill file")
        fresh.kill()
        database.execute("ROLLBACK")
    fresh.start()
    kept = fresh.client().log_in().conversation(call["id"])
    assert (kept["status"], kept["reason"], kept["endTime"]) == ("disconnected", "remote_hangup", ended["endTime"])
    assert spill.read_bytes() == b""
    with contextlib.closing(sqlite3.connect(fresh.data / "dialplane.db")) as database:
        events = database.execute("SELECT type, time, payload FROM events WHERE resource_id = ?", (call["id"],)).fetchall()
    assert [kind for kind, *_ in events].count("conversation.ended") == 1
    assert len(events) == len(set(events)), "no event came twice"


def place_until_dead(server, worker: int, acknowledged: list) -> None:
    """One call after the other, some answered and some busy; remembers those whose 201 arrived."""
    client = server.client().log_in()
    for number in range(100_000):
        called = "+14155550113" if (worker + number) % 3 else "+14155550130"
        body = {"from": {"id": server.agent["userId"]}, "to": {"phoneNumber": called}, "type": "pstn"}
        try:
            answer = client.request("POST", "/api/v2/conversations/calls", body)
        except requests.RequestException:
            return
        if answer.status_code == 201:
            acknowledged.append(answer.json()["id"])


def test_a_killed_server_has_a_record_of_every_call_it_acknowledged_and_ends_each_once(fresh):
    client = fresh.client().log_in()
    client.wait_phone(fresh.agent["stationId"])
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    acknowledged: list = []
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        workers = [pool.submit(place_until_dead, fresh, worker, acknowledged) for worker in range(8)]
        until(lambda: len(acknowledged) > 100, 60, "calls are being placed", every=0.005)
        fresh.kill()
        for worker in workers:
            worker.result()
    fresh.start()
    for call in acknowledged:
        assert client.conversation(call)["status"] in ("disconnected", "failed"), call
    assert client.get("/api/v2/conversations")["total"] == 0
    with contextlib.closing(sqlite3.connect(fresh.data / "dialplane.db")) as database:
        ends = dict(database.execute("SELECT resource_id, COUNT(*) FROM events WHERE type = 'conversation.ended' GROUP BY resource_id"))
        kept = {row[0] for row in database.execute("SELECT id FROM conversations")}
    assert set(acknowledged) <= kept
    assert ends == dict.fromkeys(kept, 1), "every call has ended, and once"
