#!/usr/bin/env bash
# Every benchmark of the control plane, one after the other, on a machine that should be quiet:
#   tests/bench/control_plane.sh [BINARY]        (a release build; default build/release/bin/dialplane)
# Reads and durable creates beside nginx and Fastify, numbers at scale, lists at scale, webhooks and events.
set -uo pipefail
cd "$(dirname "$0")/../.."
binary=$(realpath "${1:-build/release/bin/dialplane}")
python=$(command -v /usr/bin/python3 || command -v python3)
missed=0
for command in "api/run.py" "numbers/run.py" "api/lists.py" "events/run.py"; do
    printf '\n== %s\n' "$command"
    "$python" "tests/bench/$command" --binary "$binary" || missed=$((missed + 1))
done
echo
echo "load average now: $(cut -d' ' -f1-3 /proc/loadavg); $missed of 4 failed or missed a target"
