"""Seed 3, "Common Errors & Debugging", row by row: what refuses a call, what it says, and that nothing has happened then."""

import pytest
import requests

from harness.client import Client
from harness.waiting import until

CALLS = "/api/v2/conversations/calls"
NUMBERS = "/api/v2/telephony/phone/numbers"
FAULTS = "/api/v2/sandbox/storefaults"
OTHER = "user-agent-48291"
TO = "+14155550113"


def ids(api) -> set:
    """Every conversation there is, live or ended."""
    interval = "2020-01-01T00:00:00Z/2100-01-01T00:00:00Z"
    found, path = set(), f"{CALLS}/history?pageSize=500&interval={interval}"
    while path:
        page = api.get(path)
        found |= {entity["id"] for entity in page["entities"]}
        path = page.get("nextUri")
    return found | {entity["id"] for entity in api.get(f"{CALLS}?pageSize=500")["entities"]}


@pytest.fixture
def nothing_happens(api):
    before = ids(api)
    yield
    assert ids(api) == before, "a refused call leaves no conversation"


def body(agent: dict, **changes) -> dict:
    return {"from": {"id": agent["userId"], "phoneNumber": agent["callerId"]}, "to": {"phoneNumber": TO}, "type": "pstn"} | changes


def refused(answer: requests.Response, status: int, field: str = "") -> dict:
    assert answer.status_code == status, answer.text
    error = answer.json()
    assert error["message"] and error["code"] and error["contextId"] and error["status"] == status
    if field:
        assert error["details"][0]["fieldName"] == field, error
    return error


class TestBadRequest:
    """"The phone number format is invalid, or the from user ID does not exist." """

    @pytest.mark.parametrize("number", ["5559876543", "15559876543", "+1555987", "+1555987654321098", "+1 555 987 6543", "+1555CALLNOW",
                                        "+0155598765", "", "tel:+15559876543", "+15559876543;ext=1"])
    def test_a_destination_that_is_no_e164(self, api, agent, nothing_happens, number):
        refused(api.request("POST", CALLS, body(agent, to={"phoneNumber": number})), 400, "to.phoneNumber")

    @pytest.mark.parametrize("user", ["a1b2c3d4-0000-0000-0000-000000000000", "no-such-user", "x" * 65, "a b"])
    def test_a_from_id_that_is_nobodys(self, api, agent, nothing_happens, user):
        refused(api.request("POST", CALLS, body(agent, **{"from": {"id": user}})), 400, "from.id")

    @pytest.mark.parametrize("kind", ["sip", "PSTN", "", None])
    def test_a_type_that_is_not_pstn(self, api, agent, nothing_happens, kind):
        refused(api.request("POST", CALLS, body(agent, type=kind)), 400, "type")

    @pytest.mark.parametrize("changes, field", [
        ({"from": None}, "from"), ({"from": {}}, "from.id"), ({"from": "John"}, "from"), ({"to": None}, "to"), ({"to": {}}, "to.phoneNumber"),
        ({"to": 15559876543}, "to"), ({"from": {"id": 7}}, "from.id"),
    ])
    def test_a_field_that_is_missing_or_of_another_kind(self, api, agent, nothing_happens, changes, field):
        refused(api.request("POST", CALLS, body(agent, **changes)), 400, field)

    def test_a_caller_id_that_is_no_e164(self, api, agent, nothing_happens):
        wrong = {"id": agent["userId"], "phoneNumber": "555-1234"}
        refused(api.request("POST", CALLS, body(agent, **{"from": wrong})), 400, "from.phoneNumber")

    @pytest.mark.parametrize("raw", ["", "{", "[]", '"x"', '{"from": }'])
    def test_a_body_that_is_no_json_object(self, api, nothing_happens, raw):
        refused(api.request("POST", CALLS, raw=raw), 400)

    def test_a_user_in_the_path_who_does_not_exist_is_404(self, api, nothing_happens):
        refused(api.request("POST", f"{CALLS}/user/nobody", {"phoneNumber": TO}), 404)


class TestForbidden:
    """"The Caller ID is not owned by the organization or not assigned to the user." """

    def asked(self, api, agent, caller_id: str, user: str = "") -> requests.Response:
        return api.request("POST", CALLS, body(agent, **{"from": {"id": user or agent["userId"], "phoneNumber": caller_id}}))

    def test_a_number_that_nobody_here_owns(self, api, agent, nothing_happens):
        error = refused(self.asked(api, agent, "+15550009999"), 403, "from.phoneNumber")
        assert "caller_id_not_owned" in error["message"]

    def test_a_number_of_somebody_else(self, api, agent, nothing_happens):
        error = refused(self.asked(api, agent, agent["callerId"], OTHER), 403, "from.phoneNumber")
        assert "caller_id_not_permitted" in error["message"]

    def test_the_role_permission_allows_the_numbers_of_others(self, fresh):
        api, agent = fresh.client().log_in(), fresh.agent
        refused(self.asked(api, agent, agent["callerId"], OTHER), 403, "from.phoneNumber")
        policy = {"domain": "telephony", "entityName": "phoneNumber", "actionSet": ["useAsCallerId"]}
        role = api.post("/api/v2/authorization/roles", {"name": "Any caller ID", "permissionPolicies": [policy]}, 200)
        assert api.request("PUT", f"/api/v2/authorization/roles/{role['id']}/users/add", [OTHER]).status_code == 200
        answer = self.asked(api, agent, agent["callerId"], OTHER)
        assert answer.status_code == 201, answer.text
        assert answer.json()["from"]["phoneNumber"] == agent["callerId"]

    def test_a_missing_scope_and_a_bad_token(self, server, agent, nothing_happens):
        narrow = server.client(scope="user:read").log_in()
        assert refused(narrow.request("POST", CALLS, body(agent)), 403)["code"] == "missing.permissions"
        narrow.token = "made-up"
        refused(narrow.request("POST", CALLS, body(agent)), 401)


class TestCallerIdOfNobodysChoice:
    def test_the_users_number_comes_first(self, api, agent):
        placed = api.post(CALLS, body(agent, **{"from": {"id": agent["userId"]}}))
        api.hang_up(placed["id"])
        assert placed["from"]["phoneNumber"] == agent["callerId"]

    def test_then_the_sites(self, fresh):
        api = fresh.client().log_in()
        api.wait_trunk("sip-trunk-acme-us-east", "registered")
        newcomer = api.post("/api/v2/users", {"name": "Newcomer", "email": "newcomer@dialplane.test"})
        placed = api.post(CALLS, body(fresh.agent, **{"from": {"id": newcomer["id"]}}))
        sites = api.get("/api/v2/telephony/providers/edges/sites")["entities"]
        assert placed["from"]["phoneNumber"] in {site["callerId"] for site in sites}
        assert api.wait_status(placed["id"], "failed")["reason"] == "agent_unreachable"


class TestTooManyRequests:
    """"You have exceeded the rate limit for the POST /api/v2/conversations/calls endpoint." """

    def test_placing_calls_has_a_limit_of_its_own(self, server, api, agent):
        made = api.post("/api/v2/oauth/clients", {
            "name": "Few calls", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": ["role-administrator"],
            "scope": ["conversations"], "rateLimit": {"requestsPerMinute": 200, "callsPerMinute": 3}}, 200)
        caller = Client(server.base_url, made["id"], made["secret"]).log_in()
        nobody = body(agent, to={"phoneNumber": "nobody"})  # what is refused counts too
        answers = [caller.request("POST", CALLS, nobody) for _ in range(8)]
        first = next(i for i, answer in enumerate(answers) if answer.status_code == 429)
        assert first >= 3 and [answer.status_code for answer in answers[:first]] == [400] * first
        late = refused(answers[first], 429)
        assert 1 <= int(answers[first].headers["Retry-After"]) <= 60 and "Rate limit" in late["message"]
        assert caller.request("GET", f"{CALLS}?pageSize=1").status_code == 200, "everything else goes on"
        assert api.request("POST", CALLS, nobody).status_code == 400, "and every other client"


@pytest.fixture
def faulty(fresh):
    """A client of a server whose store can be made to fail; whole again with the test's end."""
    api = fresh.client().log_in()
    api.wait_phone(fresh.agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")
    yield api
    api.put(FAULTS, {"writes": "none"})


class TestServerError:
    """"Temporary service issue": provoked by the sandbox, and what is true of the call afterwards."""

    @pytest.mark.parametrize("writes, status", [("refuse", 500), ("full", 503)])
    def test_a_call_that_could_not_be_stored_has_not_begun(self, faulty, fresh, writes, status):
        assert faulty.put(FAULTS, {"writes": writes})["writes"] == writes
        refused(faulty.request("POST", CALLS, body(fresh.agent)), status)
        assert ids(faulty) == set(), "nothing rings, nothing is kept"
        assert requests.get(f"{fresh.base_url}/ready", timeout=5).status_code == 503
        faulty.put(FAULTS, {"writes": "none"})
        placed = faulty.place_call(fresh.agent, TO)  # "Wait and retry."
        faulty.wait_status(placed["id"], "connected")
        faulty.hang_up(placed["id"])
        until(lambda: ids(faulty) == {placed["id"]}, 10, "one call, once")

    @pytest.mark.parametrize("writes", ["refuse", "stall"])
    def test_a_running_call_goes_on_and_is_recorded_when_the_store_is_back(self, faulty, fresh, writes):
        call = faulty.place_call(fresh.agent, TO)
        faulty.wait_status(call["id"], "connected")
        faulty.put(FAULTS, {"writes": writes})
        party = next(each for each in faulty.conversation(call["id"])["participants"] if each["purpose"] == "agent")
        assert faulty.request("PATCH", f"{CALLS}/{call['id']}/participants/{party['id']}", {"held": True}).status_code == 202
        ended = faulty.hang_up(call["id"])
        assert ended["reason"] == "api_disconnect", "what has happened is shown at once"
        until(lambda: faulty.get(FAULTS)["struck"] > 0, 10, "the store was asked to write it")
        faulty.put(FAULTS, {"writes": "none"})

        def recorded():
            kept = faulty.get(f"{CALLS}/history")["entities"]
            return kept if [each["id"] for each in kept] == [call["id"]] else None
        kept = until(recorded, 20, "the record is in the history")[0]
        assert {name: kept[name] for name in ("reason", "endTime", "version")} == {name: ended[name] for name in ("reason", "endTime", "version")}

    def test_a_call_placed_while_the_store_stands_still_is_answered_once_it_moves(self, faulty, fresh):
        import concurrent.futures

        faulty.put(FAULTS, {"writes": "stall"})
        other = fresh.client()
        other.token = faulty.token
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            pending = pool.submit(other.request, "POST", CALLS, body(fresh.agent))
            until(lambda: faulty.get(FAULTS)["struck"] > 0, 10, "the write is held")
            assert ids(faulty) == set() and not pending.done()
            faulty.put(FAULTS, {"writes": "none"})
            answer = pending.result(10)
        assert answer.status_code == 201
        faulty.wait_status(answer.json()["id"], "connected")

    def test_faults_exist_in_a_sandbox_only(self, start_server):
        api = start_server(sandbox=False).client().log_in()
        assert api.request("GET", FAULTS).status_code == 404
        assert api.request("PUT", FAULTS, {"writes": "refuse"}).status_code == 404

    def test_a_fault_that_is_none_is_named(self, api):
        refused(api.request("PUT", FAULTS, {"writes": "explode"}), 400, "writes")
        assert api.get(FAULTS)["writes"] == "none"


def test_nobody_of_that_name_is_404(api):
    for method, path in (("GET", "/api/v2/conversations/nobody"), ("GET", f"{CALLS}/nobody"), ("PATCH", f"{CALLS}/nobody"),
                         ("POST", "/api/v2/conversations/nobody/disconnect")):
        refused(api.request(method, path, {"state": "disconnected"} if method != "GET" else None), 404)
