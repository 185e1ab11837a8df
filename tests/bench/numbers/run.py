#!/usr/bin/env python3
"""Numbers at scale: orders them through the API, waits until the sandbox carrier has made them active, and measures what the server
needs for each and how long a page of the list takes. Needs a release build.

    tests/bench/numbers/run.py [--numbers 100000] [--clients 8] [--pages 4000] [--binary FILE]

Two servers, one with 1,000 numbers and one with all of them, both restarted once they have them. Memory: the difference of their
resident sets, divided by the difference in numbers. Time of a page: p99 over random pages of 25, each on a kept connection, the two
servers in turn, so that a noisy machine disturbs both alike."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from harness import contract  # noqa: E402
from harness.ledger import NUMBERS, Connection  # noqa: E402
from harness.server import Server  # noqa: E402

SMALL = 1000


def start(server: Server) -> Server:
    server.start()
    contract.forget(server.base_url)  # the check of every answer would be most of what is measured
    return server


def connection(server: Server) -> Connection:
    return Connection(server.port_of("http"), server.client().log_in().token)


def resident(server: Server) -> int:
    status = pathlib.Path(f"/proc/{server.process.popen.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def order(server: Server, numbers: int, clients: int) -> float:
    def work(part: int) -> None:
        http = connection(server)
        for n in range(part, numbers, clients):
            status, answer = http.ask("POST", NUMBERS, {
                "type": "pstn", "number": f"+1212{n:07}", "providerId": "sip-trunk-acme-us-east", "locationId": "us_east_1",
                "routing": {"type": "queue", "id": "queue-inbound-sales"}})
            assert status == 202, answer
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    return time.monotonic() - began


def wait_active(server: Server) -> float:
    http, began = connection(server), time.monotonic()
    while any(http.ask("GET", f"{NUMBERS}?state={state}&pageSize=1")[1]["total"] for state in ("pending", "provisioning")):
        time.sleep(0.5)
    return time.monotonic() - began


class Pages:
    """Random pages of one server's list."""

    def __init__(self, server: Server):
        self.http, self.chance, self.times = connection(server), random.Random(1), []
        self.pages = self.http.ask("GET", f"{NUMBERS}?pageSize=1")[1]["total"] // 25

    def ask(self) -> None:
        path = f"{NUMBERS}?pageSize=25&pageNumber={self.chance.randint(1, self.pages)}"
        began = time.perf_counter()
        self.http.http.request("GET", path, headers=self.http.head)
        answer = self.http.http.getresponse()
        text = answer.read()
        self.times.append((time.perf_counter() - began) * 1000)
        assert answer.status == 200 and len(json.loads(text)["entities"]) == 25

    def p50(self) -> float:
        return statistics.median(self.times)

    def p99(self) -> float:
        return sorted(self.times)[int(len(self.times) * 0.99)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--numbers", type=int, default=100_000)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--pages", type=int, default=4000)
    options.add_argument("--binary")
    given = options.parse_args()
    if given.binary:
        os.environ["DIALPLANE_BINARY"] = given.binary
    with tempfile.TemporaryDirectory() as folder:
        servers = {count: Server(pathlib.Path(folder) / str(count), log_level="warn") for count in (SMALL, given.numbers)}
        try:
            memory = {}
            for count, server in servers.items():
                start(server)
                took = order(server, count, given.clients)
                waited = wait_active(server)
                server.stop()
                start(server)
                memory[count] = resident(server)
                print(f"{count} numbers: ordered in {took:.1f} s ({count / took:.0f}/s), all active {waited:.1f} s later, started again "
                      f"in {server.started_in:.2f} s, resident {memory[count] / 1e6:.1f} MB", flush=True)
            pages = {count: Pages(server) for count, server in servers.items()}
            for warm in (True, False):
                for _ in range(200 if warm else given.pages):
                    for each in pages.values():
                        each.ask()
                if warm:
                    for each in pages.values():
                        each.times.clear()
        finally:
            for server in servers.values():
                server.stop()
    small, large = pages[SMALL], pages[given.numbers]
    print(f"a page of 25: p50 {small.p50():.3f} and {large.p50():.3f} ms, p99 {small.p99():.3f} and {large.p99():.3f} ms")
    each, ratio = (memory[given.numbers] - memory[SMALL]) / (given.numbers - SMALL), large.p99() / small.p99()
    print(f"memory of a number: {each:.0f} octets (at most 1024)\np99 of a page, {given.numbers} to {SMALL}: {ratio:.2f} (at most 1.5)")
    return 0 if each <= 1024 and ratio <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
