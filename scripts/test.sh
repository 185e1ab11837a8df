#!/usr/bin/env bash
# Installs what is missing, builds everything under ASan and UBSan, and runs every suite that is not marked slow.
# Ends with the line `N passed, N failed`. scripts/test.sh --slow adds the slow suites; --only SUITE,… picks some.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/packages.sh
# shellcheck disable=SC2086
install_packages $BUILD_PACKAGES $TEST_PACKAGES
exec python3 scripts/run_tests.py "$@"
