"""The official JavaScript SDK from npm, unmodified, drives the API in the real Genesys shapes: tests/clients/javascript/sdk.mjs reads every
effect back over plain HTTP. Once straight, and, in the slow suite, once through Prism as a validating proxy."""
import re

import pytest
import requests

from harness import npm
from harness.ports import free_port
from harness.process import Process
from harness.waiting import until

AT_LEAST = 60


def run_sdk(first_run) -> int:
    options = ["--experimental-websocket"] if npm.node_major() >= 20 else []  # before that the channel is only managed
    printed = npm.run_node(*options, npm.installed("javascript") / "sdk.mjs", first_run)
    return int(re.search(r"^(\d+) operations$", printed, re.MULTILINE).group(1))


def test_the_official_sdk_does_sixty_operations_and_each_shows(fresh):
    assert run_sdk(fresh.data / "first-run.json") >= AT_LEAST


@pytest.fixture
def prism(fresh, tmp_path):
    """Prism in front of the server: it ends what is not as the document says, requests and answers alike, with an error of its own."""
    document = npm.json_file(tmp_path / "openapi.json", requests.get(f"{fresh.base_url}/openapi.json", timeout=10).json())
    address = f"http://127.0.0.1:{free_port()}"
    program = npm.installed("prism", seconds=900) / "node_modules" / ".bin" / "prism"
    proxy = Process("prism", [program, "proxy", document, fresh.base_url, "--errors", "-h", "127.0.0.1", "-p", address.rsplit(":", 1)[1]], tmp_path)

    def answers() -> bool:
        assert proxy.running(), proxy.stderr[-2000:]
        try:
            return requests.get(f"{address}/health", timeout=2).status_code == 200
        except requests.RequestException:
            return False
    until(answers, 60, "Prism is ready")
    yield address
    proxy.end()


@pytest.mark.slow
def test_the_official_sdk_through_prism(fresh, prism, tmp_path):
    assert run_sdk(npm.json_file(tmp_path / "through-prism.json", fresh.first_run | {"baseUrl": prism})) >= AT_LEAST


@pytest.mark.slow
def test_every_list_and_its_entities_through_prism(fresh, prism):
    client = fresh.client().log_in()
    paths = requests.get(f"{fresh.base_url}/openapi.json", timeout=10).json()["paths"]
    head, seen = {"Authorization": f"Bearer {client.token}"}, 0
    for path, item in paths.items():
        if "{" in path or "get" not in item or not item["get"]["security"] or "text/event-stream" in item["get"]["responses"]["200"]["content"]:
            continue
        if any(each.get("in") == "query" and each.get("required") for each in item["get"].get("parameters", [])):
            continue  # nothing to ask without
        answer = requests.get(prism + path, headers=head, timeout=30)
        wrong = answer.headers["Content-Type"].startswith("application/problem+json")
        assert not wrong and answer.status_code in (200, 400, 404), f"{path}: {answer.status_code} {answer.text}"
        listed = answer.json().get("entities") if isinstance(answer.json(), dict) else None
        known = any(each.startswith(path + "/{") and each.count("/") == path.count("/") + 1 and "get" in paths[each] for each in paths)
        for entity in (listed or []) if known else []:
            if isinstance(entity, dict) and "id" in entity:
                one = requests.get(f"{prism}{path}/{entity['id']}", headers=head, timeout=30)
                assert one.status_code == 200, f"{path}/{entity['id']}: {one.status_code} {one.text}"
                seen += 1
    assert seen > 50, seen


@pytest.mark.slow
def test_prism_refuses_what_the_document_forbids(fresh, prism):
    """So that the two tests above can fail."""
    head = {"Authorization": f"Bearer {fresh.client().log_in().token}"}
    answer = requests.post(f"{prism}/api/v2/telephony/providers/edges/edgegroups", json={"name": 7}, headers=head, timeout=30)
    assert answer.status_code == 422 and answer.headers["Content-Type"].startswith("application/problem+json"), answer.text
