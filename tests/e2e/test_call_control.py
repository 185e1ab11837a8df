"""What the API does to a running call: hold, mute, confine, digits, and one party's leaving, seen in the record and in the
notifications."""
import pytest

from harness.waiting import until

CALLS = "/api/v2/conversations/calls"


@pytest.fixture
def call(api, agent):
    """Connected; ended with the test."""
    api.wait_phone(agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")
    placed = api.place_call(agent, "+14155550113")
    yield api.wait_status(placed["id"], "connected")
    api.hang_up(placed["id"])


def party(call: dict, purpose: str) -> dict:
    return next(each for each in call["participants"] if each["purpose"] == purpose)


def path_of(call: dict, purpose: str = "agent") -> str:
    return f"{CALLS}/{call['id']}/participants/{party(call, purpose)['id']}"


def leg_of(api, call: dict, purpose: str = "agent") -> dict:
    return party(api.conversation(call["id"]), purpose)["calls"][-1]


@pytest.mark.parametrize("purpose", ["agent", "customer"])
@pytest.mark.parametrize("flag", ["held", "muted", "confined"])
def test_each_flag_is_set_and_taken_back(api, call, purpose, flag):
    for value in (True, False):
        answer = api.request("PATCH", path_of(call, purpose), {flag: value})
        assert (answer.status_code, answer.content) == (202, b"")
        leg = leg_of(api, call, purpose)
        assert {name: leg[name] for name in ("held", "muted", "confined")} == \
            {"held": False, "muted": False, "confined": False} | {flag: value}


def test_followers_hear_of_a_hold(api, agent, call):
    with api.notifications(f"v2.users.{agent['userId']}.conversations.calls") as channel:
        assert api.request("PATCH", path_of(call), {"held": True}).status_code == 202
        frame = channel.conversation_until(call["id"], "connected")[-1]
        assert party(frame, "agent")["calls"][-1]["held"] is True


def test_a_communication_is_addressed_by_its_own_path(api, call):
    leg = party(call, "agent")["calls"][-1]
    assert api.request("PATCH", f"{path_of(call)}/communications/{leg['id']}", {"muted": True}).status_code == 202
    assert leg_of(api, call)["muted"] is True
    assert api.request("PATCH", f"{path_of(call)}/communications/another", {"muted": True}).status_code == 404


def test_digits_go_to_the_party(api, call):
    path = f"/api/v2/conversations/{call['id']}/participants/{party(call, 'customer')['id']}/digits"
    assert api.request("POST", path, {"digits": "12#*A"}).status_code == 202
    refused = api.request("POST", path, {"digits": "12x"})
    assert (refused.status_code, refused.json()["details"][0]["fieldName"]) == (400, "digits")
    assert api.request("POST", path, {}).status_code == 400


def test_a_party_that_is_disconnected_ends_the_call(api, call):
    assert api.request("PATCH", path_of(call, "customer"), {"state": "disconnected"}).status_code == 202
    ended = api.wait_status(call["id"], "disconnected")
    assert ended["reason"] == "api_disconnect"
    assert api.request("PATCH", path_of(call), {"held": True}).status_code == 409


@pytest.mark.parametrize("body, field", [
    ({}, "state"), ({"state": "ringing"}, "state"), ({"held": "yes"}, "held"), ({"muted": 1}, "muted"),
])
def test_a_patch_that_means_nothing_names_the_field(api, call, body, field):
    answer = api.request("PATCH", path_of(call), body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["fieldName"] == field
    assert leg_of(api, call)["held"] is False


def test_who_is_not_there_is_not_found(api, call):
    assert api.request("PATCH", f"{CALLS}/{call['id']}/participants/nobody", {"held": True}).status_code == 404
    assert api.request("PATCH", f"{CALLS}/no-such-call/participants/nobody", {"held": True}).status_code == 404
    assert api.request("POST", "/api/v2/conversations/no-such-call/disconnect").status_code == 404


def test_a_call_that_has_not_been_answered_cannot_be_held(api, agent):
    placed = api.place_call(agent, "+14155550117")
    until(lambda: api.conversation(placed["id"])["status"] == "ringing", 20, "it rings")
    answer = api.request("PATCH", path_of(api.conversation(placed["id"])), {"held": True})
    api.hang_up(placed["id"])
    assert answer.status_code == 409


def wait_for(api, call: dict, what, description: str) -> dict:
    def look():
        now = api.conversation(call["id"])
        return now if what(now) else None
    return until(look, 20, description, every=0.1)


def state(conversation: dict, index: int) -> str:
    return conversation["participants"][index]["calls"][-1]["state"]


def test_a_blind_transfer_hands_the_far_party_over(api, call):
    assert api.request("POST", f"{path_of(call)}/replace", {"address": "+14155550113"}).status_code == 202
    now = wait_for(api, call, lambda seen: state(seen, 0) == "disconnected", "the agent is out of the call")
    assert now["status"] == "connected"
    assert [each["purpose"] for each in now["participants"]] == ["agent", "customer", "external"]
    assert now["participants"][0]["calls"][-1]["disconnectType"] == "transfer"
    assert [state(now, 1), state(now, 2)] == ["connected", "connected"]


def test_a_transfer_to_a_queue_lets_the_agent_go_and_rings_the_members(api, server, call):
    colleague = next(each for each in server.first_run["agents"] if each["userId"] != call["participants"][0]["userId"])
    api.wait_phone(colleague["stationId"])
    queue = api.post("/api/v2/routing/queues", {"name": "Handed over", "members": [{"id": colleague["userId"]}]})
    try:
        refused = api.request("POST", f"{path_of(call)}/replace", {"queueId": queue["id"], "transferType": "Attended"})
        assert (refused.status_code, refused.json()["details"][0]["fieldName"]) == (400, "queueId")
        assert api.request("POST", f"{path_of(call)}/replace", {"queueId": queue["id"]}).status_code == 202
        now = wait_for(api, call, lambda seen: len(seen["participants"]) == 3 and state(seen, 2) == "connected", "a member has answered")
    finally:
        api.delete(f"/api/v2/routing/queues/{queue['id']}")
    assert [state(now, 0), state(now, 1), now["status"]] == ["disconnected", "connected", "connected"]
    assert now["participants"][0]["calls"][-1]["disconnectType"] == "transfer"
    assert now["participants"][2]["userId"] == colleague["userId"]
    assert [step["type"] for step in now["route"]] == [f"conversation.queue.{step}" for step in ("entered", "offered", "answered")]
    assert {step["queueId"] for step in now["route"]} == {queue["id"]}


def test_a_busy_target_gives_the_call_back(api, call):
    assert api.request("POST", f"{path_of(call)}/replace", {"address": "+14155550130"}).status_code == 202
    now = wait_for(api, call, lambda seen: state(seen, 2) == "disconnected", "the target has refused")
    assert [state(now, 0), state(now, 1), now["status"]] == ["connected", "connected", "connected"]


def test_a_consultation_talks_to_either_and_is_called_off(api, call):
    consult = f"{path_of(call)}/consult"
    begun = api.post(consult, {"speakTo": "DESTINATION", "destination": {"address": "+14155550113"}}, 200)
    now = wait_for(api, call, lambda seen: state(seen, 2) == "connected", "the target has answered")
    assert begun["destinationParticipantId"] == now["participants"][2]["id"]
    assert leg_of(api, call, "customer")["held"] is True
    assert api.request("PATCH", consult, {"speakTo": "OBJECT"}).status_code == 200
    assert [leg_of(api, call, purpose)["held"] for purpose in ("customer", "external")] == [False, True]
    assert api.request("PATCH", consult, {"speakTo": "BOTH"}).status_code == 400
    assert api.request("DELETE", consult).status_code == 200
    now = wait_for(api, call, lambda seen: state(seen, 2) == "disconnected", "the target is gone")
    assert [state(now, 0), state(now, 1)] == ["connected", "connected"]
    assert api.request("DELETE", consult).status_code == 409


def test_a_consultation_is_completed_by_leaving(api, call):
    body = {"speakTo": "DESTINATION", "address": "+14155550113"}
    api.post(f"{path_of(call)}/consult/external", body, 200)
    wait_for(api, call, lambda seen: state(seen, 2) == "connected", "the target has answered")
    assert api.request("PATCH", path_of(call), {"state": "disconnected"}).status_code == 202
    now = wait_for(api, call, lambda seen: state(seen, 0) == "disconnected", "the agent is out of the call")
    assert [state(now, 1), state(now, 2), now["status"]] == ["connected", "connected", "connected"]


@pytest.mark.parametrize("body, field", [
    ({}, "userId"), ({"userId": "nobody"}, "userId"), ({"address": "12x"}, "address"),
    ({"address": "+14155550113", "userId": "nobody"}, "userId"), ({"queueId": "nothing"}, "queueId"), ({"queueId": "q", "userId": "u"}, "userId"),
    ({"address": "+14155550113", "voicemail": True}, "voicemail"),
])
def test_a_transfer_to_nowhere_names_the_field_and_the_call_stays(api, call, body, field):
    answer = api.request("POST", f"{path_of(call)}/replace", body)
    assert (answer.status_code, answer.json()["details"][0]["fieldName"]) == (400, field)
    assert api.conversation(call["id"])["status"] == "connected"


def test_the_live_list_of_one_user(api, agent, call):
    def listed(user: str) -> list:
        return [each["id"] for each in api.get(f"/api/v2/conversations/calls?userId={user}&pageSize=100")["entities"]]
    assert call["id"] in listed(agent["userId"])
    assert listed("nobody") == []


@pytest.mark.parametrize("body, field", [
    ({"callUserId": "u"}, "callUserId"), ({"callQueueId": "q"}, "callQueueId"), ({"conversationIds": ["c"]}, "conversationIds"),
    ({"participants": []}, "participants"), ({"participants": [{"userId": "u"}]}, "participants[0].address"),
])
def test_what_the_real_body_may_ask_for_besides_is_refused_plainly(api, agent, body, field):
    answer = api.request("POST", f"{CALLS}/user/{agent['userId']}", body)
    assert answer.status_code == 400
    assert answer.json()["details"][0]["fieldName"].startswith(field.split("[")[0])
