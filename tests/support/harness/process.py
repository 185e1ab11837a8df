"""A child process with its output in files, ended by its own pid."""
import contextlib
import os
import pathlib
import re
import signal
import subprocess

# What the sanitizers of the dev preset print.
SANITIZER = re.compile(r"ERROR: (Address|Leak|Thread|Memory)Sanitizer|runtime error: |SUMMARY: \w+Sanitizer")


class Process:
    def __init__(self, name: str, command: list, folder: pathlib.Path, **options):
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.command = [str(part) for part in command]
        self.stdout_file = folder / f"{name}.out"
        self.stderr_file = folder / f"{name}.err"
        with self.stdout_file.open("ab") as out, self.stderr_file.open("ab") as err:
            self.popen = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, **options)

    @property
    def stdout(self) -> str:
        return self.stdout_file.read_text(errors="replace")

    @property
    def stderr(self) -> str:
        return self.stderr_file.read_text(errors="replace")

    def running(self) -> bool:
        return self.popen.poll() is None

    def wait(self, seconds: float = 10) -> int:
        return self.popen.wait(seconds)

    def kill(self) -> None:
        if self.running():
            self.popen.kill()
        self.popen.wait(10)

    def end(self, seconds: float = 15) -> int:
        """SIGTERM, and SIGKILL for one that doesn't listen."""
        if self.running():
            self.popen.send_signal(signal.SIGTERM)
            try:
                self.popen.wait(seconds)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.popen.returncode

    def ports(self, kind: str) -> set[int]:
        """Of every socket it has bound: `udp` and `udp6`; `tcp` and `tcp6`: those that listen. As the kernel says (proc(5))."""
        listening = {"udp": "07", "udp6": "07", "tcp": "0A", "tcp6": "0A"}[kind]
        links = []
        for entry in pathlib.Path(f"/proc/{self.popen.pid}/fd").iterdir():
            with contextlib.suppress(OSError):  # closed meanwhile
                links.append(os.readlink(entry))
        inodes = {link[8:-1] for link in links if link.startswith("socket:[")}
        rows = [row.split() for row in pathlib.Path(f"/proc/net/{kind}").read_text().splitlines()[1:]]
        return {int(row[1].split(":")[1], 16) for row in rows if row[3] == listening and row[9] in inodes}

    def check_sanitizers(self) -> None:
        """Fails with the report, if a sanitizer wrote one."""
        found = SANITIZER.search(self.stderr)
        assert not found, f"{self.name}: {self.stderr[max(0, found.start() - 200):found.start() + 4000]}"
