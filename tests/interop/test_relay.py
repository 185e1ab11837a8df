"""Headless Chromium that may use nothing but a relay (seed 0, edge case 2), with coturn as that relay: the logins come from the
browser phone's session, and sound flows both ways. Then the same without a relay that lets it in, and what the diagnostics say."""
import pathlib
import subprocess

import pytest

from harness.audio import best_snr_db, read_wav
from harness.peers import Coturn
from harness.waiting import until

CARRIER_HZ, BROWSER_HZ = 440, 1000  # harness.mjs has the browser's
NUMBER = "+15559876543"
SECRET = "north-wind-and-sun"
NETWORKS = "/api/v2/telephony/networkconfigurations"
DIAGNOSTICS = "/api/v2/telephony/diagnostics/web-r-t-c"
BROWSER = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser"


@pytest.fixture
def relay(tmp_path, closing):
    return closing(Coturn(tmp_path / "coturn", SECRET))


@pytest.fixture
def relay_only(switch, client):
    """Gives the console's user, the first agent, a network configuration of these fields; takes it away again."""
    user = switch.agent["userId"]
    path = f"/api/v2/telephony/users/{user}/settings"
    before = client.get(path)
    made = []

    def give(**fields) -> str:
        made.append(client.post(NETWORKS, {"name": "Relay"} | fields)["id"])
        client.put(path, {"webRtc": {"enabled": True, "networkConfigId": made[-1]}, "sofia": {"enabled": True}})
        return user

    yield give
    client.put(path, {name: before[name] for name in ("webRtc", "sofia")})
    for each in made:
        client.delete(f"{NETWORKS}/{each}")
    client.wait_phone(switch.agent["stationId"], user_agent="sandbox")


def sessions(client, user: str) -> list[dict]:
    return client.get(f"{DIAGNOSTICS}?userId={user}")["sessions"]


@pytest.mark.parametrize("force_tcp", [False, True], ids=["relay over UDP", "forceTcp"])
def test_a_call_through_coturn(switch, client, make_trunk, sipp, rtp, relay, relay_only, tmp_path, force_tcp):
    user = relay_only(stunServers=[f"turn:127.0.0.1:{relay.port}"], turnSecret=SECRET, iceTransportPolicy="relay", forceTcp=force_tcp)
    far_end, recording = rtp(CARRIER_HZ), tmp_path / "heard.wav"
    carrier = sipp("answer", audio_port=far_end.port)
    make_trunk(carrier.port)
    words = ["--path=relay", f"--relay-protocol={'tcp' if force_tcp else 'udp'}", "--by=button", f"--number={NUMBER}",
             f"--heard={recording}", f"--first-run={switch.data / 'first-run.json'}"]
    journey = subprocess.run(["node", BROWSER / "two_tones.mjs", *words], capture_output=True, text=True, timeout=240)
    assert journey.returncode == 0, f"{journey.stdout}\n{journey.stderr}\n{relay.log.read_text()[-3000:]}"
    carrier.finish()
    heard_by_browser, rate = read_wav(recording)
    figures = best_snr_db(far_end.heard(), BROWSER_HZ), best_snr_db(heard_by_browser, CARRIER_HZ, rate)
    print(f"{journey.stdout}SNR at the carrier {figures[0]:.1f} dB, in the browser {figures[1]:.1f} dB")
    assert min(figures) > 20, figures
    newest = until(lambda: next(iter(sessions(client, user)), None), 10, "the page's report")
    assert newest["outcome"] == "connected" and newest["candidates"]["host"] == 0 and newest["candidates"]["relay"] >= 1
    assert (newest["selected"]["local"], newest["selected"]["protocol"]) == ("relay", "tcp" if force_tcp else "udp")


def test_a_relay_that_lets_nobody_in_is_a_failed_call_with_a_name(switch, client, make_trunk, sipp, relay, relay_only):
    user = relay_only(stunServers=[f"turn:127.0.0.1:{relay.port}"], turnSecret="another secret", iceTransportPolicy="relay")
    make_trunk(sipp("answer", audio_port=9).port)
    before = len(sessions(client, user))
    journey = subprocess.run(["node", BROWSER / "no_path.mjs", f"--number={NUMBER}", f"--first-run={switch.data / 'first-run.json'}"],
                             capture_output=True, text=True, timeout=240)
    assert journey.returncode == 0, f"{journey.stdout}\n{journey.stderr}\n{relay.log.read_text()[-3000:]}"
    found = until(lambda: client.get(f"{DIAGNOSTICS}?userId={user}") if len(sessions(client, user)) > before else None, 20,
                  "the page's report")
    newest = found["sessions"][0]
    assert newest["outcome"] == "failed" and newest["code"] in ("ICE_FAILED", "CANDIDATE_GATHERING_TIMEOUT"), newest
    assert newest["code"] in found["codes"] and newest["cause"] and newest["candidates"]["relay"] == 0
