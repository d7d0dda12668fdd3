#!/usr/bin/env bash
# Installs what building and testing needs on Debian 12+ or Ubuntu 24.04. Quick when everything is there.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(g++ cmake ninja-build pkg-config libssl-dev libsqlite3-dev libzstd-dev libisal-dev zlib1g-dev
          libtomlplusplus-dev libsystemd-dev
          libcli11-dev doctest-dev clang clang-format clang-tidy mold python3-venv curl strace valgrind sqlite3
          openssl systemd systemd-container dpkg-dev lintian man-db zsh fish) # the service and its package
# The suite of HTTP cache tests is run by Node; a newer one than the distribution's brings npm itself.
command -v node >/dev/null || packages+=(nodejs)
command -v npm >/dev/null || packages+=(npm)
as_root=()
[ "$(id -u)" = 0 ] || as_root=(sudo)
# Of Prometheus only its promtool is used: no service of it is to start on this machine.
if ! command -v promtool >/dev/null; then
    packages+=(prometheus)
    "${as_root[@]}" mkdir -p /etc/systemd/system
    "${as_root[@]}" ln -sf /dev/null /etc/systemd/system/prometheus.service
fi
apt-cache show clang >/dev/null 2>&1 || "${as_root[@]}" apt-get update -qq # a new machine has no package lists yet
# The sanitizers' and fuzzer's own libraries: only recommended by clang, and named after its version.
packages+=("libclang-rt-$(apt-cache depends clang | sed -n 's/.*Depends: clang-\([0-9]*\)$/\1/p')-dev")
if apt-cache show libboost1.81-dev >/dev/null 2>&1 || dpkg -s libboost1.81-dev >/dev/null 2>&1; then
    packages+=(libboost1.81-dev libboost-json1.81-dev libboost-url1.81-dev libboost-system1.81-dev)
else
    packages+=(libboost-dev libboost-json-dev libboost-url-dev libboost-system-dev) # a newer distribution's own, which is newer than 1.81
fi
# A browser without a window shows what web pages may do; where a distribution has none as a package, its test is skipped.
if ! command -v chromium >/dev/null && apt-cache show chromium-headless-shell >/dev/null 2>&1; then
    packages+=(chromium-headless-shell)
fi
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    echo "installing: ${missing[*]}"
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" \
        >/dev/null
fi

# The two official clients share a module name, so each has an environment of its own.
environment() { # environment NAME REQUIREMENT...
    local folder=".venv/$1"
    shift
    [ "$(cat "$folder/.ready" 2>/dev/null)" = "$*" ] && return
    echo "making $folder: $*"
    python3 -m venv "$folder"
    "$folder/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
    echo "$*" >"$folder/.ready"
}
environment tests pytest==8.3.4 pytest-xdist==3.6.1 pandas==2.2.3 prometheus-client==0.21.1 httplint==2026.10.4 \
    http-sfv==0.9.9 duckdb==1.4.4 duckdb-ext-sqlite==1.4.4.20260205
# The fuzzer brings a pytest of its own.
environment openapi schemathesis==4.4.4 hypothesis==6.136.9
environment client-0.1.53 nomadicml==0.1.53
environment client-0.1.64 nomadic==0.1.64
# The published suite of HTTP cache tests.
suite=http-cache-tests@0.4.5
if [ "$(cat .venv/http-cache-tests/.ready 2>/dev/null)" != "$suite" ]; then
    echo "making .venv/http-cache-tests: $suite"
    npm install --prefix .venv/http-cache-tests --no-save --no-audit --no-fund --ignore-scripts --silent "$suite"
    echo "$suite" >.venv/http-cache-tests/.ready
fi
