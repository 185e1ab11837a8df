"""Every body that the seed documents print and this API covers, sent as it stands to a first run; and every row of their error
tables. What a payload creates must not exist before, what it refers to must."""
import os
import pathlib
import subprocess
import sys
import time

import pytest
import requests

from harness.waiting import until

EDGES = "/api/v2/telephony/providers/edges"
NUMBERS = "/api/v2/telephony/phone/numbers"
CALLS = "/api/v2/conversations/calls"

# Seed 0, step 1.
ORDER_NUMBER = {
    "type": "pstn",
    "number": "+14155552671",
    "providerId": "sip-trunk-acme-us-east",
    "locationId": "us_east_1",
    "routing": {"type": "queue", "id": "queue-inbound-sales", "displayName": "Sales Inbound Line"},
}
# Seed 0, step 2.
ASSIGN_NUMBER = {
    "routing": {
        "type": "user",
        "id": "user-agent-48291",
        "displayName": "Agent Direct Line",
        "routingType": "direct",
        "callflowId": "cf-inbound-ivr-main",
    }
}
# Seed 3, step 1.
PLACE_CALL = {
    "from": {"id": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "name": "John Doe", "phoneNumber": "+15551234567"},
    "to": {"phoneNumber": "+15559876543"},
    "type": "pstn",
}


def trunk_body(first_run: dict) -> dict:
    """Seed 1's BuildTrunkPayload, field by field."""
    return {
        "name": "Automated-Connect-Trunk",
        "edgeGroupId": first_run["edgeGroupId"],
        "sipProfileId": first_run["sipProfileId"],
        "maxConcurrentSessions": 500,
        "codecs": ["G711u", "G729", "Opus"],
        "registration": {
            "type": "REGISTER",
            "host": "sip.carrier.example.com",
            "port": 5060,
            "username": "trunk_user_01",
            "password": "secure_trunk_password",
        },
        "healthProbe": {"enabled": True, "intervalSeconds": 30},
    }


@pytest.fixture(scope="module")
def first_run_server(tmp_path_factory):
    """Its state grows through this file: what a seed creates once stays created."""
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("seeds")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def seeds(first_run_server):
    return first_run_server.client().log_in()


@pytest.fixture(scope="module")
def ordered(seeds):
    """Seed 0's number, ordered once."""
    answer = seeds.request("POST", NUMBERS, ORDER_NUMBER)
    assert answer.status_code == 202, answer.text
    return answer.json()


@pytest.fixture(scope="module")
def trunk(first_run_server, seeds):
    """Seed 1's trunk, created once."""
    answer = seeds.request("POST", EDGES, trunk_body(first_run_server.first_run))
    assert answer.status_code == 201, answer.text
    return answer.json()


def assert_error(answer: requests.Response, status: int, code: str, field: str = "") -> dict:
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert body["status"] == status
    assert body["message"], "the message stands alone"
    assert body["contextId"] == answer.headers["ININ-Correlation-Id"]
    if field:
        assert [detail["fieldName"] for detail in body["details"]] == [field], answer.text
    return body


class TestTokens:
    @pytest.mark.parametrize("basic", [True, False], ids=["Basic as seed 3", "form as seed 1"])
    def test_client_credentials_give_a_token(self, seeds, basic):
        answer = seeds.request_token(basic)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["access_token"] and body["token_type"].lower() == "bearer" and body["expires_in"] >= 3600

    def test_seed_3_asks_for_two_scopes(self, seeds):
        answer = seeds.request_token(scope="conversation:call:write user:read")
        assert answer.status_code == 200
        assert answer.json()["scope"].split() == ["conversation:call:write", "user:read"]

    def test_a_new_token_ends_no_other(self, seeds):
        tokens = [seeds.request_token().json()["access_token"] for _ in range(10)]
        for token in tokens:
            answer = requests.get(f"{seeds.base_url}/api/v2/users", headers={"Authorization": f"Bearer {token}"}, timeout=10)
            assert answer.status_code == 200

    @pytest.mark.parametrize("basic", [True, False])
    def test_a_wrong_secret_is_refused(self, first_run_server, basic):
        client = first_run_server.client()
        client.client_secret = "not-the-secret"
        answer = client.request_token(basic)
        assert answer.status_code in (400, 401) and answer.json()["error"] == "invalid_client", answer.text

    def test_other_mistakes_are_named(self, seeds):
        assert seeds.request_token(grant_type="password").json()["error"] == "unsupported_grant_type"
        assert seeds.request_token(scope="root").json()["error"] == "invalid_scope"

    def test_secrets_need_no_escaping_in_a_form(self, first_run_server):
        allowed = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
        run = first_run_server.first_run
        for secret in (run["oauth"]["clientSecret"], run["apiKey"], run["console"]["password"], run["carrier"]["password"]):
            assert set(secret) <= allowed and len(secret) >= 20


class TestNumbersOfSeed0:
    def test_the_order_is_accepted_and_pending(self, ordered):
        assert ordered["number"] == "+14155552671"
        assert ordered["state"] in ("pending", "provisioning", "active")
        assert ordered["routing"] == ORDER_NUMBER["routing"]

    def test_its_state_can_be_polled(self, seeds, ordered):
        order = ("pending", "provisioning", "active")
        number = seeds.get(f"{NUMBERS}/{ordered['id']}")
        status = seeds.get(f"{NUMBERS}/{ordered['id']}/status")
        assert order.index(number["state"]) <= order.index(status["state"]), "it may have moved on in between"

    def test_a_number_that_is_not_active_cannot_be_assigned(self, seeds, ordered):
        if seeds.get(f"{NUMBERS}/{ordered['id']}")["state"] == "active":
            pytest.skip("the carrier was faster than the question")
        assert_error(seeds.request("PUT", f"{NUMBERS}/{ordered['id']}", ASSIGN_NUMBER), 409, "general.conflict")

    def test_the_same_number_twice_is_a_conflict(self, seeds, ordered):
        answer = seeds.request("POST", NUMBERS, ORDER_NUMBER)
        assert answer.status_code == 409 and answer.json()["entityId"] == ordered["id"], answer.text

    def test_an_active_number_is_assigned_to_a_user_and_keeps_its_call_flow(self, seeds, first_run_server):
        active = seeds.get(f"{NUMBERS}?number=%2B15551248291")["entities"]
        assert [number["state"] for number in active] == ["active"]
        changed = seeds.put(f"{NUMBERS}/{active[0]['id']}", ASSIGN_NUMBER)
        assert changed["routing"] == ASSIGN_NUMBER["routing"]
        assert changed["version"] == active[0]["version"] + 1
        assert seeds.get(f"{NUMBERS}/{active[0]['id']}")["routing"]["callflowId"] == "cf-inbound-ivr-main"

    @pytest.mark.parametrize("change, field", [
        ({"number": "4155552671"}, "number"),
        ({"number": "+1"}, "number"),
        ({"number": "+14155552671x"}, "number"),
        ({"number": "+1415555267112345"}, "number"),
        ({"number": None}, "number"),
        ({"type": "fax"}, "type"),
        ({"providerId": "no-such-trunk"}, "providerId"),
        ({"locationId": "nowhere"}, "locationId"),
        ({"routing": {"type": "queue", "id": "no-such-queue", "displayName": "x"}}, "routing.id"),
        ({"routing": {"type": "fax", "id": "x", "displayName": "x"}}, "routing.type"),
    ])
    def test_a_wrong_field_is_named(self, seeds, change, field):
        answer = seeds.request("POST", NUMBERS, {"number": "+14155559999"} | ORDER_NUMBER | change)
        assert answer.status_code == 400, answer.text
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [field], answer.text


class TestTrunksOfSeed1:
    def test_the_created_trunk_answers_with_an_id(self, trunk):
        assert trunk["id"] and trunk["name"] == "Automated-Connect-Trunk"
        assert trunk["maxConcurrentSessions"] == 500
        assert trunk["codecs"] == ["G711u", "G729", "Opus"]
        assert trunk["registration"]["password"] != "secure_trunk_password", "secrets are write-only"

    def test_it_registers_at_the_carrier_within_seconds(self, seeds, trunk):
        seen = seeds.wait_trunk(trunk["id"], "registered")
        assert seen["onlineStatus"] == "ONLINE" and seen["registrationLatencyMs"] >= 0

    def test_the_sip_profile_supports_every_codec_that_is_asked_for(self, seeds, first_run_server):
        profile = seeds.get(f"/api/v2/telephony/providers/sipprofiles/{first_run_server.first_run['sipProfileId']}")
        assert profile["codecs"] == ["G711u", "G711a", "G729", "Opus", "GSM"]

    def test_a_second_one_with_the_same_account_names_the_first(self, seeds, trunk, first_run_server):
        answer = seeds.request("POST", EDGES, trunk_body(first_run_server.first_run))
        assert answer.status_code == 409, answer.text
        assert answer.json()["entityId"] == trunk["id"]

    def test_the_trunks_of_a_group_can_be_listed_and_replaced(self, seeds, trunk, first_run_server):
        group = first_run_server.first_run["edgeGroupId"]
        found = seeds.get(f"{EDGES}?edgeGroupId={group}")["entities"]
        assert trunk["id"] in [edge["id"] for edge in found]
        body = trunk_body(first_run_server.first_run) | {"maxConcurrentSessions": 250}
        assert seeds.put(f"{EDGES}/{trunk['id']}", body)["maxConcurrentSessions"] == 250

    def test_what_was_read_can_be_put_back_and_keeps_its_password(self, seeds, trunk):
        read = seeds.get(f"{EDGES}/{trunk['id']}")
        seeds.put(f"{EDGES}/{trunk['id']}", read)
        seeds.wait_trunk(trunk["id"], "registered")

    @pytest.mark.parametrize("path, value, field", [
        ("codecs", ["G711u", "AMR"], "codecs"),
        ("codecs", ["PCMU"], "codecs"),
        ("maxConcurrentSessions", 0, "maxConcurrentSessions"),
        ("maxConcurrentSessions", 2001, "maxConcurrentSessions"),
        ("maxConcurrentSessions", "500", "maxConcurrentSessions"),
        ("name", None, "name"),
        ("name", "", "name"),
        ("edgeGroupId", None, "edgeGroupId"),
        ("edgeGroupId", "no-such-group", "edgeGroupId"),
        ("sipProfileId", None, "sipProfileId"),
        ("sipProfileId", "no-such-profile", "sipProfileId"),
        ("registration", None, "registration"),
        ("registration.host", None, "registration.host"),
        ("registration.type", "MAYBE", "registration.type"),
        ("healthProbe.intervalSeconds", 0, "healthProbe.intervalSeconds"),
    ])
    def test_a_wrong_field_is_named(self, seeds, first_run_server, path, value, field):
        body = trunk_body(first_run_server.first_run)
        body["registration"]["username"] = "somebody-else"
        target = body
        *parents, last = path.split(".")
        for parent in parents:
            target = target[parent]
        if value is None:
            del target[last]
        else:
            target[last] = value
        answer = seeds.request("POST", EDGES, body)
        assert answer.status_code == 400, answer.text
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [field], answer.text

    def test_a_token_without_the_scope_gets_the_401_that_the_seed_knows(self, first_run_server):
        poor = first_run_server.client(scope="telephony:edge:read").log_in()
        answer = poor.request("POST", EDGES, trunk_body(first_run_server.first_run))
        assert_error(answer, 401, "insufficient_scope")
        assert 'error="insufficient_scope"' in answer.headers["WWW-Authenticate"]
        assert poor.request("GET", EDGES).status_code == 200


class TestCallsOfSeed3:
    def test_the_printed_body_becomes_a_connected_call(self, seeds, first_run_server):
        seeds.wait_phone(first_run_server.agent["stationId"])
        seeds.wait_trunk("sip-trunk-acme-us-east", "registered")
        answer = seeds.request("POST", CALLS, PLACE_CALL)
        assert answer.status_code == 201, answer.text
        body = answer.json()
        assert body["id"] == body["conversationId"] and body["status"] == "queued"
        assert answer.headers["Location"].endswith(body["id"])
        connected = seeds.wait_status(body["id"], "connected")
        assert connected["from"]["name"] == "John Doe"
        assert seeds.hang_up(body["id"])["reason"] == "api_disconnect"

    @pytest.mark.parametrize("to", [{"phoneNumber": "+14155550113"}, {"id": "+14155550113"}, "+14155550113"],
                             ids=["to.phoneNumber", "to.id", "to"])
    def test_the_destination_may_be_written_in_three_ways(self, seeds, to):
        answer = seeds.post(CALLS, PLACE_CALL | {"to": to})
        assert answer["to"]["phoneNumber"] == "+14155550113"
        seeds.hang_up(answer["id"])

    def test_the_write_scope_alone_may_read_the_call(self, first_run_server):
        caller = first_run_server.client(scope="conversation:call:write").log_in()
        call = caller.post(CALLS, PLACE_CALL)
        assert caller.conversation(call["id"])["id"] == call["id"]
        caller.hang_up(call["id"])

    @pytest.mark.parametrize("change, field", [
        ({"to": {"phoneNumber": "5559876543x"}}, "to.phoneNumber"),
        ({"to": {"phoneNumber": "+1"}}, "to.phoneNumber"),
        ({"to": {}}, "to.phoneNumber"),
        ({"to": None}, "to"),
        ({"type": "fax"}, "type"),
        ({"type": None}, "type"),
        ({"from": {"id": "00000000-0000-0000-0000-000000000000", "phoneNumber": "+15551234567"}}, "from.id"),
        ({"from": {"phoneNumber": "+15551234567"}}, "from.id"),
    ])
    def test_bad_request_names_the_field(self, seeds, change, field):
        body = {name: value for name, value in (PLACE_CALL | change).items() if value is not None}
        answer = seeds.request("POST", CALLS, body)
        assert answer.status_code == 400, answer.text
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [field], answer.text

    @pytest.mark.parametrize("number", ["+15550001111", "+15551248291"], ids=["nobody's", "another agent's"])
    def test_a_caller_id_that_is_not_the_agents_own_is_forbidden(self, seeds, number):
        body = PLACE_CALL | {"from": PLACE_CALL["from"] | {"phoneNumber": number}}
        assert seeds.request("POST", CALLS, body).status_code == 403

    def test_a_token_without_the_scope_is_forbidden(self, first_run_server):
        poor = first_run_server.client(scope="user:read").log_in()
        assert_error(poor.request("POST", CALLS, PLACE_CALL), 403, "missing.permissions")

    def test_the_program_of_the_seed_reaches_connected_with_nobody_there(self, first_run_server, data_folder):
        """The seed's host names are built from an organization id; that is the one thing that differs here."""
        run = first_run_server.first_run
        environment = os.environ | {"DIALPLANE_URL": run["baseUrl"], "CLIENT_ID": run["oauth"]["clientId"],
                                    "CLIENT_SECRET": run["oauth"]["clientSecret"]}
        began = time.monotonic()
        done = subprocess.run([sys.executable, data_folder / "seeds" / "outbound_caller.py"], env=environment,
                              capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        assert "Error:" not in done.stdout and "Status: connected" in done.stdout, done.stdout
        assert time.monotonic() - began < 20
        client = first_run_server.client().log_in()
        client.hang_up(done.stdout.split("Conversation ID: ")[1].split()[0])


class TestEveryEndpoint:
    def test_no_token_and_a_bad_token(self, seeds):
        for headers in ({}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}):
            answer = requests.get(f"{seeds.base_url}{EDGES}", headers=headers, timeout=10)
            assert answer.status_code == 401, answer.text
            assert answer.json()["code"] in ("authentication.required", "bad.credentials")
            assert "Bearer" in answer.headers["WWW-Authenticate"]

    def test_unknown_paths_and_ids(self, seeds):
        assert_error(seeds.request("GET", "/api/v2/nothing/here"), 404, "not.found")
        for path in (f"{EDGES}/nobody", f"{NUMBERS}/nobody", "/api/v2/conversations/nobody", "/api/v2/users/nobody"):
            assert_error(seeds.request("GET", path), 404, "not.found")

    def test_a_method_that_does_not_exist_there(self, seeds):
        answer = seeds.request("PUT", CALLS, {})
        assert answer.status_code == 405 and "POST" in answer.headers["Allow"], answer.text

    def test_other_media_types(self, seeds):
        assert seeds.request("GET", EDGES, headers={"Accept": "text/html"}).status_code == 406
        answer = seeds.request("POST", CALLS, raw="from=me", headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert_error(answer, 415, "unsupported.media.type")

    @pytest.mark.parametrize("raw", ["", "{", '{"from":', "[]", "null", '"x"', b'{"to":"\xff\xfe"}', '{"to":"\\ud800"}',
                                     "[" * 100_000, '{"a":' * 200 + "1" + "}" * 200])
    def test_malformed_json(self, seeds, raw):
        answer = seeds.request("POST", CALLS, raw=raw)
        assert answer.status_code == 400 and answer.json()["message"], answer.text

    def test_a_body_that_is_too_large(self, seeds):
        answer = seeds.request("POST", CALLS, raw=b'{"x":"' + b"a" * 20_000_000 + b'"}')
        assert answer.status_code == 413, answer.text

    def test_an_unknown_field_is_a_warning_or_an_error_when_asked(self, seeds):
        body = PLACE_CALL | {"to": {"phoneNumber": "+14155550113"}, "colour": "red"}
        answer = seeds.request("POST", CALLS, body)
        assert answer.status_code == 201 and "colour" in answer.headers["Warning"]
        seeds.hang_up(answer.json()["id"])
        answer = seeds.request("POST", CALLS, body, headers={"Prefer": "handling=strict"})
        assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == "colour", answer.text

    def test_a_stale_version_is_a_conflict(self, seeds, trunk):
        path = f"{EDGES}/{trunk['id']}"
        read = seeds.request("GET", path)
        body = read.json()
        changed = seeds.request("PUT", path, body | {"maxConcurrentSessions": 77}, headers={"If-Match": read.headers["ETag"]})
        assert changed.status_code == 200, changed.text
        assert seeds.request("PUT", path, body | {"maxConcurrentSessions": 78}).status_code == 409
        body.pop("version")
        stale = seeds.request("PUT", path, body, headers={"If-Match": read.headers["ETag"]})
        assert stale.status_code in (409, 412), stale.text
        assert seeds.get(path)["maxConcurrentSessions"] == 77

    def test_a_number_beyond_the_rate_limit_is_told_when_to_come_back(self, start_server):
        limited = start_server(rate_limit=5)
        client = limited.client().log_in()
        answers = [client.request("GET", "/api/v2/users") for _ in range(7)]
        assert [answer.status_code for answer in answers] == [200] * 5 + [429] * 2
        assert_error(answers[-1], 429, "too.many.requests")
        assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
        assert answers[0].headers["inin-ratelimit-allowed"] == "5"

    def test_what_was_posted_is_visible_at_once(self, seeds, first_run_server):
        for round_ in range(20):
            name = f"group-{round_}"
            made = seeds.post(f"{EDGES}/edgegroups", {"name": name})
            assert seeds.get(f"{EDGES}/edgegroups/{made['id']}")["name"] == name
            seeds.delete(f"{EDGES}/edgegroups/{made['id']}")
            assert seeds.request("GET", f"{EDGES}/edgegroups/{made['id']}").status_code == 404


def test_the_seeds_of_the_first_run(first_run_server, seeds):
    """What the payloads refer to is there; what they create is theirs to create."""
    run = first_run_server.first_run
    assert run["agents"][0]["userId"] == "a1b2c3d4-e5f6-7890-abcd-ef1234567890"
    assert run["agents"][0]["callerId"] == "+15551234567"
    assert {"user-agent-48291"} <= {agent["userId"] for agent in run["agents"]}
    seeds.get(f"{EDGES}/sip-trunk-acme-us-east")
    seeds.get(f"{EDGES}/phonebasesettings/Support_WebRTC_Standard")
    numbers = {number["number"] for number in seeds.get(f"{NUMBERS}?pageSize=100")["entities"]}
    assert not numbers & {"+14155550100"}
    assert until(lambda: seeds.get("/api/v2/stations")["total"], 5, "stations") >= 2
    assert pathlib.Path(run["tls"]["caFile"]).exists()
