"""The official JavaScript SDK from npm, unmodified, drives the API in the real Genesys shapes: tests/clients/javascript/sdk.mjs reads every
effect back over plain HTTP."""
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
AT_LEAST = 60


@pytest.fixture(scope="session")
def program() -> pathlib.Path:
    """The program with the SDK beside it, installed as the lock file says; kept between runs as long as that stays the same."""
    folder = ROOT / "build" / "sdk-test"
    source = ROOT / "tests" / "clients" / "javascript"
    lock = (source / "package-lock.json").read_text()
    installed = folder / "installed.json"
    if not installed.exists() or installed.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("node_modules"))
        done = subprocess.run(["npm", "ci"], cwd=folder, capture_output=True, text=True, timeout=240)
        assert done.returncode == 0, done.stdout + done.stderr
        installed.write_text(lock)
    shutil.copy(source / "sdk.mjs", folder)
    return folder / "sdk.mjs"


def test_the_official_sdk_does_sixty_operations_and_each_shows(fresh, program):
    options = ["--experimental-websocket"] if node_major() >= 20 else []  # before that the channel is only managed
    done = subprocess.run(["node", *options, program, fresh.data / "first-run.json"], capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(re.search(r"^(\d+) operations$", done.stdout, re.MULTILINE).group(1)) >= AT_LEAST, done.stdout


def node_major() -> int:
    return int(subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout[1:].split(".")[0])
