#!/usr/bin/env python3
"""Fails when an #include points the wrong way or over a fence. The rules are src/layers.toml; see ARCHITECTURE.md, "Layers"."""
import pathlib
import re
import sys
try:
    import tomllib
except ModuleNotFoundError:  # pragma: no cover
    sys.exit("python 3.11 or later is needed (tomllib)")

ROOT = pathlib.Path(__file__).resolve().parent.parent
SOURCE = ROOT / "src"
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]', re.M)


def main() -> int:
    rules = tomllib.loads((SOURCE / "layers.toml").read_text())
    layers, fences = rules["layers"], rules["fences"]
    problems = []
    for path in sorted(SOURCE.rglob("*.[hc]pp")):
        relative = path.relative_to(SOURCE).as_posix()
        module = relative.split("/")[0]
        if "/" not in relative:
            continue
        if module not in layers:
            problems.append(f"{relative}: folder {module}/ stands in no layer of layers.toml")
            continue
        is_test = path.stem.endswith(("_test", "_fuzz", "_bench"))
        for kind, name in INCLUDE.findall(path.read_text()):
            if kind == '"':
                other = name.split("/")[0]
                if other == module:
                    continue
                if other not in layers:
                    problems.append(f'{relative}: "{name}" is not written from src/')
                elif layers[other] >= layers[module]:
                    problems.append(f"{relative} (L{layers[module]}) includes {name} (L{layers[other]})")
            else:
                for fence in fences:
                    if any(name.startswith(prefix) for prefix in fence["headers"]) and not is_test:
                        if not any(relative.startswith(allowed) for allowed in fence["allowed"]):
                            problems.append(f"{relative}: <{name}> is fenced into {', '.join(fence['allowed'])}")
                        elif fence.get("sources_only") and path.suffix == ".hpp":
                            problems.append(f"{relative}: <{name}> may stand in .cpp files only")
    for problem in problems:
        print(problem)
    print(f"layers: {len(problems)} problems")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
