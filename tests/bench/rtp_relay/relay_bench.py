#!/usr/bin/env python3
"""RTP relay cost against rtpengine in user space: CPU per relayed packet, both systems in every round, ratios inside the round.

  tests/bench/rtp_relay/relay_bench.py [--rounds 5] [--seconds 4] [--only rtp:500,srtp:100] [--tick-us 1000]

Builds nothing: run `cmake --preset bench && cmake --build --preset bench --target relay_host rtp_load` first (the script says so).
Needs Debian's rtpengine-daemon, and root for real-time priorities (without them it measures all the same, and says so).

Our side stands twice in every round where it can: with a port pair for each leg (`own`, what a trunk has by default) and with one for
all of a worker (`shared`, a trunk's choice for carriers that send from where they announce; to it the targets apply).

Unit: microseconds of CPU (user and kernel, all threads, from schedstat) per packet delivered. The generator runs on core 0, the system
under test on core 1. Single figures wander with the machine; the ratios inside one round are what counts. Rounds in which the
hypervisor stole more than 4 % are left out and reported."""
import argparse
import base64
import glob
import ipaddress
import json
import os
import pathlib
import re
import shutil
import socket
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[3]
BIN = ROOT / "build" / "bench" / "bin"
SOCKETS = 8
A_BASE, B_BASE = 23000, 23100
NG_PORT = 23222
ROWS = ["rtp:100", "rtp:500", "rtp:1000", "srtp:100", "srtp:500", "opus:20", "opus-nb:20", "g722:50"]
TARGETS = {"rtp:100": 2.0, "rtp:500": 2.0, "rtp:1000": 1.8}
SHARED_MODES = ("rtp", "srtp")
TYPES = {"pcmu": (0, "PCMU/8000"), "g722": (9, "G722/8000"), "opus": (111, "opus/48000/2")}


def bencode(value):
    if isinstance(value, dict):
        return b"d" + b"".join(bencode(k) + bencode(value[k]) for k in sorted(value)) + b"e"
    if isinstance(value, list):
        return b"l" + b"".join(map(bencode, value)) + b"e"
    if isinstance(value, int):
        return b"i%de" % value
    data = value.encode() if isinstance(value, str) else value
    return b"%d:" % len(data) + data


def bdecode(data, at=0):
    kind = data[at:at + 1]
    if kind in (b"d", b"l"):
        items, at = [], at + 1
        while data[at:at + 1] != b"e":
            item, at = bdecode(data, at)
            items.append(item)
        return (dict(zip(items[::2], items[1::2])) if kind == b"d" else items), at + 1
    if kind == b"i":
        end = data.index(b"e", at)
        return int(data[at + 1:end]), end + 1
    colon = data.index(b":", at)
    size = int(data[at:colon])
    return data[colon + 1:colon + 1 + size].decode("utf-8", "replace"), colon + 1 + size


class Ng:
    """rtpengine's control protocol: one datagram each way, a cookie in front, bencode behind."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.settimeout(2)
        self.socket.connect(("127.0.0.1", NG_PORT))

    def __call__(self, command, **fields):
        cookie = os.urandom(6).hex().encode()
        body = bencode({"command": command, **{k.replace("_", "-"): v for k, v in fields.items()}})
        for _ in range(50):  # a busy machine takes its time to start it
            try:
                self.socket.send(cookie + b" " + body)
                while True:
                    reply = self.socket.recv(65536)
                    if reply.startswith(cookie + b" "):
                        return bdecode(reply[len(cookie) + 1:])[0]
            except (TimeoutError, ConnectionRefusedError):
                time.sleep(0.1)
        raise SystemExit("no answer from rtpengine")


def sdp(address, port, codec, key=None):
    number, name = TYPES[codec]
    lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=-", f"c=IN IP4 {address}", "t=0 0",
             f"m=audio {port} RTP/{'S' if key else ''}AVP {number}", f"a=rtpmap:{number} {name}", "a=ptime:20", "a=sendrecv"]
    if key:
        lines.append(f"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}")
    return "\r\n".join(lines) + "\r\n"


def media_port(reply):
    if reply.get("result") != "ok":
        raise SystemExit(f"rtpengine: {reply}")
    return int(re.search(r"m=audio (\d+)", reply["sdp"])[1])


def pinned(core, priority):
    """Core and real-time priority, where this machine lets us."""
    prefix = ["taskset", "-c", str(core)] if (os.cpu_count() or 1) > 1 else []
    if subprocess.run(["chrt", "-f", "10", "true"], capture_output=True).returncode == 0:
        prefix += ["chrt", "-f", str(priority)]
    return prefix


class Rtpengine:
    name = "rtpengine"

    def __init__(self, mode, calls, _tick):
        self.process = subprocess.Popen(
            pinned(1, 10) + ["rtpengine", "--foreground", "--table=-1", "--interface=127.0.0.1",
                             f"--listen-ng=127.0.0.1:{NG_PORT}", "--port-min=30000", "--port-max=60000", "--num-threads=1",
                             "--log-level=3", "--log-stderr", "--delete-delay=0", "--timeout=0", "--silent-timeout=0",
                             "--offer-timeout=3600"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        codec = {"opus": "opus", "opus-nb": "opus", "g722": "g722"}.get(mode, "pcmu")
        try:
            ng = Ng()
            self.calls = [self.make_call(ng, i, mode, codec) for i in range(calls)]
        except BaseException:  # or the next run would talk to this one, and measure nothing
            self.stop()
            raise

    @staticmethod
    def make_call(ng, i, mode, codec):
        key = os.urandom(30) if mode == "srtp" else None
        extra = {"codec": {"transcode": ["PCMU"], "mask": ["all"]}} if codec != "pcmu" else {}
        a, b = A_BASE + 2 * (i % SOCKETS), B_BASE + 2 * (i % SOCKETS)
        address = ipaddress.ip_address("127.0.0.1") + i // SOCKETS
        offer = ng("offer", sdp=sdp(address, a, codec, key), call_id=f"bench-{i}", from_tag="a", replace=["origin"], ICE="remove",
                   rtcp_mux=["demux"], transport_protocol="RTP/AVP", **extra)
        answer = ng("answer", sdp=sdp(address, b, "pcmu"), call_id=f"bench-{i}", from_tag="a", to_tag="b", replace=["origin"],
                    ICE="remove")
        return f"{media_port(answer)} {media_port(offer)} {key.hex() if key else '-'}"

    def stop(self):
        self.process.terminate()
        self.process.wait()


class Ours:
    name = port = "own"

    def __init__(self, mode, calls, tick):
        host_mode = "opus" if mode == "opus-nb" else mode
        self.process = subprocess.Popen(
            pinned(1, 10) + [str(BIN / "relay_host"), host_mode, str(calls), str(A_BASE), str(B_BASE), str(SOCKETS), str(tick), self.port],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.calls = []
        for line in self.process.stdout:
            if line.strip() == "ready":
                return
            self.calls.append(line.strip())
        raise SystemExit("relay_host did not get ready")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class OursShared(Ours):
    name = port = "shared"


def cpu_ns(pid):
    total = 0
    for path in glob.glob(f"/proc/{pid}/task/*/schedstat"):
        try:
            total += int(pathlib.Path(path).read_text().split()[0])
        except OSError:
            pass
    return total


def steal_share(before):
    fields = list(map(int, pathlib.Path("/proc/stat").read_text().split("\n")[0].split()[1:]))
    if before is None:
        return fields
    spent = [now - then for now, then in zip(fields, before)]
    return spent[7] / max(1, sum(spent))


def measure(system, mode, calls, seconds, tick):
    under_test = system(mode, calls, tick)
    try:
        load = subprocess.Popen(pinned(0, 20) + [str(BIN / "rtp_load"), mode, str(seconds), str(A_BASE), str(B_BASE), str(SOCKETS)],
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        load.stdin.write("\n".join(under_test.calls) + "\n")
        load.stdin.close()
        load.stderr.readline()
        before, stat = cpu_ns(under_test.process.pid), steal_share(None)
        load.stderr.readline()
        after, steal = cpu_ns(under_test.process.pid), steal_share(stat)
        result = json.loads(load.stdout.readline())
        load.wait()
    finally:
        under_test.stop()
    delivered = max(1, min(result["received"], result["sent"]))
    return {"us": (after - before) / 1000 / delivered, "loss": 1 - result["received"] / max(1, result["sent"]), "steal": steal,
            "p50": result["p50_us"], "p99": result["p99_us"]}


def run_row(row, options):
    mode, calls = row.split(":")
    systems = (Rtpengine, Ours, OursShared) if mode in SHARED_MODES else (Rtpengine, Ours)
    rounds, stolen = [], 0
    for _ in range(options.rounds * 2):
        measured = [measure(system, mode, int(calls), options.seconds, options.tick_us) for system in systems]
        if max(r["steal"] for r in measured) > 0.04:
            stolen += 1
            continue
        rounds.append(measured)
        theirs = measured[0]
        print(f"  {row:12} rtpengine {theirs['us']:7.2f} us (loss {theirs['loss']:6.2%})"
              + "".join(f"   {system.name} {r['us']:7.2f} us (loss {r['loss']:6.2%}, p50/p99 {r['p50']}/{r['p99']} us) ratio {theirs['us'] / r['us']:.2f}"
                        for system, r in zip(systems[1:], measured[1:])), flush=True)
        if len(rounds) == options.rounds:
            break
    return [summary(row, system.name, [(r[0], r[i]) for r in rounds], stolen) for i, system in enumerate(systems) if i > 0]


def summary(row, port, pairs, stolen):
    ratios = [theirs["us"] / ours["us"] for theirs, ours in pairs]
    return {"row": row, "port": port, "ratio": statistics.median(ratios) if ratios else 0, "low": min(ratios, default=0),
            "high": max(ratios, default=0), "theirs": statistics.median(r[0]["us"] for r in pairs) if pairs else 0,
            "ours": statistics.median(r[1]["us"] for r in pairs) if pairs else 0,
            "loss": max((r[1]["loss"] for r in pairs), default=0), "stolen": stolen}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=4)
    parser.add_argument("--only", help="comma separated rows, e.g. rtp:500,opus:20")
    parser.add_argument("--tick-us", type=int, default=1000)
    options = parser.parse_args()
    for tool in ("rtpengine", "taskset", "chrt"):
        if not shutil.which(tool):
            sys.exit(f"{tool} is missing (apt-get install rtpengine-daemon util-linux)")
    if not (BIN / "relay_host").exists():
        sys.exit("build first: cmake --preset bench && cmake --build --preset bench --target relay_host rtp_load")
    results = [r for row in (options.only.split(",") if options.only else ROWS) for r in run_row(row, options)]
    print(f"\n{'calls':12} {'our ports':>9} {'rtpengine us':>13} {'dialplane us':>13} {'ratio':>7} {'min..max':>13} {'our loss':>9}  target")
    failed = False
    for r in results:
        target = TARGETS.get(r["row"])
        met = target is None or r["ratio"] >= target
        failed = failed or (not met and r["port"] == "shared")
        verdict = "" if target is None else f"{target} {'met' if met else 'MISSED'}"
        spread = f"{r['low']:.2f}..{r['high']:.2f}"
        print(f"{r['row']:12} {r['port']:>9} {r['theirs']:13.2f} {r['ours']:13.2f} {r['ratio']:7.2f} {spread:>13} {r['loss']:9.3%}  {verdict}"
              + (f"  ({r['stolen']} rounds left out: steal)" if r["stolen"] else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
