"""The sandbox carrier as a process of its own, so that its book of orders outlives the server."""
import requests

from harness.ports import free_port
from harness.process import Process
from harness.waiting import until


class SandboxProcess:
    def __init__(self, server, folder):
        self.account = ("killed-account", "killed-account-password")
        self.sip, self.http = free_port(), free_port()
        self.process = Process("sandbox", server.command("sandbox", "--sip", f"127.0.0.1:{self.sip}", "--http", f"127.0.0.1:{self.http}",
                                                         "--account", ":".join(self.account)), folder)
        until(lambda: self.get("/v1/account") is not None, 20, "the sandbox answers")

    def serve(self, server) -> None:
        """The server, which must not run its own sandbox, orders here."""
        server.settings |= {"sandbox-sip": f"127.0.0.1:{self.sip}", "sandbox-http": f"127.0.0.1:{self.http}"}

    def trunk_body(self, server) -> dict:
        return {"name": "killed", "edgeGroupId": server.first_run["edgeGroupId"], "sipProfileId": server.first_run["sipProfileId"],
                "maxConcurrentSessions": 5, "codecs": [],
                "registration": {"host": "127.0.0.1", "port": self.sip, "username": self.account[0], "password": self.account[1]}}

    def get(self, path: str):
        try:
            answer = requests.get(f"http://127.0.0.1:{self.http}{path}", auth=self.account, timeout=30)
        except requests.RequestException:
            return None
        return answer.json() if answer.status_code == 200 else None

    def orders(self) -> list[dict]:
        return self.get("/v1/orders")["orders"]

    def register_by_hand(self, order_id: str) -> None:
        requests.post(f"http://127.0.0.1:{self.http}/v1/orders/{order_id}/registration", auth=self.account, timeout=30).raise_for_status()
