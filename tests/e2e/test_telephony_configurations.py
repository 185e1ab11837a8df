"""The telephony-configs family of seed 4: carrier accounts, write-only secrets, caller IDs, one default, metadata, warnings."""
import pytest

CONFIGS = "/organizations/telephony-configs"
PROVIDERS = "/organizations/telephony-providers/metadata"
WARNINGS = "/organizations/telephony-config-warnings"
SEVEN = ["cloudonix", "plivo", "signalwire", "telnyx", "twilio", "vobiz", "vonage"]

# As the seed prints them.
CREATE = {"name": "Primary Outbound", "provider": "telnyx", "config": {"api_key": "KEY017xxxxx", "connection_id": "2102xxxxx"}}
ADD_NUMBER = {"phone_number": "+14155550100", "label": "San Francisco Office"}


@pytest.fixture
def api(server):
    client = server.client()
    yield client
    for config in client.get(CONFIGS)["configurations"]:
        client.delete(f"{CONFIGS}/{config['id']}", status=200)


def test_the_printed_bodies_work_as_they_stand(api):
    made = api.post(CONFIGS, CREATE, status=200)
    number = api.post(f"{CONFIGS}/{made['id']}/phone-numbers", ADD_NUMBER, status=200)
    assert (number["address_normalized"], number["label"], number["is_active"]) == ("+14155550100", "San Francisco Office", True)
    [listed] = api.get(CONFIGS)["configurations"]
    assert (listed["name"], listed["phone_number_count"], listed["is_ready_for_outbound"]) == ("Primary Outbound", 1, True)
    assert api.post(f"{CONFIGS}/{made['id']}/set-default-outbound", None, status=200)["is_default_outbound"]
    assert api.delete(f"{CONFIGS}/{made['id']}/phone-numbers/{number['id']}", status=200)["message"] == "Phone number deleted"
    assert api.get(f"{CONFIGS}/{made['id']}/phone-numbers") == {"phone_numbers": []}
    api.delete(f"{CONFIGS}/{made['id']}", status=200)
    assert api.request("GET", f"{CONFIGS}/{made['id']}").json() == {"detail": "Telephony configuration not found"}


def test_the_family_is_served_under_api_v1_too(api):
    made = api.post(f"/api/v1{CONFIGS}", CREATE, status=200)
    assert api.get(f"{CONFIGS}/{made['id']}") == api.get(f"/api/v1{CONFIGS}/{made['id']}")


def test_a_secret_is_never_shown_and_its_mask_keeps_it(api, server):
    made = api.post(CONFIGS, CREATE, status=200)
    mask = made["credentials"]["api_key"]
    assert "KEY017xxxxx" not in str(made) and mask.startswith("********")
    path = f"{CONFIGS}/{made['id']}"
    kept = api.put(path, {"config": {"api_key": mask, "connection_id": "changed"}})
    assert kept["credentials"] == {"api_key": mask, "connection_id": "changed"}
    rotated = api.put(path, {"config": {"api_key": "another-secret"}})["credentials"]
    assert rotated["api_key"] != mask and rotated["connection_id"] == "changed", "what is absent stays"
    stale = api.request("PUT", path, {"config": {"api_key": mask}})
    assert stale.status_code == 422 and stale.json()["detail"][0]["loc"] == ["body", "config", "api_key"]
    for other in ("*******xxxx", "***", "************1234"):
        assert api.request("PUT", path, {"config": {"api_key": other}}).status_code == 422, f"{other} is a mask as others write it"
    assert api.get(path)["credentials"] == rotated
    assert "connection_id" not in api.put(path, {"config": {"connection_id": None}})["credentials"], "null clears"
    for file in server.data.rglob("*"):
        if file.is_file() and file.name != "first-run.json":
            assert b"another-secret" not in file.read_bytes(), file


@pytest.mark.parametrize("body, where", [
    ({"provider": "telnyx", "config": {"api_key": "k"}}, ["body", "name"]),
    ({"name": "", "provider": "telnyx", "config": {"api_key": "k"}}, ["body", "name"]),
    ({"name": "x" * 65, "provider": "telnyx", "config": {"api_key": "k"}}, ["body", "name"]),
    ({"name": "a", "provider": "telnyx"}, ["body", "config"]),
    ({"name": "a", "config": {"api_key": "k"}}, ["body", "provider"]),
    ({"name": "a", "provider": "nobody", "config": {}}, ["body", "provider"]),
    ({"name": "a", "provider": "telnyx", "config": {"provider": "twilio", "api_key": "k"}}, ["body", "provider"]),
    ({"name": "a", "provider": "telnyx", "config": {}}, ["body", "config", "api_key"]),
    ({"name": "a", "provider": "telnyx", "config": {"api_key": ""}}, ["body", "config", "api_key"]),
    ({"name": "a", "provider": "telnyx", "config": {"api_key": 7}}, ["body", "config", "api_key"]),
    ({"name": "a", "provider": "twilio", "config": {"account_sid": "s", "auth_token": "t", "amd_enabled": "yes"}},
     ["body", "config", "amd_enabled"]),
])
def test_what_is_wrong_with_a_body_is_said_with_its_place(api, body, where):
    answer = api.request("POST", CONFIGS, body)
    assert answer.status_code == 422 and answer.json()["detail"][0]["loc"] == where, answer.text
    assert api.get(CONFIGS)["configurations"] == []


def test_provider_stands_beside_or_inside_config(api):
    inside = {"name": "Inside", "config": {"provider": "plivo", "auth_id": "a", "auth_token": "b"}}
    assert api.post(CONFIGS, inside, status=200)["provider"] == "plivo"


def test_a_provider_never_changes(api):
    made = api.post(CONFIGS, CREATE, status=200)
    answer = api.request("PUT", f"{CONFIGS}/{made['id']}", {"provider": "twilio"})
    assert answer.status_code == 400
    assert answer.json() == {"detail": "Provider cannot be changed; create a new configuration instead."}


def test_a_name_is_taken_once_on_create_and_on_update(api):
    api.post(CONFIGS, CREATE, status=200)
    assert api.request("POST", CONFIGS, CREATE).status_code == 409
    other = api.post(CONFIGS, CREATE | {"name": "Other"}, status=200)
    answer = api.request("PUT", f"{CONFIGS}/{other['id']}", {"name": "Primary Outbound"})
    assert answer.status_code == 409 and "Primary Outbound" in answer.json()["detail"]


def test_an_organization_has_one_default_and_none_after_it_was_deleted(api):
    first = api.post(CONFIGS, CREATE | {"is_default_outbound": True}, status=200)
    second = api.post(CONFIGS, CREATE | {"name": "Second"}, status=200)
    api.post(f"{CONFIGS}/{second['id']}/set-default-outbound", None, status=200)
    assert [c["id"] for c in api.get(CONFIGS)["configurations"] if c["is_default_outbound"]] == [second["id"]]
    assert not api.get(f"{CONFIGS}/{first['id']}")["is_default_outbound"]
    api.delete(f"{CONFIGS}/{second['id']}", status=200)
    assert not any(c["is_default_outbound"] for c in api.get(CONFIGS)["configurations"])
    assert api.get(WARNINGS)["missing_default_outbound_count"] == 1


def test_a_number_belongs_to_one_configuration(api):
    first, second = (api.post(CONFIGS, CREATE | {"name": name}, status=200)["id"] for name in ("One", "Two"))
    api.post(f"{CONFIGS}/{first}/phone-numbers", {"address": "+1 (415) 555-0100"}, status=200)
    answer = api.request("POST", f"{CONFIGS}/{second}/phone-numbers", ADD_NUMBER)
    assert answer.status_code == 409 and first in answer.json()["detail"]


@pytest.mark.parametrize("written, country, number", [
    ("(415) 555-0117", "US", "+14155550117"), ("020 7946 0958", "gb", "+442079460958"), ("00 91 98765 43210", "IN", "+919876543210"),
    ("+44 20 7946 0959", "US", "+442079460959"), ("45 12 34 56", "DK", "+4545123456")])
def test_a_national_number_is_completed_with_its_country(api, written, country, number):
    made = api.post(CONFIGS, CREATE, status=200)
    added = api.post(f"{CONFIGS}/{made['id']}/phone-numbers", {"address": written, "country_code": country}, status=200)
    assert (added["address"], added["address_normalized"]) == (written, number)


def test_a_country_that_is_none_is_refused(api):
    made = api.post(CONFIGS, CREATE, status=200)
    answer = api.request("POST", f"{CONFIGS}/{made['id']}/phone-numbers", {"address": "4155550100", "country_code": "XX"})
    assert answer.status_code == 422 and "country_code" in answer.text


@pytest.mark.parametrize("address", ["4155550100", "hello", "+1", "", "+0155550100", "sip:a@b"])
def test_what_is_no_e164_number_is_refused(api, address):
    made = api.post(CONFIGS, CREATE, status=200)
    answer = api.request("POST", f"{CONFIGS}/{made['id']}/phone-numbers", {"phone_number": address})
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize("written, number", [("0044 20 7946 0958", "+442079460958"), ("+44 (0) 20 7946 0958", "+442079460958"),
                                             ("+1.415.555.0100", "+14155550100")])
def test_a_number_may_be_written_as_people_write_it(api, written, number):
    made = api.post(CONFIGS, CREATE, status=200)
    added = api.post(f"{CONFIGS}/{made['id']}/phone-numbers", {"phone_number": written}, status=200)
    assert (added["address"], added["address_normalized"]) == (written, number)


def test_a_caller_id_is_shown_in_calls_unless_it_is_switched_off(api, agent):
    made = api.post(CONFIGS, CREATE, status=200)
    added = api.post(f"{CONFIGS}/{made['id']}/phone-numbers", ADD_NUMBER, status=200)
    seen = api.get(f"/api/v2/telephony/phone/numbers/{added['id']}")
    assert (seen["number"], seen["state"], seen["providerId"]) == ("+14155550100", "active", made["id"])
    path = f"{CONFIGS}/{made['id']}/phone-numbers/{added['id']}"
    assert not api.put(path, {"is_active": False})["is_active"]
    body = {"from": {"id": agent["userId"], "phoneNumber": "+14155550100"}, "to": {"phoneNumber": "+15559876543"}, "type": "pstn"}
    answer = api.request("POST", "/api/v2/conversations/calls", body)
    assert answer.status_code == 403 and "caller_id_not_active" in answer.json()["message"]
    assert api.get(CONFIGS)["configurations"][0]["phone_number_count"] == 0


def test_a_number_of_a_trunk_joins_when_it_is_active_and_leaves_again(api, agent):
    made = api.post(CONFIGS, CREATE, status=200)
    numbers = f"{CONFIGS}/{made['id']}/phone-numbers"
    joined = api.post(numbers, {"phone_number": agent["callerId"]}, status=200)
    api.delete(f"{numbers}/{joined['id']}", status=200)
    assert api.get(f"/api/v2/telephony/phone/numbers/{joined['id']}")["state"] == "active", "it was the trunk's before"


def test_one_caller_id_is_the_default(api):
    made = api.post(CONFIGS, CREATE, status=200)
    numbers = f"{CONFIGS}/{made['id']}/phone-numbers"
    first = api.post(numbers, ADD_NUMBER | {"is_default_caller_id": True}, status=200)
    second = api.post(numbers, {"phone_number": "+14155550101"}, status=200)
    assert first["is_default_caller_id"]
    api.post(f"{numbers}/{second['id']}/set-default-caller", None, status=200)
    assert [n["id"] for n in api.get(numbers)["phone_numbers"] if n["is_default_caller_id"]] == [second["id"]]


def test_metadata_names_seven_carriers_with_notes_and_forms(api):
    providers = api.get(PROVIDERS)["providers"]
    assert [p["provider"] for p in providers] == SEVEN
    assert {p["provider"]: p["notes"] for p in providers}["telnyx"] == "Recommended for high volume"
    for provider in providers:
        required = {f["name"]: "x" for f in provider["fields"] if f["required"]}
        api.post(CONFIGS, {"name": provider["display_name"], "provider": provider["provider"], "config": required}, status=200)
    assert len(api.get(CONFIGS)["configurations"]) == 7


def test_warnings_are_counted_with_a_total(api):
    assert api.get(WARNINGS)["total"] == 0
    api.post(CONFIGS, CREATE, status=200)
    counted = api.get(WARNINGS)
    assert counted["telnyx_missing_webhook_public_key_count"] == 1 and counted["without_active_phone_number_count"] == 1
    assert counted["total"] == sum(v for k, v in counted.items() if k != "total")


def test_what_was_answered_survives_a_kill(fresh):
    api = fresh.client()
    made = api.post(CONFIGS, CREATE | {"is_default_outbound": True}, status=200)
    added = api.post(f"{CONFIGS}/{made['id']}/phone-numbers", ADD_NUMBER, status=200)
    before = api.get(f"{CONFIGS}/{made['id']}")
    fresh.kill()
    fresh.start()
    api = fresh.client()
    assert api.get(f"{CONFIGS}/{made['id']}") == before
    assert api.get(f"{CONFIGS}/{made['id']}/phone-numbers")["phone_numbers"] == [added]


def test_the_inbound_workflow_of_a_caller_id_is_in_the_numbers_routing_history(api):
    made = api.post(CONFIGS, CREATE, status=200)
    caller_ids = f"{CONFIGS}/{made['id']}/phone-numbers"
    added = api.post(caller_ids, ADD_NUMBER | {"inbound_workflow_id": "cf-inbound-ivr-main"}, status=200)
    api.put(f"{caller_ids}/{added['id']}", {"clear_inbound_workflow": True})
    history = api.get(f"/api/v2/telephony/phone/numbers/{added['id']}/routing/history")["entities"]
    assert [entry["routing"] and entry["routing"]["id"] for entry in history] == [None, "cf-inbound-ivr-main"]
