# The Debian 12 packages Dialplane needs, one list for the run script, the test script and CI. Sourced, not run.
BUILD_PACKAGES="clang-19 lld-19 llvm-19 cmake ninja-build ccache pkg-config libboost1.81-dev libboost-json1.81-dev
libboost-url1.81-dev libssl-dev libsqlite3-dev libcurl4-openssl-dev libsodium-dev libyaml-cpp-dev libfmt-dev libspdlog-dev
libcli11-dev libre2-dev libhowardhinnant-date-dev tzdata libopus-dev libspandsp-dev libspeexdsp-dev espeak-ng python3 python3-yaml nodejs npm
ca-certificates"
TEST_PACKAGES="clang-tidy-19 clang-format-19 libclang-rt-19-dev libgtest-dev libgmock-dev libbenchmark-dev libsrtp2-dev sip-tester
kamailio kamailio-tls-modules kamailio-websocket-modules kamailio-extra-modules baresip-core baresip-ffmpeg rtpengine-daemon
coturn chromium python3-pytest python3-requests python3-jsonschema golang-go nginx-light sox sqlite3"

# install_packages NAME... : installs what is missing, asks nothing, and keeps daemons from starting by themselves meanwhile.
install_packages() {
    local missing="" name sudo="" policy=/usr/sbin/policy-rc.d
    for name in "$@"; do
        dpkg-query -W -f='${Status}' "$name" 2>/dev/null | grep -q 'ok installed' || missing="$missing $name"
    done
    # A newer node than Debian's brings its own npm: Debian's npm package would fight with it.
    if command -v npm >/dev/null 2>&1 && command -v node >/dev/null 2>&1; then
        missing=$(printf '%s\n' $missing | grep -vxE 'nodejs|npm' | tr '\n' ' ' || true)
    fi
    [ -n "${missing// /}" ] || return 0
    [ "$(id -u)" = 0 ] || sudo=sudo
    echo "Installing:$missing"
    local held=""
    if [ ! -e $policy ]; then
        printf '#!/bin/sh\nexit 101\n' | $sudo tee $policy >/dev/null && $sudo chmod +x $policy && held=1
    fi
    # shellcheck disable=SC2086
    $sudo apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends $missing >/dev/null
    local status=$?
    [ -z "$held" ] || $sudo rm -f $policy
    return $status
}
