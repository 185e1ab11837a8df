"""GET /api/v2/telephony/diagnostics/web-r-t-c by injected faults: a TURN server that works, a port where nobody listens, a port that
swallows everything. Each test has a loopback address of its own, so that the ports 3478 to 3481 are free there."""
import os
import random
import socket

import pytest
import requests

from harness.peers import Coturn
from harness.server import Server

DIAGNOSTICS = "/api/v2/telephony/diagnostics/web-r-t-c"
REPORTS = "/api/v2/telephony/phones/me/ice-reports"
NETWORKS = "/api/v2/telephony/networkconfigurations"
USER = "user-agent-48291"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("diagnostics")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own):
    return own.client().log_in()


@pytest.fixture
def address():
    source = random.Random(os.urandom(8))
    return f"127.{source.randint(64, 250)}.{source.randint(1, 250)}.{source.randint(1, 250)}"


@pytest.fixture
def closing():
    kept = []

    def keep(thing):
        kept.append(thing)
        return thing

    yield keep
    for thing in reversed(kept):
        thing.close()


@pytest.fixture
def black_hole(closing):
    """A port that takes everything and says nothing: what a firewall that drops looks like."""
    def dig(address: str, port: int) -> None:
        hole = closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        hole.bind((address, port))
    return dig


@pytest.fixture
def probe(client):
    """The diagnosis of a user who is given these servers."""
    made = []

    def ask(*servers: str, **fields) -> dict:
        made.append(client.post(NETWORKS, {"name": "Probed", "stunServers": list(servers)} | fields)["id"])
        body = {"webRtc": {"enabled": True, "networkConfigId": made[-1]}, "sofia": {"enabled": True}}
        client.put(f"/api/v2/telephony/users/{USER}/settings", body)
        return client.get(f"{DIAGNOSTICS}?userId={USER}")

    yield ask
    client.put(f"/api/v2/telephony/users/{USER}/settings", {"webRtc": {"enabled": True}, "sofia": {"enabled": True}})
    for each in made:
        client.delete(f"{NETWORKS}/{each}")


@pytest.fixture(scope="module")
def page(own):
    """The console's user, by the session of a browser."""
    run = own.first_run["console"]
    login = requests.post(f"{own.base_url}/login", json={"user": run["user"], "password": run["password"]}, timeout=30,
                          headers={"Origin": own.base_url})
    head = {"Cookie": login.headers["Set-Cookie"].split(";")[0], "Origin": own.base_url, "X-Dialplane-Console": "1"}
    return lambda method, path, body=None: requests.request(method, own.base_url + path, json=body, headers=head, timeout=10)


def states(found: dict) -> dict:
    return {each["port"]: each["state"] for each in found["udpPorts"]}


def test_a_working_turn_server_challenges_and_a_stun_server_tells_our_address(probe, address, tmp_path, closing):
    closing(Coturn(tmp_path / "coturn", "secret", address, 3478))
    found = probe(f"stun:{address}", f"turn:{address}", f"turn:{address}?transport=tcp", turnSecret="secret")
    assert [(each["probe"], each["verdict"]) for each in found["servers"]] == [
        ("binding", "answers"), ("allocate", "answers"), ("allocate", "answers")], found
    stun, turn, _ = found["servers"]
    assert stun["mappedAddress"].startswith("127.") and turn["realm"] == "relay.test" and turn["stunError"] == 401
    assert states(found)[3478] == "open" and 3478 not in found["blockedUdpPorts"]
    assert found["profile"]["hasRelay"] is True


def test_which_udp_port_is_blocked(probe, address, tmp_path, closing, black_hole):
    closing(Coturn(tmp_path / "coturn", "secret", address, 3478))
    black_hole(address, 3479)
    black_hole(address, 3481)
    found = probe(f"stun:{address}")
    assert states(found) == {3478: "open", 3479: "blocked", 3480: "refused", 3481: "blocked"}
    assert found["blockedUdpPorts"] == [3479, 3481]


def test_without_a_user_every_server_that_users_are_given_is_probed(client, address):
    settings = f"/api/v2/telephony/users/{USER}/settings"
    network = client.post(NETWORKS, {"name": "Everybody's", "stunServers": [f"stun:{address}:3478"]})["id"]
    client.put(settings, {"webRtc": {"enabled": True, "stunServers": [f"stun:{address}:3479", f"stun:{address}:3478"]},
                          "sofia": {"enabled": True}})
    asked = [each["uri"] for each in client.get(DIAGNOSTICS)["servers"]]
    client.put(settings, {"webRtc": {"enabled": True}, "sofia": {"enabled": True}})
    client.delete(f"{NETWORKS}/{network}")
    assert sorted(asked) == [f"stun:{address}:3478", f"stun:{address}:3479"]


def test_a_silent_server_and_one_that_is_not_there_are_told_apart(probe, address, black_hole):
    black_hole(address, 4000)
    found = probe(f"stun:{address}:4000", f"turn:{address}:4001", f"turns:{address}:4002", "stun:no-such-host.invalid")
    assert [each["verdict"] for each in found["servers"]] == ["silent", "refused", "refused", "unresolved"], found
    assert all(each["advice"] for each in found["servers"])


def test_what_answers_and_is_no_stun_server(probe, address, closing, tmp_path):
    closing(Coturn(tmp_path / "coturn", "secret", address, 3478, "--stun-only"))
    found = probe(f"turn:{address}", turnSecret="secret")
    assert found["servers"][0]["verdict"] != "answers", found


def test_private_addresses_only_where_it_is_configured(tmp_path, start_server, address, closing, monkeypatch):
    closing(Coturn(tmp_path / "coturn", "secret", address, 3478))
    for allowed, verdict in (("false", "notAllowed"), ("true", "answers")):
        monkeypatch.setenv("DP_PROBE_PRIVATE", allowed)
        client = start_server(f"probe-{allowed}", sandbox=False).client().log_in()
        client.post(NETWORKS, {"name": "Private", "stunServers": [f"stun:{address}"]})
        found = client.get(DIAGNOSTICS)
        assert [each["verdict"] for each in found["servers"]] == [verdict], found
        assert states(found)[3478] == ("open" if allowed == "true" else "notProbed")


def test_a_page_reports_and_the_diagnosis_names_it(own, client, page):
    user = page("GET", "/api/v2/users/me").json()["id"]
    counts = {"host": 2, "srflx": 0, "prflx": 0, "relay": 0}
    reports = [
        {"outcome": "connected", "iceState": "connected", "candidates": counts, "selected": {"local": "host", "remote": "host"}},
        {"outcome": "failed", "iceState": "failed", "conversationId": "c-1", "candidates": counts, "gatheringMilliseconds": 80,
         "errors": [{"url": "stun:dead.example:3478", "code": 701, "text": "no answer"}]},
        {"outcome": "gatheringTimeout", "iceState": "new", "candidates": counts | {"host": 0}},
    ]
    for each in reports:
        assert page("POST", REPORTS, each).status_code == 204
    found = client.get(f"{DIAGNOSTICS}?userId={user}")
    assert [each.get("code", "") for each in found["sessions"]] == ["CANDIDATE_GATHERING_TIMEOUT", "ICE_FAILED", ""]
    assert found["codes"] == ["CANDIDATE_GATHERING_TIMEOUT", "ICE_FAILED"]
    failed = found["sessions"][1]
    assert failed["conversationId"] == "c-1" and "stun:dead.example:3478" in failed["cause"] and failed["userId"] == user
    assert page("GET", DIAGNOSTICS).json()["sessions"] == found["sessions"], "their own without asking for a user"
    assert client.get(f"{DIAGNOSTICS}?userId={USER}")["sessions"] == []


@pytest.mark.parametrize("body,field", [
    ({}, "outcome"), ({"outcome": "fine"}, "outcome"), ({"outcome": "failed", "candidates": {"host": -1}}, "candidates.host"),
    ({"outcome": "failed", "errors": [{}] * 9}, "errors"), ({"outcome": "failed", "iceState": "x" * 33}, "iceState"),
    ({"outcome": "failed", "selected": {"local": "host"}}, "selected.remote"),
    ({"outcome": "failed", "gatheringMilliseconds": 600001}, "gatheringMilliseconds")])
def test_a_report_is_bounded(page, body, field):
    answer = page("POST", REPORTS, body)
    assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == field, answer.text


def test_an_application_has_no_phone_and_an_unknown_user_no_diagnosis(client):
    assert client.request("POST", REPORTS, {"outcome": "connected"}).status_code == 400
    assert client.request("GET", f"{DIAGNOSTICS}?userId=nobody").status_code == 400
