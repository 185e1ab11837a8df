"""The `dialplane` program as a client, with a home folder of its own."""
import os
import subprocess

import pytest

from harness.server import Server, binary


class Cli:
    """The program with a home folder of its own."""

    def __init__(self, server: Server, home):
        self.server = server
        self.home = home
        self.env = {name: value for name, value in os.environ.items() if not name.startswith(("DP_", "XDG_"))} | {"HOME": str(home)}

    def raw(self, *words, stdin: str = "", **env) -> subprocess.CompletedProcess:
        return subprocess.run([str(word) for word in (binary(), *words)], input=stdin, capture_output=True, text=True, timeout=120,
                              env=self.env | env)

    def __call__(self, *words, stdin: str = "") -> subprocess.CompletedProcess:
        return self.raw(*words, "--data", self.server.data, stdin=stdin)

    def ok(self, *words, stdin: str = "", code: int = 0) -> str:
        done = self(*words, stdin=stdin)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout

    def refused(self, *words, stdin: str = "") -> str:
        """Exit code 1 and one line on standard error: the sentence."""
        done = self(*words, stdin=stdin)
        assert done.returncode == 1, done.stdout + done.stderr
        assert done.stderr.startswith("dialplane: ") and done.stderr.count("\n") == 1, done.stderr
        return done.stderr

    def write(self, text: str, name: str = "routing.yaml"):
        path = self.home / name
        path.write_text(text)
        return path


@pytest.fixture(scope="module")
def cli_server(tmp_path_factory):
    made = Server(tmp_path_factory.mktemp("cli")).start()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def api(cli_server):
    return cli_server.client().log_in()


@pytest.fixture
def cli(cli_server, tmp_path):
    return Cli(cli_server, tmp_path)
