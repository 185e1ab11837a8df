"""dialplane backup and restore: a copy while writers write, put back elsewhere or in place; nothing acknowledged before the copy is
missing from it, and nothing is replaced by what does not verify."""
import concurrent.futures
import re
import shutil
import stat
import subprocess

import pytest
import requests

from harness.server import Server
from harness.waiting import until

GROUPS = "/api/v2/telephony/providers/edges/edgegroups"


def run(server: Server, *words) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in server.command(*words)], capture_output=True, text=True, timeout=60)


def write_until_dead(server: Server, worker: int, acknowledged: list) -> None:
    client = server.client().log_in()
    for number in range(100_000):
        name = f"group-{worker}-{number}"
        try:
            if client.request("POST", GROUPS, {"id": name, "name": name}).status_code == 201:
                acknowledged.append(name)
        except requests.RequestException:
            return


def all_groups(client) -> set:
    found, path = set(), f"{GROUPS}?pageSize=500"
    while path:
        page = client.get(path)
        found |= {entity["id"] for entity in page["entities"]}
        path = page.get("nextUri")
    return found


def test_a_backup_under_writers_is_restored_in_place_and_elsewhere(start_server, tmp_path):
    server, acknowledged, copies = start_server(), [], []
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        writers = [pool.submit(write_until_dead, server, worker, acknowledged) for worker in range(4)]
        for number in range(3):
            until(lambda: len(acknowledged) > 60 * (number + 1), 60, "writes are under way", every=0.005)
            before, file = set(acknowledged), tmp_path / f"backup-{number}"
            made = run(server, "backup", "--data", server.data, "--to", file)
            assert made.returncode == 0, made.stderr
            assert stat.S_IMODE(file.stat().st_mode) == 0o600
            assert "secret.key" in made.stdout, "it says what is not in it"
            copies.append((before, file, len(acknowledged)))
        refused = run(server, "restore", "--data", server.data, "--from", copies[0][1])
        assert refused.returncode == 1 and "uses this data directory" in refused.stderr
        server.kill()
        for writer in writers:
            writer.result()
    for before, file, _ in copies:
        done = run(server, "restore", "--data", server.data, "--from", file)
        assert done.returncode == 0, done.stderr
        server.start()
        kept = all_groups(server.client().log_in())
        assert before <= kept <= set(acknowledged) | {"edge-group-us-east"}
        assert server.client().log_in().get("/api/v2/audits/verify")["intact"]
        server.stop()
    assert (server.data / re.search(r"before-restore-\S+\.db", done.stdout).group()).exists()
    elsewhere = Server(tmp_path / "elsewhere", sandbox=True)
    elsewhere.data.mkdir(parents=True, mode=0o700)
    shutil.copy(server.data / "secret.key", elsewhere.data / "secret.key")
    shutil.copy(server.data / "first-run.json", elsewhere.data / "first-run.json")
    assert run(server, "restore", "--data", elsewhere.data, "--from", copies[0][1]).returncode == 0
    elsewhere.start()
    try:
        client = elsewhere.client().log_in()
        assert copies[0][0] <= all_groups(client)
        client.wait_phone(elsewhere.agent["stationId"])  # its sealed credentials can be read
    finally:
        elsewhere.stop()


@pytest.mark.parametrize("damage, says", [("header", "restore"), ("middle", "restore"), ("no database", "cannot be read"),
                                          ("other key", "is not the key")])
def test_what_does_not_verify_replaces_nothing(fresh, tmp_path, damage, says):
    file = tmp_path / "backup"
    assert run(fresh, "backup", "--data", fresh.data, "--to", file).returncode == 0
    again = run(fresh, "backup", "--data", fresh.data, "--to", file)
    assert again.returncode == 1 and "exists" in again.stderr
    fresh.stop()
    if damage == "header":
        file.write_bytes(b"x" * 100 + file.read_bytes()[100:])
    elif damage == "middle":
        content = bytearray(file.read_bytes())
        content[8 * 4096:9 * 4096] = b"x" * 4096
        file.write_bytes(content)
    elif damage == "no database":
        file.unlink()
    else:
        (fresh.data / "secret.key").write_bytes(b"k" * 32)
    refused = run(fresh, "restore", "--data", fresh.data, "--from", file)
    assert refused.returncode == 1 and says in refused.stderr, refused.stderr
    if damage != "other key":
        fresh.start()
        fresh.client().log_in().get(GROUPS)
