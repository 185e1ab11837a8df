"""Sentences of the documents that are easily almost true: what stands beside the main road of numbers, trunks, tokens and phones."""
import pytest
import requests

from harness.server import Server
from harness.waiting import until

NUMBERS = "/api/v2/telephony/phone/numbers"
EDGES = "/api/v2/telephony/providers/edges"
PROFILES = "/api/v2/telephony/providers/sipprofiles"
CALLFLOW = "cf-inbound-ivr-main"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("acceptance")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(server):
    return server.client().log_in()


@pytest.fixture(scope="module")
def main_line(client):
    return client.get(f"{NUMBERS}?number=%2B15551230000")["entities"][0]


def trunk_body(server, username: str, **changes) -> dict:
    return {"name": "Acceptance", "edgeGroupId": server.first_run["edgeGroupId"], "sipProfileId": server.first_run["sipProfileId"],
            "maxConcurrentSessions": 10, "codecs": ["G711u"],
            "registration": {"type": "REGISTER", "host": "127.0.0.1", "port": server.port_of("sandbox-sip"), "username": username,
                             "password": "x"}, "healthProbe": None} | changes


def test_a_refused_order_tells_how_often_the_carrier_was_asked(client):
    body = {"type": "pstn", "number": "+14155550211", "providerId": "sip-trunk-acme-us-east", "locationId": "us_east_1"}
    number = client.post(NUMBERS, body, 202)["id"]
    until(lambda: client.get(f"{NUMBERS}/{number}")["state"] == "rejected", 15, "the number is rejected")
    assert until(lambda: client.get(f"{NUMBERS}/{number}/status")["attempts"], 5, "the attempts are told") >= 2


class TestNumbersOfACarrierAccount:
    """A provider whose API nothing here speaks: a person orders, and the number says that it waits for one."""
    @pytest.fixture(scope="class")
    def account(self, client):
        return client.post("/organizations/telephony-configs",
                           {"name": "By hand", "provider": "telnyx", "config": {"api_key": "KEY", "connection_id": "1"}}, 200)["id"]

    def order(self, client, account, number):
        return client.post(NUMBERS, {"type": "pstn", "number": number, "providerId": account, "locationId": "us_east_1"}, 202)["id"]

    def status(self, client, number, **wanted):
        return until(lambda: (seen := client.get(f"{NUMBERS}/{number}/status")) and wanted.items() <= seen.items() and seen, 10,
                     f"the number {wanted}")

    def test_an_order_says_whom_it_waits_for_and_a_person_confirms_it(self, client, account):
        number = self.order(client, account, "+14155550401")
        seen = self.status(client, number, state="provisioning", attention=True)
        assert (seen["reason"], seen["carrierCode"]) == ("MANUAL_REGISTRATION_REQUIRED", "ORDERED_BY_HAND")
        assert "telnyx" in seen["carrierText"]
        assert client.post(f"{NUMBERS}/{number}/confirm", {}, 200)["state"] == "active"
        client.delete(f"{NUMBERS}/{number}", 202)
        self.status(client, number, state="released")

    def test_an_order_can_be_given_up(self, client, account):
        number = self.order(client, account, "+14155550402")
        client.delete(f"{NUMBERS}/{number}", 202)
        self.status(client, number, state="released")


class TestRoutingWarnings:
    def assign(self, client, number, routing, status=200):
        return client.request("PUT", f"{NUMBERS}/{number['id']}", {"routing": routing})

    def test_a_refused_change_warns_of_nothing(self, client, main_line):
        with_flow = {"type": "user", "id": "user-agent-48291", "callflowId": CALLFLOW}
        assert self.assign(client, main_line, with_flow).status_code == 200
        refused = self.assign(client, main_line, {"type": "user", "id": "nobody"})
        assert refused.status_code == 400 and "Warning" not in refused.headers

    def test_a_rollback_that_drops_the_call_flow_warns(self, client, main_line):
        without = {"type": "user", "id": "user-agent-48291"}
        assert self.assign(client, main_line, without).status_code == 200
        assert self.assign(client, main_line, without | {"callflowId": CALLFLOW}).status_code == 200
        back = client.request("POST", f"{NUMBERS}/{main_line['id']}/routing/rollback")
        assert back.status_code == 200 and "callflowId" not in back.json()["routing"]
        assert "callflowId" in back.json()["warnings"][0] and back.headers["Warning"].startswith("299 ")


class TestRoutingHistory:
    """Every number has a way back, also to what it was before its first change."""
    def test_of_a_number_of_the_first_run(self, client):
        number = client.get(f"{NUMBERS}?number=%2B15551248291")["entities"][0]
        client.put(f"{NUMBERS}/{number['id']}", {"routing": {"type": "queue", "id": "queue-inbound-sales"}})
        history = client.get(f"{NUMBERS}/{number['id']}/routing/history")["entities"]
        assert [each["routing"]["type"] for each in history] == ["queue", "user"] and history[-1]["version"] == number["version"]
        back = client.post(f"{NUMBERS}/{number['id']}/routing/rollback", {}, 200)
        assert back["routing"] == number["routing"]
        assert client.post(f"{NUMBERS}/{number['id']}/routing/rollback", {"id": history[-1]["id"]}, 200)["routing"] == number["routing"]

    def test_of_a_number_that_was_ordered_without_routing(self, client):
        body = {"type": "pstn", "number": "+14155550200", "providerId": "sip-trunk-acme-us-east", "locationId": "us_east_1"}
        number = client.post(NUMBERS, body, 202)["id"]
        until(lambda: client.get(f"{NUMBERS}/{number}")["state"] == "active", 10, "the number is active")
        client.put(f"{NUMBERS}/{number}", {"routing": {"type": "queue", "id": "queue-inbound-sales"}})
        assert "routing" not in client.post(f"{NUMBERS}/{number}/routing/rollback", {}, 200)


def test_numbers_are_found_by_type_call_flow_and_several_states(client):
    listed = client.get(f"{NUMBERS}?pageSize=100")["entities"]
    assert client.get(f"{NUMBERS}?type=sip")["entities"] == [number for number in listed if number["type"] == "sip"]
    client.put(f"{NUMBERS}/{listed[0]['id']}", {"routing": {"type": "user", "id": "user-agent-48291", "callflowId": CALLFLOW}})
    with_flow = client.get(f"{NUMBERS}?routing.callflowId={CALLFLOW}")["entities"]
    assert listed[0]["id"] in [number["id"] for number in with_flow]
    assert all(number["routing"]["callflowId"] == CALLFLOW for number in with_flow)
    assert client.get(f"{NUMBERS}?state=active,released&pageSize=100")["total"] == len(
        [number for number in client.get(f"{NUMBERS}?pageSize=100")["entities"] if number["state"] in ("active", "released")])
    assert client.request("GET", f"{NUMBERS}?state=active,lost").status_code == 400
    assert client.request("GET", f"{NUMBERS}?type=fax").status_code == 400


def test_the_pool_that_a_number_names_can_be_read(client, main_line):
    did = client.get(f"{EDGES}/dids/{main_line['id']}")
    pool = client.get(did["didPool"]["selfUri"])
    assert (pool["startPhoneNumber"], pool["endPhoneNumber"]) == (main_line["number"], main_line["number"])
    assert client.request("GET", f"{EDGES}/didpools/nobody").status_code == 404


class TestErrorBodies:
    def test_what_is_not_there_is_named_as_an_entity(self, client):
        body = client.request("GET", f"{NUMBERS}/nobody").json()
        assert (body["code"], body["entityId"], body["details"]) == ("not.found", "nobody", [])

    def test_what_is_in_use_names_its_users_in_the_message(self, client):
        answer = client.request("DELETE", f"{EDGES}/sip-trunk-acme-us-east")
        assert answer.status_code == 409 and "number 'number-main-line'" in answer.json()["message"]
        assert answer.json()["details"] == []


class TestChallenges:
    """RFC 6750 section 3.1."""
    def challenge(self, client, **headers):
        answer = requests.get(client.base_url + NUMBERS, headers=headers, timeout=10)
        assert answer.status_code == 401
        return answer.headers["WWW-Authenticate"]

    def test_a_bad_token_is_called_invalid(self, client):
        assert 'error="invalid_token"' in self.challenge(client, Authorization="Bearer expired")

    def test_no_token_is_only_asked_for(self, client):
        assert self.challenge(client) == 'Bearer realm="dialplane"'


@pytest.mark.parametrize("accept, status", [
    ("application/json", 200), ("APPLICATION/JSON", 200), ("*/*", 200), ("application/*;q=0.1", 200), ("text/html, */*;q=0.8", 200),
    ("text/html", 406), ("application/problem+json", 406), ("application/json;q=0", 406), ("application/json;q=0, */*", 406),
])
def test_accept_is_read_as_media_ranges(client, accept, status):
    assert client.request("GET", NUMBERS, headers={"Accept": accept}).status_code == status


class TestTrunks:
    def test_a_probe_that_is_off_needs_no_interval(self, server, client):
        body = trunk_body(server, "probe-off", healthProbe={"enabled": False, "intervalSeconds": 0})
        assert client.post(EDGES, body)["healthProbe"] == {"enabled": False, "intervalSeconds": 30}
        refused = client.request("POST", EDGES, trunk_body(server, "probe-on", healthProbe={"enabled": True, "intervalSeconds": 0}))
        assert refused.status_code == 400

    def test_a_registrar_whose_name_leads_nowhere_is_a_failure_that_is_told(self, server, client):
        body = trunk_body(server, "nowhere")
        body["registration"]["host"] = "carrier.invalid"
        trunk = client.post(EDGES, body)["id"]
        query = {"type": "events", "filter": f"resourceIds:[{trunk}] AND eventTypes:[telephony:edge:registration:failure]"}
        told = until(lambda: client.post("/api/v2/analytics/events/query", query, 200)["events"], 2, "the failure is told")
        assert "carrier.invalid" in told[0]["data"]["reason"] and told[0]["registrationLatencyMs"] >= 0
        seen = client.get(f"{EDGES}/{trunk}")
        assert (seen["registrationState"], seen["onlineStatus"]) == ("failed", "OFFLINE") and "carrier.invalid" in seen["lastError"]
        results = client.get(f"{EDGES}/{trunk}/metrics")["registrations"]
        assert results["failed"] == 1 and not results["lastResults"][0]["success"]

    def test_a_gateway_whose_name_leads_nowhere_is_down(self, server, client):
        body = trunk_body(server, "")
        body["registration"] = {"type": "NONE", "host": "gateway.invalid"}
        trunk = client.post(EDGES, body)["id"]
        seen = until(lambda: (edge := client.get(f"{EDGES}/{trunk}"))["health"] == "down" and edge, 5, "the trunk is down")
        assert seen["onlineStatus"] == "OFFLINE" and "gateway.invalid" in seen["lastError"]

    def test_a_profile_keeps_the_codecs_that_its_trunks_use(self, server, client):
        profile = client.post(PROFILES, {"name": "Two", "codecs": ["G711u", "G711a"]})
        trunk = client.post(EDGES, trunk_body(server, "profile", sipProfileId=profile["id"]))
        refused = client.request("PUT", f"{PROFILES}/{profile['id']}", {"name": "Two", "codecs": ["G711a"]})
        assert refused.status_code == 409 and trunk["id"] in refused.json()["message"]
        assert client.get(f"{PROFILES}/{profile['id']}")["codecs"] == ["G711u", "G711a"]
        client.put(f"{PROFILES}/{profile['id']}", {"name": "One", "codecs": ["G711u"]})


class TestStationsOfAUser:
    @pytest.fixture(scope="class")
    def user(self, client):
        return client.post("/api/v2/users", {"name": "Two Phones", "email": "two@example.com"})

    @pytest.fixture(scope="class")
    def stations(self, client, user):
        site = client.get(f"{EDGES}/sites")["entities"][0]["id"]
        phone = {"site": {"id": site}, "phoneBaseSettings": {"id": "Support_WebRTC_Standard"}, "webRtcUser": {"id": user["id"]}}
        return [client.post(f"{EDGES}/phones", phone | {"name": name})["station"]["id"] for name in ("Desk_WebRTC", "Home_WebRTC")]

    def effective(self, client, user):
        return client.get(f"/api/v2/users/{user['id']}/station")["effectiveStation"]["id"]

    @pytest.mark.parametrize("kind", ["associatedstation", "defaultstation"])
    def test_a_station_is_chosen_and_given_back(self, client, user, stations, kind):
        path = f"/api/v2/users/{user['id']}/station/{kind}"
        for station in reversed(stations):
            client.put(f"{path}/{station}", None, 202)
            seen = client.get(f"/api/v2/users/{user['id']}/station")
            assert {seen[name]["id"] for name in ("defaultStation", "associatedStation", "effectiveStation")} == {station}
            assert seen["defaultStation"]["type"] == "inin_webrtc_softphone"
        client.put(f"{path}/{stations[1]}", None, 202)
        client.delete(path, 202)
        assert "defaultStation" not in client.get(f"/api/v2/users/{user['id']}/station")
        until(lambda: self.effective(client, user) == stations[0], 10, "the first one is used")

    def test_a_station_lets_its_user_go(self, client, user, stations):
        client.put(f"/api/v2/users/{user['id']}/station/defaultstation/{stations[1]}", None, 202)
        client.delete(f"/api/v2/stations/{stations[1]}/associateduser", 202)
        until(lambda: self.effective(client, user) == stations[0], 10, "the first one is used")

    def test_the_phone_of_somebody_else_is_not_taken(self, client, user):
        answer = client.request("PUT", f"/api/v2/users/{user['id']}/station/associatedstation/phone-john.doe")
        assert (answer.status_code, answer.json()["code"]) == (409, "userservice.stationalreadyassociated")
        assert client.request("PUT", f"/api/v2/users/{user['id']}/station/associatedstation/none").status_code == 404
        assert client.request("GET", "/api/v2/users/none/station").status_code == 404

    def test_stations_and_phones_are_found_by_their_filters(self, client, user, stations):
        assert [each["id"] for each in client.get(f"/api/v2/stations?id={stations[1]}")["entities"]] == [stations[1]]
        assert [each["id"] for each in client.get("/api/v2/stations?name=Home_*")["entities"]] == [stations[1]]
        assert client.get(f"{EDGES}/phones?phoneBaseSettings.id=none")["total"] == 0
        assert client.get(f"{EDGES}/phones?lines.loggedInUser.id={user['id']}")["total"] == 2

    def test_the_station_of_a_phone_without_user_has_none(self, client, stations):
        site = client.get(f"{EDGES}/sites")["entities"][0]["id"]
        phone = client.post(f"{EDGES}/phones", {"name": "Lobby", "site": {"id": site}, "phoneBaseSettings": {"id": "Support_WebRTC_Standard"}})
        assert "userId" not in client.get(f"/api/v2/stations/{phone['station']['id']}")


def test_settings_that_nobody_wrote_have_no_date(client):
    user = client.post("/api/v2/users", {"name": "Plain", "email": "plain@example.com"})["id"]
    path = f"/api/v2/telephony/users/{user}/settings"
    defaults = client.get(path)
    assert defaults["version"] == 0 and "dateCreated" not in defaults and defaults["webRtc"]["enabled"] and defaults["sofia"]["enabled"]
    assert client.put(path, defaults)["version"] == 1 and "dateCreated" in client.get(path)


def test_a_template_of_base_settings_is_nobodys_yet(client):
    template = client.get(f"{EDGES}/phonebasesettings/template?phoneMetabaseId=inin_webrtc_softphone.json")
    assert not {"id", "division", "dateCreated", "createdBy", "selfUri"} & (template.keys() | template["lines"][0].keys())


def test_every_address_that_an_answer_names_leads_somewhere(client):
    """`selfUri` and the pages' addresses, from every list on."""
    client.put(f"{NUMBERS}/number-main-line", {"routing": {"type": "callflow", "id": CALLFLOW}})
    client.place_call({"userId": "a1b2c3d4-e5f6-7890-abcd-ef1234567890", "callerId": "+15551234567"}, "+14155550130")
    lists = [path for path, operations in client.get("/openapi.json")["paths"].items()
             if "get" in operations and "{" not in path and path.startswith("/api/v2/") and "/events" not in path and "template" not in path]
    seen, waiting = set(), set(lists) - {"/api/v2/users/me", f"{EDGES}/didpools/dids"}

    def addresses(value):
        if isinstance(value, dict):
            for name, inner in value.items():
                if name.endswith("Uri") and isinstance(inner, str) and inner.startswith("/"):
                    yield inner
                yield from addresses(inner)
        elif isinstance(value, list):
            for inner in value:
                yield from addresses(inner)

    while waiting:
        path = waiting.pop()
        seen.add(path)
        answer = client.request("GET", path)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        waiting |= set(addresses(answer.json())) - seen
    assert len(seen) > 60
