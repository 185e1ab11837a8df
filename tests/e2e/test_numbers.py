"""Numbers (seed 0): ordered at the sandbox carrier over its HTTP API, through every state and outcome; assigned, released; and never
ordered twice, whenever the server is killed."""
import random
import re
import subprocess

import pytest

from harness.sandbox import SandboxProcess
from harness.waiting import until

NUMBERS = "/api/v2/telephony/phone/numbers"
EDGES = "/api/v2/telephony/providers/edges"
TRUNK = "sip-trunk-acme-us-east"
TO_SALES = {"type": "queue", "id": "queue-inbound-sales", "displayName": "Sales Inbound Line"}
TO_AGENT = {"type": "user", "id": "user-agent-48291", "displayName": "Agent Direct Line", "routingType": "direct",
            "callflowId": "cf-inbound-ivr-main"}


def order_body(number: str, **changes) -> dict:
    return {"type": "pstn", "number": number, "providerId": TRUNK, "locationId": "us_east_1"} | changes


def order(client, number: str, **changes) -> dict:
    return client.post(NUMBERS, order_body(number, **changes), 202)


def status(client, number_id: str) -> dict:
    return client.get(f"{NUMBERS}/{number_id}/status")


def wait_state(client, number_id: str, *wanted: str, seconds: float = 40) -> dict:
    return until(lambda: (seen := status(client, number_id))["state"] in wanted and seen, seconds,
                 f"number {number_id} is {' or '.join(wanted)}", every=0.1)


@pytest.fixture(scope="module")
def numbers_server(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("numbers"), numbers_attention=6).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def numbers(numbers_server):
    return numbers_server.client().log_in()


@pytest.fixture(scope="module")
def active(numbers):
    """A number of its own for the tests of routing, with a call flow in front of an agent."""
    number = order(numbers, "+14155550200", routing=TO_SALES)
    wait_state(numbers, number["id"], "active")
    return numbers.put(f"{NUMBERS}/{number['id']}", {"routing": TO_AGENT})


class TestOutcomes:
    @pytest.mark.parametrize("number", ["+14155552671", "+14155550100", "+14155550241", "+14155550240"],
                             ids=["seed 0", "seed 4", "answer lost", "429 and 503 first"])
    def test_these_become_active(self, numbers, number):
        ordered = order(numbers, number, routing=TO_SALES)
        assert ordered["state"] == "pending" and ordered["routing"] == TO_SALES
        seen = wait_state(numbers, ordered["id"], "active", seconds=60)
        assert (seen["attention"], seen["reason"], seen["carrierCode"]) == (False, None, None)

    @pytest.mark.parametrize("number, state, code", [
        ("+14155550210", "rejected", "NUMBER_UNAVAILABLE"), ("+14155550211", "rejected", "DOCUMENTS_REJECTED"),
        ("+14155550212", "rejected", "INSUFFICIENT_BALANCE"), ("+14155550213", "rejected", "FORMAT_NOT_ACCEPTED"),
        ("+14155550214", "failed", "ORDER_EXPIRED")])
    def test_these_end_with_the_carriers_words(self, numbers, number, state, code):
        ordered = order(numbers, number)
        seen = wait_state(numbers, ordered["id"], "rejected", "failed")
        assert (seen["state"], seen["carrierCode"]) == (state, code) and seen["carrierText"]
        again = numbers.post(f"{NUMBERS}/{ordered['id']}/retry", None, 202)
        assert again["state"] == "pending"
        wait_state(numbers, ordered["id"], state)
        second = order(numbers, number)
        assert second["id"] != ordered["id"], "what was refused is no duplicate"
        wait_state(numbers, second["id"], state)

    def test_a_slow_carrier_is_told_after_the_window_and_waited_for(self, numbers):
        ordered = order(numbers, "+14155550220")
        seen = until(lambda: (s := status(numbers, ordered["id"]))["attention"] and s, 20, "attention", every=0.2)
        assert (seen["state"], seen["reason"]) == ("provisioning", "CARRIER_SLOW")
        assert seen["attempts"] >= 2 and seen["nextPollAt"]
        seen = wait_state(numbers, ordered["id"], "active", seconds=60)
        assert not seen["attention"]

    def test_manual_registration_is_asked_for_and_then_it_goes_on(self, numbers, numbers_server):
        ordered = order(numbers, "+14155550230")
        seen = until(lambda: (s := status(numbers, ordered["id"]))["attention"] and s, 20, "attention", every=0.1)
        assert (seen["state"], seen["reason"]) == ("provisioning", "MANUAL_REGISTRATION_REQUIRED")
        assert seen["carrierCode"] == "REGISTRATION_REQUIRED"

    def test_a_trunk_without_automatic_provisioning_waits_until_it_is_switched_on(self, numbers):
        trunk = numbers.get(f"{EDGES}/{TRUNK}")
        numbers.put(f"{EDGES}/{TRUNK}", {"version": trunk["version"]} | {
            name: trunk[name] for name in ("name", "edgeGroupId", "sipProfileId", "maxConcurrentSessions", "codecs", "registration")
        } | {"autoProvisionNumbers": False})
        ordered = order(numbers, "+14155550401")
        seen = wait_state(numbers, ordered["id"], "provisioning")
        assert (seen["attention"], seen["reason"]) == (True, "AUTO_PROVISION_DISABLED")
        refused = numbers.request("PUT", f"{NUMBERS}/{ordered['id']}", {"routing": TO_SALES})
        assert refused.status_code == 409 and "provisioning, AUTO_PROVISION_DISABLED" in refused.json()["message"]
        trunk = numbers.get(f"{EDGES}/{TRUNK}")
        numbers.put(f"{EDGES}/{TRUNK}", {name: trunk[name] for name in (
            "name", "edgeGroupId", "sipProfileId", "maxConcurrentSessions", "codecs", "registration")} | {
                "autoProvisionNumbers": True})
        assert wait_state(numbers, ordered["id"], "active")["attention"] is False

    def test_a_number_registered_by_hand_becomes_active_on_the_operators_word(self, numbers):
        trunk = numbers.get(f"{EDGES}/{TRUNK}")
        kept = {name: trunk[name] for name in ("name", "edgeGroupId", "sipProfileId", "maxConcurrentSessions", "codecs", "registration")}
        numbers.put(f"{EDGES}/{TRUNK}", kept | {"autoProvisionNumbers": False})
        try:
            ordered = order(numbers, "+14155550404")
            assert wait_state(numbers, ordered["id"], "provisioning")["reason"] == "AUTO_PROVISION_DISABLED"
            confirmed = numbers.post(f"{NUMBERS}/{ordered['id']}/confirm", None, 200)
            assert confirmed["state"] == "active"
            assert status(numbers, ordered["id"])["attention"] is False
            again = numbers.request("POST", f"{NUMBERS}/{ordered['id']}/confirm")
            assert again.status_code == 409 and "active" in again.json()["message"]
            routed = numbers.put(f"{NUMBERS}/{ordered['id']}", {"routing": TO_SALES})
            assert routed["routing"] == TO_SALES
            assert numbers.request("POST", f"{NUMBERS}/nothing/confirm").status_code == 404
        finally:
            numbers.put(f"{EDGES}/{TRUNK}", kept | {"autoProvisionNumbers": True})
        assert status(numbers, ordered["id"])["state"] == "active", "and is not ordered when the trunk orders again"

    def test_a_trunk_whose_carrier_takes_no_orders(self, numbers, numbers_server):
        body = {"name": "no orders", "edgeGroupId": numbers_server.first_run["edgeGroupId"],
                "sipProfileId": numbers_server.first_run["sipProfileId"], "maxConcurrentSessions": 5, "codecs": [],
                "registration": {"type": "NONE", "host": "127.0.0.1", "port": numbers_server.port_of("sandbox-sip") - 1}}
        trunk = numbers.post(EDGES, body)
        ordered = order(numbers, "+14155550402", providerId=trunk["id"])
        assert wait_state(numbers, ordered["id"], "active", "provisioning")


class TestRefusals:
    @pytest.mark.parametrize("change, field", [
        ({"providerId": "nobody"}, "providerId"), ({"locationId": "nowhere"}, "locationId"), ({"type": "fax"}, "type"),
        ({"number": "4155552671"}, "number"), ({"routing": {"type": "user", "id": "nobody"}}, "routing.id"),
        ({"routing": TO_AGENT | {"callflowId": "nothing"}}, "routing.callflowId"),
        ({"routing": TO_AGENT | {"callFlowId": "cf-inbound-ivr-main"}}, "routing.callFlowId")])
    def test_a_wrong_field_is_named_and_nothing_is_stored(self, numbers, change, field):
        before = numbers.get(NUMBERS)["total"]
        answer = numbers.request("POST", NUMBERS, order_body("+14155550499") | change)
        assert answer.status_code == 400, answer.text
        assert [detail["fieldName"] for detail in answer.json()["details"]] == [field]
        assert numbers.get(NUMBERS)["total"] == before

    def test_a_live_number_is_a_duplicate(self, numbers, active):
        answer = numbers.request("POST", NUMBERS, order_body("+14155550200"))
        assert answer.status_code == 409 and answer.json()["entityId"] == active["id"]

    def test_only_what_went_wrong_can_be_retried(self, numbers, active):
        assert numbers.request("POST", f"{NUMBERS}/{active['id']}/retry").status_code == 409


class TestRouting:
    def test_a_put_that_loses_the_call_flow_warns_or_is_refused(self, numbers, active):
        path = f"{NUMBERS}/{active['id']}"
        without = {name: value for name, value in TO_AGENT.items() if name != "callflowId"}
        for strict in ({"path": path + "?strict=true"}, {"path": path, "headers": {"Prefer": "handling=strict"}}):
            refused = numbers.request("PUT", strict["path"], {"routing": without}, headers=strict.get("headers"))
            assert refused.status_code == 409 and "callflowId" in refused.json()["message"]
        answer = numbers.request("PUT", path, {"routing": without | {"callflowId": None}})
        assert answer.status_code == 200 and answer.json()["warnings"] and "callflowId" in answer.headers["Warning"]
        restored = numbers.put(path, {"routing": TO_AGENT})
        assert restored["routing"] == TO_AGENT and "warnings" not in restored

    def test_absent_fields_stay_and_fixed_ones_cannot_change(self, numbers, active):
        path = f"{NUMBERS}/{active['id']}"
        labelled = numbers.put(path, {"label": "front desk"})
        assert labelled["routing"] == TO_AGENT and labelled["label"] == "front desk"
        assert numbers.put(path, labelled)["label"] == "front desk", "what was read can be sent back"
        refused = numbers.request("PUT", path, {"number": "+14155550499"})
        assert refused.status_code == 400 and refused.json()["details"][0]["fieldName"] == "number"

    def test_history_and_rollback(self, numbers, active):
        path = f"{NUMBERS}/{active['id']}"
        numbers.put(path, {"routing": TO_SALES})
        history = numbers.get(f"{path}/routing/history")["entities"]
        assert history[0]["routing"] == TO_SALES and history[1]["routing"] == TO_AGENT
        assert history[-1]["routing"] == TO_SALES, "as it was ordered"
        assert numbers.post(f"{path}/routing/rollback", None, 200)["routing"] == TO_AGENT
        assert numbers.post(f"{path}/routing/rollback", {"id": history[-1]["id"]}, 200)["routing"] == TO_SALES
        assert len(numbers.get(f"{path}/routing/history")["entities"]) == len(history) + 2
        assert numbers.request("POST", f"{path}/routing/rollback", {"id": "1"}).status_code == 400
        numbers.put(path, {"routing": TO_AGENT})

    def test_lists_filter_and_page(self, numbers, active):
        everything = [n["number"] for n in numbers.get(f"{NUMBERS}?pageSize=500")["entities"]]
        assert everything == sorted(everything)
        page = numbers.get(f"{NUMBERS}?number=%2B14155550*&pageSize=1&pageNumber=2")
        below = [n for n in everything if n.startswith("+14155550")]
        assert page["total"] == len(below) and [n["number"] for n in page["entities"]] == below[1:2]
        found = numbers.get(f"{NUMBERS}?routing.type=user&routing.id=user-agent-48291&state=active&providerId={TRUNK}&locationId=us_east_1")
        assert "+14155550200" in [n["number"] for n in found["entities"]]
        assert numbers.request("GET", f"{NUMBERS}?state=asleep").status_code == 400


class TestRelease:
    def test_a_released_number_can_be_ordered_again(self, numbers):
        first = order(numbers, "+14155550403")
        wait_state(numbers, first["id"], "active")
        assert numbers.delete(f"{NUMBERS}/{first['id']}", 202)["state"] == "releasing"
        wait_state(numbers, first["id"], "released")
        second = order(numbers, "+14155550403")
        assert second["id"] != first["id"]
        wait_state(numbers, second["id"], "active")

    def test_an_order_under_way_can_be_released(self, numbers):
        number = order(numbers, "+14155550300")
        wait_state(numbers, number["id"], "provisioning")
        numbers.delete(f"{NUMBERS}/{number['id']}", 202)
        wait_state(numbers, number["id"], "released")

    def test_a_carrier_that_refuses_is_told(self, numbers):
        number = order(numbers, "+14155550250")
        wait_state(numbers, number["id"], "active")
        numbers.delete(f"{NUMBERS}/{number['id']}", 202)
        seen = until(lambda: (s := status(numbers, number["id"]))["attention"] and s, 20, "attention", every=0.1)
        assert (seen["state"], seen["reason"], seen["carrierCode"]) == ("releasing", "RELEASE_REFUSED", "PURCHASED_TOO_RECENTLY")


class TestDidPools:
    def test_a_number_is_a_did_of_its_pool_with_its_owner(self, numbers, active):
        pool = numbers.post(f"{EDGES}/didpools", {"name": "two hundred", "startPhoneNumber": "+14155550200",
                                                  "endPhoneNumber": "+14155550209", "provider": "PURE_CLOUD_VOICE"})
        did = numbers.get(f"{EDGES}/dids/{active['id']}")
        assert (did["phoneNumber"], did["didPool"]["id"], did["ownerType"]) == ("+14155550200", pool["id"], "IVR_CONFIG")
        rows = numbers.get(f"{EDGES}/didpools/dids?type=ASSIGNED_AND_UNASSIGNED&id={pool['id']}")
        assert rows["total"] == 10 and [row["number"] for row in rows["entities"] if row["assigned"]] == ["+14155550200"]
        free = numbers.get(f"{EDGES}/didpools/dids?type=UNASSIGNED&id={pool['id']}")
        assert free["total"] == 9
        assert active["id"] in [row["id"] for row in numbers.get(f"{EDGES}/dids?didPool.id={pool['id']}")["entities"]]
        overlapping = {"name": "x", "startPhoneNumber": "+14155550205", "endPhoneNumber": "+14155550305"}
        assert numbers.request("POST", f"{EDGES}/didpools", overlapping).status_code == 409
        changed = numbers.put(f"{EDGES}/didpools/{pool['id']}", pool | {"comments": "front"})
        assert changed["comments"] == "front"
        numbers.delete(f"{EDGES}/didpools/{pool['id']}")
        assert numbers.get(f"{EDGES}/dids/{active['id']}")["didPool"]["id"] == active["id"], "a pool of its own"

    def test_a_did_is_given_to_an_owner_and_taken_back(self, numbers, active):
        path = f"{EDGES}/dids/{active['id']}"
        before = numbers.get(f"{NUMBERS}/{active['id']}")["routing"]
        try:
            for owner, kind in (("user-agent-48291", "USER"), ("queue-inbound-sales", "IVR_CONFIG"), ("cf-inbound-ivr-main", "IVR_CONFIG")):
                given = numbers.put(path, {"owner": {"id": owner}, "ownerType": kind})
                assert (given["owner"]["id"], given["ownerType"]) == (owner, kind)
                assert numbers.get(f"{NUMBERS}/{active['id']}")["routing"]["id"] == owner
            phone = numbers.get(f"{EDGES}/phones")["entities"][0]
            assert numbers.put(path, {"owner": {"id": phone["id"]}, "ownerType": "PHONE"})["owner"]["id"] == phone["webRtcUser"]["id"]
            taken = numbers.put(path, {"owner": None})
            assert "owner" not in taken and active["id"] not in [row["id"] for row in numbers.get(f"{EDGES}/dids")["entities"]]
            for body, field in (({}, "owner"), ({"owner": {"id": "nobody"}, "ownerType": "USER"}, "owner.id"),
                                ({"owner": {"id": "nothing"}, "ownerType": "IVR_CONFIG"}, "owner.id"),
                                ({"owner": {"id": "g"}, "ownerType": "GROUP"}, "ownerType"),
                                ({"owner": None, "phoneNumber": "+14155550299"}, "phoneNumber")):
                refused = numbers.request("PUT", path, body)
                assert refused.status_code == 400 and refused.json()["details"][0]["fieldName"] == field, (body, refused.text)
            assert numbers.request("PUT", f"{EDGES}/dids/nothing", {"owner": None}).status_code == 404
        finally:
            restored = numbers.put(f"{NUMBERS}/{active['id']}", {"routing": before})
        assert restored["routing"] == before
        direct = numbers.request("PUT", path, {"owner": {"id": "user-agent-48291"}, "ownerType": "USER"})
        assert "callflowId" in direct.headers["Warning"]
        numbers.put(f"{NUMBERS}/{active['id']}", {"routing": before})

    @pytest.mark.parametrize("start, end, field", [
        ("+14155550200", "+14155560209", "endPhoneNumber"), ("+14155550209", "+14155550200", "endPhoneNumber"),
        ("4155550200", "+14155550209", "startPhoneNumber"), ("+14155550200", "+1415555020", "endPhoneNumber")])
    def test_a_pool_is_a_bounded_range(self, numbers, start, end, field):
        answer = numbers.request("POST", f"{EDGES}/didpools", {"name": "x", "startPhoneNumber": start, "endPhoneNumber": end})
        assert answer.status_code == 400 and answer.json()["details"][0]["fieldName"] == field, answer.text

    def test_extension_pools(self, numbers):
        pool = numbers.post(f"{EDGES}/extensionpools", {"name": "desks", "startNumber": "1000", "endNumber": "1999"})
        assert numbers.get(f"{EDGES}/extensionpools/{pool['id']}")["endNumber"] == "1999"
        assert numbers.request("POST", f"{EDGES}/extensionpools", {"name": "x", "startNumber": "1", "endNumber": "2"}).status_code == 400
        numbers.delete(f"{EDGES}/extensionpools/{pool['id']}")


@pytest.fixture
def carrier_apart(tmp_path):
    """(server, its client, the carrier's process, the trunk to it)"""
    from harness.server import Server

    server = Server(tmp_path, sandbox=False)
    carrier = SandboxProcess(server, tmp_path / "carrier")
    try:
        carrier.serve(server)
        server.start()
        client = server.client().log_in()
        yield server, client, carrier, client.post(EDGES, carrier.trunk_body(server))
    finally:
        server.stop()
        carrier.process.end()


def test_no_number_is_ordered_twice_whenever_the_server_is_killed(carrier_apart):
    """Fifty orders, and a server that dies again and again at random moments. The carrier's own book is read."""
    server, client, carrier, trunk = carrier_apart
    chance = random.Random(4)
    ordered = {}
    for n in range(50):
        number = f"+1415556{n:04}" if n % 10 else f"+1415557{n:04}"
        ordered[number] = order(client, number, providerId=trunk["id"])["id"]
        if n % 10 == 9:
            until(lambda: len(carrier.orders()) > chance.randint(0, n), 20, "orders arrive", every=0.001)
            server.kill()
            server.start()
    for _ in range(3):
        until(lambda: chance.random() < 0.2, 10, "a moment", every=0.05)
        server.kill()
        server.start()
    for number, number_id in ordered.items():
        wait_state(client, number_id, "active", seconds=90)
    book = [row["number"] for row in carrier.orders()]
    assert sorted(book) == sorted(ordered), "every number once"


def test_a_number_that_the_carrier_registers_by_hand_goes_on_to_active(carrier_apart):
    _, client, carrier, trunk = carrier_apart
    ordered = order(client, "+14155550230", providerId=trunk["id"])
    seen = until(lambda: (s := status(client, ordered["id"]))["attention"] and s, 20, "attention", every=0.1)
    assert seen["reason"] == "MANUAL_REGISTRATION_REQUIRED"
    refused = client.request("POST", f"{NUMBERS}/{ordered['id']}/confirm")
    assert refused.status_code == 409 and "MANUAL_REGISTRATION_REQUIRED" in refused.json()["message"], "the carrier decides"
    [booked] = carrier.orders()
    carrier.register_by_hand(booked["id"])
    assert wait_state(client, ordered["id"], "active", seconds=90)["attention"] is False


def test_the_documents_table_is_the_programs(server):
    """docs/sandbox.md, --help and the console show the same rows."""
    from harness.server import ROOT

    document = dict(re.findall(r"^\| `(\+\d+)` \| (.+) \|$", (ROOT / "docs/sandbox.md").read_text(), re.M))
    helped = subprocess.run(server.command("sandbox", "--help"), capture_output=True, text=True, timeout=30, check=True).stdout
    printed = dict(re.findall(r"^\s*(\+\d{11})\s+(\S.*)$", helped, re.M))
    shown = {row["number"]: row["behaviour"] for row in server.client().get("/api/v2/sandbox/numbers")["entities"]}
    assert document == shown and set(printed) == set(shown)
