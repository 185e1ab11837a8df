"""What an operator sees: figures that move with what happened, each of them documented; log lines that can be parsed, carry the
correlation id, and hold no full number and no secret."""
import json
import pathlib
import re

import pytest
import requests

from harness.waiting import until

DOCUMENTATION = pathlib.Path(__file__).resolve().parents[2] / "docs" / "observability.md"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    from harness.server import Server

    made = Server(tmp_path_factory.mktemp("figures")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def call(own) -> dict:
    """One call, placed, connected and ended."""
    client = own.client().log_in()
    client.wait_trunk("sip-trunk-acme-us-east", "registered")
    placed = client.request("POST", "/api/v2/conversations/calls", {
        "from": {"id": own.agent["userId"], "phoneNumber": own.agent["callerId"]}, "to": {"phoneNumber": "+14155550110"}, "type": "pstn"},
        headers={"ININ-Correlation-Id": "correlation-of-the-call"})
    assert placed.status_code == 201, placed.text
    client.wait_status(placed.json()["id"], "connected")
    return client.hang_up(placed.json()["id"])


def figures(own) -> dict[str, float]:
    text = requests.get(f"{own.base_url}/metrics", timeout=10).text
    rows = [line.rsplit(" ", 1) for line in text.splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in rows}


def total(values: dict[str, float], name: str, *labels: str) -> float:
    return sum(value for key, value in values.items() if key.split("{")[0] == name and all(label in key for label in labels))


def test_a_call_moves_the_figures(own, call):
    until(lambda: total(figures(own), "dialplane_media_packets_total", 'kind="sent"') > 0, 10, "the media figures")
    now = figures(own)
    assert total(now, "dialplane_call_ended_total") >= 1
    assert total(now, "dialplane_sip_requests_total", 'method="INVITE"', 'direction="out"') >= 1
    assert total(now, "dialplane_sip_responses_total", 'status="200"', 'direction="in"') >= 1
    assert total(now, "dialplane_trunks", 'registration="registered"') >= 1
    assert total(now, "dialplane_media_packets_total", 'kind="received"') > 0
    assert total(now, "dialplane_store_commit_seconds_count") > 0 and now["dialplane_store_writable"] == 1
    route = 'route="/api/v2/conversations/calls"'
    assert total(now, "dialplane_api_requests_total", route, 'method="POST"', 'status="201"') == 1
    assert total(now, "dialplane_api_request_seconds_count", route) >= 1


def test_the_text_is_what_prometheus_reads(own, call):
    text = requests.get(f"{own.base_url}/metrics", timeout=10).text
    kinds = dict(re.findall(r"^# TYPE (\S+) (counter|gauge|histogram)$", text, re.M))
    for line in text.splitlines():
        if line.startswith("#"):
            continue
        assert re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? \S+', line), line
        name = line.split("{")[0].split(" ")[0]
        assert name in kinds or re.sub(r"_(bucket|sum|count)$", "", name) in kinds, line
    for name, kind in kinds.items():
        assert kind != "counter" or name.endswith("_total"), name


def test_every_figure_is_documented_and_every_documented_one_known(own, call):
    text = requests.get(f"{own.base_url}/metrics", timeout=10).text
    served = set(re.findall(r"^# TYPE (\S+) ", text, re.M))
    documented = set(re.findall(r"`(dialplane_[a-z_]+)`", DOCUMENTATION.read_text()))
    assert served - documented == set(), "served and not in docs/observability.md"


def test_an_id_makes_no_series(own, call):
    client = own.client().log_in()
    before = len(figures(own))
    for number in range(30):
        client.request("GET", f"/api/v2/users/nobody-{number}")
        client.request("GET", f"/api/v2/no/such/path/{number}")
    assert len(figures(own)) - before < 40


def test_log_lines_are_json_with_the_correlation_of_their_request(own, call):
    lines = [json.loads(line) for line in own.process.stderr.splitlines() if line.startswith("{")]
    assert lines and len(lines) == len([line for line in own.process.stderr.splitlines() if line.strip()])
    for line in lines:
        assert {"time", "level", "topic", "message"} <= set(line)
    mine = [line for line in lines if line.get("correlation") == "correlation-of-the-call"]
    assert {line["message"] for line in mine} >= {"request answered", "call placed"}
    assert [line for line in lines if line["message"] == "call ended" and line["conversation"] == call["id"]]


def test_the_log_holds_no_full_number_and_no_secret(own, call):
    log = own.process.stderr
    assert not re.search(r"\+\d{7,15}\b", log), re.search(r".*\+\d{7,15}\b.*", log).group()
    for number in (own.agent["callerId"], "+14155550110"):
        assert number.lstrip("+") not in log
    run = own.first_run
    secrets = [run["oauth"]["clientSecret"], run["apiKey"], run["console"]["password"], run["carrier"]["password"]]
    for secret in secrets + [own.client().log_in().token]:
        assert secret not in log


def test_health_and_readiness(own):
    assert requests.get(f"{own.base_url}/health", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{own.base_url}/ready", timeout=10).json() == {"status": "ready"}
