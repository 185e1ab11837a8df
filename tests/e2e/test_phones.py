"""Phone management, clause by clause (seed 2): base settings, phones, stations, lines, what a session keeps, the DSCP values on the
wire, media regions, what the diagnosis finds, global settings and the topology."""
import base64
import hashlib
import hmac
import socket
import threading

import pytest
import requests

from harness.server import Server
from harness.sip_phone import SILENCE, SipPhone, StreamPhone
from harness.waiting import until

EDGES = "/api/v2/telephony/providers/edges"
SETTINGS = f"{EDGES}/phonebasesettings"
PHONES = f"{EDGES}/phones"
SITES = f"{EDGES}/sites"
REGIONS = "/api/v2/telephony/mediaregions"
GLOBAL = "/api/v2/telephony/settings"
ANSWERS = "+14155550110"
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


def recent(client, phone: dict) -> list[dict]:
    """What the media of its last calls was like."""
    return client.get(f"/api/v2/stations/{phone['station']['id']}/diagnosis")["recentCalls"]


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


# -- what a session keeps ----------------------------------------------------------------------------------------------
def online(client, phone: dict) -> dict:
    return until(lambda: (now := station(client, phone))["registrationState"] == "online" and now, 10, "online")


def offline(client, phone: dict) -> dict:
    return until(lambda: (now := station(client, phone))["registrationState"] == "offline" and now, 15, "offline")


def test_a_session_keeps_what_it_logged_in_with(client, settings, phone):
    with SipPhone(phone["account"]):
        before = online(client, phone)
        assert (before["reloginDue"], before["webRtcPersistentEnabled"], before["baseSettingsVersion"]) == (False, True, settings["version"])
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "mediaDscp": 10, "persistentConnection": {"enabled": False}})
        kept = station(client, phone)
        assert (kept["reloginDue"], kept["webRtcPersistentEnabled"], kept["webRtcMediaDscp"]) == (True, True, 46)
        row = finding(client, phone, "settings.notApplied")
        assert row["found"] and "persistentConnection.enabled, mediaDscp" in row["evidence"][0]
    offline(client, phone)
    with SipPhone(phone["account"]):
        after = online(client, phone)
        assert (after["reloginDue"], after["webRtcPersistentEnabled"], after["webRtcMediaDscp"]) == (False, False, 10)
        assert not found(client, phone, "settings.notApplied")


def test_another_name_or_a_change_taken_back_makes_no_log_in_due(client, settings, phone):
    with SipPhone(phone["account"]):
        online(client, phone)
        client.put(f"{SETTINGS}/{settings['id']}", {"name": "Renamed"})
        assert station(client, phone)["reloginDue"] is False
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": 8})
        assert station(client, phone)["reloginDue"] is True
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": 24})
        assert station(client, phone)["reloginDue"] is False


def test_other_base_settings_make_a_log_in_due(client, settings, phone):
    other = client.post(SETTINGS, {"name": "Other", "phoneMakeAndModel": MODEL, "mediaDscp": 12})
    with SipPhone(phone["account"]):
        online(client, phone)
        client.put(f"{PHONES}/{phone['id']}", {"name": phone["name"], "phoneBaseSettings": {"id": other["id"]}})
        assert station(client, phone)["reloginDue"] is True
        client.put(f"{PHONES}/{phone['id']}", {"name": phone["name"], "phoneBaseSettings": {"id": settings["id"]}})
        assert station(client, phone)["reloginDue"] is False
    client.delete(f"{SETTINGS}/{other['id']}")


def test_a_lost_connection_is_no_log_out(client, settings, phone):
    with StreamPhone(phone["account"], "tcp") as device:
        online(client, phone)
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "mediaDscp": 11})
        device.drop()
        offline(client, phone)
        device.reconnect()
        kept = online(client, phone)
        assert (kept["reloginDue"], kept["webRtcMediaDscp"]) == (True, 46)


# -- DSCP on the wire --------------------------------------------------------------------------------------------------
@pytest.fixture
def call(client):
    """Places a call of the phone's user; it is hung up with the test."""
    placed = []

    def place(phone: dict) -> dict:
        client.wait_trunk("sip-trunk-acme-us-east", "registered")
        placed.append(client.post("/api/v2/conversations/calls", {"from": {"id": phone["userId"]}, "to": {"phoneNumber": ANSWERS},
                                                                  "type": "pstn"}))
        return client.wait_status(placed[-1]["id"], "connected")

    yield place
    for each in placed:
        client.request("POST", f"/api/v2/conversations/{each['id']}/disconnect")


@pytest.mark.parametrize("transport, media", [(33, 41), (0, 63), (63, 0)])
def test_transport_and_media_are_marked_as_the_base_settings_say(client, settings, phone, call, transport, media):
    client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": transport, "mediaDscp": media})
    with SipPhone(phone["account"]) as device:
        call(phone)
        until(lambda: device.media_dscp, 10, "media arrived")
        assert (device.sip_dscp, device.media_dscp) == ({transport}, {media})


def test_a_session_keeps_the_marks_it_logged_in_with(client, settings, phone, call):
    with SipPhone(phone["account"]) as device:
        client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": 10, "mediaDscp": 12})
        call(phone)
        until(lambda: device.media_dscp, 10, "media arrived")
        assert (device.sip_dscp, device.media_dscp) == ({24}, {46})
    with SipPhone(phone["account"]) as device:
        call(phone)
        until(lambda: device.media_dscp, 10, "media arrived")
        assert (device.sip_dscp, device.media_dscp) == ({10}, {12})


@pytest.mark.parametrize("transport", ["tcp", "tls", "ws", "wss"])
@pytest.mark.parametrize("dscp", [0, 33, 63])
def test_connections_carry_the_mark_of_their_session(own, client, settings, phone, transport, dscp):
    client.put(f"{SETTINGS}/{settings['id']}", {"name": settings["name"], "transportDscp": dscp})
    where = {"tcp": "tcp", "tls": f"tls://127.0.0.1:{own.port_of('sips')}", "ws": own.base_url.replace("http://", "ws://") + "/ws/sip",
             "wss": f"wss://127.0.0.1:{own.port_of('https')}/ws/sip"}
    with StreamPhone(phone["account"], where[transport]) as device:
        online(client, phone)
        device.wire.seen()
        device.register()
        seen = device.wire.seen()
        assert len(seen) >= 2 and set(seen) == {dscp}, "the challenge and the 200"


# -- troubleshooting: each row by injecting its fault ------------------------------------------------------------------
def test_the_diagnosis_answers_in_the_words_of_the_table(client, phone):
    answer = client.get(f"/api/v2/stations/{phone['station']['id']}/diagnosis")
    assert [(row["issue"], row["cause"], row["resolution"]) for row in answer["findings"]] == [
        ("User cannot answer calls reliably", "Persistent connection disabled or not applied",
         "Enable it; have user log out and back in"),
        ("No audio", "Wrong microphone/speaker selected", "Verify audio devices in WebRTC phone client settings"),
        ("Poor call quality", "DSCP/network/headset issue", "Check QoS policy, headset, and local network"),
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


def test_a_phone_that_sends_nothing_is_found(client, phone, call):
    with SipPhone(phone["account"], sends_audio=False):
        call(phone)
        until(lambda: found(client, phone, "audio.none"), 20, "no audio")
    assert not found(client, phone, "audio.poor")


def test_a_microphone_that_hears_nothing_is_found(client, phone, call):
    with SipPhone(phone["account"], sound=SILENCE):
        call(phone)
        row = until(lambda: (now := finding(client, phone, "audio.none"))["found"] and now, 20, "no audio")
        assert "silence" in row["evidence"][0]


def test_a_phone_that_loses_packets_is_found(client, phone, call):
    with SipPhone(phone["account"], loses_every=5):
        call(phone)
        row = until(lambda: (now := finding(client, phone, "audio.poor"))["found"] and now, 20, "poor audio")
        assert "Packets lost from the phone" in row["evidence"][0]
        assert not found(client, phone, "audio.none")


def test_a_phone_behind_a_shaky_network_is_found(client, phone, call):
    with SipPhone(phone["account"], jitter=0.09):
        call(phone)
        row = until(lambda: (now := finding(client, phone, "audio.poor"))["found"] and now, 20, "poor audio")
        assert any("Jitter" in line for line in row["evidence"])


def test_the_last_five_calls_are_remembered(client, phone, call):
    with SipPhone(phone["account"]):
        made = []
        for _ in range(6):
            made.append(call(phone)["id"])
            until(lambda: recent(client, phone) and recent(client, phone)[-1]["conversationId"] == made[-1], 10, "observed")
            client.hang_up(made[-1])
        assert [entry["conversationId"] for entry in recent(client, phone)] == made[1:]


def test_a_good_call_is_found_good(client, phone, call):
    with SipPhone(phone["account"]) as device:
        call(phone)
        until(lambda: len(recent(client, phone)) == 1 and recent(client, phone)[0]["packetsReceived"] > 250, 20, "five seconds of it")
        assert not found(client, phone, "audio.none") and not found(client, phone, "audio.poor")
        assert device.media_dscp == {46}


# -- media regions -----------------------------------------------------------------------------------------------------
class StunServer:
    """Answers Binding requests (RFC 8489) after a while."""

    def __init__(self, delay: float = 0.0):
        self._udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._udp.bind(("127.0.0.1", 0))
        self._udp.settimeout(0.1)
        self.uri = f"stun:127.0.0.1:{self._udp.getsockname()[1]}"
        self._delay = delay
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "StunServer":
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._over.set()
        self._thread.join(5)
        self._udp.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            try:
                request, source = self._udp.recvfrom(2048)
            except TimeoutError:
                continue
            cookie, port = request[4:8], source[1] ^ 0x2112
            address = bytes(a ^ b for a, b in zip(socket.inet_aton(source[0]), cookie))
            mapped = b"\x00\x20\x00\x08\x00\x01" + port.to_bytes(2, "big") + address
            self._over.wait(self._delay)
            self._udp.sendto(b"\x01\x01" + len(mapped).to_bytes(2, "big") + request[4:20] + mapped, source)


@pytest.fixture
def region(client):
    made = []

    def create(name: str, servers: list, tier: str = "Core", **more) -> dict:
        made.append(client.post(REGIONS, {"id": name, "name": name, "tier": tier, "servers": servers} | more))
        return made[-1]

    yield create
    for each in made:
        client.request("DELETE", f"{REGIONS}/{each['id']}")


@pytest.fixture
def at_site(client, site, region):
    """Changes the site; it is as before after the test, and then the regions that the test made go."""
    before = client.get(f"{SITES}/{site}")

    def change(**changes) -> dict:
        return client.put(f"{SITES}/{site}", {"name": before["name"]} | changes)

    yield change
    keep = ("name", "mediaRegions", "mediaRegionsUseLatencyBased", "cloudProxyForceTurn")
    client.put(f"{SITES}/{site}", {name: before[name] for name in keep})


@pytest.fixture
def session(own):
    """What the first agent's browser phone is given."""
    login = own.first_run["console"]
    with requests.Session() as browser:
        answer = browser.post(f"{own.base_url}/login", json={"user": login["user"], "password": login["password"]},
                              headers={"Origin": own.base_url}, timeout=30)
        assert answer.status_code < 300, answer.text
        # The cookie is for https alone; the test speaks http.
        head = {"Origin": own.base_url, "X-Dialplane-Console": "1", "Cookie": answer.headers["Set-Cookie"].split(";")[0]}

        def ask(path: str = "session", body: dict | None = None) -> requests.Response:
            return browser.post(f"{own.base_url}/api/v2/telephony/phones/me/{path}", json=body or {}, headers=head, timeout=10)

        yield ask


def handed_out(session) -> list[str]:
    return [server["urls"] for server in session().json()["iceServers"]]


def test_regions_are_listed_as_entities_and_by_tier(client, region):
    region("eu-central-1", ["stun:stun.example.test:3478", "turn:turn.example.test"], turnSecret="s3cret")
    region("ap-south-1", [], "Satellite")
    listed = client.get(REGIONS)
    assert listed["awsHomeRegion"] == "us-east-1"
    assert "eu-central-1" in listed["awsCoreRegions"] and "ap-south-1" in listed["awsSatelliteRegions"]
    entity = next(entry for entry in listed["entities"] if entry["id"] == "eu-central-1")
    assert entity["servers"] == ["stun:stun.example.test:3478", "turn:turn.example.test"], "in order"
    assert "s3cret" not in str(listed) and entity["turnSecret"]


def test_a_region_keeps_its_order_and_its_secret(client, region, at_site, session):
    made = region("ordered", ["stun:a.example.test", "turn:b.example.test"], turnSecret="s3cret")
    at_site(mediaRegions=["ordered"])
    changed = client.put(f"{REGIONS}/ordered", made | {"servers": ["turn:b.example.test", "stun:a.example.test"]})
    assert changed["servers"] == ["turn:b.example.test", "stun:a.example.test"]
    assert handed_out(session) == ["turn:b.example.test:3478?transport=udp", "stun:a.example.test:3478"]
    client.put(f"{REGIONS}/ordered", changed | {"turnSecret": None})
    assert handed_out(session) == ["stun:a.example.test:3478"], "a TURN server without a login is of no use to a browser"


@pytest.mark.parametrize("change, field", [
    ({"servers": ["http://x"]}, "servers[0]"), ({"servers": ["stun:a", "turn:b:0"]}, "servers[1]"), ({"servers": ["stun:a", "stun:a"]}, "servers[1]"),
    ({"tier": "Moon"}, "tier"), ({"turnCredentialLifetimeSeconds": 5}, "turnCredentialLifetimeSeconds"), ({"name": ""}, "name")])
def test_a_region_names_what_is_wrong_with_it(client, change, field):
    assert field in refused(client, REGIONS, {"name": "Odd"} | change)["message"]


def test_a_region_is_kept_while_a_site_names_it(client, site, region, at_site):
    region("eu-central-1", ["stun:stun.example.test"])
    at_site(mediaRegions=["eu-central-1", "us-east-1"])
    answer = client.request("DELETE", f"{REGIONS}/eu-central-1")
    assert answer.status_code == 409 and site in answer.json()["message"]
    wrong = refused(client, f"{SITES}/{site}", {"name": "x", "mediaRegions": ["us-east-1", "nowhere"]}, "PUT")
    assert "mediaRegions[1]" in wrong["message"]
    wrong = refused(client, f"{SITES}/{site}", {"name": "x", "mediaRegions": ["us-east-1", "us-east-1"]}, "PUT")
    assert "mediaRegions[1]" in wrong["message"]


def test_any_region_of_the_site_hands_out_those_alone_in_their_order(region, at_site, session):
    region("first", ["stun:first.example.test"])
    region("second", ["stun:second.example.test"])
    region("elsewhere", ["stun:elsewhere.example.test"])
    at_site(mediaRegions=["second", "first"], mediaRegionsUseLatencyBased=False)
    assert handed_out(session) == ["stun:second.example.test:3478", "stun:first.example.test:3478"]
    assert [entry["id"] for entry in session().json()["mediaRegions"]] == ["second", "first"]
    assert session().json()["roundTripServers"] == [], "nobody chooses by them"


def test_geo_lookup_hands_out_the_region_that_answers_fastest(client, region, at_site, session):
    with StunServer(0.15) as slow, StunServer() as fast:
        region("far", [slow.uri])
        region("near", [fast.uri])
        at_site(mediaRegions=["far"], mediaRegionsUseLatencyBased=True)
        until(lambda: all("roundTripMs" in client.get(f"{REGIONS}/{name}") for name in ("far", "near")), 20, "both measured")
        assert client.get(f"{REGIONS}/far")["roundTripMs"] >= 150 > client.get(f"{REGIONS}/near")["roundTripMs"]
        assert handed_out(session) == [fast.uri]
        assert set(session().json()["roundTripServers"]) == {slow.uri, fast.uri}, "of all regions, whatever the site names"
        report = {"roundTrips": [{"uri": slow.uri, "roundTripMicroseconds": 900}, {"uri": fast.uri, "roundTripMicroseconds": 80_000}]}
        assert session("roundtrips", report).status_code == 204
        assert handed_out(session) == [slow.uri], "the phone's own measure counts more"
        assert session("roundtrips", {"roundTrips": []}).status_code == 204
        at_site(mediaRegions=["far"], mediaRegionsUseLatencyBased=False)
        assert handed_out(session) == [slow.uri], "only what the site names"


def test_the_webrtc_diagnostics_probe_what_the_phone_is_given(client, region, at_site, session):
    with StunServer() as stun:
        region("probed", [stun.uri])
        at_site(mediaRegions=["probed"])
        answer = client.get(f"/api/v2/telephony/diagnostics/web-r-t-c?userId={session().json()['userId']}")
        assert [(server["uri"], server["verdict"]) for server in answer["servers"]] == [(stun.uri, "answers")]


def test_turn_servers_come_with_a_login_and_forced_turn_says_relay(region, at_site, session):
    region("relayed", ["turn:turn.example.test:3478"], turnSecret="s3cret")
    at_site(mediaRegions=["relayed"], cloudProxyForceTurn=True)
    given = session().json()
    assert given["iceTransportPolicy"] == "relay"
    (server,) = given["iceServers"]
    assert server["urls"] == "turn:turn.example.test:3478?transport=udp"
    expiry, _, user = server["username"].partition(":")
    assert expiry.isdigit() and user == given["userId"]
    mac = hmac.new(b"s3cret", server["username"].encode(), hashlib.sha1).digest()
    assert server["credential"] == base64.b64encode(mac).decode()


def test_a_media_path_that_cannot_work_is_found(client, phone, region, at_site):
    code = "mediaPath.misconfigured"
    assert not found(client, phone, code)
    at_site(mediaRegions=[])
    assert "no media region" in finding(client, phone, code)["evidence"][0]
    at_site(mediaRegions=["us-east-1"], cloudProxyForceTurn=True)
    assert "forced" in finding(client, phone, code)["evidence"][0]
    with StunServer() as gone:
        uri = gone.uri
    region("dead", [uri])
    at_site(mediaRegions=["dead"], cloudProxyForceTurn=False)
    until(lambda: any("does not answer" in line for line in finding(client, phone, code)["evidence"]), 20, "silent server found")


# -- lines ------------------------------------------------------------------------------------------------------------
def test_a_line_comes_with_the_phone_and_a_line_base_with_the_settings(client, settings, phone):
    line = client.get(f"{EDGES}/lines/{phone['lines'][0]['id']}")
    assert (line["lineBaseSettings"]["id"], line["site"]["id"], line["defaultForUser"]["id"]) == (
        settings["lines"][0]["id"], phone["site"]["id"], phone["userId"])
    assert "loggedInUser" not in line
    assert line["id"] in [entry["id"] for entry in client.get(f"{EDGES}/lines?pageSize=100")["entities"]]
    base = client.get(f"{EDGES}/linebasesettings/{settings['lines'][0]['id']}")
    assert base["properties"]["station_persistent_timeout"]["value"]["instance"] == 600
    assert base["id"] in [entry["id"] for entry in client.get(f"{EDGES}/linebasesettings?pageSize=100")["entities"]]
    with SipPhone(phone["account"]):
        online(client, phone)
        assert client.get(f"{EDGES}/lines/{line['id']}")["loggedInUser"]["id"] == phone["userId"]
    for path in ("lines/nowhere", "linebasesettings/nowhere", "linebasesettings/nowhere.line"):
        assert client.request("GET", f"{EDGES}/{path}").status_code == 404


def test_what_can_be_made_is_listed_with_its_defaults(client):
    bases = client.get(f"{SETTINGS}/availablemetabases")["entities"]
    assert MODEL in [base["name"] for base in bases]
    for base in bases:
        template = client.get(f"{SETTINGS}/template?phoneMetabaseId={base['id']}")
        made = client.post(SETTINGS, template | {"name": "From a template"})
        assert (made["phoneMakeAndModel"], made["transportDscp"], made["mediaDscp"]) == (base["name"], 24, 46)
        client.delete(f"{SETTINGS}/{made['id']}")
    assert client.request("GET", f"{SETTINGS}/template?phoneMetabaseId=other.json").status_code == 400


# -- global settings and topology --------------------------------------------------------------------------------------
def test_global_settings_hold_for_every_site(client, phone, session):
    before = client.get(GLOBAL)
    assert before["webRtcForceTurn"] is False
    changed = client.put(GLOBAL, {"webRtcForceTurn": True})
    assert changed["emergencyNumbers"] == before["emergencyNumbers"], "absent fields stay"
    assert session().json()["iceTransportPolicy"] == "relay" and station(client, phone)["webRtcForceTurn"] is True
    assert client.request("PUT", GLOBAL, before).status_code == 409, "an old version"
    client.put(GLOBAL, {"webRtcForceTurn": False})
    for field, value in (("defaultCountryCode", "us"), ("emergencyNumbers", []), ("emergencyNumbers", ["911", "1x"])):
        assert field in refused(client, GLOBAL, {field: value}, "PUT")["message"]


def test_the_organization_takes_a_default_site_and_country(client, site):
    before = client.get("/api/v2/organizations/me")
    other = client.post(SITES, {"name": "Other", "location": {"id": client.get(f"{SITES}/{site}")["location"]["id"]}})
    changed = client.put("/api/v2/organizations/me", before | {"defaultSiteId": other["id"], "defaultCountryCode": "DE"})
    assert (changed["defaultSiteId"], changed["defaultCountryCode"], changed["name"]) == (other["id"], "DE", before["name"])
    assert client.get(GLOBAL)["defaultSite"]["id"] == other["id"]
    assert client.request("PUT", "/api/v2/organizations/me", {"defaultSiteId": "nowhere"}).status_code == 400
    client.put("/api/v2/organizations/me", {"defaultSiteId": site, "defaultCountryCode": before["defaultCountryCode"]})
    client.delete(f"{SITES}/{other['id']}")


def test_the_topology_shows_phones_sites_and_edges(client, site, phone):
    (shown,) = client.get(f"/api/v2/telephony/topology?site.id={site}")["entities"]
    mine = next(entry for entry in shown["phones"] if entry["id"] == phone["id"])
    assert (mine["station"]["id"], mine["phoneBaseSettings"]["id"], mine["registrationState"]) == (
        phone["station"]["id"], phone["phoneBaseSettings"]["id"], "offline")
    edges = [edge["id"] for route in shown["outboundRoutes"] for edge in route["edges"]]
    assert "sip-trunk-acme-us-east" in edges
    assert [(entry["id"], entry["tier"], entry["servers"]) for entry in shown["regions"]] == [("us-east-1", "Home", 0)]
