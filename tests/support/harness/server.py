"""`dialplane serve` as a process of its own, on loopback and free ports."""
import json
import os
import pathlib
import stat
import time

import requests

from harness import contract
from harness.client import Client
from harness.ports import free_port
from harness.process import Process
from harness.waiting import until

ROOT = pathlib.Path(__file__).resolve().parents[3]


def binary() -> pathlib.Path:
    """DIALPLANE_BINARY, else the newest of the presets' binaries."""
    given = os.environ.get("DIALPLANE_BINARY")
    if given:
        return pathlib.Path(given).resolve()
    built = [path for preset in ("ci", "dev", "release") if (path := ROOT / f"build/{preset}/bin/dialplane").exists()]
    assert built, "no dialplane binary under build/: build one, or name it in DIALPLANE_BINARY"
    return max(built, key=lambda path: path.stat().st_mtime)


class Server:
    """Keeps its ports over a restart, so that phones, carriers and clients find it again."""

    def __init__(self, folder: pathlib.Path, sandbox: bool = True, **settings):
        self.folder = folder
        self.data = folder / "data"
        self.sandbox = sandbox
        self.settings = {"http": "127.0.0.1:0", "sip": f"127.0.0.1:{free_port()}", "https": f"127.0.0.1:{free_port()}",
                         "sips": f"127.0.0.1:{free_port()}", "sandbox-sip": f"127.0.0.1:{free_port()}",
                         "rate-limit": 0, "drain": 0, "log-level": "debug"} | {
                             name.replace("_", "-"): value for name, value in settings.items()}
        self.process: Process | None = None
        self.first_run: dict = {}
        self.started_in = 0.0
        self.wait_ready = True

    def command(self, *words) -> list:
        return [binary(), *words]

    def _spawn(self) -> None:
        options = [part for name, value in self.settings.items() for part in (f"--{name}", str(value))]
        flags = ["--sandbox"] if self.sandbox else []
        # A slow machine under sanitizers must not make the pool of detached threads look like a leak at exit.
        environment = os.environ | {"ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1:halt_on_error=1",
                                    "UBSAN_OPTIONS": "print_stacktrace=1:halt_on_error=1"}
        self.process = Process("server", self.command("serve", "--data", self.data, *flags, *options), self.folder,
                               env=environment)

    def start_and_kill_after(self, seconds: float) -> None:
        """Dies at whatever point of its start it has reached by then."""
        self._spawn()
        time.sleep(seconds)  # the moment of death, not a wait for anything
        self.kill()

    def start(self, seconds: float = 30, wait_ready: bool = True) -> "Server":
        began = time.monotonic()
        self.wait_ready = wait_ready
        self._spawn()
        until(lambda: self._is_ready(began), seconds, "the server is ready", every=0.02)
        self.started_in = time.monotonic() - began
        self.settings["http"] = self.base_url.removeprefix("http://")
        self.settings["sip"] = self.sip_address
        contract.watch(self.base_url)
        return self

    def _is_ready(self, began: float) -> bool:
        assert self.process.running(), f"the server ended with {self.process.popen.returncode}: {self.process.stderr[-2000:]}"
        path = self.data / "first-run.json"
        # Written after the ports are bound; an older one is of the start before.
        if not path.exists() or path.stat().st_mtime < time.time() - (time.monotonic() - began) - 1:
            return False
        self.first_run = json.loads(path.read_text())
        try:
            path = "/ready" if self.wait_ready else "/health"
            return requests.get(self.base_url + path, timeout=2).status_code == 200
        except requests.RequestException:
            return False

    @property
    def base_url(self) -> str:
        return self.first_run["baseUrl"]

    @property
    def sip_address(self) -> str:
        return self.first_run["agents"][0]["sip"]["registrar"].removeprefix("sip:")

    @property
    def sip_port(self) -> int:
        return int(self.sip_address.rsplit(":", 1)[1])

    @property
    def agent(self) -> dict:
        return self.first_run["agents"][0]

    def port_of(self, setting: str) -> int:
        return int(str(self.settings[setting]).rsplit(":", 1)[1])

    def first_run_mode(self) -> int:
        return stat.S_IMODE((self.data / "first-run.json").stat().st_mode)

    def client(self, **options) -> Client:
        return Client(self.base_url, self.first_run["oauth"]["clientId"], self.first_run["oauth"]["clientSecret"], **options)

    def kill(self) -> None:
        self.process.kill()

    def stop(self) -> None:
        """Ends it in order; fails when it crashed, hung, or a sanitizer complained."""
        if self.process is None:
            return
        killed = not self.process.running()
        status = self.process.end()
        self.process.check_sanitizers()
        assert killed or status == 0, f"exit {status}: {self.process.stderr[-3000:]}"

    def restart(self) -> "Server":
        self.stop()
        return self.start()
