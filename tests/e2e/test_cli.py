"""`dialplane` as a client: every command against a real server, its exit codes, what it refuses, and what it says."""
import json
import os
import stat
import subprocess

import pytest
import requests

from harness.cli import Cli, api, cli, cli_server  # fixtures
from harness.process import Process
from harness.server import binary
from harness.waiting import until

NUMBERS = "/api/v2/telephony/phone/numbers"
GROUPS = "/api/v2/telephony/providers/edges/edgegroups"
MAIN_LINE = "+15551230000"
AGENT_LINE = "+15551248291"


def number(api, value: str) -> dict:
    found = [n for n in api.get(f"{NUMBERS}?number={value.replace('+', '%2B')}")["entities"] if n["state"] == "active"]
    assert len(found) == 1, found
    return found[0]


class TestResources:
    def test_every_resource_can_be_listed_in_every_form(self, cli):
        help_text = cli.raw("list", "--help").stdout
        names = help_text[help_text.index("Resources:"):].split()[1:]
        assert {"numbers", "edges", "users", "configs", "roles"} <= set(names)
        for name in names:
            done = cli("list", name)
            if "There is no list" in done.stderr:
                continue
            assert done.returncode == 0, f"{name}: {done.stderr}"
            assert done.stdout.splitlines()[0].isupper()
        listed = json.loads(cli.ok("list", "numbers", "-o", "json"))
        assert {MAIN_LINE, AGENT_LINE} <= {each["number"] for each in listed}
        assert all(each["kind"] == "numbers" for each in listed)
        assert cli.ok("list", "users", "-o", "yaml").count("kind: users") >= 2

    def test_lists_go_to_the_last_page_and_filter(self, cli, api):
        for i in range(205):
            api.post(GROUPS, {"id": f"page-{i:03}", "name": f"Page {i:03}"})
        assert len(json.loads(cli.ok("list", "edgegroups", "--filter", "name=Page*", "-o", "json"))) == 205
        assert cli.ok("delete", "edgegroups", *[f"page-{i:03}" for i in range(205)]).count(" deleted\n") == 205
        assert "NAME=VALUE" in cli.refused("list", "edgegroups", "--filter", "name")

    def test_get_takes_an_id_a_name_or_a_number(self, cli):
        assert json.loads(cli.ok("get", "trunk", "Acme US East", "-o", "json"))["id"] == "sip-trunk-acme-us-east"
        assert json.loads(cli.ok("get", "edges", "sip-trunk-acme-us-east", "-o", "json"))["name"] == "Acme US East"
        assert f"number: \"{MAIN_LINE}\"" in cli.ok("get", "number", MAIN_LINE)
        assert "webRtc" in cli.ok("get", "settings", cli.server.agent["userId"])

    def test_what_is_wrong_is_said_in_one_line(self, cli, tmp_path):
        assert "nobody" in cli.refused("get", "users", "nobody")
        assert "one of numbers" in cli.refused("list", "gadgets")
        assert "There is no" in cli.refused("delete", "edgegroups", "nobody")
        assert "cannot be read" in cli.refused("apply", "-f", tmp_path / "absent.yaml")
        done = cli.raw("list", "users")
        assert done.returncode == 1 and "dialplane login" in done.stderr
        done = cli.raw("list", "users", "--data", cli.server.data, "--url", "http://127.0.0.1:9")
        assert done.returncode == 1 and "127.0.0.1:9" in done.stderr
        assert cli.raw("list").returncode >= 100
        assert cli.raw("get", "users", "x", "-o", "xml").returncode >= 100

    def test_apply_creates_replaces_and_leaves_alone(self, cli, api):
        text = "kind: edgegroups\nid: cli-group\nname: One\n---\nkind: edgegroup\nname: Named\n"
        assert cli.ok("apply", "-f", "-", stdin=text).splitlines()[0] == "edgegroups/cli-group created"
        assert cli.ok("apply", "-f", "-", stdin=text).count(" unchanged\n") == 2
        changed = text.replace("One", "Two")
        assert cli.ok("apply", "-f", "-", stdin=changed).splitlines()[0] == "edgegroups/cli-group replaced"
        assert api.get(f"{GROUPS}/cli-group")["name"] == "Two"
        stale = json.dumps([{"kind": "edgegroups", "id": "cli-group", "name": "Three", "version": 1}])
        assert "document 1" in cli.refused("apply", "-f", "-", stdin=stale)
        assert api.get(f"{GROUPS}/cli-group")["name"] == "Two"
        assert "document 1" in cli.refused("apply", "-f", "-", stdin="kind: edgegroups\nid: 'a b'\nname: x\n")
        assert "kind" in cli.refused("apply", "-f", "-", stdin="id: x\n")
        cli.ok("delete", "edgegroups", "cli-group", "Named")

    def test_what_get_prints_apply_takes(self, cli):
        for resource, name in (("edges", "sip-trunk-acme-us-east"), ("settings", cli.server.agent["userId"])):
            text = cli.ok("get", resource, name)
            without_version = "".join(line for line in text.splitlines(True) if not line.startswith("version:"))
            assert cli.ok("apply", "-f", "-", stdin=without_version).endswith(" unchanged\n")
            assert cli.ok("apply", "-f", "-", stdin=text).endswith(" unchanged\n")

    @pytest.mark.parametrize("resource", ["numbers", "edges", "edgegroups", "sipprofiles", "users", "trunkbases", "queues", "flows", "schedules",
                                          "schedulegroups", "sites", "mediaregions", "outboundroutes", "phones", "basesettings", "stations",
                                          "networkconfigurations", "locations", "roles", "clients", "apikeys"])
    def test_what_list_prints_is_applied_without_a_write(self, cli, resource):
        said = cli.ok("apply", "-f", "-", stdin=cli.ok("list", resource, "-o", "yaml")).splitlines()
        assert said and all(line.endswith(" unchanged") for line in said), said

    def test_a_site_without_a_location_can_be_sent_back(self, cli, api):
        made = api.post("/api/v2/telephony/providers/edges/sites", {"name": "CLI nowhere"})
        assert "location" not in made
        put = api.put(f"/api/v2/telephony/providers/edges/sites/{made['id']}", made | {"callerName": "Nowhere"})
        assert put["callerName"] == "Nowhere"
        cli.ok("delete", "sites", made["id"])

    def test_the_configs_family_speaks_its_own_dialect(self, cli):
        text = ("kind: configs\nname: CLI Telnyx\nprovider: telnyx\nconfig: {api_key: KEY0123456789, connection_id: '42'}\n")
        assert cli.ok("apply", "-f", "-", stdin=text).endswith(" created\n")
        assert "CLI Telnyx" in cli.ok("list", "configs")
        assert "telnyx" in cli.ok("get", "configs", "CLI Telnyx")
        cli.ok("delete", "configs", "CLI Telnyx")
        assert "config" in cli.refused("apply", "-f", "-", stdin="kind: configs\nname: Half\n")


class TestLogin:
    def test_a_login_is_stored_for_its_owner_alone(self, cli):
        oauth = cli.server.first_run["oauth"]
        done = cli.raw("login", "--url", cli.server.base_url, "--client-id", oauth["clientId"], stdin=oauth["clientSecret"] + "\n")
        assert done.returncode == 0, done.stderr
        stored = cli.home / ".config/dialplane/login.json"
        assert stat.S_IMODE(stored.stat().st_mode) == 0o600
        assert oauth["clientSecret"] not in done.stdout + done.stderr
        assert cli.raw("list", "users").returncode == 0
        token = cli.raw("token").stdout.strip()
        answer = requests.get(f"{cli.server.base_url}/api/v2/tokens/me", headers={"Authorization": f"Bearer {token}"}, timeout=10)
        assert answer.status_code == 200
        assert cli.raw("logout").returncode == 0
        assert "dialplane login" in cli.raw("list", "users").stderr
        assert cli.raw("logout").returncode == 1

    def test_a_wrong_secret_is_not_stored(self, cli):
        for secret in ("wrong", ""):
            done = cli.raw("login", "--url", cli.server.base_url, "--client-id", cli.server.first_run["oauth"]["clientId"], stdin=secret)
            assert done.returncode == 1 and done.stderr.count("\n") == 1
        assert not (cli.home / ".config/dialplane/login.json").exists()

    def test_a_file_an_environment_and_a_certificate(self, cli):
        oauth = cli.server.first_run["oauth"]
        url = f"https://127.0.0.1:{cli.server.port_of('https')}"
        words = ("login", "--url", url, "--client-id", oauth["clientId"])
        assert cli.raw(*words, DP_CLIENT_SECRET=oauth["clientSecret"]).returncode == 1, "nobody vouches for the certificate"
        authority = ("--ca-file", cli.server.first_run["tls"]["caFile"])
        assert cli.raw(*words, *authority, DP_CLIENT_SECRET=oauth["clientSecret"]).returncode == 0
        secret = cli.write(oauth["clientSecret"] + "\n", "secret")
        assert cli.raw(*words, *authority, "--client-secret-file", secret).returncode == 0
        assert cli.raw("list", "users", "--url", url).returncode == 0


class TestManifest:
    @pytest.fixture(autouse=True)
    def main_line_has_a_call_flow(self, api):
        api.put(f"{NUMBERS}/{number(api, MAIN_LINE)['id']}",
                {"routing": {"type": "queue", "id": "queue-inbound-sales", "callflowId": "cf-inbound-ivr-main"}})

    def test_twice_is_once_and_the_call_flow_stays(self, cli, api):
        before = number(api, MAIN_LINE)["routing"]
        file = cli.write(f"numbers:\n  {MAIN_LINE}:\n    routing: {{type: user, id: user-agent-48291}}\n")
        shown = cli.ok("plan", "-f", file, code=2)
        assert "~ routing.type: queue -> user" in shown and "(kept)" in shown
        assert number(api, MAIN_LINE)["routing"] == before, "a plan writes nothing"
        assert f"{MAIN_LINE} changed" in cli.ok("apply", "-f", file)
        after = number(api, MAIN_LINE)["routing"]
        assert after["id"] == "user-agent-48291" and after["callflowId"] == before["callflowId"]
        assert "0 to change" in cli.ok("plan", "-f", file)
        version = number(api, MAIN_LINE)["version"]
        cli.ok("apply", "-f", file)
        assert number(api, MAIN_LINE)["version"] == version, "the second run writes nothing"

    def test_a_call_flow_is_dropped_only_when_told(self, cli, api):
        file = cli.write(f"numbers:\n  {MAIN_LINE}:\n    routing: {{callflowId: null}}\n")
        assert "--allow-drop-callflow" in cli.refused("plan", "-f", file)
        assert "--allow-drop-callflow" in cli.refused("apply", "-f", file)
        assert number(api, MAIN_LINE)["routing"]["callflowId"]
        cli.ok("plan", "-f", file, "--allow-drop-callflow", code=2)
        kept = cli.ok("export")
        cli.ok("apply", "-f", file, "--allow-drop-callflow")
        assert "callflowId" not in number(api, MAIN_LINE)["routing"]
        cli.ok("apply", "-f", cli.write(kept, "kept.yaml"))
        assert number(api, MAIN_LINE)["routing"]["callflowId"]

    def test_export_then_plan_is_empty(self, cli):
        for form in ("yaml", "json"):
            text = cli.ok("export", "-o", form)
            assert "0 to change, 0 to order, 0 to release" in cli.ok("plan", "-f", cli.write(text))

    def test_rollback_takes_back_what_the_manifest_did(self, cli, api):
        put = f"{NUMBERS}/{number(api, AGENT_LINE)['id']}"
        api.put(put, {"routing": {"type": "user", "id": "user-agent-48291", "displayName": "Before"}})
        before = number(api, AGENT_LINE)["routing"]
        file = cli.write(f"numbers:\n  {AGENT_LINE}:\n    routing: {{displayName: After}}\n")
        cli.ok("apply", "-f", file)
        assert number(api, AGENT_LINE)["routing"]["displayName"] == "After"
        assert "is as it was at" in cli.ok("rollback", "-f", file)
        assert number(api, AGENT_LINE)["routing"] == before
        version = number(api, AGENT_LINE)["version"]
        assert "left alone" in cli.ok("rollback", "-f", file)
        assert number(api, AGENT_LINE)["version"] == version, "a second run changes nothing"
        history = api.get(f"{put}/routing/history")["entities"]
        assert history[1]["routing"]["displayName"] == "After"
        cli.ok("rollback", "-f", file, "--to", history[1]["date"])
        assert number(api, AGENT_LINE)["routing"]["displayName"] == "After"
        assert "--to" in cli.refused("rollback", "-f", file, "--to", "yesterday")

    def test_rollback_takes_back_the_first_change_of_a_number_of_the_first_run(self, cli, api):
        line = "+15551234567"
        before = number(api, line)["routing"]
        file = cli.write(f"numbers:\n  {line}:\n    routing: {{type: user, id: user-agent-48291}}\n")
        cli.ok("apply", "-f", file)
        assert number(api, line)["routing"]["id"] == "user-agent-48291"
        assert "is as it was at" in cli.ok("rollback", "-f", file)
        assert number(api, line)["routing"] == before

    def test_a_change_between_plan_and_apply_stops_it(self, cli, api):
        file = cli.write(f"numbers:\n  {AGENT_LINE}:\n    routing: {{displayName: Planned}}\n")
        plan = cli.home / "plan.json"
        cli.ok("plan", "-f", file, "--out", plan, code=2)
        path = f"{NUMBERS}/{number(api, AGENT_LINE)['id']}"
        api.put(path, {"routing": {"type": "user", "id": "user-agent-48291", "displayName": "Somebody else"}})
        message = cli.refused("apply", "--plan", plan)
        assert "changed by somebody else" in message and "plan again" in message
        assert number(api, AGENT_LINE)["routing"]["displayName"] == "Somebody else"
        cli.ok("plan", "-f", file, "--out", plan, code=2)
        cli.ok("apply", "--plan", plan)
        assert number(api, AGENT_LINE)["routing"]["displayName"] == "Planned"

    def test_a_number_is_ordered_waited_for_and_released_only_when_told(self, cli, api):
        value = "+14155550200"
        file = cli.write(f"numbers:\n  {value}:\n    label: New\n    routing: {{type: user, id: user-agent-48291}}\n"
                         "    order: {type: pstn, providerId: sip-trunk-acme-us-east, locationId: us_east_1}\n")
        assert f"+ {value} (to be ordered)" in cli.ok("plan", "-f", file, code=2)
        assert f"{value} ordered\n{value} active\n" in cli.ok("apply", "-f", file)
        made = number(api, value)
        assert (made["state"], made["label"], made["routing"]["id"]) == ("active", "New", "user-agent-48291")
        cli.ok("plan", "-f", file)
        whole = cli.ok("export")
        assert "complete: true" in whole
        manifest = json.loads(cli.ok("export", "-o", "json"))
        del manifest["numbers"][value]
        less = cli.write(json.dumps(manifest), "less.json")
        assert "--allow-release" in cli.refused("plan", "-f", less)
        assert "--allow-release" in cli.refused("apply", "-f", less)
        assert number(api, value)["state"] == "active"
        cli.ok("plan", "-f", less, "--allow-release", code=2)
        assert f"{value} released" in cli.ok("apply", "-f", less, "--allow-release")
        assert not [n for n in api.get(f"{NUMBERS}?number=%2B14155550200")["entities"] if n["state"] == "active"]

    def test_a_carriers_refusal_is_told_in_its_words(self, cli):
        file = cli.write("numbers:\n  +14155550210:\n    order: {type: pstn, providerId: sip-trunk-acme-us-east, locationId: us_east_1}\n")
        assert "NUMBER_UNAVAILABLE" in cli.refused("apply", "-f", file)

    @pytest.mark.parametrize("entry, complaint", [
        ("routing: {type: user, id: nobody}", "nobody"),
        ("routing: {callFlowId: x}", "callFlowId"),
        ("routing: {type: robot}", "type"),
        ("rooting: {}", "rooting"),
    ])
    def test_what_the_server_would_refuse_is_refused_before_anything_is_written(self, cli, api, entry, complaint):
        versions = {n["number"]: n["version"] for n in api.get(NUMBERS)["entities"]}
        file = cli.write(f"numbers:\n  {AGENT_LINE}: {{label: Other}}\n  {MAIN_LINE}: {{{entry}}}\n")
        assert complaint in cli.refused("plan", "-f", file)
        assert complaint in cli.refused("apply", "-f", file)
        assert {n["number"]: n["version"] for n in api.get(NUMBERS)["entities"]} == versions

    def test_resources_and_manifest_in_one_file(self, cli, api):
        file = cli.write("kind: edgegroups\nid: both\nname: Both\n---\nkind: routing\nnumbers:\n"
                         f"  {AGENT_LINE}: {{label: Both}}\n")
        done = cli.ok("apply", "-f", file)
        assert done.index("edgegroups/both created") < done.index(f"{AGENT_LINE} changed")
        assert number(api, AGENT_LINE)["label"] == "Both"
        cli.ok("delete", "edgegroups", "both")


class TestTail:
    def test_events_after_one_that_is_known(self, cli, api):
        api.post(GROUPS, {"id": "tail-group", "name": "Tail"})
        file = cli.write(f"numbers:\n  {AGENT_LINE}: {{routing: {{displayName: Tail}}}}\n")
        cli.ok("apply", "-f", file)
        lines = cli.ok("tail", "--since", "0", "--limit", "3", "-o", "json").splitlines()
        events = [json.loads(line) for line in lines]
        assert [event["sequence"] for event in events] == sorted(event["sequence"] for event in events) and len(events) == 3
        number_id = number(api, AGENT_LINE)["id"]
        shown = cli.ok("tail", "--since", "0", "--filter", f"resourceIds:[{number_id}]", "--limit", "1")
        assert number_id in shown and shown.count("\n") == 1
        later = json.loads(cli.ok("tail", "--since", str(events[0]["sequence"]), "--limit", "1", "-o", "json"))
        assert later["sequence"] > events[0]["sequence"]
        cli.ok("delete", "edgegroups", "tail-group")

    def test_a_filter_with_a_mistake_is_answered_with_its_position(self, cli):
        assert cli.refused("tail", "--filter", "eventTypes:[")
        assert cli.refused("tail", "--since", "yesterday")

    def test_it_goes_on_where_it_was_over_a_restart(self, start_server, tmp_path):
        server = start_server()
        cli = Cli(server, tmp_path)
        api = server.client().log_in()
        line = number(api, AGENT_LINE)
        routed = f"resourceIds:[{line['id']}] AND eventTypes:[number.routing.changed]"
        tail = Process("tail", [binary(), "tail", "--data", server.data, "--filter", routed, "--since", "0", "--limit", "2",
                                "-o", "json"], tmp_path, env=cli.env)
        put = {"routing": {"type": "user", "id": "user-agent-48291", "displayName": "One"}}
        api.put(f"{NUMBERS}/{line['id']}", put)
        until(lambda: tail.stdout.count("\n") == 1, 20, "the first event")
        server.restart()
        put["routing"]["displayName"] = "Two"
        server.client().log_in().put(f"{NUMBERS}/{line['id']}", put)
        assert tail.wait(40) == 0, tail.stderr
        first, second = (json.loads(line) for line in tail.stdout.splitlines())
        assert first["sequence"] < second["sequence"]


class TestCompletion:
    def complete(self, cli, *words) -> list:
        return cli.raw("__complete", *words).stdout.split()

    def test_what_may_stand_next(self, cli):
        assert {"get", "list", "apply", "plan", "serve", "tail"} <= set(self.complete(cli, ""))
        assert self.complete(cli, "rollb") == ["rollback"]
        assert self.complete(cli, "list", "numb") == ["numbers"]
        assert "--allow-release" in self.complete(cli, "apply", "--")
        assert {"--file", "--plan"} <= set(self.complete(cli, "apply", "-f", "x", "--"))
        assert self.complete(cli, "list", "--data", "numb") == []
        assert self.complete(cli, "list", "numbers", "-o", "j") == ["json"]
        assert self.complete(cli, "list", "numbers", "") == []
        assert "__complete" not in self.complete(cli, "") + cli.raw("--help").stdout.split()

    def test_the_shells_scripts(self, cli):
        script = cli.raw("completion", "bash").stdout
        asked = f'{script}\nCOMP_WORDS=(dialplane list numb); COMP_CWORD=2; _dialplane; echo "${{COMPREPLY[@]}}"'
        path = f"{binary().parent}:{os.environ['PATH']}"
        done = subprocess.run(["bash", "-c", asked], capture_output=True, text=True, timeout=30, env=cli.env | {"PATH": path})
        assert done.stdout.strip() == "numbers", done.stderr
        assert cli.raw("completion", "zsh").stdout.startswith("#compdef dialplane")
        assert "complete -c dialplane" in cli.raw("completion", "fish").stdout
        assert cli.raw("completion", "tcsh").returncode >= 100
