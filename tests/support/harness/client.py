"""The API as a client program sees it: a token, JSON requests, and the shapes the tests ask for again and again."""
import base64
import contextlib
import time

import requests

from harness.waiting import until
from harness.websocket import WebSocket

FINAL = ("disconnected", "failed")


class Client:
    def __init__(self, base_url: str, client_id: str, client_secret: str, scope: str = ""):
        self.base_url = base_url
        self.client_id = client_id
        self.client_secret = client_secret
        self.scope = scope
        self.session = requests.Session()
        self.token = ""

    # -- tokens ---------------------------------------------------------------------------------------------------
    def request_token(self, basic: bool = True, **changes) -> requests.Response:
        """Seed 3 sends the credentials as Basic, seed 1 in the form, unescaped."""
        form = {"grant_type": "client_credentials"} | ({"scope": self.scope} if self.scope else {}) | changes
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        if basic:
            pair = f"{self.client_id}:{self.client_secret}".encode()
            headers["Authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        else:
            form = {"client_id": self.client_id, "client_secret": self.client_secret} | form
        body = "&".join(f"{name}={value}" for name, value in form.items())
        return requests.post(f"{self.base_url}/oauth/token", data=body, headers=headers, timeout=10)

    def log_in(self) -> "Client":
        answer = self.request_token()
        assert answer.status_code == 200, answer.text
        self.token = answer.json()["access_token"]
        return self

    # -- requests -------------------------------------------------------------------------------------------------
    def request(self, method: str, path: str, body=None, headers=None, raw=None) -> requests.Response:
        if not self.token:
            self.log_in()
        head = {"Authorization": f"Bearer {self.token}"} | (headers or {})
        if raw is not None:
            head = {"Content-Type": "application/json"} | head
        return self.session.request(method, self.base_url + path, json=body, data=raw, headers=head, timeout=10)

    def get(self, path: str, status: int = 200, **options) -> dict:
        return self._checked("GET", path, status, **options)

    def post(self, path: str, body, status: int = 201, **options) -> dict:
        return self._checked("POST", path, status, body=body, **options)

    def put(self, path: str, body, status: int = 200, **options) -> dict:
        return self._checked("PUT", path, status, body=body, **options)

    def delete(self, path: str, status: int = 204) -> dict:
        return self._checked("DELETE", path, status)

    def _checked(self, method, path, status, **options) -> dict:
        answer = self.request(method, path, **options)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else {}

    # -- calls ----------------------------------------------------------------------------------------------------
    def place_call(self, agent: dict, number: str, status: int = 201, **changes) -> dict:
        body = {"from": {"id": agent["userId"], "phoneNumber": agent["callerId"]}, "to": {"phoneNumber": number},
                "type": "pstn"} | changes
        return self.post("/api/v2/conversations/calls", body, status)

    def conversation(self, conversation_id: str) -> dict:
        return self.get(f"/api/v2/conversations/{conversation_id}")

    def wait_status(self, conversation_id: str, *wanted: str, seconds: float = 20) -> dict:
        """The conversation once it has one of these; a final one that isn't wanted fails at once."""
        def look():
            conversation = self.conversation(conversation_id)
            if conversation["status"] in wanted:
                return conversation
            assert conversation["status"] not in FINAL, f"waited for {wanted}: {conversation}"
            return None
        return until(look, seconds, f"conversation {conversation_id} is {' or '.join(wanted)}", every=0.1)

    def hang_up(self, conversation_id: str) -> dict:
        answer = self.request("POST", f"/api/v2/conversations/{conversation_id}/disconnect")
        assert answer.status_code in (202, 409), answer.text
        return self.wait_status(conversation_id, *FINAL)

    def wait_trunk(self, trunk_id: str, state: str, seconds: float = 15) -> dict:
        path = f"/api/v2/telephony/providers/edges/{trunk_id}"
        seen = {}

        def look():
            seen.update(self.get(path))
            return seen if seen["registrationState"] == state else None
        return until(look, seconds, f"trunk {trunk_id} is {state} (it is {seen.get('registrationState')})", every=0.1)

    def wait_phone(self, station_id: str, seconds: float = 15, user_agent: str = "", online: bool = True) -> dict:
        def look():
            station = self.get(f"/api/v2/stations/{station_id}")
            is_online = station["registrationState"] != "offline"
            return station if is_online == online and user_agent in station.get("userAgent", "") else None
        return until(look, seconds, f"station {station_id} {'online' if online else 'offline'} {user_agent}", every=0.1)

    # -- notifications --------------------------------------------------------------------------------------------
    @contextlib.contextmanager
    def notifications(self, *topics: str):
        """A channel that follows the topics, as a WebSocket."""
        channel = self.post("/api/v2/notifications/channels", {}, 200)
        self.post(f"/api/v2/notifications/channels/{channel['id']}/subscriptions", [{"id": topic} for topic in topics], 200)
        with WebSocket.connect(channel["connectUri"]) as socket:
            yield Notifications(socket)


class Notifications:
    def __init__(self, socket: WebSocket):
        self.socket = socket
        assert socket.receive_json(5)["topicName"] == "channel.metadata"

    def conversation_until(self, conversation_id: str, *wanted: str, seconds: float = 20) -> list[dict]:
        """Every frame about this conversation, in order, up to the first with one of these statuses."""
        frames, deadline = [], time.monotonic() + seconds
        while not frames or frames[-1]["status"] not in wanted:
            left = deadline - time.monotonic()
            assert left > 0, f"waited for {wanted}, saw {[frame['status'] for frame in frames]}"
            assert not frames or frames[-1]["status"] not in FINAL, f"waited for {wanted}: {frames[-1]}"
            body = self.socket.receive_json(left)["eventBody"]
            if body.get("id") == conversation_id:
                frames.append(body)
        return frames
