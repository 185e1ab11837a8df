"""The programs of the seed documents, compiled and run against the real binary: seed 1's Go service. (Seed 3's are in
test_seed_payloads.py and test_python_client.py.)"""
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import threading

import pytest

from harness.waiting import until

HOST = "https://api.mypurecloud.com"
TARGET = "https://your-monitoring-platform.com/webhooks/genesys-trunks"


class Receiver(http.server.ThreadingHTTPServer):
    """Somebody's monitoring platform."""

    def __init__(self):
        self.events: list[dict] = []
        self.headers: list[dict] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.events.append(json.loads(body))
                receiver.headers.append(dict(self.headers))
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/webhooks/genesys-trunks"


@pytest.fixture
def receiver():
    made = Receiver()
    threading.Thread(target=made.serve_forever, daemon=True).start()
    yield made
    made.shutdown()
    made.server_close()


def build(data_folder: pathlib.Path, folder: pathlib.Path, changes: dict) -> pathlib.Path:
    """The program as printed, with the host and the placeholders in capitals filled in."""
    source = folder / "trunk_configurator"
    shutil.copytree(data_folder / "seeds" / "trunk_configurator", source)
    for file in source.glob("*.go"):
        text = file.read_text()
        for old, new in changes.items():
            text = text.replace(old, new)
        file.write_text(text)
    program = folder / "trunk-configurator"
    environment = os.environ | {"GOFLAGS": "-mod=mod", "GOPROXY": "off", "GOCACHE": str(folder / "go-cache"), "CGO_ENABLED": "0"}
    done = subprocess.run(["go", "build", "-o", program, "."], cwd=source, env=environment, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr
    return program


def test_seed_1s_go_service_provisions_its_trunk(fresh, receiver, data_folder, tmp_path):
    run = fresh.first_run
    program = build(data_folder, tmp_path, {
        HOST: f"https://localhost:{fresh.port_of('https')}", TARGET: receiver.url,
        "YOUR_CLIENT_ID": run["oauth"]["clientId"], "YOUR_CLIENT_SECRET": run["oauth"]["clientSecret"],
        "YOUR_EDGE_GROUP_ID": run["edgeGroupId"], "YOUR_SIP_PROFILE_ID": run["sipProfileId"]})
    done = subprocess.run([program], env=os.environ | {"SSL_CERT_FILE": run["tls"]["caFile"]}, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and "Trunk configuration complete" in done.stderr, done.stderr
    assert "Warning" not in done.stderr, done.stderr
    trunk = done.stderr.split("Trunk registered successfully. ID: ")[1].split()[0]
    assert "Audit event: audit:edge:updated at 20" in done.stdout, done.stdout
    assert "Audit event: telephony:edge:registration:success at 20" in done.stdout, done.stdout

    api = fresh.client()
    assert api.get(f"/api/v2/telephony/providers/edges/{trunk}")["registrationState"] == "registered"
    api.request("PUT", f"/api/v2/telephony/providers/edges/{trunk}",
                api.get(f"/api/v2/telephony/providers/edges/{trunk}") | {"enabled": False})
    until(lambda: receiver.events, 20, "the webhook tells that the trunk went down")
    assert receiver.headers[0]["X-Genesys-Event"] == "true"

    again = subprocess.run([program], env=os.environ | {"SSL_CERT_FILE": run["tls"]["caFile"]}, capture_output=True, text=True, timeout=90)
    assert again.returncode != 0 and "registration failed 409" in again.stderr, again.stderr
    assert trunk in again.stderr, "the refusal names what exists, to be changed by PUT"
