"""Idempotency-Key: one request, one effect, one answer; also for two at once, and over a server that is killed in between."""
import concurrent.futures
import random
import threading
import time
import uuid

import pytest
import requests

from harness.client import Client
from harness.waiting import until

CALLS = "/api/v2/conversations/calls"
GROUPS = "/api/v2/telephony/providers/edges/edgegroups"
PHONES = "/api/v2/telephony/providers/edges/phones"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("idempotency")).start()
    yield made
    made.stop()


@pytest.fixture
def client(own):
    return own.client().log_in()


def keyed(key: str) -> dict:
    return {"Idempotency-Key": key}


def groups_named(client, name: str) -> list[dict]:
    return client.get(f"{GROUPS}?name={name}")["entities"]


def test_the_same_request_is_carried_out_once_and_answered_alike(client):
    key, body = str(uuid.uuid4()), {"name": "once"}
    first, second = (client.request("POST", GROUPS, body, headers=keyed(key)) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201), second.text
    assert first.json() == second.json()
    assert "Idempotency-Replayed" not in first.headers and second.headers["Idempotency-Replayed"] == "true"
    assert len(groups_named(client, "once")) == 1


def test_another_body_under_the_same_key_is_refused(client):
    client.post(GROUPS, {"name": "first body"}, headers=keyed("two-bodies"))
    answer = client.request("POST", GROUPS, {"name": "second body"}, headers=keyed("two-bodies"))
    assert answer.status_code == 422, answer.text
    assert answer.json()["details"][0]["fieldName"] == "Idempotency-Key"
    assert not groups_named(client, "second body")


def test_a_key_belongs_to_one_route_and_one_client(client, own):
    client.post(GROUPS, {"name": "of this route"}, headers=keyed("shared"))
    client.post("/api/v2/telephony/providers/edges/sites", {"name": "of another route"}, headers=keyed("shared"))


def test_a_refused_request_leaves_its_key_free(client):
    refused = client.request("POST", GROUPS, {"name": ""}, headers=keyed("try-again"))
    assert refused.status_code == 400, refused.text
    client.post(GROUPS, {"name": "second try"}, headers=keyed("try-again"))


@pytest.mark.parametrize("key", ["a" * 256, "with space", "\x80"], ids=["too long", "space", "not ASCII"])
def test_a_bad_key_is_named(client, key):
    answer = client.request("POST", GROUPS, {"name": "bad key"}, headers={"Idempotency-Key": key.encode("latin-1")})
    assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == "Idempotency-Key", answer.text


def test_many_at_once_make_one(client, own):
    """Eight connections, one key: the requests are released together. Some come when the first has just been answered."""
    for round_ in range(100):
        gate = threading.Barrier(8)

        def post():
            session, head = requests.Session(), {"Authorization": f"Bearer {client.token}"} | keyed(f"crowd-{round_}")
            gate.wait()
            return session.post(own.base_url + GROUPS, json={"name": f"crowd-{round_}"}, headers=head, timeout=20)

        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            answers = [future.result() for future in [pool.submit(post) for _ in range(8)]]
        assert {answer.status_code for answer in answers} == {201}
        assert len({answer.json()["id"] for answer in answers}) == 1
        assert len(groups_named(client, f"crowd-{round_}")) == 1


def test_a_call_is_placed_once(client, own):
    body = {"from": {"id": own.agent["userId"], "phoneNumber": own.agent["callerId"]}, "to": {"phoneNumber": "+14155550110"}, "type": "pstn"}
    placed = [client.post(CALLS, body, headers=keyed("one-call")) for _ in range(3)]
    assert len({call["id"] for call in placed}) == 1
    client.hang_up(placed[0]["id"])
    assert client.post(CALLS, body, headers=keyed("one-call"))["id"] == placed[0]["id"]


def test_a_secret_that_is_shown_once_is_kept_sealed(client, own):
    phone = {"name": "sealed", "site": {"id": "site-us-east"}, "phoneBaseSettings": {"id": "Support_WebRTC_Standard"}}
    first, second = (client.post(PHONES, phone, headers=keyed("phone-1")) for _ in range(2))
    password = first["sip"]["password"]
    assert password and second["sip"]["password"] == password
    for file in own.data.rglob("*"):
        assert not file.is_file() or password.encode() not in file.read_bytes(), f"{file} holds the password"


NUMBERS = "/api/v2/telephony/phone/numbers"
FAULTS = "/api/v2/sandbox/storefaults"
CLIENTS = "/api/v2/oauth/clients"
SUBJECT = "/api/v2/authorization/subjects/user-agent-48291"


def total(client, path: str) -> int:
    return client.get(path)["total"]


# What is asked for; what shows that it has happened; whether the answer, repeated, is the one that was never heard.
ANSWERS_ONCE = {
    "an edge group": (GROUPS, {"name": "cut"}, lambda client: total(client, f"{GROUPS}?name=cut"),
                      lambda server, answer: answer.status_code == 201 and answer.json()["version"] == 1),
    "an OAuth client and its secret": (
        CLIENTS, {"name": "cut", "authorizedGrantType": "CLIENT-CREDENTIALS", "scope": ["user:read"], "roleIds": []},
        lambda client: total(client, f"{CLIENTS}?name=cut"),
        lambda server, answer: Client(server.base_url, answer.json()["id"], answer.json()["secret"]).request_token().status_code == 200),
    "an API key": ("/api/v2/apikeys", {"name": "cut", "scope": ["telephony"], "roleIds": ["role-administrator"]},
                   lambda client: total(client, "/api/v2/apikeys?name=cut"),
                   lambda server, answer: requests.get(f"{server.base_url}/organizations/telephony-configs", timeout=10,
                                                       headers={"X-API-Key": answer.json()["key"]}).status_code == 200),
    "a phone and its password": (PHONES, {"name": "cut", "site": {"id": "site-us-east"}, "phoneBaseSettings": {"id": "Support_WebRTC_Standard"}},
                                 lambda client: total(client, f"{PHONES}?name=cut"),
                                 lambda server, answer: answer.status_code == 201 and len(answer.json()["sip"]["password"]) == 43),
    "a number's order": (NUMBERS, {"number": "+14155550205", "type": "pstn", "providerId": "sip-trunk-acme-us-east", "locationId": "us_east_1"},
                         lambda client: total(client, f"{NUMBERS}?number=%2B14155550205"),
                         lambda server, answer: answer.status_code == 202 and answer.json()["state"] == "pending"),
    "a grant, which has no answer but 204": (
        f"{SUBJECT}/divisions/*/roles/role-telephony-manager", {},
        lambda client: "role-telephony-manager" in str(client.get(SUBJECT)), lambda server, answer: answer.status_code == 204),
}


def test_the_answer_is_on_disk_with_the_effect(start_server):
    """The writer stands still right after the transaction of the request; nobody hears the answer, and the server is killed."""
    server = start_server()
    client = server.client().log_in()
    for what, (path, body, has_happened, is_the_answer) in ANSWERS_ONCE.items():
        head = {"Authorization": f"Bearer {client.token}"} | keyed("cut")
        heard: list = []

        def post():
            try:
                heard.append(requests.post(server.base_url + path, json=body, headers=head, timeout=20))
            except requests.RequestException:
                pass  # the connection died with the server

        for _ in range(10):
            client.put(FAULTS, {"writes": "stall", "after": 1})
            sender = threading.Thread(target=post)
            sender.start()
            until(lambda: client.get(FAULTS)["struck"] > 0, 10, "the writer stands still")
            happened = has_happened(client)
            server.kill()
            sender.join(20)
            server.start()
            if happened:
                break  # else something of the server's own was written in between
        assert happened and not heard, what
        again = client.request("POST", path, body, headers=keyed("cut"))
        assert again.headers.get("Idempotency-Replayed") == "true" and is_the_answer(server, again), f"{what}: {again.status_code} {again.text}"
        assert has_happened(client) == 1, what


def test_a_kill_between_the_effect_and_the_answer_makes_neither_two_nor_none(start_server):
    """The server is killed at a random moment after the request was sent; the same request to the next one succeeds, once."""
    seed = random.SystemRandom().randrange(1 << 32)
    print("seed", seed)
    dice = random.Random(seed)
    server = start_server()
    client = server.client().log_in()
    for round_ in range(8):
        name = f"killed-{round_}"

        def post():
            try:
                client.request("POST", GROUPS, {"name": name}, headers=keyed(name))
            except requests.RequestException:
                pass  # the connection died with the server

        sender = threading.Thread(target=post)
        sender.start()
        time.sleep(dice.uniform(0, 0.02))  # which moment is what the test is about
        server.kill()
        sender.join(20)
        server.start()
        client = server.client().log_in()
        answer = client.request("POST", GROUPS, {"name": name}, headers=keyed(name))
        # The effect is on disk and its answer is not: then the client is told so, and must look for itself.
        lost = answer.status_code == 409 and "was carried out; its answer was lost" in answer.text
        assert answer.status_code == 201 or lost, answer.text
        found = groups_named(client, name)
        assert len(found) == 1 and (lost or found[0]["id"] == answer.json()["id"]), found
