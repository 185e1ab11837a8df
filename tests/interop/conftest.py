"""A server whose carriers are not ours: the seeded trunk is switched off, each test brings its own."""
import itertools

import pytest

from harness.audio import RtpEndpoint
from harness.peers import Baresip, Kamailio, Sipp
from harness.server import Server

EDGES = "/api/v2/telephony/providers/edges"


@pytest.fixture(scope="module")
def switch(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("switch"), sip_v6="[::1]:0").start()
    client = made.client().log_in()
    path = f"{EDGES}/sip-trunk-acme-us-east"
    client.put(path, client.get(path) | {"enabled": False})
    client.wait_phone(made.agent["stationId"])
    yield made
    made.stop()


@pytest.fixture(scope="module")
def client(switch):
    return switch.client().log_in()


@pytest.fixture(autouse=True)
def _switch_stays_sane(request):
    yield
    if "switch" in request.fixturenames:
        request.getfixturevalue("switch").process.check_sanitizers()


@pytest.fixture
def make_trunk(switch, client):
    """Creates trunks, named in the order in which they are tried; removes them with the test."""
    made = []
    names = itertools.count(1)

    def make(port: int, register: bool = False, username: str = "", password: str = "", host: str = "127.0.0.1", **changes) -> dict:
        name = f"Carrier {next(names)}"
        registration = {"type": "REGISTER" if register else "NONE", "host": host, "port": port, "username": username or name.replace(" ", "-").lower()}
        body = {"name": name, "edgeGroupId": switch.first_run["edgeGroupId"],
                "sipProfileId": switch.first_run["sipProfileId"], "maxConcurrentSessions": 10, "codecs": ["G711u", "G711a"],
                "registration": registration | ({"password": password} if password else {}), "healthProbe": None} | changes
        made.append(client.post(EDGES, body))
        return made[-1]

    yield make
    for trunk in made:
        client.request("DELETE", f"{EDGES}/{trunk['id']}")


@pytest.fixture
def closing():
    """Ends what it was given, in reverse."""
    kept = []

    def keep(thing):
        kept.append(thing)
        return thing

    yield keep
    for thing in reversed(kept):
        thing.close()


@pytest.fixture
def sipp(tmp_path, closing):
    return lambda scenario, **options: closing(Sipp(tmp_path, scenario, **options))


@pytest.fixture
def rtp(closing):
    return lambda hertz, **options: closing(RtpEndpoint(hertz, **options))


@pytest.fixture
def kamailio(tmp_path, closing):
    return closing(Kamailio(tmp_path / "kamailio"))


@pytest.fixture
def phone(switch, client, tmp_path, closing):
    """baresip as the agent's phone; the sandbox phone gives way to it, and comes back after it."""
    started = []

    def start(**options) -> Baresip:
        made = closing(Baresip(tmp_path / "baresip", switch.agent, **options))
        started.append(made)
        client.wait_phone(switch.agent["stationId"], user_agent="baresip")
        return made

    yield start
    for made in started:
        made.close()
        client.wait_phone(switch.agent["stationId"], user_agent="sandbox")
