"""Trunks, clause by clause: edge groups, SIP profiles, edges whose body is a trunk, the Genesys shapes of the same trunk, its test and
what is measured at it. The carrier is the server's own sandbox, over SIP."""
import pytest

from harness.ports import free_port
from harness.waiting import until

PROVIDERS = "/api/v2/telephony/providers"
EDGES = f"{PROVIDERS}/edges"
GROUPS = f"{EDGES}/edgegroups"
PROFILES = f"{PROVIDERS}/sipprofiles"
BASES = f"{EDGES}/trunkbasesettings"
INSTANCES = f"{EDGES}/trunks"
SITES = f"{EDGES}/sites"
ACME = "sip-trunk-acme-us-east"
NUMBER = "+15559876543"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    """A server of this file's own: it changes configuration."""
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("trunks")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(own):
    return own.client().log_in()


@pytest.fixture
def body(own):
    """A trunk body that is valid and collides with none: seed 1's, at the sandbox carrier."""
    carrier = own.first_run["carrier"]
    return {"name": "Clause", "edgeGroupId": own.first_run["edgeGroupId"], "sipProfileId": own.first_run["sipProfileId"],
            "maxConcurrentSessions": 5, "codecs": ["G711u"],
            "registration": {"type": "REGISTER", "host": "127.0.0.1", "port": own.port_of("sandbox-sip"), "username": carrier["username"],
                             "password": carrier["password"]},
            "healthProbe": {"enabled": True, "intervalSeconds": 5}}


@pytest.fixture
def make(client):
    """Creates edges and removes them with the test."""
    made = []

    def create(body: dict) -> dict:
        made.append(client.post(EDGES, body))
        return made[-1]

    yield create
    for edge in made:
        client.request("DELETE", f"{EDGES}/{edge['id']}")


def peer(body: dict, port: int, **changes) -> dict:
    """One that does not register."""
    return body | {"registration": {"type": "NONE", "host": "127.0.0.1", "port": port}, "healthProbe": None} | changes


def field_of(answer) -> list[str]:
    return [detail["fieldName"] for detail in answer.json()["details"]]


class TestGroupsAndProfiles:
    @pytest.mark.parametrize("path, fields", [(GROUPS, {}), (PROFILES, {"codecs": ["G711u", "Opus"]})], ids=["group", "profile"])
    def test_they_are_created_read_changed_and_removed(self, client, path, fields):
        made = client.post(path, {"name": "One"} | fields)
        assert client.get(f"{path}/{made['id']}") == made
        changed = client.put(f"{path}/{made['id']}", made | {"name": "Two"})
        assert changed["name"] == "Two" and changed["version"] == made["version"] + 1
        assert made["id"] in [each["id"] for each in client.get(f"{path}?name=Tw*")["entities"]]
        assert client.request("PUT", f"{path}/{made['id']}", made).status_code == 409, "an old version"
        client.delete(f"{path}/{made['id']}")
        assert client.request("GET", f"{path}/{made['id']}").status_code == 404

    def test_in_use_they_stay_and_the_answer_names_the_edges(self, client, make, body):
        group = client.post(GROUPS, {"name": "Used"})
        profile = client.post(PROFILES, {"name": "Used", "codecs": ["G711u"]})
        edges = [make(peer(body, port, edgeGroupId=group["id"], sipProfileId=profile["id"])) for port in (5091, 5092)]
        for path in (f"{GROUPS}/{group['id']}", f"{PROFILES}/{profile['id']}"):
            answer = client.request("DELETE", path)
            assert answer.status_code == 409
            assert all(edge["id"] in answer.json()["message"] for edge in edges), answer.text

    def test_a_profile_knows_only_the_five_codecs(self, client):
        answer = client.request("POST", PROFILES, {"name": "Wide", "codecs": ["G711u", "AMR-WB"]})
        assert answer.status_code == 400 and field_of(answer) == ["codecs"] and "AMR-WB" in answer.json()["message"]


class TestEdgesAsTrunks:
    @pytest.mark.parametrize("sessions", [1, 2000])
    def test_the_session_limits_are_inclusive(self, make, body, sessions):
        assert make(peer(body, 5093, maxConcurrentSessions=sessions))["maxConcurrentSessions"] == sessions

    @pytest.mark.parametrize("codec", ["g711u", "OPUS", "PCMU", "audio/opus", "G722"])
    def test_codecs_are_case_sensitive_and_named(self, client, body, codec):
        answer = client.request("POST", EDGES, peer(body, 5093, codecs=["G711u", codec]))
        assert answer.status_code == 400 and field_of(answer) == ["codecs"] and codec in answer.json()["message"]

    def test_a_codec_outside_the_profile_is_named(self, client, body):
        profile = client.post(PROFILES, {"name": "Narrow", "codecs": ["G711u"]})
        answer = client.request("POST", EDGES, peer(body, 5093, sipProfileId=profile["id"], codecs=["G711u", "G729"]))
        assert answer.status_code == 400 and field_of(answer) == ["codecs"] and "G729" in answer.json()["message"]
        client.delete(f"{PROFILES}/{profile['id']}")

    def test_no_codecs_are_the_profiles(self, make, body):
        assert make(peer(body, 5093, codecs=[]))["codecs"] == []

    def test_group_host_and_user_name_are_taken_once(self, client, make, body):
        first = make(body)
        for change in ({}, {"port": 5999}, {"host": "127.0.0.1"}):
            answer = client.request("POST", EDGES, body | {"registration": body["registration"] | change})
            assert answer.status_code == 409 and answer.json()["entityId"] == first["id"], answer.text
        other = client.post(GROUPS, {"name": "Other"})
        make(body | {"edgeGroupId": other["id"]})

    def test_where_nothing_registers_another_port_is_another_peer(self, client, make, body):
        first = make(peer(body, 5094))
        make(peer(body, 5095))
        answer = client.request("POST", EDGES, peer(body, 5094))
        assert answer.status_code == 409 and answer.json()["entityId"] == first["id"]

    @pytest.mark.parametrize("port", [0, None])
    def test_no_port_is_5060(self, make, body, port):
        registration = {"type": "NONE", "host": "127.0.0.9"} | ({} if port is None else {"port": port})
        assert make(body | {"registration": registration, "healthProbe": None})["registration"]["port"] == 5060

    def test_no_probe_is_off(self, client, make, body):
        edge = make(body | {"healthProbe": None})
        assert edge["healthProbe"]["enabled"] is False
        client.wait_trunk(edge["id"], "registered")
        assert client.get(f"{EDGES}/{edge['id']}")["health"] == "unknown"

    def test_its_media_choices_are_kept_and_checked(self, client, make, body):
        plain = make(body)
        assert (plain["mediaPort"], plain["mediaEncryption"]) == ("own", "none")
        shared = client.put(f"{EDGES}/{plain['id']}", body | {"mediaPort": "shared"})
        assert client.get(f"{EDGES}/{plain['id']}")["mediaPort"] == shared["mediaPort"] == "shared"
        assert client.put(f"{EDGES}/{plain['id']}", body)["mediaPort"] == "shared", "a field that is not sent stays"
        for field, value in {"mediaPort": "both", "mediaEncryption": "perhaps"}.items():
            answer = client.request("POST", EDGES, body | {field: value})
            assert answer.status_code == 400 and field_of(answer) == [field]

    @pytest.mark.parametrize("encryption", ["optional", "required"])
    def test_encryption_whose_keys_everybody_can_read_is_warned_of(self, client, make, body, encryption):
        made = make(peer(body, 5093, mediaEncryption=encryption))
        assert made["mediaEncryption"] == encryption and "udp" in made["warnings"][0]
        assert client.put(f"{EDGES}/{made['id']}", made | {"transport": "tls"})["warnings"] == []

    def test_media_that_does_not_pass_here_cannot_be_encrypted_here(self, client, body):
        answer = client.request("POST", EDGES, peer(body, 5093, mediaEncryption="required", mediaPolicy="bypass"))
        assert answer.status_code == 400 and field_of(answer) == ["mediaEncryption"]

    def test_media_types_are_checked(self, client, body):
        wrong = client.request("POST", EDGES, raw=b"name=x", headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert wrong.status_code == 415
        assert client.request("POST", EDGES, body, headers={"Accept": "text/html"}).status_code == 406
        assert client.request("GET", EDGES, headers={"Accept": "application/xml"}).status_code == 406

    def test_registration_and_the_first_probe_start_at_once(self, client, make, body):
        edge = make(body)
        client.wait_trunk(edge["id"], "registered", seconds=5)
        until(lambda: client.get(f"{EDGES}/{edge['id']}")["health"] == "up", 10, "the probe is answered twice", every=0.1)

    @pytest.mark.parametrize("password", [None, "", "********"])
    def test_a_put_without_a_password_keeps_it(self, client, make, body, password):
        edge = make(body)
        client.wait_trunk(edge["id"], "registered")
        registration = {key: value for key, value in body["registration"].items() if key != "password"}
        if password is not None:
            registration["password"] = password
        client.put(f"{EDGES}/{edge['id']}", body | {"registration": registration, "maxConcurrentSessions": 7})
        client.wait_trunk(edge["id"], "registered")

    def test_switched_off_it_unregisters_and_back_on_it_registers(self, client, make, body):
        edge = make(body)
        client.wait_trunk(edge["id"], "registered")
        off = client.put(f"{EDGES}/{edge['id']}", body | {"enabled": False})
        assert (off["enabled"], off["statusCode"]) == (False, "INACTIVE")
        assert client.wait_trunk(edge["id"], "unregistered")["onlineStatus"] == "OFFLINE"
        client.put(f"{EDGES}/{edge['id']}", body | {"enabled": True})
        client.wait_trunk(edge["id"], "registered")

    def test_in_use_it_stays_and_the_answer_names_the_numbers(self, client):
        answer = client.request("DELETE", f"{EDGES}/{ACME}")
        assert answer.status_code == 409 and "number '" in answer.json()["message"]

    def test_over_the_session_limit_a_call_finds_no_trunk(self, client, own, make, body):
        client.wait_phone(own.agent["stationId"])
        seeded = client.get(f"{EDGES}/{ACME}")
        client.put(f"{EDGES}/{ACME}", seeded | {"maxConcurrentSessions": 1})
        client.wait_trunk(ACME, "registered")
        first = client.place_call(own.agent, NUMBER)
        client.wait_status(first["id"], "connected")
        second = client.wait_status(client.place_call(own.agent, NUMBER)["id"], "failed")
        assert second["reason"] == "no_trunk_available"
        next_one = make(body)
        client.wait_trunk(next_one["id"], "registered")
        third = client.place_call(own.agent, NUMBER)
        connected = client.wait_status(third["id"], "connected")
        assert connected["participants"][1]["calls"][-1]["trunkId"] == next_one["id"]
        for call in (first, third):
            client.hang_up(call["id"])
        client.put(f"{EDGES}/{ACME}", client.get(f"{EDGES}/{ACME}") | {"maxConcurrentSessions": seeded["maxConcurrentSessions"]})


class TestTest:
    def steps(self, client, edge) -> dict:
        report = client.post(f"{EDGES}/{edge['id']}/test", None, 200)
        assert [step["step"] for step in report["steps"]] == ["dns", "connect", "tls", "options", "register", "codecOffer"]
        assert all(step["durationMs"] >= 0 for step in report["steps"])
        return {step["step"]: step for step in report["steps"]} | {"verdict": report["verdict"]}

    def test_a_trunk_that_works_passes_and_stays_registered(self, client, make, body):
        edge = make(body)
        before = client.wait_trunk(edge["id"], "registered")
        found = self.steps(client, edge)
        assert found["verdict"] == "passed", found
        assert [found[step]["verdict"] for step in ("dns", "connect", "tls")] == ["passed", "skipped", "skipped"]
        assert (found["options"]["verdict"], found["options"]["sipStatus"]) == ("passed", 200)
        assert (found["register"]["verdict"], found["register"]["sipStatus"]) == ("passed", 200)
        after = client.get(f"{EDGES}/{edge['id']}")
        assert after["registrationState"] == "registered" and after["version"] == before["version"]
        metrics = client.get(f"{EDGES}/{edge['id']}/metrics")
        assert metrics["registrations"]["succeeded"] == 1, "the test is no registration"

    def test_a_wrong_password_fails_at_register(self, client, make, body):
        edge = make(body | {"enabled": False, "registration": body["registration"] | {"password": "wrong"}})
        found = self.steps(client, edge)
        assert found["verdict"] == "failed" and found["options"]["verdict"] == "passed"
        assert found["register"]["verdict"] == "failed" and found["register"]["sipStatus"] in (401, 403)

    def test_a_name_without_an_address_fails_at_dns_and_the_rest_says_why(self, client, make, body):
        edge = make(body | {"registration": body["registration"] | {"host": "nowhere.invalid"}, "enabled": False})
        found = self.steps(client, edge)
        assert found["dns"]["verdict"] == "failed" and found["dns"]["detail"]
        assert {found[step]["verdict"] for step in ("connect", "tls", "options", "register", "codecOffer")} == {"skipped"}

    def test_a_closed_port_fails_at_connect(self, client, make, body):
        registration = body["registration"] | {"port": free_port()}
        edge = make(body | {"registration": registration, "transport": "tcp", "enabled": False})
        found = self.steps(client, edge)
        assert found["dns"]["verdict"] == "passed" and found["connect"]["verdict"] == "failed" and found["connect"]["detail"]

    def test_an_unknown_edge_is_404(self, client):
        assert client.request("POST", f"{EDGES}/nobody/test").status_code == 404


class TestMetrics:
    def test_registrations_probes_and_calls_are_counted(self, client, own):
        client.wait_phone(own.agent["stationId"])
        client.wait_trunk(ACME, "registered")
        before = client.get(f"{EDGES}/{ACME}/metrics")
        latency = before["registrations"]["latencyMs"]
        assert before["registrations"]["succeeded"] >= 1 and 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
        assert before["registrations"]["lastResults"][0]["success"] is True
        call = client.place_call(own.agent, NUMBER)
        client.wait_status(call["id"], "connected")
        during = client.get(f"{EDGES}/{ACME}/metrics")
        assert during["sessions"]["active"] == before["sessions"]["active"] + 1
        client.hang_up(call["id"])
        after = client.get(f"{EDGES}/{ACME}/metrics")["calls"]["outbound"]
        assert after["seizures"] == before["calls"]["outbound"]["seizures"] + 1
        assert after["answered"] == before["calls"]["outbound"]["answered"] + 1
        assert 0 < after["answerSeizureRatio"] <= 1

    def test_failures_are_kept_with_their_status(self, client, make, body):
        edge = make(body | {"registration": body["registration"] | {"password": "wrong"}})
        client.wait_trunk(edge["id"], "failed")
        found = client.get(f"{EDGES}/{edge['id']}/metrics")["registrations"]
        assert found["failed"] == 1 and found["lastResults"][0]["sipStatus"] in (401, 403) and found["lastResults"][0]["reason"]

    def test_a_trunk_that_never_ran_has_none(self, client, make, body):
        edge = make(peer(body, 5096, enabled=False))
        found = client.get(f"{EDGES}/{edge['id']}/metrics")
        assert found["registrations"]["latencyMs"] == {} and found["calls"]["inbound"] == {"seizures": 0, "answered": 0}


class TestGenesysShapes:
    def base_body(self, own, **properties) -> dict:
        carrier = own.first_run["carrier"]
        given = {"trunk_transport_serverProxyList": [f"127.0.0.1:{own.port_of('sandbox-sip')}"],
                 "trunk_transport_protocolVariant": "UDP", "trunk_enabled": True,
                 "trunk_sip_authentication_credentials_username": carrier["username"],
                 "trunk_sip_authentication_credentials_password": carrier["password"],
                 "trunk_media_codec": ["audio/g722", "audio/pcmu"], "trunk_label": "kept as it is"} | properties
        return {"name": "Base", "trunkMetabase": {"id": "external_sip.json"}, "trunkType": "EXTERNAL",
                "properties": {key: {"value": {"instance": value}} for key, value in given.items()}}

    @pytest.fixture
    def base(self, client, own):
        made = client.post(BASES, self.base_body(own), 200)
        yield made
        client.request("DELETE", f"{BASES}/{made['id']}")

    @staticmethod
    def value(base: dict, key: str):
        return base["properties"][key]["value"]["instance"]

    def test_made_as_base_settings_it_is_an_edge_that_registers(self, client, base, own):
        edge = client.wait_trunk(base["id"], "registered")
        assert edge["registration"]["username"] == own.first_run["carrier"]["username"]
        assert edge["registration"]["port"] == own.port_of("sandbox-sip")
        assert edge["codecs"] == ["G711u"], "G.722 has no name in this shape"

    def test_unknown_keys_come_back_and_the_password_does_not(self, client, base):
        read = client.get(f"{BASES}/{base['id']}")
        assert self.value(read, "trunk_label") == "kept as it is"
        assert self.value(read, "trunk_sip_authentication_credentials_password") == "********"
        assert self.value(read, "trunk_media_codec") == ["audio/g722", "audio/pcmu"]
        client.put(f"{BASES}/{base['id']}", read)
        client.wait_trunk(base["id"], "registered")

    def test_changed_as_an_edge_it_reads_changed_as_base_settings(self, client, base):
        edge = client.get(f"{EDGES}/{base['id']}")
        client.put(f"{EDGES}/{base['id']}", edge | {"name": "Renamed", "codecs": ["G711a"], "transport": "tcp"})
        read = client.get(f"{BASES}/{base['id']}")
        assert read["name"] == "Renamed"
        assert self.value(read, "trunk_transport_protocolVariant").lower() == "tcp"
        assert self.value(read, "trunk_media_codec") == ["audio/pcma", "audio/g722"], "what the seed's shape cannot name survives"

    def test_put_back_unchanged_the_codecs_keep_their_order(self, client, base):
        client.put(f"{EDGES}/{base['id']}", client.get(f"{EDGES}/{base['id']}"))
        assert self.value(client.get(f"{BASES}/{base['id']}"), "trunk_media_codec") == ["audio/g722", "audio/pcmu"]

    def test_made_as_an_edge_it_reads_and_changes_as_base_settings(self, client, make, body):
        edge = make(body)
        base = client.get(f"{BASES}/{edge['id']}")
        assert self.value(base, "trunk_transport_serverProxyList") == [f"127.0.0.1:{body['registration']['port']}"]
        base["properties"]["trunk_enabled"]["value"]["instance"] = False
        client.put(f"{BASES}/{edge['id']}", base)
        changed = client.get(f"{EDGES}/{edge['id']}")
        assert changed["enabled"] is False
        assert changed["registration"] == edge["registration"] and changed["codecs"] == edge["codecs"]
        assert changed["maxConcurrentSessions"] == edge["maxConcurrentSessions"]

    @pytest.mark.parametrize("key, value", [
        ("trunk_media_codec", ["audio/amr"]), ("trunk_transport_protocolVariant", "SCTP"), ("trunk_enabled", "yes"),
        ("trunk_transport_serverProxyList", ["a:b:c"]), ("trunk_transport_serverProxyList", [7])])
    def test_a_wrong_property_is_named(self, client, own, key, value):
        answer = client.request("POST", BASES, self.base_body(own, **{key: value}))
        assert answer.status_code == 400 and key in answer.json()["message"], answer.text

    def test_a_duplicate_is_a_400_in_this_shape(self, client, base, own):
        answer = client.request("POST", BASES, self.base_body(own))
        assert answer.status_code == 400 and answer.json()["code"] == "duplicate.value"
        assert answer.json()["entityId"] == base["id"]

    def test_only_external_trunks_exist(self, client, own):
        answer = client.request("POST", BASES, self.base_body(own) | {"trunkType": "PHONE"})
        assert answer.status_code == 400 and field_of(answer) == ["trunkType"]

    def test_the_instance_is_there_at_once_and_read_only(self, client, base):
        found = client.get(f"{INSTANCES}?trunkBase.id={base['id']}")["entities"]
        assert [trunk["trunkBase"]["id"] for trunk in found] == [base["id"]]
        client.wait_trunk(base["id"], "registered")
        instance = client.get(f"{INSTANCES}/{base['id']}")
        assert instance["inService"] is True and instance["registersStatus"][0]["registerState"] is True
        assert instance["connectedStatus"]["connected"] is True and instance["trunkType"] == "EXTERNAL"
        assert client.get(f"{EDGES}/{base['id']}/trunks")["total"] == 1
        assert client.get(f"{INSTANCES}?trunkType=PHONE")["total"] == 0
        assert client.request("POST", INSTANCES, {"name": "x"}).status_code == 405

    def test_instances_have_metrics(self, client, base):
        one = client.get(f"{INSTANCES}/{base['id']}/metrics")
        assert one["trunk"]["id"] == base["id"] and one["calls"]["inboundCallCount"] == 0
        several = client.get(f"{INSTANCES}/metrics?trunkIds={base['id']},{ACME},nobody")
        assert {each["trunk"]["id"] for each in several} == {base["id"], ACME}

    def test_metabases_and_their_template(self, client):
        known = client.get(f"{BASES}/availablemetabases?type=EXTERNAL")["entities"]
        for metabase in known:
            template = client.get(f"{BASES}/template?trunkMetabaseId={metabase['id']}")
            assert template["trunkMetabase"]["id"] == metabase["id"] and "trunk_media_codec" in template["properties"]
        assert client.request("GET", f"{BASES}/template?trunkMetabaseId=none.json").status_code == 404


class TestSiteRouting:
    @pytest.fixture
    def site(self, client):
        return client.get(f"{SITES}?name=*")["entities"][0]

    def test_a_route_is_created_read_changed_and_removed(self, client, site):
        routes = f"{SITES}/{site['id']}/outboundroutes"
        made = client.post(routes, {"name": "Abroad", "classificationTypes": ["International"], "enabled": False,
                                    "distribution": "RANDOM", "externalTrunkBases": [{"id": ACME}]}, 200)
        assert made["classificationTypes"] == ["International"] and made["externalTrunkBases"][0]["id"] == ACME
        assert client.get(f"{routes}/{made['id']}")["distribution"] == "RANDOM"
        assert made["id"] in [each["id"] for each in client.get(f"{EDGES}/outboundroutes?site.id={site['id']}")["entities"]]
        changed = client.put(f"{routes}/{made['id']}", made | {"name": "Far", "distribution": "SEQUENTIAL"})
        assert (changed["name"], changed["distribution"]) == ("Far", "SEQUENTIAL")
        client.delete(f"{routes}/{made['id']}")
        assert client.request("GET", f"{routes}/{made['id']}").status_code == 404

    def test_a_route_decides_which_trunk_a_call_takes(self, client, site, own, make, body):
        client.wait_phone(own.agent["stationId"])
        edge = make(body)
        client.wait_trunk(edge["id"], "registered")
        routes = f"{SITES}/{site['id']}/outboundroutes"
        before = client.get(routes)["entities"]
        made = client.post(routes, {"name": "Only this", "classificationTypes": [], "externalTrunkBases": [{"id": edge["id"]}]}, 200)
        for each in before:
            client.put(f"{routes}/{each['id']}", each | {"enabled": False})
        call = client.place_call(own.agent, NUMBER)
        connected = client.wait_status(call["id"], "connected")
        assert connected["participants"][1]["calls"][-1]["trunkId"] == edge["id"]
        client.hang_up(call["id"])
        assert client.request("DELETE", f"{EDGES}/{edge['id']}").status_code == 409, "a site's route uses it"
        for each in before:
            client.put(f"{routes}/{each['id']}", each)
        client.delete(f"{routes}/{made['id']}")

    @pytest.mark.parametrize("change, field", [
        ({"classificationTypes": ["Moon"]}, "classificationTypes"), ({"distribution": "FIRST"}, "distribution"),
        ({"externalTrunkBases": [{"id": "nobody"}]}, "outboundRoutes[].externalTrunkBases"), ({"name": ""}, "name")])
    def test_a_wrong_field_is_named(self, client, site, change, field):
        answer = client.request("POST", f"{SITES}/{site['id']}/outboundroutes",
                                {"name": "x", "classificationTypes": []} | change)
        assert answer.status_code == 400 and field_of(answer) == [field], answer.text

    def test_number_plans_come_back_as_they_were_sent(self, client, site):
        path = f"{SITES}/{site['id']}/numberplans"
        before = client.get(path)
        plans = [{"name": "Emergency", "matchType": "numberList", "numbers": [{"start": "911"}, {"start": "110", "end": "119"}],
                  "classification": "Emergency"},
                 {"name": "Extension", "matchType": "digitLength", "digitLength": {"start": "3", "end": "5"}, "classification": "Extension"},
                 {"name": "National", "matchType": "regex", "match": r"^\+1(\d{10})$", "normalizedFormat": "+1$1", "classification": "National"}]
        stored = client.put(path, plans)
        assert [{key: plan[key] for key in sent} for plan, sent in zip(stored, plans)] == plans
        assert client.get(path) == stored
        assert client.get(f"{path}/{stored[1]['id']}")["digitLength"] == {"start": "3", "end": "5"}
        assert "Emergency" in client.get(f"{path}/classifications")
        for wrong, field in (({"name": "x", "matchType": "regex", "match": "(", "classification": "National"}, "numberPlans[].match"),
                             ({"name": "x", "matchType": "magic", "classification": "National"}, "numberPlans[0].matchType"),
                             ({"name": "x", "match": "1", "classification": "Moon"}, "numberPlans[0].classification")):
            answer = client.request("PUT", path, [wrong])
            assert answer.status_code == 400 and field_of(answer) == [field], answer.text
        client.put(path, before)


def test_a_sandbox_on_a_port_of_the_systems_choice_is_found_again(start_server):
    server = start_server(sandbox_sip="127.0.0.1:0")
    client = server.client().log_in()
    client.wait_trunk(ACME, "registered")
    server.restart()
    server.client().log_in().wait_trunk(ACME, "registered")
