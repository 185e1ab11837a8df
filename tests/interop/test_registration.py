"""Kamailio as the carrier's registrar, with digest; baresip as a phone at ours."""
import pytest

from harness.peers import Baresip, Kamailio
from harness.waiting import until


def test_a_trunk_registers_at_kamailio(client, make_trunk, kamailio):
    trunk = make_trunk(kamailio.port, register=True, username="trunk-1", password="secret-trunk-1")
    seen = client.wait_trunk(trunk["id"], "registered")
    assert seen["lastSipStatus"] == 200 and seen["onlineStatus"] == "ONLINE" and seen["registrationLatencyMs"] >= 0


def test_a_wrong_password_is_a_failed_trunk(client, make_trunk, kamailio):
    trunk = make_trunk(kamailio.port, register=True, username="trunk-2", password="wrong")
    seen = client.wait_trunk(trunk["id"], "failed")
    assert seen["lastSipStatus"] in (401, 403) and seen["lastError"] and seen["onlineStatus"] == "OFFLINE"


def test_a_corrected_password_registers_at_once(client, make_trunk, kamailio):
    trunk = make_trunk(kamailio.port, register=True, username="trunk-3", password="wrong")
    client.wait_trunk(trunk["id"], "failed")
    path = f"/api/v2/telephony/providers/edges/{trunk['id']}"
    body = client.get(path)
    body["registration"]["password"] = "secret-trunk-3"
    client.put(path, body)
    client.wait_trunk(trunk["id"], "registered", seconds=10)


def test_a_trunk_survives_a_restart_of_its_carrier(client, make_trunk, kamailio, closing, tmp_path):
    """Kamailio forgets nonces and bindings with its process: the trunk sees it go, and registers anew when it is back."""
    probe = {"healthProbe": {"enabled": True, "intervalSeconds": 1}}
    trunk = make_trunk(kamailio.port, register=True, username="trunk-4", password="secret-trunk-4", **probe)
    client.wait_trunk(trunk["id"], "registered")
    path = f"/api/v2/telephony/providers/edges/{trunk['id']}"
    until(lambda: client.get(path)["health"] == "up", 15, "the probe is answered", every=0.2)
    kamailio.close()
    until(lambda: client.get(path)["health"] == "down", 60, "three probes are lost", every=0.2)
    before = client.get(f"{path}/metrics")["registrations"]["succeeded"]
    closing(Kamailio(tmp_path / "again", port=kamailio.port))
    until(lambda: client.get(path)["health"] == "up", 60, "the carrier is back", every=0.2)
    until(lambda: client.get(f"{path}/metrics")["registrations"]["succeeded"] > before, 15, "the trunk registers anew", every=0.2)
    client.wait_trunk(trunk["id"], "registered")


@pytest.mark.parametrize("password, state, status", [("secret-s", "registered", 200), ("wrong", "failed", 403)])
def test_sipp_as_registrar_computes_the_same_digest(client, make_trunk, sipp, password, state, status):
    registrar = sipp("registrar", username="trunk-s", password="secret-s")
    trunk = make_trunk(registrar.port, register=True, username="trunk-s", password=password)
    assert client.wait_trunk(trunk["id"], state)["lastSipStatus"] == status
    registrar.finish()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_baresip_registers_and_takes_the_sandbox_phones_place(switch, client, tmp_path, transport):
    station = switch.agent["stationId"]
    registrar = f"127.0.0.1:{switch.port_of('sips')}" if transport == "tls" else ""
    with Baresip(tmp_path / "phone", switch.agent, transport=transport, registrar=registrar):
        seen = client.wait_phone(station, user_agent="baresip")
        assert seen["transport"] == transport
        until(lambda: client.get(f"/api/v2/stations/{station}")["registrations"] == 1, 15, "the sandbox phone has left")
    client.wait_phone(station, user_agent="sandbox")


def test_a_phone_that_comes_and_goes_is_told_to_whoever_follows_its_user(switch, client, tmp_path):
    topic = f"v2.users.{switch.agent['userId']}.station"
    with client.notifications(topic) as channel:
        def told(action: str, state: str) -> None:
            while True:
                frame = channel.socket.receive_json(20)
                assert frame["topicName"] == topic
                body = frame["eventBody"]
                if (frame["metadata"]["action"], body["registrationState"]) == (action, state):
                    assert body["associatedStation"]["id"] == switch.agent["stationId"]
                    return
        with Baresip(tmp_path / "phone", switch.agent):
            client.wait_phone(switch.agent["stationId"], user_agent="baresip")
            told("Associated", "online")
        told("Disassociated", "offline")
        told("Associated", "online")  # the sandbox phone is back
