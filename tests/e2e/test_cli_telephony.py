"""`dialplane trunk test`, `dialplane routing explain`, and the resources of routing from the shell: their exit codes and what they say."""
import json
import subprocess

import pytest

from harness.cli import api, cli, cli_server  # fixtures
from harness.ports import free_port
from harness.server import binary

MAIN_LINE = "+15551230000"
EDGES = "/api/v2/telephony/providers/edges"


class TestTrunk:
    def test_each_step_is_shown_with_its_verdict(self, cli):
        for name in ("sip-trunk-acme-us-east", "Acme US East"):
            lines = cli.ok("trunk", "test", name).splitlines()
            assert lines[0].split() == ["STEP", "VERDICT", "TIME", "DETAIL"]
            verdicts = {line.split()[0]: line.split()[1] for line in lines[1:-1]}
            assert verdicts.keys() == {"dns", "connect", "tls", "options", "register", "codecOffer"}
            assert verdicts["register"] == verdicts["options"] == "passed" and verdicts["tls"] == "skipped"
            assert lines[-1].startswith("Acme US East passed in ") and lines[-1].endswith(" ms")
        for words in (("-o", "json"), ("--json",)):
            report = json.loads(cli.ok("trunk", "test", "Acme US East", *words))
            assert report["verdict"] == "passed" and len(report["steps"]) == 6

    def test_a_carrier_that_is_not_there_is_exit_code_1(self, cli, api):
        live = api.get(f"{EDGES}/sip-trunk-acme-us-east")
        registration = live["registration"] | {"host": "127.0.0.1", "port": free_port(), "password": "x", "username": "deaf"}
        api.post(EDGES, {"id": "deaf", "name": "Deaf", "edgeGroupId": live["edgeGroupId"], "sipProfileId": live["sipProfileId"],
                         "maxConcurrentSessions": 2, "registration": registration})
        done = cli("trunk", "test", "deaf")
        assert done.returncode == 1 and not done.stderr and "Deaf failed in " in done.stdout, done.stdout + done.stderr
        assert any(line.split()[1] == "failed" for line in done.stdout.splitlines()[1:-1])
        api.delete(f"{EDGES}/deaf")

    def test_an_unknown_trunk_is_said_in_one_line(self, cli):
        assert "nobody" in cli.refused("trunk", "test", "nobody")
        assert cli.raw("trunk").returncode >= 100 and cli.raw("trunk", "test").returncode >= 100


class TestRouting:
    def test_the_way_of_a_call_is_told_step_by_step(self, cli):
        text = cli.ok("routing", "explain", MAIN_LINE, "--at", "2026-01-05T14:00:00Z")
        lines = text.splitlines()
        assert lines[0] == f"{MAIN_LINE} (number-main-line) at 2026-01-05T14:00:00.000Z"
        assert lines[1].split() == ["TIME", "STEP", "WHERE", "DETAIL"] and "queue queue-inbound-sales" in text
        assert lines[-1].startswith("answered by user ")
        answer = json.loads(cli.ok("routing", "explain", MAIN_LINE, "--json"))
        assert answer["routed"] is True and answer["outcome"]["type"] == "user"

    def test_nobody_answers(self, cli):
        assert cli.ok("routing", "explain", MAIN_LINE, "--unanswered").splitlines()[-1].startswith("ends: ")

    def test_a_call_flow_with_its_menu(self, cli, api):
        number = "/api/v2/telephony/phone/numbers/number-main-line"
        before = api.get(number)["routing"]
        definition = {"steps": [{"id": "menu", "type": "menu", "prompt": "Press 1.", "tries": 1, "timeoutSeconds": 3,
                                 "choices": [{"digit": "1", "next": "sales"}]},
                                {"id": "sales", "type": "transfer", "target": {"type": "user", "id": "user-agent-48291"}}]}
        api.post("/api/v2/flows", {"id": "cli-flow", "name": "CLI", "type": "inboundcall", "definition": definition})
        api.put(number, {"routing": before | {"callflowId": "cli-flow"}})
        pressed = cli.ok("routing", "explain", MAIN_LINE, "--digits", "1")
        assert "flow cli-flow, step menu" in pressed and pressed.splitlines()[-1] == "answered by user user-agent-48291"
        assert "queue queue-inbound-sales" in cli.ok("routing", "explain", MAIN_LINE)
        api.put(number, {"routing": {key: value for key, value in before.items() if key != "callflowId"}})
        api.delete("/api/v2/flows/cli-flow")

    def test_a_number_that_leads_nowhere_is_exit_code_1(self, cli):
        done = cli("routing", "explain", "+14155559999")
        assert done.returncode == 1 and not done.stderr and "leads nowhere: " in done.stdout
        assert "time" in cli.refused("routing", "explain", MAIN_LINE, "--at", "tomorrow")


class TestResources:
    @pytest.mark.parametrize("kind, document, columns", [
        ("queues", "name: CLI queue\nmembers: [{id: user-agent-48291}]", ("NAME", "MEMBERCOUNT")),
        ("flows", "name: CLI flow\ntype: inboundcall\ndefinition: {steps: [{id: bye, type: disconnect}]}", ("NAME", "ACTIVE")),
        ("schedules", "name: CLI week\nstart: '2026-01-05T09:00:00.000'\nend: '2026-01-05T17:00:00.000'\nrrule: FREQ=DAILY", ("START", "RRULE")),
        ("schedulegroups", "name: CLI hours\ntimeZone: Europe/Berlin", ("TIMEZONE",)),
        ("outboundroutes", "name: CLI route\nsite: {id: site-us-east}\nclassificationTypes: [National]\nenabled: true", ("SITE.ID",)),
    ])
    def test_applied_listed_read_and_deleted(self, cli, kind, document, columns):
        text = f"kind: {kind}\n{document}\n"
        name = json.loads(json.dumps(document.split("\n")[0].removeprefix("name: ")))
        assert cli.ok("apply", "-f", "-", stdin=text).endswith(" created\n")
        assert cli.ok("apply", "-f", "-", stdin=text).endswith(" unchanged\n")
        listed = cli.ok("list", kind)
        assert name in listed and set(columns) <= set(listed.splitlines()[0].split())
        got = cli.ok("get", kind, name)
        assert f"kind: {kind}" in got
        assert cli.ok("apply", "-f", "-", stdin=got).endswith(" unchanged\n"), "as it was printed"
        assert cli.ok("delete", kind, name) == f"{kind}/{name} deleted\n"
        assert "There is no" in cli.refused("get", kind, name)

    def test_a_trunk_base_is_a_view_of_its_trunk(self, cli):
        listed = json.loads(cli.ok("list", "trunkbases", "--json"))
        assert {"Acme US East"} <= {each["name"] for each in listed}
        assert "trunkMetabase" in cli.ok("get", "trunkbasesettings", listed[0]["id"])

    def test_a_route_needs_its_site(self, cli):
        assert "site.id" in cli.refused("apply", "-f", "-", stdin="kind: outboundroutes\nname: Nowhere\n")


def test_completion_knows_them(cli):
    def complete(*words) -> list:
        return cli.raw("__complete", *words).stdout.split()
    assert {"trunk", "routing"} <= set(complete(""))
    assert complete("trunk", "") == ["test"] and complete("routing", "e") == ["explain"]
    assert {"--at", "--digits", "--unanswered", "--json"} <= set(complete("routing", "explain", "--"))
    assert complete("trunk", "test", "-o", "") == ["json", "table", "yaml"]
    assert {"flows", "outboundroutes", "queues", "schedulegroups", "schedules", "trunkbases"} <= set(complete("list", ""))
    help_text = subprocess.run([str(binary()), "trunk", "--help"], capture_output=True, text=True, timeout=30).stdout
    assert "test" in help_text
