#!/usr/bin/env bash
# Builds nomadic-cached and shows its main job against the sandbox upstream it brings along; no key needed.
set -euo pipefail
cd "$(dirname "$0")"

scripts/setup.sh
cmake --preset release -DCMAKE_UNITY_BUILD=ON >/dev/null
cmake --build --preset release -- --quiet nomadic-cached
cached=build/release/nomadic-cached

folder=$(mktemp -d)
processes=()
finish() {
    for process in "${processes[@]}"; do kill "$process" 2>/dev/null || true; done
    wait 2>/dev/null || true
    rm -rf "$folder"
}
trap finish EXIT

start() { # start LOG COMMAND...: waits until it says where it listens, and sets $url
    local log="$folder/$1"
    shift
    "$@" >"$log" 2>&1 &
    processes+=($!)
    for _ in $(seq 200); do
        url=$(grep -Eom1 'http://127\.0\.0\.1:[0-9]+' "$log" || true)
        [ -n "$url" ] && grep -qE 'any key is accepted|message=ready' "$log" && return
        kill -0 "${processes[-1]}" 2>/dev/null || break
        sleep 0.05
    done
    cat "$log"
    exit 1
}
stop() { # stop the process started last
    kill "${processes[-1]}"
    wait "${processes[-1]}" || true
    unset 'processes[-1]'
}
upstream_requests() { curl -s "$sandbox/sandbox/requests"; }
timed() { # timed URL: how long to the last byte, and what the cache says
    curl -s -o "$folder/body" -D "$folder/head" -w '%{time_total} s to the last byte, %{size_download} bytes' "$1"
    echo ", $(grep -i '^cache-status' "$folder/head" | tr -d '\r')"
}

batch=ask-500-5000-1
start sandbox.log "$cached" sandbox --listen 127.0.0.1:0 --latency 50
sandbox=$url
export NOMADICAI_API_KEY=sandbox-key
serve=("$cached" serve --server-listen 127.0.0.1:0 --cache-data-dir "$folder/data")
start daemon.log "${serve[@]}" --upstream-base-url "$sandbox"
daemon=$url
analysis="/v1/batches/$batch/analysis"

echo "A batch of 500 videos and 5,000 events; the upstream takes 50 ms a request."
echo
echo "The first read (a miss):"
echo "  $(timed "$daemon$analysis?filter=approved")"
echo "  the upstream was asked: $(upstream_requests)"
echo "Every further read (a hit):"
echo "  $(timed "$daemon$analysis?filter=approved")"
echo "  the upstream was asked: $(upstream_requests)"
echo "As CSV, only what is still pending, the first lines:"
curl -s -o "$folder/pending.csv" "$daemon$analysis?filter=pending&as_csv=true"
head -3 "$folder/pending.csv" | cut -c1-110 | sed 's/^/  /'
echo
echo "What is cached:"
"$cached" ls --server "$daemon" | sed 's/^/  /'

client=.venv/client-0.1.64/bin/python
if [ -x "$client" ]; then
    echo
    echo "The official Python client, only its base_url changed:"
    "$client" - "$sandbox" "$daemon" "$batch" <<'PYTHON' | sed 's/^/  /'
import logging, sys, time
from nomadic import NomadicAI

logging.disable(logging.CRITICAL)
for name, url in (("direct ", sys.argv[1]), ("through", sys.argv[2])):
    client = NomadicAI(api_key="sandbox-key", base_url=url)
    begun = time.perf_counter()
    result = client.get_batch_analysis(sys.argv[3], filter=["approved"])
    events = sum(len(r["events"]) for r in result["results"])
    print(f"{name}: {events} events in {time.perf_counter() - begun:.3f} s")
PYTHON
fi

echo
echo "Now the network goes away, and the daemon is started with --offline:"
stop
stop
start offline.log "${serve[@]}" --offline
echo "  $(timed "$url$analysis?filter=approved")"
echo "A batch that was never read says so:"
"$cached" get ask-1-1-9 --server "$url" 2>&1 | sed 's/^/  /' || true
