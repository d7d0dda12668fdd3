#!/usr/bin/env python3
"""Measures fetching a batch, and reading it when nothing of it is in memory: time, first byte, the daemon's peak memory.

  bench/cold.py [--build build/release] [--videos 20000] [--events 1000000] [--latency 0] [--client]

Prints one JSON document. --client also times the official client, direct, with filter=["approved"].
"""

import argparse
import http.client
import json
import os
import pathlib
import sys
import tempfile
import time
import urllib.parse

import bench

READS = {
    "json": "",
    "json approved": "?filter=approved",
    "json approved, gzip": "?filter=approved",
    "json approved, zstd": "?filter=approved",
    "csv approved": "?filter=approved&format=csv",
    "ndjson": "?format=ndjson",
    "json category": "?category=Near+Miss",
    "json q": "?q=cyclist+merges+from",
    "facets": None,
}
CODINGS = {"json approved, gzip": "gzip", "json approved, zstd": "zstd"}


def read(url, target, coding="identity"):
    address = urllib.parse.urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname, address.port, timeout=600)
    begun = time.perf_counter()
    connection.request("GET", target, headers={"Accept-Encoding": coding})
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - begun
    size = 1
    buffer = bytearray(1 << 20)
    while got := answer.readinto(buffer):
        size += got
    connection.close()
    return {"status": answer.status, "bytes": size, "first_byte_s": round(first, 4),
            "seconds": round(time.perf_counter() - begun, 4)}


def memory(process, field):
    status = pathlib.Path(f"/proc/{process.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith(field)).split()[1]) * 1024


def cpu_seconds(process):
    fields = pathlib.Path(f"/proc/{process.process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def stored_bytes(folder):
    return sum(path.stat().st_size for path in pathlib.Path(folder).iterdir())


def measure(options):
    binary = os.path.join(options.build, "nomadic-cached")
    batch = f"ask-{options.videos}-{options.events}-1"
    analysis = f"/v1/batches/{batch}/analysis"
    figures = {"batch": batch, "latency_ms": options.latency}
    upstream = bench.sandbox(binary, "--latency", str(options.latency))
    with tempfile.TemporaryDirectory() as folder:
        cache = bench.daemon(binary, folder, upstream)
        idle = memory(cache, "VmRSS")
        begun = time.perf_counter()
        read(cache.url, f"/v1/batches/{batch}/facets")
        figures["ingest"] = {"seconds": round(time.perf_counter() - begun, 3), "cpu_s": cpu_seconds(cache),
                             "idle_bytes": idle, "peak_bytes": memory(cache, "VmHWM"),
                             "after_bytes": memory(cache, "VmRSS"), "stored_bytes": stored_bytes(folder)}
        cache.stop()
        for name, query in READS.items():
            cache = bench.daemon(binary, folder, upstream, "--cache-fresh-pending", "24h")
            before = memory(cache, "VmRSS")
            spent = cpu_seconds(cache)
            target = f"/v1/batches/{batch}/facets" if query is None else analysis + query
            coding = CODINGS.get(name, "identity")
            cold = read(cache.url, target, coding)
            figures[name] = {**cold, "cpu_s": round(cpu_seconds(cache) - spent, 3), "peak_over_idle": memory(cache, "VmHWM") - before,
                             "hot_seconds": read(cache.url, target, coding)["seconds"]}
            cache.stop()
    if options.client:
        bench.BATCH = batch
        figures["client_direct_s"] = bench.client_times(upstream.url, 1)[0]
    upstream.stop()
    return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=str(bench.ROOT / "build/release"))
    parser.add_argument("--videos", type=int, default=20_000)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--latency", type=int, default=0)
    parser.add_argument("--client", action="store_true")
    print(json.dumps(measure(parser.parse_args()), indent=2))


if __name__ == "__main__":
    sys.exit(main())
