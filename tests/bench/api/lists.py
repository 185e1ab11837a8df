#!/usr/bin/env python3
"""A page of a list at 1,000 entities and at 100,000: p50 and p99 of each, and their ratio.

    lists.py [--binary build/release/bin/dialplane] [--many 100000] [--requests 2000]

Edge groups, because they need nothing else to exist; every list of the API is answered from the same kind of index. The pages asked for
are spread over the whole list; every tenth request follows a write, so that no answer can come from a cache of an unchanged list.
"""
import argparse
import concurrent.futures
import os
import pathlib
import random
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "tests/support"))
from harness import contract  # noqa: E402
from harness.ledger import Connection  # noqa: E402
from harness.server import Server  # noqa: E402

GROUPS = "/api/v2/telephony/providers/edges/edgegroups"


def fill(server, first: int, last: int) -> None:
    def some(start: int) -> None:
        connection = Connection(server.port_of("http"), server.client().log_in().token)
        for number in range(start, last, 16):
            status, answer = connection.ask("POST", GROUPS, {"name": f"group {number * 7919 % 1_000_003:07}"})
            assert status == 201, answer
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(some, range(first, first + 16)))


def measure(server, count: int, requests: int) -> tuple[float, float]:
    connection, dice, times = Connection(server.port_of("http"), server.client().log_in().token), random.Random(1), []
    pages = count // 100
    for number in range(requests):
        if number % 10 == 0:
            connection.ask("POST", GROUPS, {"name": f"written {number}"})
        page = dice.randint(1, pages)
        began = time.perf_counter()
        connection.http.request("GET", f"{GROUPS}?pageSize=100&pageNumber={page}", headers=connection.head)
        answer = connection.http.getresponse()
        answer.read()
        times.append(time.perf_counter() - began)
        assert answer.status == 200
    times.sort()
    return times[len(times) // 2] * 1000, times[len(times) * 99 // 100] * 1000


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(ROOT / "build/release/bin/dialplane"))
    parser.add_argument("--many", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=2000)
    options = parser.parse_args()
    os.environ["DIALPLANE_BINARY"] = options.binary
    with tempfile.TemporaryDirectory() as folder:
        server = Server(pathlib.Path(folder), sandbox=False, log_level="error").start()
        contract.forget(server.base_url)  # the check of every answer would be most of what is measured
        fill(server, 0, 1000)
        few = measure(server, 1000, options.requests)
        fill(server, 1000, options.many)
        many = measure(server, options.many, options.requests)
        server.stop()
    print(f"1,000 entities:   p50 {few[0]:.2f} ms, p99 {few[1]:.2f} ms")
    print(f"{options.many:,} entities: p50 {many[0]:.2f} ms, p99 {many[1]:.2f} ms")
    print(f"ratio of p99: {many[1] / few[1]:.2f}")


if __name__ == "__main__":
    main()
