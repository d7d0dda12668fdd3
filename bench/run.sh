#!/usr/bin/env bash
# Hits against the machine's limit, nginx and Varnish; many clients; hits beside other work: prints one markdown document.
# Needs a quiet machine, a release build (cmake --build --preset release), and Debian's nginx-light and varnish.
#
#   bench/run.sh [BUILD]      default: build/release
set -euo pipefail
cd "$(dirname "$0")/.."
build="${1:-build/release}"

for program in nginx varnishd g++; do
    PATH="$PATH:/usr/sbin" command -v "$program" >/dev/null ||
        { echo "bench/run.sh needs $program: apt-get install g++ nginx-light varnish" >&2; exit 1; }
done

printf '%s, %s cores, %s\n' "$(uname -srm)" "$(nproc)" "$(date -u +%F)"
printf '\n## Hits\n\n'
bench/hits.py --build "$build"
printf '\n## Many clients, and hits beside other work\n\n'
bench/fairness.py --build "$build"
