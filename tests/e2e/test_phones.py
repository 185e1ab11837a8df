"""Phone management, clause by clause (seed 2): base settings, phones, stations, when a log-in is due, what the diagnosis finds, and
the topology."""
import pytest

from harness.server import Server
from harness.sip_phone import SipPhone
from harness.waiting import until

EDGES = "/api/v2/telephony/providers/edges"
SETTINGS = f"{EDGES}/phonebasesettings"
PHONES = f"{EDGES}/phones"
SITES = f"{EDGES}/sites"
MODEL = "Genesys Cloud WebRTC Phone"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of this file's own: it changes configuration."""
    made = Server(tmp_path_factory.mktemp("phones")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own):
    return own.client().log_in()


@pytest.fixture(scope="module")
def site(client):
    return client.get(SITES)["entities"][0]["id"]


@pytest.fixture
def settings(client):
    made = client.post(SETTINGS, {"name": "Support_WebRTC_Standard", "phoneMakeAndModel": MODEL,
                                  "persistentConnection": {"enabled": True, "timeoutSeconds": 600}})
    yield made
    client.request("DELETE", f"{SETTINGS}/{made['id']}")


@pytest.fixture
def phone(own, client, site, settings):
    """A user's phone, with an account that a SIP phone can register with."""
    user = client.post("/api/v2/users", {"name": "Robin", "email": f"{settings['id']}@example.test", "site": {"id": site}})
    made = client.post(PHONES, {"name": "Robin_WebRTC", "site": {"id": site}, "phoneBaseSettings": {"id": settings["id"]},
                                "webRtcUser": {"id": user["id"]}})
    yield made | {"account": {"sip": made["sip"] | {"registrar": own.agent["sip"]["registrar"]}}, "userId": user["id"]}
    client.request("DELETE", f"{PHONES}/{made['id']}")


def station(client, phone: dict) -> dict:
    return client.get(f"/api/v2/stations/{phone['station']['id']}")


def finding(client, phone: dict, code: str) -> dict:
    rows = client.get(f"/api/v2/stations/{phone['station']['id']}/diagnosis")["findings"]
    return next(row for row in rows if row["code"] == code)


def found(client, phone: dict, code: str) -> bool:
    return finding(client, phone, code)["found"]


def refused(client, path: str, body: dict, method: str = "POST") -> dict:
    answer = client.request(method, path, body)
    assert answer.status_code == 400, answer.text
    return answer.json()


# -- base settings, phone, station -----------------------------------------------------------------------------------
def test_base_settings_keep_every_field_of_the_seed(client):
    made = client.post(SETTINGS, {"name": "Sales_WebRTC_Remote", "phoneMakeAndModel": MODEL, "transportDscp": 24, "mediaDscp": 46,
                                  "persistentConnection": {"enabled": True, "timeoutSeconds": 900}})
    read = client.get(f"{SETTINGS}/{made['id']}")
    assert (read["phoneMakeAndModel"], read["phoneMetaBase"]["id"]) == (MODEL, "inin_webrtc_softphone.json")
    assert read["persistentConnection"] == {"enabled": True, "timeoutSeconds": 900}
    assert (read["transportDscp"], read["mediaDscp"]) == (24, 46)
    client.delete(f"{SETTINGS}/{made['id']}")


def test_the_real_shape_and_the_seeds_are_two_views_of_one_setting(client, settings):
    line = settings["lines"][0]
    assert line["properties"]["station_persistent_webrtc_enabled"]["value"]["instance"] is True
    line["properties"]["station_persistent_enabled"]["value"]["instance"] = False
    line["properties"]["station_persistent_timeout"]["value"]["instance"] = 120
    settings["properties"]["phone_sip_dscp"]["value"]["instance"] = 26
    changed = client.put(f"{SETTINGS}/{settings['id']}", settings)
    assert changed["persistentConnection"] == {"enabled": False, "timeoutSeconds": 120}
    assert changed["transportDscp"] == 26
    changed["persistentConnection"] = {"enabled": True, "timeoutSeconds": 60}
    changed["mediaDscp"] = 34
    again = client.put(f"{SETTINGS}/{settings['id']}", changed)
    assert again["lines"][0]["properties"]["station_persistent_enabled"]["value"]["instance"] is True
    assert again["lines"][0]["properties"]["station_persistent_timeout"]["value"]["instance"] == 60
    assert again["properties"]["phone_media_dscp"]["value"]["instance"] == 34


@pytest.mark.parametrize("change, field", [
    ({"transportDscp": 64}, "transportDscp"), ({"transportDscp": -1}, "transportDscp"), ({"mediaDscp": 64}, "mediaDscp"),
    ({"properties": {"phone_media_dscp": {"value": {"instance": 64}}}}, "properties.phone_media_dscp.value.instance"),
    ({"persistentConnection": {"enabled": True, "timeoutSeconds": 0}}, "persistentConnection.timeoutSeconds"),
    ({"persistentConnection": {"enabled": True, "timeoutSeconds": 86401}}, "persistentConnection.timeoutSeconds"),
    ({"phoneMakeAndModel": "Desk Phone 9000"}, "phoneMakeAndModel")])
def test_a_value_out_of_range_names_its_field(client, change, field):
    assert field in refused(client, SETTINGS, {"name": "Odd"} | change)["message"]


@pytest.mark.parametrize("dscp", [0, 63])
def test_dscp_takes_both_ends_of_its_range(client, settings, dscp):
    changed = client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": dscp, "mediaDscp": dscp})
    assert (changed["transportDscp"], changed["mediaDscp"]) == (dscp, dscp)


def test_a_phone_without_base_settings_is_refused(client, site):
    error = refused(client, PHONES, {"name": "AgentName_WebRTC", "site": {"id": site}})
    assert error["code"] == "base.settings.required" and "phoneBaseSettings" in error["message"]
    error = refused(client, PHONES, {"name": "AgentName_WebRTC", "site": {"id": site}, "phoneBaseSettings": {"id": "nowhere"}})
    assert "phoneBaseSettings" in error["message"]


def test_base_settings_in_use_stay_and_name_the_phones(client, settings, phone):
    answer = client.request("DELETE", f"{SETTINGS}/{settings['id']}")
    assert answer.status_code == 409 and phone["id"] in answer.json()["message"]


def test_the_station_comes_with_the_phone(client, phone):
    listed = client.get(f"/api/v2/stations?webRtcUserId={phone['userId']}")["entities"]
    assert [entry["id"] for entry in listed] == [phone["station"]["id"]]
    assert (listed[0]["type"], listed[0]["status"], listed[0]["registrationState"]) == ("inin_webrtc_softphone", "AVAILABLE", "offline")
    assert phone["status"]["operationalStatus"] == "OFFLINE"
    with SipPhone(phone["account"]):
        until(lambda: client.get(f"{PHONES}/{phone['id']}")["status"]["operationalStatus"] == "OPERATIONAL", 10, "operational")


# -- when a log-in is due ----------------------------------------------------------------------------------------------
def test_changed_base_settings_make_a_new_log_in_due(client, settings, phone):
    with SipPhone(phone["account"]):
        until(lambda: station(client, phone)["registrationState"] == "online", 10, "online")
        assert station(client, phone)["reloginDue"] is False
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "mediaDscp": 10,
                                                    "persistentConnection": {"enabled": False}})
        assert station(client, phone)["reloginDue"] is True
        assert found(client, phone, "settings.notApplied")
    until(lambda: station(client, phone)["registrationState"] == "offline", 10, "logged out")
    with SipPhone(phone["account"]):
        until(lambda: station(client, phone)["registrationState"] == "online", 10, "online again")
        assert station(client, phone)["reloginDue"] is False
        assert not found(client, phone, "settings.notApplied")


# -- troubleshooting: each row by injecting its fault ------------------------------------------------------------------
def test_the_diagnosis_answers_in_the_words_of_the_table(client, phone):
    answer = client.get(f"/api/v2/stations/{phone['station']['id']}/diagnosis")
    assert [(row["issue"], row["cause"], row["resolution"]) for row in answer["findings"]] == [
        ("User cannot answer calls reliably", "Persistent connection disabled or not applied",
         "Enable it; have user log out and back in"),
        ("WebRTC phone not visible to user", "Phone not created or not assigned to correct user", "Recheck phone assignment"),
        ("Calls do not route", "Site/routing configuration issue", "Validate site, number plans, and trunks"),
        ("Settings change not applied", "User session retained old settings", "Log out and back in"),
        ("Unexpected TURN/media path", "Site Media Regions or Relay/TURN Behavior misconfigured",
         "Review assigned Site's General tab")]
    assert all(row["found"] == bool(row["evidence"]) for row in answer["findings"])
    assert client.request("GET", "/api/v2/stations/nowhere/diagnosis").status_code == 404


def test_persistence_that_came_after_the_log_in_is_found(client, settings, phone):
    code = "persistentConnection.notApplied"
    client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "persistentConnection": {"enabled": False}})
    assert found(client, phone, code), "disabled"
    with SipPhone(phone["account"]):
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "persistentConnection": {"enabled": True}})
        assert found(client, phone, code), "not applied"
    until(lambda: station(client, phone)["registrationState"] == "offline", 10, "logged out")
    with SipPhone(phone["account"]):
        assert not found(client, phone, code)


def test_a_phone_nobody_can_see_is_found(client, phone):
    code = "phone.notAssigned"
    assert "not registered" in finding(client, phone, code)["evidence"][0]
    with SipPhone(phone["account"]):
        assert not found(client, phone, code)
        body = {"name": phone["name"], "enabled": False}
        client.put(f"{PHONES}/{phone['id']}", body)
        assert "disabled" in finding(client, phone, code)["evidence"][0]
        client.put(f"{PHONES}/{phone['id']}", body | {"enabled": True})


def test_calls_that_cannot_route_are_found(client, phone):
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    assert not found(client, phone, "routing.unavailable")
    trunk = client.get(f"{EDGES}/sip-trunk-acme-us-east")
    client.put(f"{EDGES}/{trunk['id']}", trunk | {"enabled": False})
    try:
        assert any("disabled" in line for line in finding(client, phone, "routing.unavailable")["evidence"])
    finally:
        trunk = client.get(f"{EDGES}/sip-trunk-acme-us-east")
        client.put(f"{EDGES}/{trunk['id']}", trunk | {"enabled": True})
        client.wait_trunk("sip-trunk-acme-us-east", "registered")


def test_a_media_path_that_cannot_work_is_found(client, site, phone):
    code = "mediaPath.misconfigured"
    before = client.get(f"{SITES}/{site}")
    keep = {name: before[name] for name in ("name", "mediaRegions", "cloudProxyForceTurn")}
    assert not found(client, phone, code)
    client.put(f"{SITES}/{site}", keep | {"mediaRegions": []})
    assert "no media region" in finding(client, phone, code)["evidence"][0]
    client.put(f"{SITES}/{site}", keep | {"cloudProxyForceTurn": True})
    assert "forced" in finding(client, phone, code)["evidence"][0]
    client.put(f"{SITES}/{site}", keep)
    assert not found(client, phone, code)


# -- topology ---------------------------------------------------------------------------------------------------------
def test_the_topology_shows_phones_sites_and_edges(client, site, phone):
    (shown,) = client.get(f"/api/v2/telephony/topology?site.id={site}")["entities"]
    mine = next(entry for entry in shown["phones"] if entry["id"] == phone["id"])
    assert (mine["station"]["id"], mine["phoneBaseSettings"]["id"], mine["registrationState"]) == (
        phone["station"]["id"], phone["phoneBaseSettings"]["id"], "offline")
    edges = [edge["id"] for route in shown["outboundRoutes"] for edge in route["edges"]]
    assert "sip-trunk-acme-us-east" in edges
