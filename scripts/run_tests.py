#!/usr/bin/env python3
"""Builds, then runs every suite and adds up what each runner reported (JUnit XML). Closes with `N passed, N failed`.

Suites: lint (format), tidy (clang-tidy on the files that a change touches, only when asked for with --only tidy), unit and sim (ctest), web (Biome, tsc, vitest), e2e (pytest: the real binary, real
sockets, Chromium), slow (tests marked slow, minutes of real time: nightly, with --slow or --only slow)."""
import argparse
import concurrent.futures
import dataclasses
import json
import os
import pathlib
import shutil
import subprocess
import sys
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parent.parent
REPORTS = ROOT / "build" / "reports"
MOST_TIDIED = 24
PRESET = "ci"  # ASan and UBSan, and the console in it, which the browser tests need


@dataclasses.dataclass
class Tally:
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    names: list[str] = dataclasses.field(default_factory=list)

    def add_reports(self, pattern: str) -> None:
        for report in REPORTS.glob(pattern):
            for case in ElementTree.parse(report).getroot().iter("testcase"):
                name = f"{case.get('classname', '')}.{case.get('name', '')}"
                if case.find("failure") is not None or case.find("error") is not None:
                    self.failed += 1
                    self.names.append(name)
                elif case.find("skipped") is not None or case.get("status") in ("notrun", "disabled"):
                    self.skipped += 1
                else:
                    self.passed += 1


def run(title: str, command: list[str], **options) -> int:
    shown = " ".join(command)
    print(f"== {title}: {shown if len(shown) <= 160 else shown[:160] + ' …'}", flush=True)
    started = time.monotonic()
    status = subprocess.run(command, cwd=options.pop("cwd", ROOT), **options).returncode
    print(f"== {title}: {'ok' if status == 0 else f'exit {status}'} in {time.monotonic() - started:.0f} s", flush=True)
    return status


def build(tally: Tally) -> bool:
    status = run("configure", ["cmake", "--preset", PRESET, "--log-level=WARNING"])
    status = status or run("build", ["cmake", "--build", "--preset", PRESET])
    if status:
        tally.failed += 1
        tally.names.append("build")
    return status == 0


def count_command(tally: Tally, name: str, status: int) -> None:
    if status == 0:
        tally.passed += 1
    else:
        tally.failed += 1
        tally.names.append(name)


def git_lines(*words: str) -> list[str]:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True).stdout.split()


def changed_sources() -> list[str]:
    """Since the merge base with main; on main itself, by the last commit. Without history (a copy of the files): none."""
    head = git_lines("rev-parse", "HEAD")
    bases = [git_lines("merge-base", "HEAD", main) for main in ("origin/main", "main")]
    base = next((each for each in bases if each and each != head), ["HEAD~1"])
    return git_lines("diff", "--name-only", "--diff-filter=AM", *base, "--", "src/*.cpp", "tests/*.cpp")


def tidy(tally: Tally) -> None:
    """clang-tidy takes some ten seconds a file: a change that touches very many is looked at in part, and says so."""
    known = {entry["file"] for entry in json.loads((ROOT / "build" / PRESET / "compile_commands.json").read_text())}
    files = [file for file in changed_sources() if str(ROOT / file) in known]
    if len(files) > MOST_TIDIED:
        print(f"clang-tidy looks at {MOST_TIDIED} of {len(files)} changed files", flush=True)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        command = ["clang-tidy-19", "-p", f"build/{PRESET}", "--quiet"]
        done = list(pool.map(lambda file: subprocess.run([*command, file], cwd=ROOT, capture_output=True, text=True),
                             files[:MOST_TIDIED]))
    failed = [each for each in done if each.returncode]
    for each in failed:
        print(each.stdout, flush=True)
    print(f"== clang-tidy: {len(done) - len(failed)} of {len(done)} changed files pass", flush=True)
    count_command(tally, "lint.tidy", len(failed))


def lint(tally: Tally) -> None:
    files = git_lines("ls-files", "*.cpp", "*.hpp")
    count_command(tally, "lint.format", run("format", ["clang-format-19", "--dry-run", "-Werror", *files]))


def ctest(tally: Tally) -> None:
    gtest = REPORTS / "gtest"
    gtest.mkdir(parents=True, exist_ok=True)
    environment = os.environ | {"GTEST_OUTPUT": f"xml:{gtest}/", "ASAN_OPTIONS": "detect_leaks=1:strict_string_checks=1"}
    status = run("ctest", ["ctest", "--test-dir", f"build/{PRESET}", "--output-on-failure", "-LE", "slow", "-j2",
                           "--output-junit", str(REPORTS / "ctest.xml")], env=environment)
    before = tally.failed
    tally.add_reports("gtest/*.xml")
    for case in ElementTree.parse(REPORTS / "ctest.xml").getroot().iter("testcase"):
        if not case.get("name", "").startswith(("unit.", "sim.")):
            count_command(tally, case.get("name"), 0 if case.get("status") == "run" else 1)
        elif case.get("status") != "run" and tally.failed == before:
            count_command(tally, case.get("name"), 1)  # a crash leaves no report of its own
    if status and tally.failed == before:
        count_command(tally, "ctest", status)


def web(tally: Tally) -> None:
    folder = ROOT / "web"
    if not (folder / "node_modules").exists() and run("web install", ["npm", "ci", "--no-audit", "--no-fund"], cwd=folder):
        count_command(tally, "web.install", 1)
        return
    count_command(tally, "web.check", run("web check", ["npm", "run", "check"], cwd=folder))
    report = REPORTS / "vitest.xml"
    status = run("vitest", ["npx", "vitest", "run", "--reporter=default", "--reporter=junit", f"--outputFile.junit={report}"],
                 cwd=folder)
    before = tally.failed
    tally.add_reports("vitest.xml")
    if status and tally.failed == before:
        count_command(tally, "web.vitest", status)


def pytest(tally: Tally, name: str, marks: str) -> None:
    report = REPORTS / f"{name}.xml"
    status = run(name, [sys.executable if shutil.which("pytest-3") is None else "/usr/bin/python3", "-m", "pytest", "-q", "-m", marks,
                        f"--junitxml={report}", "tests/e2e", "tests/interop"])
    before = tally.failed
    tally.add_reports(f"{name}.xml")
    no_test_has_these_marks = status == 5
    if status and not no_test_has_these_marks and tally.failed == before:
        count_command(tally, name, status)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slow", action="store_true", help="run the slow suite too")
    parser.add_argument("--only", default="lint,ctest,web,e2e", help="suites, comma separated")
    arguments = parser.parse_args()
    suites = arguments.only.split(",") + (["slow"] if arguments.slow else [])
    shutil.rmtree(REPORTS, ignore_errors=True)
    REPORTS.mkdir(parents=True)
    tally = Tally()
    if build(tally):
        if "lint" in suites:
            lint(tally)
        if "tidy" in suites:
            tidy(tally)
        if "ctest" in suites:
            ctest(tally)
        if "web" in suites:
            web(tally)
        if "e2e" in suites:
            pytest(tally, "e2e", "not slow")
        if "slow" in suites:
            pytest(tally, "slow", "slow")
    for name in tally.names:
        print(f"FAILED {name}")
    if tally.skipped:
        print(f"{tally.skipped} not run (slow or unavailable here)")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main())
