#!/usr/bin/env python3
"""How fast events leave: webhook deliveries per second, and events per second through the log to a server-sent stream. Each beside a
limit of its own, measured in the same run: the same bodies posted to the same receiver by a plain client over as many connections as a
webhook may use, and the same octets read from a plain HTTP server.

    tests/bench/events/run.py [--events 5000] [--binary FILE] [--json FILE]      (take a release build)
"""
import argparse
import concurrent.futures
import http.client
import http.server
import json
import os
import pathlib
import sys
import tempfile
import threading
import time

import requests

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from harness import contract  # noqa: E402
from harness.ledger import Connection  # noqa: E402
from harness.server import Server  # noqa: E402
from harness.waiting import until  # noqa: E402

CONNECTIONS = 16  # a lane's widest window
EDGE_GROUPS = "/api/v2/telephony/providers/edges/edgegroups"


class Sink:
    """Takes POSTs and counts them; a GET answers `octets`."""

    def __init__(self, octets: bytes = b""):
        self.bodies: list[bytes] = []
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = 65536  # head and body in one segment

            def do_POST(self):
                sink.bodies.append(self.rfile.read(int(self.headers["Content-Length"])))
                self._answer(b"")

            def do_GET(self):
                self._answer(octets)

            def _answer(self, body):
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
                self.wfile.flush()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_port
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


def post_plainly(port: int, bodies: list[bytes]) -> float:
    def work(mine):
        connection = http.client.HTTPConnection("127.0.0.1", port)
        for body in mine:
            connection.request("POST", "/", body, {"Content-Type": "application/json"})
            connection.getresponse().read()
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, [bodies[i::CONNECTIONS] for i in range(CONNECTIONS)]))
    return len(bodies) / (time.monotonic() - began)


def make_events(server: Server, count: int) -> None:
    def work(numbers):
        connection = Connection(server.port_of("http"), server.client().log_in().token)
        for number in numbers:
            status, answer = connection.ask("POST", EDGE_GROUPS, {"name": f"bench-{number}"})
            assert status == 201, answer
    with concurrent.futures.ThreadPoolExecutor(CONNECTIONS) as pool:
        list(pool.map(work, [range(i, count, CONNECTIONS) for i in range(CONNECTIONS)]))


def webhooks(client, count: int) -> dict:
    sink = Sink()
    hook = client.post("/api/v2/webhooks", {"name": "bench", "targetUri": f"http://127.0.0.1:{sink.port}/",
                                            "filterCriteria": "resourceTypes:[edgegroup]"})

    def replay():
        nonlocal began
        began = time.monotonic()
        return client.request("POST", f"/api/v2/webhooks/{hook['id']}/replay", {"since": 0}).status_code == 202
    began = 0.0
    until(replay, 10, "the lane is open", every=0.01)
    until(lambda: len(sink.bodies) >= count, 300, "every event was delivered", every=0.01)
    ours = count / (time.monotonic() - began)
    limit = post_plainly(sink.port, sink.bodies[:count])
    return {"deliveriesPerSecond": round(ours), "limit": "plain client, same bodies, same receiver",
            "limitPerSecond": round(limit), "ratio": round(ours / limit, 2)}


def read_stream(client, count: int) -> tuple[float, bytes]:
    began = time.monotonic()
    answer = requests.get(f"{client.base_url}/api/v2/events/stream", params={"since": "0", "filter": "resourceTypes:[edgegroup]"}, stream=True,
                          headers={"Authorization": f"Bearer {client.token}", "Accept": "text/event-stream"}, timeout=60)
    got, seen = b"", 0
    for chunk in answer.iter_content(65536):
        got += chunk
        seen += chunk.count(b"\ndata: ")
        if seen >= count:
            break
    elapsed = time.monotonic() - began
    answer.close()
    return count / elapsed, got


def stream(client, count: int) -> dict:
    ours, octets = read_stream(client, count)
    sink = Sink(octets)
    began = time.monotonic()
    got = b"".join(requests.get(f"http://127.0.0.1:{sink.port}/", stream=True, timeout=60).iter_content(65536))
    limit = got.count(b"\ndata: ") / (time.monotonic() - began)
    return {"eventsPerSecond": round(ours), "limit": "plain HTTP server, same octets", "limitPerSecond": round(limit),
            "ratio": round(ours / limit, 2)}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=5000)
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--binary")
    options = parser.parse_args()
    if options.binary:
        os.environ["DIALPLANE_BINARY"] = options.binary
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), log_level="warn").start()
        contract.forget(server.base_url)  # the check of every answer would be most of what is measured
        try:
            client = server.client().log_in()
            make_events(server, options.events)
            figures = {"events": options.events, "webhooks": webhooks(client, options.events), "stream": stream(client, options.events)}
        finally:
            server.stop()
    print(json.dumps(figures, indent=2))
    if options.json:
        options.json.write_text(json.dumps(figures))
    return 0


if __name__ == "__main__":
    sys.exit(main())
