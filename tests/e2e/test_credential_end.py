"""A credential ends: what was opened with it, notification sockets and event streams, closes at once and says why; nobody else's does."""
import json
import secrets

import pytest
import requests

from harness.client import Client
from harness.jwt import Key, assertion, claims
from harness.websocket import Closed, WebSocket

CLIENTS = "/api/v2/oauth/clients"
ROLES = "/api/v2/authorization/roles"
CHANNELS = "/api/v2/notifications/channels"
STREAM = "/api/v2/events/stream"
SCOPES = ["notifications", "conversations", "analytics", "telephony"]
READS_EVENTS = [{"domain": "analytics", "entityName": "event", "actionSet": ["view"]}]
SESSION_ENDED = 4401


class Opened:
    """A channel with its socket, and an event stream, by one credential."""

    def __init__(self, client: Client, topics=("v2.conversations.none",)):
        self.client = client
        channel = client.post(CHANNELS, {}, 200)
        self.channel = f"{CHANNELS}/{channel['id']}"
        self.follow(client, topics)
        self.socket = WebSocket.connect(channel["connectUri"])
        assert self.socket.receive_json()["topicName"] == "channel.metadata"
        head = {"Authorization": f"Bearer {client.token}"} if client.token else {}
        self.answer = client.session.get(client.base_url + STREAM, headers=head | {"Accept": "text/event-stream"}, stream=True, timeout=20)
        assert self.answer.status_code == 200, self.answer.text
        self.lines = self.answer.iter_lines(chunk_size=1, decode_unicode=True)
        assert next(self.lines).startswith(": from ")

    def follow(self, client: Client, topics) -> None:
        client.post(f"{self.channel}/subscriptions", [{"id": topic} for topic in topics], 200)

    def socket_ends(self) -> Closed:
        with pytest.raises(Closed) as closed:
            while True:
                self.socket.receive(10)
        return closed.value

    def stream_ends(self) -> str:
        """The reason of its last event; the stream has an end behind it."""
        event, reason = "", ""
        for line in self.lines:
            if line.startswith("event: "):
                event = line.removeprefix("event: ")
            elif line.startswith("data: ") and event == "end":
                reason = json.loads(line.removeprefix("data: "))["reason"]
        return reason

    def is_open(self) -> bool:
        self.socket.send(b'{"message":"ping"}')
        while self.socket.receive_json()["eventBody"]["message"] != "pong":
            pass
        return self.client.request("GET", self.channel).status_code == 200

    def close(self) -> None:
        self.socket.connection.close()
        self.answer.close()


@pytest.fixture(scope="module")
def admin(server) -> Client:
    return server.client().log_in()


@pytest.fixture
def made(server, admin) -> Client:
    """An application that may read events."""
    role = admin.post(ROLES, {"name": f"events {secrets.token_hex(4)}", "permissionPolicies": READS_EVENTS}, 200)
    body = {"name": "Follower", "authorizedGrantType": "CLIENT-CREDENTIALS", "roleIds": [role["id"]], "scope": SCOPES}
    answer = admin.post(CLIENTS, body, 200)
    return Client(server.base_url, answer["id"], answer["secret"]).log_in()


def another(client: Client) -> Client:
    return Client(client.base_url, client.client_id, client.client_secret).log_in()


def revoke(client: Client) -> None:
    answer = requests.post(f"{client.base_url}/oauth/revoke", data={"token": client.token}, auth=(client.client_id, client.client_secret), timeout=10)
    assert answer.status_code == 200


def test_a_revoked_token_takes_its_channel_and_stream_along_and_no_other(made):
    ended, other = Opened(made), Opened(another(made))
    revoke(made)
    closed = ended.socket_ends()
    assert closed.code == SESSION_ENDED and "token" in closed.reason
    assert ended.stream_ends() == "credential_ended"
    assert other.client.request("GET", ended.channel).status_code == 404
    assert other.is_open()
    other.close()


def test_a_token_that_ends_itself(made):
    opened = Opened(made)
    made.delete("/api/v2/tokens/me", 200)
    assert opened.socket_ends().code == SESSION_ENDED and opened.stream_ends() == "credential_ended"


def test_a_client_that_is_removed(admin, made):
    opened = Opened(made)
    admin.delete(f"{CLIENTS}/{made.client_id}")
    assert opened.socket_ends().code == SESSION_ENDED and opened.stream_ends() == "credential_ended"


def test_a_user_who_leaves(server, admin, tmp_path):
    user = admin.post("/api/v2/users", {"name": "Leaver", "email": f"{secrets.token_hex(4)}@example.com"})
    role = admin.post(ROLES, {"name": f"events {secrets.token_hex(4)}", "permissionPolicies": READS_EVENTS}, 200)
    admin.put(f"{ROLES}/{role['id']}/users/add", [user["id"]])
    key = Key(tmp_path, "ES256", "k")
    signer = admin.post(CLIENTS, {"name": "Signer", "authorizedGrantType": "JWT-BEARER", "scope": [*SCOPES, "user:read:me"], "roleIds": [],
                                  "jwks": {"keys": [key.jwk()]}}, 200)
    form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion(key, claims(signer["id"], user["id"], server.base_url))}
    token = requests.post(f"{server.base_url}/oauth/token", data=form, timeout=10).json()["access_token"]
    theirs = Client(server.base_url, "", "")
    theirs.token = token
    opened = Opened(theirs, [f"v2.users.{user['id']}.conversations"])
    present = admin.get(f"/api/v2/users/{user['id']}")
    admin.put(f"/api/v2/users/{user['id']}", present | {"state": "inactive"})
    assert opened.socket_ends().code == SESSION_ENDED and opened.stream_ends() == "credential_ended"


def test_a_role_that_no_longer_permits_it_ends_the_stream_and_leaves_the_channel(admin, made):
    opened = Opened(made)
    role = admin.get(f"{CLIENTS}/{made.client_id}")["roleIds"][0]
    answer = admin.request("PATCH", f"{ROLES}/{role}", {"permissionPolicies": []})
    assert answer.status_code == 200, answer.text
    assert opened.stream_ends() == "permission_withdrawn"
    assert opened.is_open()
    opened.close()


def test_a_newer_token_that_changes_the_topics_carries_the_channel_over(made):
    opened, newer = Opened(made), another(made)
    opened.follow(newer, ["v2.conversations.other"])
    revoke(made)
    assert opened.stream_ends() == "credential_ended"
    opened.client = newer
    assert opened.is_open()
    revoke(newer)
    assert opened.socket_ends().code == SESSION_ENDED


def test_a_console_session_that_logs_out(start_server):
    server = start_server()
    run = server.first_run["console"]
    login = requests.post(f"{server.base_url}/login", json={"user": run["user"], "password": run["password"]}, timeout=30,
                          headers={"Origin": server.base_url})
    cookie = {"Cookie": login.headers["Set-Cookie"].split(";")[0], "Origin": server.base_url, "X-Dialplane-Console": "1"}
    channel = requests.post(server.base_url + CHANNELS, json={}, headers=cookie, timeout=10).json()
    with WebSocket.connect(channel["connectUri"]) as socket:
        socket.receive_json()
        assert requests.post(f"{server.base_url}/logout", headers=cookie, timeout=10).status_code == 204
        with pytest.raises(Closed) as closed:
            while True:
                socket.receive(10)
    assert closed.value.code == SESSION_ENDED
