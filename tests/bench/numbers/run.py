#!/usr/bin/env python3
"""Numbers at scale: orders them through the API, waits until the sandbox carrier has made them active, and measures what the server
needs for each and how long a page of the list takes. Needs a release build.

    tests/bench/numbers/run.py [--numbers 100000] [--clients 8] [--pages 2000]

Memory: resident set of the server after a restart, with all numbers and with the small set, divided by the difference. The time of a
page: p99 over random pages of 25, on one kept connection, with both sets."""
import argparse
import concurrent.futures
import pathlib
import random
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "support"))
from harness.server import Server  # noqa: E402

NUMBERS = "/api/v2/telephony/phone/numbers"
SMALL = 1000


def resident(server: Server) -> int:
    status = pathlib.Path(f"/proc/{server.process.popen.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


def order(server: Server, first: int, last: int, clients: int) -> float:
    def work(part: int) -> None:
        client = server.client().log_in()
        for n in range(first + part, last, clients):
            client.post(NUMBERS, {"type": "pstn", "number": f"+1212{n:07}", "providerId": "sip-trunk-acme-us-east",
                                  "locationId": "us_east_1", "routing": {"type": "queue", "id": "queue-inbound-sales"}}, 202)
    began = time.monotonic()
    with concurrent.futures.ThreadPoolExecutor(clients) as pool:
        list(pool.map(work, range(clients)))
    return time.monotonic() - began


def wait_active(server: Server, total: int) -> float:
    client, began = server.client().log_in(), time.monotonic()
    while client.get(f"{NUMBERS}?state=active&pageSize=1")["total"] < total:
        time.sleep(0.5)
    return time.monotonic() - began


def page_p99(server: Server, pages: int) -> float:
    client = server.client().log_in()
    total = client.get(f"{NUMBERS}?pageSize=1")["total"]
    chance, times = random.Random(1), []
    for _ in range(pages):
        path = f"{NUMBERS}?pageSize=25&pageNumber={chance.randint(1, max(1, total // 25))}"
        began = time.perf_counter()
        answer = client.session.get(server.base_url + path, headers={"Authorization": f"Bearer {client.token}"}, timeout=30)
        times.append(time.perf_counter() - began)
        assert answer.status_code == 200
    return sorted(times)[int(len(times) * 0.99)] * 1000


def main() -> int:
    options = argparse.ArgumentParser()
    options.add_argument("--numbers", type=int, default=100_000)
    options.add_argument("--clients", type=int, default=8)
    options.add_argument("--pages", type=int, default=2000)
    given = options.parse_args()
    server = Server(pathlib.Path(tempfile.mkdtemp()), log_level="warn").start()
    seeded = server.client().get(f"{NUMBERS}?pageSize=1")["total"]
    figures = {}
    try:
        for first, last in ((0, SMALL), (SMALL, given.numbers)):
            took = order(server, first, last, given.clients)
            waited = wait_active(server, last + seeded)
            server.restart()
            figures[last] = (resident(server), page_p99(server, given.pages))
            print(f"{last} numbers: ordered in {took:.1f} s ({(last - first) / took:.0f}/s), all active {waited:.1f} s later, "
                  f"resident {figures[last][0] / 1e6:.1f} MB, p99 of a page {figures[last][1]:.2f} ms", flush=True)
    finally:
        server.stop()
    (small_memory, small_page), (memory, page) = figures[SMALL], figures[given.numbers]
    each, ratio = (memory - small_memory) / (given.numbers - SMALL), page / small_page
    print(f"memory of a number: {each:.0f} bytes (at most 1024)\np99 of a page, {given.numbers} to {SMALL}: {ratio:.2f} (at most 1.5)")
    return 0 if each <= 1024 and ratio <= 1.5 else 1


if __name__ == "__main__":
    sys.exit(main())
