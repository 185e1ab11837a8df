"""Programs that others wrote, from npm: a folder of tests/clients with its lock file, installed under build/ as the lock says, and kept
between runs as long as that stays the same."""
import json
import pathlib
import shutil
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[3]


def installed(name: str, seconds: float = 240) -> pathlib.Path:
    """The folder, with our own files in it up to date."""
    source, folder = ROOT / "tests" / "clients" / name, ROOT / "build" / f"npm-{name}"
    lock = (source / "package-lock.json").read_text()
    done = folder / "installed.json"
    if not done.exists() or done.read_text() != lock:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for file in ("package.json", "package-lock.json"):
            shutil.copy(source / file, folder)
        ended = subprocess.run(["npm", "ci", "--no-audit", "--no-fund"], cwd=folder, capture_output=True, text=True, timeout=seconds)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        done.write_text(lock)
    for program in source.glob("*.mjs"):
        shutil.copy(program, folder)
    return folder


def node_major() -> int:
    version = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout
    return int(version[1:].split(".")[0])


def run_node(*words, seconds: float = 240) -> str:
    """What it prints; it must end well."""
    done = subprocess.run(["node", *map(str, words)], capture_output=True, text=True, timeout=seconds)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def json_file(path: pathlib.Path, value) -> pathlib.Path:
    path.write_text(json.dumps(value))
    return path
