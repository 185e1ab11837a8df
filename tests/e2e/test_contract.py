"""The document as it is served, and that the check that every answer goes through can fail."""
import re

import pytest
import requests

from harness import contract

EDGES = "/api/v2/telephony/providers/edges"


@pytest.fixture(scope="module")
def document(server) -> dict:
    return requests.get(f"{server.base_url}/openapi.json", timeout=10).json()


def test_the_document_is_served_to_everybody_and_cached(server):
    for path in ("/openapi.json", "/api/v2/docs/swagger"):
        answer = requests.get(server.base_url + path, timeout=10)
        assert answer.status_code == 200 and answer.json()["openapi"].startswith("3.1")
        again = requests.get(server.base_url + path, headers={"If-None-Match": answer.headers["ETag"]}, timeout=10)
        assert again.status_code == 304 and not again.content


def test_the_page_loads_nothing_from_elsewhere(server):
    page = requests.get(f"{server.base_url}/docs/", timeout=10)
    assert page.status_code == 200 and "default-src 'none'" in page.headers["Content-Security-Policy"]
    for target in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert target.startswith("/") and requests.get(server.base_url + target, timeout=10).status_code == 200


def test_every_schema_is_a_schema(document):
    import jsonschema
    for name, schema in document["components"]["schemas"].items():
        jsonschema.Draft202012Validator.check_schema(schema), name


def test_it_is_an_openapi_document_to_a_validator_that_others_wrote(document, tmp_path):
    from harness import npm
    folder = npm.installed("openapi")
    assert npm.run_node(folder / "validate.mjs", npm.json_file(tmp_path / "openapi.json", document)).startswith("valid 3.1")


def test_a_summary_is_a_sentence_and_not_a_description_that_slipped(document):
    """A key that was quoted into a summary is lost to everybody who reads the document."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert not re.search(r"\b(body|answers|query|scopes|errors|form): ", operation["summary"]), f"{method} {path}: {operation['summary']}"


@pytest.mark.parametrize("path, body, complaint", [
    ("/api/v2/users/x", {"id": "x", "name": "X", "colour": "red"}, "colour"),
    ("/api/v2/users/x", {"id": "x"}, "name"),
    ("/api/v2/users/x", {"id": "x", "name": 7}, "name"),
    ("/api/v2/users", {"entities": [{"id": "x", "name": "X", "colour": "red"}], "pageSize": 1, "pageNumber": 1, "total": 1, "pageCount": 1,
                       "selfUri": "", "firstUri": "", "lastUri": ""}, "colour"),
])
def test_an_answer_that_is_not_as_documented_is_found(server, path, body, complaint):
    import json
    with pytest.raises(contract.ContractBroken, match=complaint):
        contract.of(server.base_url).check("GET", path, 200, "application/json", lambda: json.dumps(body))


@pytest.mark.parametrize("method, path, status, media_type", [
    ("GET", "/api/v2/nowhere", 200, "application/json"),
    ("GET", "/api/v2/users", 418, "application/json"),
    ("GET", "/api/v2/users", 200, "text/plain"),
])
def test_an_undocumented_path_status_or_media_type_is_found(server, method, path, status, media_type):
    with pytest.raises(contract.ContractBroken):
        contract.of(server.base_url).check(method, path, status, media_type, lambda: "{}")


def test_a_literal_path_beats_a_parameter(server):
    found = contract.of(server.base_url).find
    assert found("GET", f"{EDGES}/sites")[0] == f"{EDGES}/sites"
    assert found("GET", f"{EDGES}/x")[0] == f"{EDGES}/{{edgeId}}"
    assert found("PUT", "/api/v2/conversations/calls") is None
