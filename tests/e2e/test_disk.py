"""A disk that is full, read-only or damaged: a clear answer, nothing acknowledged lost, running calls go on, and recovery without help as
soon as there is room."""
import shutil
import sqlite3
import subprocess

import pytest
import requests

from harness.server import Server
from harness.volume import Volume
from harness.waiting import until

GROUPS = "/api/v2/telephony/providers/edges/edgegroups"
CARRIER = "sip-trunk-acme-us-east"


@pytest.fixture
def volume(tmp_path):
    made = Volume(tmp_path)
    yield made
    made.remove()


@pytest.fixture
def breakable(volume):
    if not volume.can_break:
        pytest.skip("mounting is not allowed here: run as root with CAP_SYS_ADMIN")
    return volume


@pytest.fixture
def make_server(tmp_path):
    """Servers whose data lies on the volume; ended before it goes."""
    made: list[Server] = []

    def make(data, **settings) -> Server:
        server = Server(tmp_path / "logs", log_level="info", **settings)
        server.data = data
        made.append(server)
        return server

    yield make
    for server in made:
        if server.process:
            server.process.end()


def connected_call(server, client) -> dict:
    client.wait_phone(server.agent["stationId"])
    client.wait_trunk(CARRIER, "registered")
    call = client.place_call(server.agent, "+14155550113")
    return client.wait_status(call["id"], "connected")


def ready(server) -> tuple[int, str]:
    answer = requests.get(f"{server.base_url}/ready", timeout=5)
    return answer.status_code, answer.json().get("reason", "")


def write_until_refused(client) -> list[str]:
    """Names of the groups that were acknowledged, up to the first 503."""
    made = []
    while True:
        name = f"written {len(made)}"
        answer = client.request("POST", GROUPS, {"name": name, "description": "x" * 4000})
        if answer.status_code == 503:
            return made
        assert answer.status_code == 201, answer.text
        made.append(name)


def names(client) -> set:
    found, path = set(), f"{GROUPS}?pageSize=500"
    while path:
        page = client.get(path)
        found |= {entity["name"] for entity in page["entities"]}
        path = page.get("nextUri")
    return found


def refused_start(server) -> str:
    done = subprocess.run([str(word) for word in server.command("serve", "--data", server.data, "--http", "127.0.0.1:0", "--https", "off",
                                                                "--sip", "off", "--sips", "off")],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 1, "it started"
    return done.stderr


def test_a_full_disk(volume, make_server):
    server = make_server(volume.path).start()
    client = server.client().log_in()
    call, ending = connected_call(server, client), connected_call(server, client)
    volume.fill()
    acknowledged = write_until_refused(client)
    refusal = client.request("POST", GROUPS, {"name": "refused"})
    assert refusal.status_code == 503 and "disk is full: free space" in refusal.json()["message"]
    status, reason = ready(server)
    assert status == 503 and "disk is full" in reason
    assert requests.get(f"{server.base_url}/health", timeout=5).status_code == 200
    assert "dialplane_store_writable 0" in requests.get(f"{server.base_url}/metrics", timeout=5).text
    assert set(acknowledged) <= names(client) and "refused" not in names(client), "reads go on, and say what is stored"
    assert client.conversation(call["id"])["status"] == "connected", "calls go on"
    client.hang_up(ending["id"])
    volume.free()
    until(lambda: ready(server)[0] == 200, 20, "ready again by itself")
    client.post(GROUPS, {"name": "after"})
    assert client.conversation(call["id"])["status"] == "connected"
    server.kill()
    server.start()
    assert set(acknowledged) | {"after"} <= names(client)
    assert client.conversation(ending["id"])["reason"] == "api_disconnect", "what ended while the disk was full is known"
    assert client.get("/api/v2/audits/verify")["intact"]


def test_a_full_disk_without_anybody_writing_is_ready_again_by_itself(volume, make_server):
    server = make_server(volume.path, sandbox=False).start()
    client = server.client().log_in()
    volume.fill()
    write_until_refused(client)
    assert ready(server)[0] == 503
    volume.free()
    until(lambda: ready(server)[0] == 200, 20, "ready without a write from outside")


def test_a_call_that_ends_on_a_full_disk_survives_a_kill(volume, make_server):
    """Room for what calls tell is set aside while there is some."""
    server = make_server(volume.path).start()
    client = server.client().log_in()
    call = connected_call(server, client)
    volume.fill()
    write_until_refused(client)
    ended = client.hang_up(call["id"])
    spill = server.data / "outbox.spill"
    until(lambda: call["id"] in spill.read_text(errors="replace"), 15, "the end of the call is in the spill file")
    server.kill()
    volume.free()
    server.start()
    kept = client.conversation(call["id"])
    assert (kept["status"], kept["reason"], kept["endTime"]) == ("disconnected", "api_disconnect", ended["endTime"])


def test_a_first_start_on_a_full_disk_says_so_and_the_next_one_works(volume, make_server):
    server = make_server(volume.path)
    volume.fill()
    told = refused_start(server)
    assert "No space left" in told or "disk is full" in told, told
    volume.free()
    server.start()
    server.client().log_in().get(GROUPS)


def test_a_disk_that_becomes_read_only(breakable, make_server):
    server = make_server(breakable.path).start()
    client = server.client().log_in()
    call = connected_call(server, client)
    client.post(GROUPS, {"name": "before"})
    breakable.break_down()
    refusal = until(lambda: (answer := client.request("POST", GROUPS, {"name": "refused"})).status_code != 201 and [answer], 10,
                    "refused")[0]
    assert refusal.status_code == 503, refusal.text
    assert "read-only: check the permissions and mount" in refusal.json()["message"], refusal.text
    status, reason = ready(server)
    assert status == 503 and reason
    assert client.conversation(call["id"])["status"] == "connected", "calls go on"
    assert "before" in names(client)
    server.kill()
    for options in ((), ("ro",)):  # its journal is read back by the first
        breakable.unmount()
        assert not (refused := breakable.mount(*options)), refused
    told = refused_start(server)
    assert "Read-only file system" in told and "data directory" in told, told
    breakable.unmount()
    assert not (refused := breakable.mount()), refused
    server.start()
    assert "before" in names(client) and "refused" not in names(client)
    assert client.conversation(call["id"])["reason"] == "server_restart"


def damage(server, page: int, length: int = 4096) -> None:
    with (server.data / "dialplane.db").open("r+b") as file:
        file.seek(page * 4096)
        file.write(b"x" * length)


def root_page(server, table: str) -> int:
    database = sqlite3.connect(server.data / "dialplane.db")
    page = database.execute("SELECT rootpage FROM sqlite_schema WHERE name = ?", (table,)).fetchone()[0]
    database.close()
    return page - 1


def test_a_damaged_header_is_not_started_on(make_server, tmp_path):
    server = make_server(tmp_path / "data", sandbox=False).start()
    server.stop()
    damage(server, 0, 100)
    told = refused_start(server)
    assert "restore the last backup" in told and "dialplane.db" in told, told


def test_a_damaged_page_of_the_configuration_is_not_started_on(make_server, tmp_path):
    server = make_server(tmp_path / "data", sandbox=False).start()
    server.stop()
    damage(server, root_page(server, "users"))
    told = refused_start(server)
    assert "restore the last backup" in told, told


def test_a_damaged_page_that_nobody_asked_for_is_found_and_said(make_server, tmp_path):
    server = make_server(tmp_path / "data").start()
    server.stop()
    damage(server, root_page(server, "webhook_deliveries"))
    server.start(wait_ready=False)
    told = until(lambda: "damaged" in (reason := ready(server)[1]) and reason, 20, "it says so")
    assert "restore the last backup" in told, told
    client = server.client().log_in()
    call = connected_call(server, client)
    client.hang_up(call["id"])


def test_a_log_that_is_damaged_in_its_middle_is_not_cut_short_silently(make_server, tmp_path):
    server = make_server(tmp_path / "data", sandbox=False).start()
    client = server.client().log_in()
    for number in range(20):
        client.post(GROUPS, {"name": f"logged {number}"})
    server.kill()
    log = server.data / "dialplane.db-wal"
    whole = log.read_bytes()
    damaged = bytearray(whole)
    damaged[len(whole) // 2] ^= 0xFF
    log.write_bytes(damaged)
    told = refused_start(server)
    assert "acknowledged" in told and "dialplane restore" in told and "wal_checkpoint" in told, told
    # The way out that it names, for whoever has no backup.
    copy = tmp_path / "copy"
    shutil.copytree(server.data, copy)
    with sqlite3.connect(copy / "dialplane.db") as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    assert (copy / "dialplane.db-wal").exists() is False or not (copy / "dialplane.db-wal").read_bytes()
    log.write_bytes(whole)
    server.start()
    assert {f"logged {number}" for number in range(20)} <= names(client)
    server.stop()
    server.data = copy
    server.start()
    assert "logged 19" not in names(server.client().log_in())


def test_a_key_that_is_missing_is_not_made_up(make_server, tmp_path):
    server = make_server(tmp_path / "data", sandbox=False).start()
    server.stop()
    key = server.data / "secret.key"
    kept = key.read_bytes()
    key.unlink()
    told = refused_start(server)
    assert "secret.key" in told and "put the one that belongs to this database back" in told, told
    assert not key.exists()
    key.touch(0o600)
    key.write_bytes(kept)
    server.start()


def test_the_first_credentials_are_known_whenever_the_first_start_is_killed(make_server, tmp_path):
    """Killed at a moment of the first start: whoever starts again can log in."""
    for number in range(12):
        server = make_server(tmp_path / f"data-{number}", sandbox=False)
        server.start_and_kill_after(0.02 + 0.015 * number)
        server.start()
        server.client().log_in().get(GROUPS)
        server.stop()
