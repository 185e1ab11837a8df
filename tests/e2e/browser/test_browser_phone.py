"""The browser phone in headless Chromium against the real binary: one server with its sandbox carrier, every journey on it.

The journeys are node programs (playwright-core from web/node_modules); each prints what it checked and exits 0 only if all held
and the page stayed free of console errors, policy violations and axe findings. DP_BINARY names another binary, DP_SHOTS a folder
for screenshots.
"""
import json
import os
import pathlib
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[3]
HERE = pathlib.Path(__file__).resolve().parent
START_LIMIT = 30
STOP_LIMIT = 20
JOURNEY_LIMIT = 240


def binary() -> pathlib.Path:
    named = os.environ.get("DP_BINARY")
    candidates = [pathlib.Path(named)] if named else [ROOT / "build" / preset / "bin/dialplane" for preset in ("ci", "dev", "release")]
    for candidate in candidates:
        if candidate.exists():
            return candidate
    pytest.fail(f"no binary: build one first ({', '.join(map(str, candidates))})")


def is_ready(first_run: pathlib.Path) -> bool:
    try:
        base = json.loads(first_run.read_text())["baseUrl"]
        with urllib.request.urlopen(f"{base}/ready", timeout=2) as answer:
            return answer.status == 200
    except (FileNotFoundError, ValueError, KeyError, urllib.error.URLError, ConnectionError):
        return False


def free_port() -> int:
    """The seeded trunk names the sandbox carrier's address, so this one port is chosen before the start."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def first_run(tmp_path_factory):
    data = tmp_path_factory.mktemp("data")
    log = (data / "serve.log").open("w")
    server = subprocess.Popen(
        [binary(), "serve", "--sandbox", "--data", data, "--http", "127.0.0.1:0", "--https", "off", "--sip", "127.0.0.1:0",
         "--sips", "off", "--sandbox-sip", f"127.0.0.1:{free_port()}"], stdout=log, stderr=subprocess.STDOUT)
    file = data / "first-run.json"
    deadline = time.monotonic() + START_LIMIT
    while not is_ready(file):
        assert server.poll() is None, f"the server ended: {(data / 'serve.log').read_text()[-2000:]}"
        assert time.monotonic() < deadline, "the server was not ready in time"
        time.sleep(0.05)
    yield file
    server.send_signal(signal.SIGTERM)
    try:
        server.wait(STOP_LIMIT)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
        pytest.fail("the server did not stop on SIGTERM")
    assert server.returncode == 0, (data / "serve.log").read_text()[-4000:]


def run_journey(name: str, first_run: pathlib.Path) -> None:
    command = ["node", HERE / f"{name}.mjs", f"--first-run={first_run}"]
    if shots := os.environ.get("DP_SHOTS"):
        command.append(f"--shots={shots}/{name}")
    done = subprocess.run(command, capture_output=True, text=True, timeout=JOURNEY_LIMIT)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"


def test_the_page_is_the_phone_and_not_the_notice(first_run):
    base = json.loads(first_run.read_text())["baseUrl"]
    with urllib.request.urlopen(f"{base}/ui/") as page:
        assert b'id="root"' in page.read(), "this binary was built with DIALPLANE_UI=OFF; the ci and release presets have it"


def test_microphone_is_asked_for_and_its_refusal_explained(first_run):
    run_journey("microphone", first_run)


def test_a_call_is_placed_heard_held_and_taken(first_run):
    run_journey("phone", first_run)


def test_round_trips_to_media_regions_are_measured_and_reported(first_run):
    run_journey("round_trips", first_run)
