"""Idempotency-Key: one request, one effect, one answer; also for two at once, and over a server that is killed in between."""
import concurrent.futures
import random
import threading
import time
import uuid

import pytest
import requests

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
    """Eight connections, one key: the requests are released together."""
    for round_ in range(10):
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
