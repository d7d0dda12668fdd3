#!/usr/bin/env python3
"""Measures whether the daemon gets slower as its store grows: start-up, hits and lists with 10 to 100,000 batches.

  bench/growth.py [--build build/release]

Prints a markdown table.
"""

import argparse
import os
import sqlite3
import statistics
import sys
import tempfile
import threading
import time

import bench
from cold import read

BATCH = "ask-20-200-1"


def grow(folder, batches):
    """Adds copies of the one batch that is stored; they share its analyses."""
    with sqlite3.connect(f"{folder}/cache.db") as store:
        columns = ("digest, fetched_at, validated_at, videos, approved, rejected, pending, invalid, other, bytes, review_status, "
                   "changed, status, metadata, contents")
        store.execute("WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "
                      "INSERT INTO batch(scope, batch_id, used_at) SELECT scope, 'copy-' || i, used_at - i FROM batch, n "
                      "WHERE batch_id = ?", (batches, BATCH))
        store.execute(f"INSERT INTO snapshot(batch, {columns}) SELECT b.id, {', '.join('s.' + c for c in columns.split(', '))} "
                      "FROM batch b, snapshot s WHERE b.batch_id <> ? AND s.id = 1", (BATCH,))


def start(binary, folder, upstream):
    cache = bench.daemon(binary, folder, upstream)
    threading.Thread(target=cache.process.stdout.read, daemon=True).start()  # its log must not fill the pipe
    return cache


def measure(binary, upstream, batches):
    with tempfile.TemporaryDirectory() as folder:
        cache = start(binary, folder, upstream)
        read(cache.url, f"/v1/batches/{BATCH}/analysis")
        cache.stop()
        grow(folder, batches)
        starts = []
        for _ in range(5):
            begun = time.perf_counter()
            cache = start(binary, folder, upstream)
            starts.append(time.perf_counter() - begun)
            cache.stop()
        cache = start(binary, folder, upstream)
        # Each of these is looked up in the store, whose newest snapshot is then known.
        lookups = [read(cache.url, f"/v1/batches/copy-{2 + i}")["seconds"] for i in range(min(batches - 1, 200))]
        hits = [read(cache.url, f"/v1/batches/{BATCH}/analysis")["seconds"] for _ in range(500)]
        lists = [read(cache.url, f"/v1/batches?limit=100&cursor=copy-5{i}")["seconds"] for i in range(50)]
        cache.stop()
        return [statistics.median(values) * 1000 for values in (starts, lookups, hits, lists)]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=str(bench.ROOT / "build/release"))
    binary = os.path.join(parser.parse_args().build, "nomadic-cached")
    upstream = bench.sandbox(binary)
    print("| batches stored | start to ready | a batch looked up | hit | a page of the list |\n|---|---|---|---|---|")
    for batches in (10, 1_000, 100_000):
        print(f"| {batches:,} | " + " | ".join(f"{value:.2f} ms" for value in measure(binary, upstream, batches)) + " |", flush=True)
    upstream.stop()


if __name__ == "__main__":
    sys.exit(main())
