#!/usr/bin/env bash
# Installs what is missing, builds the release binary and starts Dialplane with its sandbox carrier.
# Arguments go to `dialplane serve`: scripts/run.sh --http 127.0.0.1:9090
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES
[ -f build/release/build.ninja ] || cmake --preset release
cmake --build --preset release --target dialplane
exec build/release/bin/dialplane serve --sandbox "$@"
