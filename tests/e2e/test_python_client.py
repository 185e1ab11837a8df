"""The Python client made from the OpenAPI document: seed 3's SDK programs as printed, and its own behaviour."""
import importlib
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def package(tmp_path_factory) -> pathlib.Path:
    out = tmp_path_factory.mktemp("python-client")
    subprocess.run([sys.executable, ROOT / "clients/python/generate.py", out], check=True, timeout=60)
    return out


@pytest.fixture
def genesyscloud(package, monkeypatch):
    monkeypatch.syspath_prepend(package)
    return importlib.import_module("genesyscloud")


@pytest.fixture
def client(genesyscloud, server):
    made = genesyscloud.ApiClient(genesyscloud.Configuration(f"{server.base_url}/api/v2"))
    made.refresh_token_credentials(server.first_run["oauth"]["clientId"], server.first_run["oauth"]["clientSecret"])
    return made


def run_program(package, server, data_folder, url: str, *numbers, **environment):
    run = server.first_run
    return subprocess.run([sys.executable, data_folder / "seeds" / "sdk_outbound_call.py", *numbers], capture_output=True, text=True,
                          timeout=120, env=os.environ | {"PYTHONPATH": str(package), "DIALPLANE_URL": url,
                                                         "CLIENT_ID": run["oauth"]["clientId"],
                                                         "CLIENT_SECRET": run["oauth"]["clientSecret"]} | environment)


def test_the_program_of_the_seed_places_its_call(package, server, api, data_folder):
    api.wait_phone(server.agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")
    done = run_program(package, server, data_folder, server.base_url, "+15551234567", "+15559876543")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Call Initiated Successfully." in done.stdout and "Call transitioned to:" in done.stdout
    conversation = done.stdout.split("Conversation ID: ")[1].split()[0]
    api.wait_status(conversation, "connected")
    api.hang_up(conversation)


def test_the_program_runs_from_a_checkout_as_it_is(server, api, data_folder):
    before = set((ROOT / "clients/python/genesyscloud").glob("*.py"))
    api.wait_phone(server.agent["stationId"])
    api.wait_trunk("sip-trunk-acme-us-east", "registered")
    done = run_program(ROOT / "clients/python", server, data_folder, server.base_url, "+15551234567", "+15559876543")
    assert done.returncode == 0 and "Call transitioned to:" in done.stdout, done.stdout + done.stderr
    api.hang_up(done.stdout.split("Conversation ID: ")[1].split()[0])
    assert set((ROOT / "clients/python/genesyscloud").glob("*.py")) == before, "nothing is left in the checkout"


def test_the_program_works_over_tls_with_our_certificate(package, server, api, data_folder):
    run = server.first_run
    url = f"https://localhost:{server.port_of('https')}"
    done = run_program(package, server, data_folder, url, "+15551234567", "+15559876543", SSL_CERT_FILE=run["tls"]["caFile"])
    assert done.returncode == 0, done.stdout + done.stderr
    api.hang_up(done.stdout.split("Conversation ID: ")[1].split()[0])


@pytest.mark.parametrize("numbers, said", [(("+15551234567", "bogus"), "Bad Request"), (("+15550001111", "+15559876543"), "Forbidden")])
def test_the_program_tells_the_refusals_apart(package, server, data_folder, numbers, said):
    done = run_program(package, server, data_folder, server.base_url, *numbers)
    assert done.returncode != 0 and said in done.stdout, done.stdout


def test_an_answer_is_typed_down_to_its_participants(genesyscloud, client, api, agent):
    call = api.place_call(agent, "+14155550110")
    api.wait_status(call["id"], "connected")
    seen = genesyscloud.ConversationsApi(client).get_conversation(call["id"])
    assert type(seen).__name__ == "Conversation" and seen.to_dict() == api.conversation(call["id"])
    assert [participant.calls[0].state for participant in seen.participants] == ["connected", "connected"]
    api.hang_up(call["id"])


def test_a_refusal_is_an_exception_with_status_and_sentence(genesyscloud, client):
    from genesyscloud.rest import ApiException
    with pytest.raises(ApiException) as refused:
        genesyscloud.ConversationsApi(client).get_conversation("nobody")
    assert refused.value.status == 404 and "nobody" in refused.value.message
    nowhere = genesyscloud.ApiClient(genesyscloud.Configuration("http://127.0.0.1:1"))
    with pytest.raises(ApiException) as unreachable:
        nowhere.refresh_token_credentials("a", "b")
    assert unreachable.value.status == 0


def test_every_operation_of_the_document_is_a_method(genesyscloud, server, api):
    document = api.get("/openapi.json")
    wanted = {operation["operationId"] for item in document["paths"].values() for operation in item.values()}
    made = {name for api_class in vars(genesyscloud).values() if isinstance(api_class, type) and api_class.__name__.endswith("Api")
            for name in vars(api_class) if not name.startswith("_")}
    assert len(made) == len(wanted), sorted(made)

