#!/usr/bin/env python3
"""Compiles every header of src/ alone (-fsyntax-only), so that none leans on what its includer happened to include."""
import argparse
import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent


def compiler_of(compile_commands: pathlib.Path) -> str:
    for entry in json.loads(compile_commands.read_text()):
        if "/src/" in entry["file"]:
            return next(w for w in shlex.split(entry["command"]) if not w.endswith("ccache"))
    sys.exit("no source of src/ in the compile commands")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--compile-commands", type=pathlib.Path, required=True)
    compiler = compiler_of(parser.parse_args().compile_commands)
    headers = sorted((ROOT / "src").rglob("*.hpp"))

    def check(header: pathlib.Path) -> str:
        done = subprocess.run([compiler, "-std=c++23", "-fsyntax-only", "-Wno-pragma-once-outside-header", "-x", "c++",
                               f"-I{ROOT / 'src'}", str(header)],
                              capture_output=True, text=True)
        return "" if done.returncode == 0 else f"{header.relative_to(ROOT)}:\n{done.stderr}"

    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        problems = [p for p in pool.map(check, headers) if p]
    print("\n".join(problems))
    print(f"headers: {len(headers)} compiled alone, {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
