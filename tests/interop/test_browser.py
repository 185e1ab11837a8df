"""Headless Chromium as the agent's phone, SIPp as the carrier: a different tone in each direction, each measured at its far end."""
import pathlib
import subprocess

import pytest

from harness.audio import best_snr_db, read_wav

CARRIER_HZ, BROWSER_HZ = 440, 1000  # harness.mjs has the browser's
NUMBER = "+15559876543"
JOURNEY = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser" / "two_tones.mjs"


@pytest.mark.parametrize("by", ["api", "button"])
def test_two_tones_between_chromium_and_a_carrier(switch, client, make_trunk, sipp, rtp, tmp_path, by):
    far_end, recording = rtp(CARRIER_HZ), tmp_path / "heard.wav"
    carrier = sipp("answer", audio_port=far_end.port)
    make_trunk(carrier.port)
    journey = subprocess.run(["node", JOURNEY, f"--first-run={switch.data / 'first-run.json'}", f"--by={by}", f"--number={NUMBER}",
                              f"--heard={recording}"], capture_output=True, text=True, timeout=120)
    assert journey.returncode == 0, f"{journey.stdout}\n{journey.stderr}"
    carrier.finish()
    heard_by_browser, rate = read_wav(recording)
    heard_by_carrier = far_end.heard()
    assert len(heard_by_browser) >= 3 * rate and len(heard_by_carrier) >= 3 * 8000
    figures = best_snr_db(heard_by_carrier, BROWSER_HZ), best_snr_db(heard_by_browser, CARRIER_HZ, rate)
    print(f"{journey.stdout}SNR at the carrier {figures[0]:.1f} dB, in the browser {figures[1]:.1f} dB")
    assert min(figures) > 20, figures
    # The sandbox phone had given way to the page; the tests after this one expect it back.
    client.wait_phone(switch.agent["stationId"], user_agent="sandbox")
