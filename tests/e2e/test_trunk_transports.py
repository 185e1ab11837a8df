"""Trunks over TLS and over IPv6: the carrier is a second server, or the sandbox on ::1. (IPv4 to IPv6, and IPv6 over TCP: interop, against SIPp.)"""
from harness.waiting import until

EDGES = "/api/v2/telephony/providers/edges"
ACME = "sip-trunk-acme-us-east"
NUMBER = "+15559876543"


def trunk_at(server, carrier, **changes) -> dict:
    """A trunk whose account is the SIP account of the other server's agent."""
    account = carrier.agent["sip"]
    return {"name": "Carrier", "edgeGroupId": server.first_run["edgeGroupId"], "sipProfileId": server.first_run["sipProfileId"],
            "maxConcurrentSessions": 5, "codecs": [], "healthProbe": {"enabled": True, "intervalSeconds": 30}, "transport": "tls",
            "registration": {"type": "REGISTER", "host": "127.0.0.1", "port": carrier.port_of("sips"),
                             "username": account["username"], "password": account["password"]}} | changes


def verdicts(client, edge: dict) -> dict:
    return {step["step"]: step for step in client.post(f"{EDGES}/{edge['id']}/test", None, 200)["steps"]}


def test_a_trunk_over_tls_registers_where_the_certificate_is_trusted(start_server):
    carrier = start_server("carrier", sandbox=False)
    server = start_server("trusting", sandbox=False, tls_ca=carrier.data / "tls" / "ca.pem")
    client = server.client().log_in()
    edge = client.post(EDGES, trunk_at(server, carrier))
    client.wait_trunk(edge["id"], "registered")
    carrier.client().log_in().wait_phone(carrier.agent["stationId"])
    steps = verdicts(client, edge)
    assert [steps[name]["verdict"] for name in ("dns", "connect", "tls", "options", "register")] == ["passed"] * 5, steps
    until(lambda: client.get(f"{EDGES}/{edge['id']}")["health"] == "up", 15, "the probe is answered over TLS")


def test_a_certificate_that_nobody_vouches_for_is_no_carrier(start_server):
    carrier = start_server("carrier", sandbox=False)
    server = start_server("wary", sandbox=False)
    client = server.client().log_in()
    edge = client.post(EDGES, trunk_at(server, carrier))
    client.wait_trunk(edge["id"], "failed")
    steps = verdicts(client, edge)
    assert steps["connect"]["verdict"] == "passed" and steps["tls"]["verdict"] == "failed" and steps["tls"]["detail"]
    assert {steps[name]["verdict"] for name in ("options", "register", "codecOffer")} == {"skipped"}


def test_a_call_over_ipv6_from_phone_to_carrier(start_server):
    server = start_server(sip="[::1]:0", sandbox_sip="[::1]:0")
    client = server.client().log_in()
    client.wait_phone(server.agent["stationId"])
    client.wait_trunk(ACME, "registered")
    call = client.place_call(server.agent, NUMBER)
    connected = client.wait_status(call["id"], "connected")
    assert connected["participants"][1]["calls"][-1]["trunkId"] == ACME
    ended = client.hang_up(call["id"])
    assert ended["reason"] == "api_disconnect"
