#!/usr/bin/env python3
"""Small responses per second and CPU per request of our HTTP server against nginx `return` with the same bytes.

Rounds are interleaved in one run (ours, nginx, ours, nginx …) so that both see the same machine; server on core 0, wrk on core 1.
CPU per request comes from process accounting, so it holds when the machine is shared. Needs nginx and wrk.
    tests/bench/http_bench.py [--binary build/bench/bin/http_bench_server] [--rounds 5] [--seconds 5] [--connections 32]
"""
import argparse
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
BODY = "x" * 391


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def cpu_seconds(pids: list[int]) -> float:
    total = 0
    for pid in pids:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def start_ours(binary: pathlib.Path):
    process = subprocess.Popen(["taskset", "-c", "0", str(binary)], stdout=subprocess.PIPE, text=True)
    port = int(process.stdout.readline().split()[1])
    return process, port, lambda: [process.pid]


def start_nginx(folder: str):
    port = free_port()
    config = pathlib.Path(folder) / "nginx.conf"
    config.write_text(f"""
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{ access_log off; keepalive_requests 1000000000; client_body_temp_path {folder}/b; proxy_temp_path {folder}/p;
  fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; default_type application/json; location / {{ return 200 "{BODY}"; }} }} }}
""")
    process = subprocess.Popen(["taskset", "-c", "0", shutil.which("nginx") or "/usr/sbin/nginx", "-c", str(config)])
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        with socket.socket() as s:
            if s.connect_ex(("127.0.0.1", port)) == 0:
                break

    def pids():
        children = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        return [process.pid] + [int(c) for c in children]

    return process, port, pids


def one_round(port: int, pids, seconds: int, connections: int):
    before = cpu_seconds(pids())
    out = subprocess.run(["taskset", "-c", "1", "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", f"http://127.0.0.1:{port}/a"],
                         capture_output=True, text=True, check=True).stdout
    used = cpu_seconds(pids()) - before
    if "Non-2xx" in out or "Socket errors" in out:
        sys.exit(out)
    done = int(re.search(r"(\d+) requests in", out).group(1))
    return done / seconds, used / done * 1e6


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / "build/bench/bin/http_bench_server")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=5)
    parser.add_argument("--connections", type=int, default=32)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        servers = {"dialplane": start_ours(options.binary), "nginx": start_nginx(folder)}
        results = {name: [] for name in servers}
        try:
            for name, (_, port, pids) in servers.items():
                one_round(port, pids, 1, options.connections)
            for _ in range(options.rounds):
                for name, (_, port, pids) in servers.items():
                    results[name].append(one_round(port, pids, options.seconds, options.connections))
        finally:
            for process, _, _ in servers.values():
                process.terminate()
                process.wait()
    medians = {}
    for name, rounds in results.items():
        medians[name] = (statistics.median(r for r, _ in rounds), statistics.median(c for _, c in rounds))
        print(f"{name:10} {medians[name][0]:9.0f} req/s   {medians[name][1]:6.2f} us CPU/request   ({len(rounds)} rounds)")
    print(f"ratio      {medians['dialplane'][0] / medians['nginx'][0]:9.2f} of nginx   "
          f"{medians['dialplane'][1] / medians['nginx'][1]:6.2f} of its CPU")
    return 0


if __name__ == "__main__":
    sys.exit(main())
