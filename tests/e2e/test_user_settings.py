"""User settings and network configurations (seed 0, section 3 and edge case 2), clause by clause, and what they do to a real call:
the offer that the agent's phone gets, the number that the carrier is asked for, the servers that the page is given."""
import base64
import hashlib
import hmac
import time

import pytest
import requests

from harness.ports import free_port
from harness.sip import SipPeer, register, try_register
from harness.waiting import until

NETWORKS = "/api/v2/telephony/networkconfigurations"
EDGES = "/api/v2/telephony/providers/edges"
SEED_USER = "user-agent-48291"

# Seed 0, section 3, as printed.
SEED = {
    "webRtc": {
        "enabled": True,
        "dialRules": [
            {"pattern": "^\\+1.*", "prefix": "9", "description": "Long distance prefix"},
            {"pattern": "^\\d{7,10}$", "prefix": "+1415", "description": "Local number normalization"},
        ],
        "networkConfigId": "web-rtc-nat-config-01",
        "codecs": ["G722", "OPUS", "PCMU"],
        "stunServers": ["stun:stun.l.google.com:19302", "stun:stun1.l.google.com:19302"],
    },
    "sofia": {"enabled": True, "networkConfigId": "sofia-nat-config-01", "codecs": ["G722", "PCMU", "PCMA"]},
}


def path_of(user: str) -> str:
    return f"/api/v2/telephony/users/{user}/settings"


def settings(web_rtc: dict | None = None, sofia: dict | None = None, **top) -> dict:
    """Valid, and without anything that the test does not ask for."""
    return {"webRtc": {"enabled": True} | (web_rtc or {}), "sofia": {"enabled": True} | (sofia or {})} | top


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of this file's own: it changes what agents may do."""
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("settings")).start()
    client = made.client().log_in()
    path = f"{EDGES}/sip-trunk-acme-us-east"
    client.put(path, client.get(path) | {"enabled": False})
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own):
    return own.client().log_in()


@pytest.fixture
def agent(own, client):
    """The first agent; the settings are as they were when the test is over."""
    path = path_of(own.agent["userId"])
    before = client.get(path)
    yield own.agent
    client.put(path, {name: before[name] for name in ("webRtc", "sofia")})


@pytest.fixture
def network(client):
    """Makes network configurations; nobody may use them any more when the test is over."""
    made = []

    def make(**fields) -> dict:
        made.append(client.post(NETWORKS, {"name": f"Network {len(made)}"} | fields))
        return made[-1]

    yield make
    for each in made:
        client.request("DELETE", f"{NETWORKS}/{each['id']}")


@pytest.fixture(scope="module")
def page_session(own):
    """What the browser phone of the console's user is given."""
    run = own.first_run["console"]
    login = requests.post(f"{own.base_url}/login", json={"user": run["user"], "password": run["password"]}, timeout=30,
                          headers={"Origin": own.base_url})
    head = {"Cookie": login.headers["Set-Cookie"].split(";")[0], "Origin": own.base_url, "X-Dialplane-Console": "1"}

    def ask(status: int = 200) -> dict:
        answer = requests.post(f"{own.base_url}/api/v2/telephony/phones/me/session", json={}, headers=head, timeout=10)
        assert answer.status_code == status, answer.text
        return answer.json()

    ask.user = ask()["userId"]
    return ask


@pytest.fixture
def page_user(client, page_session):
    """The console's user, whose settings are put back."""
    path = path_of(page_session.user)
    before = client.get(path)
    yield page_session.user
    client.put(path, {name: before[name] for name in ("webRtc", "sofia")})


@pytest.fixture
def peer():
    made = []

    def make(**options) -> SipPeer:
        made.append(SipPeer(**options))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def carrier(own, client, peer):
    """A trunk to a peer that refuses every call."""
    far_end = peer(status="486 Busy Here")
    trunk = client.post(EDGES, {
        "name": "Refusing", "edgeGroupId": own.first_run["edgeGroupId"], "sipProfileId": own.first_run["sipProfileId"],
        "maxConcurrentSessions": 5, "codecs": ["G711u", "G711a"],
        "registration": {"type": "NONE", "host": "127.0.0.1", "port": far_end.port, "username": "refusing"}, "healthProbe": None})
    yield far_end
    client.delete(f"{EDGES}/{trunk['id']}")


def assert_field(answer: requests.Response, field: str, status: int = 400) -> None:
    body = answer.json()
    assert answer.status_code == status, answer.text
    assert [detail["fieldName"] for detail in body["details"]] == [field], answer.text


class TestPut:
    def test_the_seeds_payload_is_stored_as_printed(self, client):
        stored = client.put(path_of(SEED_USER), SEED)
        for answer in (stored, client.get(path_of(SEED_USER))):
            for name in ("webRtc", "sofia"):
                assert {key: answer[name][key] for key in SEED[name]} == SEED[name]
        assert stored["warnings"] == [] and "Warning" not in client.request("PUT", path_of(SEED_USER), SEED).headers

    @pytest.mark.parametrize("missing", ["webRtc", "sofia"])
    def test_both_objects_are_required(self, client, missing):
        body = {name: value for name, value in SEED.items() if name != missing}
        assert_field(client.request("PUT", path_of(SEED_USER), body), missing)
        assert_field(client.request("PUT", path_of(SEED_USER), body | {missing: None}), missing)

    @pytest.mark.parametrize("change,field", [
        ({"enabled": "yes"}, "enabled"), ({"codecs": "OPUS"}, "codecs"), ({"codecs": ["OPUS", "MP3"]}, "codecs[1]"),
        ({"codecs": ["OPUS", "audio/opus"]}, "codecs[0]"), ({"networkConfigId": "gone"}, "networkConfigId"),
        ({"stunServers": ["stun:ok.example", "http://x"]}, "stunServers[1]"), ({"stunServers": ["turn:x?transport=sctp"]}, "stunServers[0]"),
        ({"stunServers": ["stun:x:0"]}, "stunServers[0]"), ({"stunServers": ["stun:x:70000"]}, "stunServers[0]"),
        ({"stunServers": ["stun:"]}, "stunServers[0]"), ({"stunServers": ["stun:x"] * 17}, "stunServers"),
        ({"iceTransportPolicy": "none"}, "iceTransportPolicy"),
        ({"dialRules": [{"prefix": "9"}]}, "dialRules[0].pattern"), ({"dialRules": [{"pattern": "("}]}, "dialRules[0].pattern"),
        ({"dialRules": [{"pattern": "(?=1)"}]}, "dialRules[0].pattern"), ({"dialRules": [{"pattern": "1" * 257}]}, "dialRules[0].pattern"),
        ({"dialRules": [{"pattern": "((a{100}){100}){100}"}]}, "dialRules[0].pattern"),
        ({"dialRules": [{"pattern": "[0-9]{900}[a-z]{900}[0-9]{900}"}]}, "dialRules[0].pattern"),
        ({"dialRules": [{"pattern": "1", "prefix": "9;x"}]}, "dialRules[0].prefix"),
        ({"dialRules": [{"pattern": "1"}] * 65}, "dialRules")])
    @pytest.mark.parametrize("endpoint", ["webRtc", "sofia"])
    def test_what_is_wrong_is_named(self, client, endpoint, change, field):
        before = client.get(path_of(SEED_USER))
        body = settings(**{"web_rtc" if endpoint == "webRtc" else "sofia": change})
        assert_field(client.request("PUT", path_of(SEED_USER), body), f"{endpoint}.{field}")
        assert client.get(path_of(SEED_USER)) == before, "nothing has changed"

    def test_every_family_spells_codecs_its_own_way_and_this_one_answers_in_its_own(self, client):
        body = settings({"codecs": ["audio/opus", "G711u", "G711a", "g722"]}, {"codecs": ["PCMA", "G729", "GSM"]})
        stored = client.put(path_of(SEED_USER), body)
        assert stored["webRtc"]["codecs"] == ["OPUS", "PCMU", "PCMA", "G722"]
        assert stored["sofia"]["codecs"] == ["PCMA", "G729", "GSM"]

    def test_an_unknown_user_is_not_found_and_a_stale_version_refused(self, client):
        assert client.request("PUT", path_of("nobody"), SEED).status_code == 404
        version = client.put(path_of(SEED_USER), SEED)["version"]
        assert client.request("PUT", path_of(SEED_USER), SEED, headers={"If-Match": f'"{version - 1}"'}).status_code in (409, 412)


class TestDialRuleTrial:
    @pytest.mark.parametrize("destination,rule,result", [
        ("+14155550100", 0, "9+14155550100"), ("5550100", 1, "+14155550100"), ("4155550100", 1, "+14154155550100"),
        ("+442071838750", None, "+442071838750")])
    def test_the_first_rule_that_matches_wins_once(self, client, destination, rule, result):
        client.put(path_of(SEED_USER), SEED)
        answer = client.post(f"{path_of(SEED_USER)}/dialrules/test", {"destination": destination}, 200)
        assert (answer["matched"], answer["result"], answer["accepted"]) == (rule is not None, result, True)
        if rule is not None:
            expected = SEED["webRtc"]["dialRules"][rule]
            assert answer["rule"] == {"index": rule, "endpoint": "webRtc"} | expected

    def test_rules_can_be_tried_before_they_are_stored(self, client):
        trial = {"destination": "12", "dialRules": [{"pattern": "^1", "prefix": "0"}]}
        answer = client.post(f"{path_of(SEED_USER)}/dialrules/test", trial, 200)
        assert answer["result"] == "012" and answer["rule"]["index"] == 0
        trial["dialRules"][0]["pattern"] = "("
        assert_field(client.request("POST", f"{path_of(SEED_USER)}/dialrules/test", trial), "dialRules[0].pattern")

    def test_what_no_rule_takes_and_is_no_number_would_be_refused(self, client):
        answer = client.post(f"{path_of(SEED_USER)}/dialrules/test", {"destination": "12"}, 200)
        assert not answer["matched"] and not answer["accepted"]
        assert_field(client.request("POST", f"{path_of(SEED_USER)}/dialrules/test", {}), "destination")


class TestInACall:
    @pytest.mark.parametrize("order,payloads", [(["PCMA", "PCMU"], ["8", "0"]), (["PCMU", "PCMA"], ["0", "8"])])
    def test_the_agents_phone_is_offered_the_codecs_in_their_order(self, client, agent, carrier, peer, order, payloads):
        client.put(path_of(agent["userId"]), settings(sofia={"codecs": order}))
        port = free_port()
        client.wait_phone(agent["stationId"])
        register(agent, port)
        phone = peer(port=port)
        try:
            call = client.place_call(agent, "+15559876543")
            until(lambda: phone.invites, 10, "the phone is called")
            media = next(line for line in phone.invites[0].split("\r\n") if line.startswith("m=audio"))
            assert [kind for kind in media.split()[3:] if kind in ("0", "8", "9")] == payloads, media
            client.wait_status(call["id"], "failed", "disconnected")
        finally:
            phone.close()
            register(agent, port, expires=0)

    def test_the_carrier_is_asked_for_what_the_rule_made(self, client, agent, carrier):
        rules = [{"pattern": "^\\+1.*", "prefix": "9"}, {"pattern": "^9", "prefix": "7"}]
        client.put(path_of(agent["userId"]), settings({"dialRules": rules}))
        client.wait_phone(agent["stationId"])
        call = client.place_call(agent, "+15559876543")
        until(lambda: carrier.invites, 10, "the carrier is called")
        assert carrier.invites[0].startswith("INVITE sip:9+15559876543@"), carrier.invites[0][:80]
        client.wait_status(call["id"], "failed", "disconnected")


class TestDisabled:
    def test_a_disabled_endpoint_is_dropped_and_refused_and_the_station_says_why(self, own, client, agent):
        station = f"/api/v2/stations/{agent['stationId']}"
        client.wait_phone(agent["stationId"])
        client.put(path_of(agent["userId"]), settings(sofia={"enabled": False}))
        client.wait_phone(agent["stationId"], online=False)
        refusal, = client.get(station)["registrationRefusals"]
        assert (refusal["endpoint"], refusal["code"]) == ("sofia", "sofia.disabled") and "disabled" in refusal["reason"]
        answer = try_register(agent, free_port())
        assert answer.startswith("SIP/2.0 403") and refusal["reason"] in answer, answer
        client.put(path_of(agent["userId"]), settings())
        assert "registrationRefusals" not in client.get(station)
        port = free_port()
        register(agent, port)
        client.wait_phone(agent["stationId"])
        register(agent, port, expires=0)

    def test_a_network_that_forces_tcp_takes_no_phone_over_udp(self, client, agent, network):
        forced = network(forceTcp=True)
        client.put(path_of(agent["userId"]), settings(sofia={"networkConfigId": forced["id"]}))
        refusal, = client.get(f"/api/v2/stations/{agent['stationId']}")["registrationRefusals"]
        assert refusal["code"] == "sofia.forceTcp"
        assert try_register(agent, free_port()).startswith("SIP/2.0 403")

    def test_a_page_whose_user_may_not_use_webrtc_is_told(self, client, page_user, page_session):
        client.put(path_of(page_user), settings({"enabled": False}))
        assert page_session(403)["details"][0]["fieldName"] == "webRtc.enabled"


class TestWhatThePageIsGiven:
    def test_the_users_own_servers(self, client, page_user, page_session):
        client.put(path_of(page_user), settings({"stunServers": ["stun:a.example", "stun:b.example:19302"]}))
        given = page_session()
        assert [server["urls"] for server in given["iceServers"]] == ["stun:a.example:3478", "stun:b.example:19302"]
        assert given["iceTransportPolicy"] == "all"

    def test_without_any_those_of_the_network_configuration_and_a_warning(self, client, page_user, page_session, network):
        made = network(stunServers=["stun:net.example"])
        body = settings({"networkConfigId": made["id"]})
        answer = client.request("PUT", path_of(page_user), body)
        assert answer.status_code == 200 and "webRtc.stunServers is absent" in answer.headers["Warning"], answer.text
        assert made["id"] in answer.json()["warnings"][0]
        assert [server["urls"] for server in page_session()["iceServers"]] == ["stun:net.example:3478"]

    @pytest.mark.parametrize("body", [settings(iceTransportPolicy="relay"), settings({"iceTransportPolicy": "relay"})],
                             ids=["top level", "in webRtc"])
    def test_the_policy_is_read_in_either_place(self, client, page_user, page_session, body):
        stored = client.put(path_of(page_user), body)
        assert stored["webRtc"]["iceTransportPolicy"] == "relay"
        assert any("relay leaves no media path" in warning for warning in stored["warnings"])
        assert page_session()["iceTransportPolicy"] == "relay"

    def test_the_networks_policy_counts_unless_the_user_has_one(self, client, page_user, page_session, network):
        made = network(iceTransportPolicy="relay")
        client.put(path_of(page_user), settings({"networkConfigId": made["id"]}))
        assert page_session()["iceTransportPolicy"] == "relay"
        client.put(path_of(page_user), settings({"networkConfigId": made["id"], "iceTransportPolicy": "all"}))
        assert page_session()["iceTransportPolicy"] == "all"

    def test_turn_comes_with_a_login_that_coturn_understands_and_that_expires(self, client, page_user, page_session, network):
        made = network(stunServers=["stun:s.example", "turn:t.example", "turns:t.example"], turnSecret="north-wind",
                       turnCredentialLifetimeSeconds=120)
        client.put(path_of(page_user), settings({"networkConfigId": made["id"]}))
        stun, turn, turns = page_session()["iceServers"]
        assert stun == {"urls": "stun:s.example:3478"}
        assert (turn["urls"], turns["urls"]) == ("turn:t.example:3478?transport=udp", "turns:t.example:5349?transport=tcp")
        expiry, user = turn["username"].split(":")
        assert user == page_user and 0 < int(expiry) - time.time() <= 121
        expected = base64.b64encode(hmac.new(b"north-wind", turn["username"].encode(), hashlib.sha1).digest()).decode()
        assert turn["credential"] == turns["credential"] == expected

    def test_force_tcp_leaves_turn_over_tcp_alone(self, client, page_user, page_session, network):
        made = network(stunServers=["stun:s.example", "turn:t.example?transport=udp"], turnSecret="x", forceTcp=True)
        client.put(path_of(page_user), settings({"networkConfigId": made["id"], "iceTransportPolicy": "all"}))
        given = page_session()
        assert [server["urls"] for server in given["iceServers"]] == ["turn:t.example:3478?transport=tcp"]
        assert given["iceTransportPolicy"] == "relay"

    def test_turn_without_a_secret_is_not_given_and_warned_of(self, client, page_user, page_session):
        stored = client.put(path_of(page_user), settings({"stunServers": ["turn:t.example"]}))
        assert any("TURN" in warning for warning in stored["warnings"])
        assert page_session()["iceServers"] == []


class TestNetworkConfigurations:
    def test_made_read_listed_changed_and_removed(self, client):
        body = {"id": "branch-nat", "name": "Branch", "stunServers": ["stun:s.example", "turn:t.example:3479"], "forceTcp": True,
                "iceTransportPolicy": "relay", "turnSecret": "first", "turnCredentialLifetimeSeconds": 600}
        made = client.post(NETWORKS, body)
        assert {key: made[key] for key in body} == body | {"turnSecret": "********"}
        assert client.get(f"{NETWORKS}/branch-nat") == made
        assert any(each["id"] == "branch-nat" for each in client.get(f"{NETWORKS}?name=Branch")["entities"])
        assert client.request("POST", NETWORKS, body).status_code == 409
        changed = client.put(f"{NETWORKS}/branch-nat", made | {"name": "Branch 2"})
        assert changed["name"] == "Branch 2" and changed["turnSecret"] == "********" and changed["version"] > made["version"]
        assert "turnSecret" not in client.put(f"{NETWORKS}/branch-nat", changed | {"turnSecret": None})
        client.delete(f"{NETWORKS}/branch-nat")
        assert client.request("GET", f"{NETWORKS}/branch-nat").status_code == 404

    def test_the_secret_is_in_no_answer(self, client, network):
        made = network(turnSecret="do-not-tell")
        answers = [client.request("GET", path).text for path in (NETWORKS, f"{NETWORKS}/{made['id']}")]
        assert not any("do-not-tell" in answer for answer in answers)

    def test_in_use_it_stays(self, client, agent, network):
        made = network()
        client.put(path_of(agent["userId"]), settings({"networkConfigId": made["id"]}))
        answer = client.request("DELETE", f"{NETWORKS}/{made['id']}")
        assert answer.status_code == 409 and agent["userId"] in answer.text, answer.text

    @pytest.mark.parametrize("change,field", [
        ({"name": None}, "name"), ({"name": ""}, "name"), ({"stunServers": ["ftp:x"]}, "stunServers[0]"), ({"stunServers": "stun:x"}, "stunServers"),
        ({"stunServers": ["stun:x"] * 17}, "stunServers"), ({"forceTcp": 1}, "forceTcp"), ({"iceTransportPolicy": "udp"}, "iceTransportPolicy"),
        ({"turnSecret": 5}, "turnSecret"), ({"turnSecret": "x" * 257}, "turnSecret"), ({"id": "a b"}, "id"),
        ({"turnCredentialLifetimeSeconds": 59}, "turnCredentialLifetimeSeconds"),
        ({"turnCredentialLifetimeSeconds": 604801}, "turnCredentialLifetimeSeconds")])
    def test_what_is_wrong_is_named(self, client, change, field):
        assert_field(client.request("POST", NETWORKS, {"name": "Wrong"} | change), field)
