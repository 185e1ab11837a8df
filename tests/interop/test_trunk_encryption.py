"""SRTP towards carriers (RFC 4568): baresip with its srtp module, and without, as the carrier of trunks that ask for encryption, take it,
or do without. Both directions of sound are measured; what baresip says of its cipher, and what nobody may write down, are looked at."""
import pathlib
import subprocess

import pytest

from harness.audio import best_snr_db, read_wav
from harness.peers import Baresip
from harness.ports import free_port
from harness.waiting import until

CARRIER_HZ, AGENT_HZ = 440, 1000  # the browser's tone, too: harness.mjs
NUMBER = "+15559876543"
EDGES = "/api/v2/telephony/providers/edges"
FIRST_SUITE = "AES_CM_128_HMAC_SHA1_80"
JOURNEY = pathlib.Path(__file__).resolve().parents[1] / "e2e" / "browser" / "two_tones.mjs"


class Carrier(Baresip):
    """Has one number, and the port of a trunk."""

    def __init__(self, folder, **options):
        self.port = free_port()
        account = {"username": NUMBER, "domain": f"127.0.0.1:{self.port}", "password": "none", "registrar": "none"}
        super().__init__(folder, {"sip": account}, hertz=CARRIER_HZ, port=self.port, **options)

    def ciphers(self) -> set[str]:
        """Of its streams so far."""
        said = self.process.stderr + self.process.stdout_file.read_text(errors="replace")
        return {line.partition("cryptosuite=")[2].rstrip(")") for line in said.splitlines() if "SRTP is Enabled" in line}


@pytest.fixture
def certificate(tmp_path) -> pathlib.Path:
    """Of 127.0.0.1, signed by itself, with its key."""
    key, signed, both = tmp_path / "key.pem", tmp_path / "certificate.pem", tmp_path / "both.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", signed, "-days", "2", "-subj",
                    "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1"], check=True, capture_output=True)
    both.write_text(key.read_text() + signed.read_text())
    return both


@pytest.fixture
def carrier(tmp_path, closing):
    names = iter("abc")
    return lambda mediaenc="": closing(Carrier(tmp_path / f"carrier-{next(names)}", media=f"mediaenc={mediaenc}" if mediaenc else ""))


@pytest.fixture(autouse=True)
def no_key_is_written_down(switch):
    yield
    assert "inline:" not in switch.process.stderr
    written = [file for file in switch.data.glob("dialplane.db*") if b"inline:" in file.read_bytes()]
    assert not written


def recorded(phone: Baresip, seconds: float = 4) -> tuple[list[int], int]:
    def long_enough():
        samples, rate = read_wav(phone.heard())
        return (samples, rate) if len(samples) > seconds * rate else None
    return until(long_enough, 30, f"{seconds} s of sound")


def measure(at_carrier: Baresip, at_agent: Baresip) -> None:
    (by_carrier, carrier_rate), (by_agent, agent_rate) = recorded(at_carrier), recorded(at_agent)
    figures = best_snr_db(by_carrier, AGENT_HZ, carrier_rate), best_snr_db(by_agent, CARRIER_HZ, agent_rate)
    print(f"SNR at the carrier {figures[0]:.1f} dB, at the agent {figures[1]:.1f} dB")
    assert min(figures) > 20, figures


@pytest.mark.parametrize("trunk, peer, ciphers", [
    ("required", "srtp-mand", {FIRST_SUITE}), ("required", "srtp", {FIRST_SUITE}), ("optional", "srtp", {FIRST_SUITE}),
    ("optional", "", set()), ("none", "srtp", set())])
def test_a_call_out_is_encrypted_as_both_ends_wish(switch, client, make_trunk, carrier, phone, trunk, peer, ciphers):
    agent, far_end = phone(hertz=AGENT_HZ), carrier(peer)
    make_trunk(far_end.port, mediaEncryption=trunk)
    call = client.place_call(switch.agent, NUMBER)
    client.wait_status(call["id"], "connected", seconds=30)
    measure(far_end, agent)
    assert client.hang_up(call["id"])["reason"] == "api_disconnect"
    assert far_end.ciphers() == ciphers


@pytest.mark.parametrize("trunk, peer", [("required", ""), ("none", "srtp-mand")])
def test_no_call_where_the_ends_cannot_agree_on_encryption(switch, client, make_trunk, carrier, trunk, peer):
    make_trunk(carrier(peer).port, mediaEncryption=trunk)
    ended = client.wait_status(client.place_call(switch.agent, NUMBER)["id"], "failed", seconds=30)
    assert (ended["reason"], ended["sipStatus"]) == ("incompatible_media", 488)


def test_a_carrier_without_encryption_is_passed_over_for_one_with_it(switch, client, make_trunk, carrier, phone):
    agent, plain, secure = phone(hertz=AGENT_HZ), carrier(""), carrier("srtp-mand")
    make_trunk(plain.port, mediaEncryption="required")
    second = make_trunk(secure.port, mediaEncryption="required")
    call = client.place_call(switch.agent, NUMBER)
    connected = client.wait_status(call["id"], "connected", seconds=30)
    assert connected["participants"][1]["calls"][-1]["trunkId"] == second["id"]
    measure(secure, agent)
    client.hang_up(call["id"])
    assert secure.ciphers() == {FIRST_SUITE}


@pytest.mark.parametrize("trunk, peer, encrypted", [
    ("required", "srtp-mand", True), ("optional", "srtp-mand", True), ("optional", "srtp", True), ("optional", "", False), ("none", "srtp-mand", True)])
def test_a_call_in_is_answered_as_it_was_offered(switch, client, make_trunk, carrier, phone, trunk, peer, encrypted):
    agent, far_end = phone(hertz=AGENT_HZ), carrier(peer)
    make_trunk(far_end.port, mediaEncryption=trunk)
    far_end.command("dial", f"sip:{switch.agent['callerId']}@{switch.sip_address}")
    measure(far_end, agent)
    far_end.command("hangup")
    assert len(far_end.ciphers()) == (1 if encrypted else 0)


def test_a_plain_call_in_where_encryption_is_required_is_488(switch, make_trunk, sipp):
    port = free_port()
    make_trunk(port, mediaEncryption="required")
    sipp("call_in_refused", port=port, remote=switch.sip_address, service=switch.agent["callerId"], audio_port=9, status=488).finish()


def test_a_browser_and_an_encrypted_carrier_hear_each_other(switch, client, make_trunk, carrier, tmp_path):
    """DTLS-SRTP on one leg, SDES on the other: every packet is decrypted and encrypted again."""
    far_end, recording = carrier("srtp-mand"), tmp_path / "heard.wav"
    make_trunk(far_end.port, mediaEncryption="required")
    journey = subprocess.run(["node", JOURNEY, f"--first-run={switch.data / 'first-run.json'}", "--by=api", f"--number={NUMBER}",
                              f"--heard={recording}"], capture_output=True, text=True, timeout=120)
    assert journey.returncode == 0, f"{journey.stdout}\n{journey.stderr}"
    by_browser, rate = read_wav(recording)
    by_carrier, carrier_rate = read_wav(far_end.heard())
    figures = best_snr_db(by_carrier, AGENT_HZ, carrier_rate), best_snr_db(by_browser, CARRIER_HZ, rate)
    print(f"SNR at the carrier {figures[0]:.1f} dB, in the browser {figures[1]:.1f} dB")
    assert min(figures) > 20, figures
    assert far_end.ciphers() == {FIRST_SUITE}
    client.wait_phone(switch.agent["stationId"], user_agent="sandbox")


def test_the_keys_go_under_tls(start_server, closing, tmp_path, certificate):
    far_end = closing(Carrier(tmp_path / "carrier", media="mediaenc=srtp-mand", transport="tls", certificate=certificate))
    server = start_server("strict", tls_ca=tmp_path / "certificate.pem")
    client = server.client().log_in()
    seeded = f"{EDGES}/sip-trunk-acme-us-east"
    client.put(seeded, client.get(seeded) | {"enabled": False})
    edge = client.post(EDGES, {
        "name": "Under TLS", "edgeGroupId": server.first_run["edgeGroupId"], "sipProfileId": server.first_run["sipProfileId"],
        "maxConcurrentSessions": 2, "codecs": ["G711u"], "healthProbe": None, "transport": "tls", "mediaEncryption": "required",
        "registration": {"type": "NONE", "host": "127.0.0.1", "port": far_end.port + 1, "username": "carrier"}})
    assert edge["warnings"] == []
    client.wait_phone(server.agent["stationId"])
    call = client.place_call(server.agent, NUMBER)
    client.wait_status(call["id"], "connected", seconds=30)
    recorded(far_end, 2)
    client.hang_up(call["id"])
    assert far_end.ciphers() == {FIRST_SUITE}
