"""What remains of calls: the history with its filters and pages, the details query, and whose calls a user's token sees."""
import datetime

import pytest
import requests

from harness.client import Client
from harness.jwt import Key, assertion, claims
from harness.server import Server
from harness.waiting import until

CALLS = "/api/v2/conversations/calls"
HISTORY = f"{CALLS}/history"
QUERY = "/api/v2/analytics/conversations/details/query"
BUSY, ANSWERS = "+14155550130", "+14155550113"
OTHER = "user-agent-48291"


@pytest.fixture(scope="module")
def estate(tmp_path_factory):
    """A server with five ended calls: busy, answered, busy, answered, busy, in this order."""
    server = Server(tmp_path_factory.mktemp("history")).start()
    api, agent = server.client().log_in(), server.agent
    api.wait_phone(agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")
    calls = []
    for number in (BUSY, ANSWERS, BUSY, ANSWERS, BUSY):
        placed = api.place_call(agent, number)
        calls.append(api.wait_status(placed["id"], "failed" if number == BUSY else "connected"))
        if number == ANSWERS:
            calls[-1] = api.hang_up(placed["id"])
    until(lambda: len(api.get(HISTORY)["entities"]) == 5, 10, "all of them are recorded")
    yield server, api, calls
    server.stop()


def ids(listing: dict) -> list:
    return [each["id"] for each in listing["entities"]]


def around(first: dict, last: dict) -> str:
    """From the start of one call to just after that of another."""
    end = datetime.datetime.fromisoformat(last["startTime"].replace("Z", "+00:00")) + datetime.timedelta(milliseconds=1)
    return f"{first['startTime']}/{end.isoformat(timespec='milliseconds').replace('+00:00', 'Z')}"


def test_history_is_newest_first_and_paged_both_ways(estate):
    _, api, calls = estate
    expected = [call["id"] for call in reversed(calls)]
    assert ids(api.get(HISTORY)) == expected
    assert [ids(api.get(f"{HISTORY}?pageSize=2&pageNumber={n}")) for n in (1, 2, 3, 4)] == [expected[:2], expected[2:4], expected[4:], []]
    walked, path = [], f"{HISTORY}?pageSize=2"
    while path:
        page = api.get(path)
        walked += ids(page)
        path = page.get("nextUri")
    assert walked == expected


def test_history_by_interval_status_and_user(estate):
    _, api, calls = estate
    assert ids(api.get(f"{HISTORY}?interval={around(calls[1], calls[3])}")) == [call["id"] for call in (calls[3], calls[2], calls[1])]
    assert ids(api.get(f"{HISTORY}?status=failed")) == [calls[i]["id"] for i in (4, 2, 0)]
    assert ids(api.get(f"{HISTORY}?status=failed&pageSize=2&pageNumber=2")) == [calls[0]["id"]]
    assert len(ids(api.get(f"{HISTORY}?userId={calls[0]['from']['id']}"))) == 5
    assert ids(api.get(f"{HISTORY}?userId=nobody")) == []


@pytest.mark.parametrize("query, field", [("interval=yesterday", "interval"), ("interval=2026-01-02T00:00:00Z/2026-01-01T00:00:00Z", "interval"),
                                          ("status=connected", "status"), ("pageSize=0", "pageSize"), ("cursor=x", "cursor"),
                                          ("pageSize=500&pageNumber=3", "pageNumber")])
def test_a_question_that_makes_no_sense_names_the_parameter(estate, query, field):
    answer = estate[1].request("GET", f"{HISTORY}?{query}")
    assert (answer.status_code, answer.json()["details"][0]["fieldName"]) == (400, field)


def grant(api, user: str, permission: str) -> None:
    """A role of that permission alone, beside those that the user has."""
    domain, entity, action = permission.split(":")
    policy = {"domain": domain, "entityName": entity, "actionSet": [action]}
    role = api.post("/api/v2/authorization/roles", {"name": permission, "permissionPolicies": [policy]}, 200)
    assert api.request("PUT", f"/api/v2/authorization/roles/{role['id']}/users/add", [user]).status_code == 200


def details(api, **changes) -> dict:
    return api.post(QUERY, {"interval": "2026-01-01T00:00:00Z/2026-01-31T00:00:00Z"} | changes, 200)


def found(answer: dict) -> list:
    return [each["conversationId"] for each in answer.get("conversations", [])]


def predicate(kind: str, *predicates: dict) -> list:
    return [{"type": kind, "predicates": list(predicates)}]


def test_the_details_query_pages_in_either_order(estate):
    _, api, calls = estate
    whole, expected = around(calls[0], calls[-1]), [call["id"] for call in calls]
    answer = details(api, interval=whole)
    assert (answer["totalHits"], found(answer)) == (5, expected)
    assert found(details(api, interval=whole, order="desc")) == expected[::-1]
    second = details(api, interval=whole, paging={"pageSize": 2, "pageNumber": 2})
    assert (second["totalHits"], found(second)) == (5, expected[2:4])
    assert details(api) == {"totalHits": 0}


def test_the_details_of_a_call(estate):
    _, api, calls = estate
    record = details(api, interval=around(calls[1], calls[1]))["conversations"][0]
    agent, customer = record["participants"]
    assert (agent["purpose"], agent["userId"], customer["purpose"]) == ("agent", calls[1]["from"]["id"], "customer")
    leg = customer["sessions"][0]
    assert (leg["dnis"], leg["ani"], leg["edgeId"]) == (ANSWERS, calls[1]["from"]["phoneNumber"], "sip-trunk-acme-us-east")
    assert leg["segments"][-1]["segmentType"] == "interact" and leg["segments"][-1]["disconnectType"]
    assert {metric["name"] for metric in leg["metrics"]} >= {"tTalk"}


def test_the_details_query_filters(estate):
    _, api, calls = estate
    whole = around(calls[0], calls[-1])

    def hits(**filters) -> list:
        return found(details(api, interval=whole, **filters))
    busy = [calls[i]["id"] for i in (0, 2, 4)]
    assert hits(segmentFilters=predicate("and", {"dimension": "dnis", "value": BUSY})) == busy
    both = ({"dimension": "dnis", "value": BUSY}, {"dimension": "purpose", "operator": "matches", "value": "agent"})
    assert hits(segmentFilters=predicate("and", *both)) == busy, "the agent's leg has both"
    assert hits(segmentFilters=predicate("and", {"dimension": "purpose", "value": "agent"}, {"dimension": "edgeId", "operator": "exists"})) == []
    assert len(hits(segmentFilters=predicate("or", *both))) == 5
    assert hits(conversationFilters=predicate("or", *({"dimension": "conversationId", "value": call["id"]} for call in calls[:2]))) == \
        [call["id"] for call in calls[:2]]
    assert hits(conversationFilters=predicate("and", {"dimension": "conversationEnd", "operator": "notExists"})) == []


@pytest.mark.parametrize("changes, field", [
    ({"interval": None}, "interval"), ({"interval": "x"}, "interval"), ({"interval": "2026-01-01T00:00:00Z/2026-03-01T00:00:00Z"}, "interval"),
    ({"order": "up"}, "order"), ({"orderBy": "segmentStart"}, "orderBy"), ({"paging": {"pageSize": 101}}, "paging.pageSize"),
    ({"aggregations": [{}]}, "aggregations"), ({"segmentFilters": [{"type": "and"}]}, "segmentFilters[0].predicates"),
    ({"segmentFilters": [{"type": "and", "predicates": [{"dimension": "mood", "value": "x"}]}]}, "segmentFilters[0].predicates[0].dimension"),
    ({"conversationFilters": [{"type": "xor", "predicates": [{"dimension": "conversationId", "value": "x"}]}]}, "conversationFilters[0].type"),
])
def test_a_details_query_that_makes_no_sense_names_the_field(estate, changes, field):
    answer = estate[1].request("POST", QUERY, {"interval": "2026-01-01T00:00:00Z/2026-01-31T00:00:00Z"} | changes)
    assert (answer.status_code, answer.json()["details"][0]["fieldName"]) == (400, field), answer.text


@pytest.fixture
def as_user(estate, tmp_path):
    """A client with a token of that user's (JWT bearer)."""
    server, api, _ = estate
    key = Key(tmp_path, "EdDSA")
    made = api.post("/api/v2/oauth/clients", {
        "name": "Users", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [], "jwks": {"keys": [key.jwk()]},
        "scope": ["conversations", "analytics:readonly", "user:read:me"]}, 200)

    def log_in(user: str) -> Client:
        signed = assertion(key, claims(made["id"], user, server.base_url))
        form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": signed}
        answer = requests.post(f"{server.base_url}/oauth/token", data=form, timeout=10)
        assert answer.status_code == 200, answer.text
        client = Client(server.base_url, "", "")
        client.token = answer.json()["access_token"]
        return client
    return log_in


def test_a_users_token_sees_that_users_calls_only(estate, as_user):
    _, api, calls = estate
    whose = calls[0]["from"]["id"]
    owner, stranger = as_user(whose), as_user(OTHER)
    assert len(ids(owner.get(HISTORY))) == 5 and owner.conversation(calls[0]["id"])["status"] == "failed"
    assert ids(stranger.get(HISTORY)) == []
    for path in (f"/api/v2/conversations/{calls[0]['id']}", f"{CALLS}/{calls[0]['id']}", f"{HISTORY}?userId={whose}"):
        assert stranger.request("GET", path).status_code == 403
    assert stranger.request("POST", QUERY, {"interval": around(calls[0], calls[4])}).status_code == 403
    grant(api, OTHER, "analytics:conversationDetail:view")
    assert stranger.conversation(calls[0]["id"])["id"] == calls[0]["id"]
    assert len(ids(stranger.get(f"{HISTORY}?userId={whose}"))) == 5
    assert details(stranger, interval=around(calls[0], calls[4]))["totalHits"] == 5
