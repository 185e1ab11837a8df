"""Headless Chromium keeps its connection: sound in both directions on the second and third call of one peer connection."""
import pathlib
import subprocess

import pytest

from harness.audio import best_snr_db, read_wav
from harness.waiting import until

BROWSER_HZ = 1000  # harness.mjs has it
CARRIERS_HZ = (440, 620, 770)
NUMBER = "+15559876543"
JOURNEY = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser" / "kept_calls.mjs"
BASE_SETTINGS = "/api/v2/telephony/providers/edges/phonebasesettings"


@pytest.fixture
def keeps_connections(switch, client):
    """The base settings of the agent's phone, switched on before the page logs in."""
    phone = client.get(f"/api/v2/telephony/providers/edges/phones/{switch.agent['phoneId']}")
    path = f"{BASE_SETTINGS}/{phone['phoneBaseSettings']['id']}"
    before = client.get(path)
    client.put(path, before | {"persistentConnection": {"enabled": True, "timeoutSeconds": 300}})
    yield
    client.put(path, client.get(path) | {"persistentConnection": before["persistentConnection"]})


def kept(client) -> int:
    lines = client.session.get(f"{client.base_url}/metrics").text.splitlines()
    return sum(int(line.split()[-1]) for line in lines if line.startswith("dialplane_call_kept_connections "))


def test_three_calls_of_one_connection_are_heard_both_ways(switch, client, make_trunk, sipp, rtp, tmp_path, keeps_connections):
    far_ends = [rtp(hertz) for hertz in CARRIERS_HZ]
    # A carrier that has had its call is gone: the next one gets the next call.
    carriers = [sipp("answer", audio_port=far_end.port) for far_end in far_ends]
    for carrier in carriers:
        make_trunk(carrier.port, maxConcurrentSessions=1)
    journey = subprocess.run(["node", JOURNEY, f"--first-run={switch.data / 'first-run.json'}", f"--number={NUMBER}",
                              f"--heard={tmp_path / 'heard'}"], capture_output=True, text=True, timeout=180)
    assert journey.returncode == 0, f"{journey.stdout}\n{journey.stderr}"
    for carrier in carriers:
        carrier.finish()
    for index, (far_end, hertz) in enumerate(zip(far_ends, CARRIERS_HZ)):
        heard, rate = read_wav(tmp_path / f"heard-{index}.wav")
        figures = best_snr_db(far_end.heard(), BROWSER_HZ), best_snr_db(heard, hertz, rate)
        print(f"call {index + 1}: SNR at the carrier {figures[0]:.1f} dB, in the browser {figures[1]:.1f} dB")
        assert min(figures) > 20, (index, figures)
    until(lambda: kept(client) == 0, 60, "the closed page's connection is gone")
    client.wait_phone(switch.agent["stationId"], user_agent="sandbox")
