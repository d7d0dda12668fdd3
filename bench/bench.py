#!/usr/bin/env python3
"""Measures nomadic-cached against the official client, in one run, as ratios: machines are noisy, ratios less so.

  bench/bench.py [--build build/release] [--quick]

Needs the clients' environments that scripts/setup.sh makes. Prints a table and writes bench/results.json.
"""

import argparse
import json
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLIENT = ROOT / ".venv/client-0.1.64/bin/python"
BATCH = "ask-500-5000-1"

CLIENT_SCRIPT = """
import logging, sys, time
from nomadic import NomadicAI
logging.disable(logging.CRITICAL)
client = NomadicAI(api_key="sandbox-key", base_url=sys.argv[1])
for _ in range(int(sys.argv[3])):
    begun = time.perf_counter()
    client.get_batch_analysis(sys.argv[2], filter=["approved"])
    print(time.perf_counter() - begun)
"""


class Process:
    def __init__(self, *command, ready):
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                        env={**os.environ, "NOMADICAI_API_KEY": "sandbox-key"})
        self.url = None
        for line in self.process.stdout:
            if found := re.search(r"http://127\.0\.0\.1:\d+", line):
                self.url = self.url or found.group(0)
            if ready in line:
                break

    def peak_memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s+(\d+)", status).group(1)) * 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def sandbox(binary, *arguments):
    return Process(binary, "sandbox", "--listen", "127.0.0.1:0", *arguments, ready="any key")


def daemon(binary, folder, upstream, *arguments):
    return Process(binary, "serve", "--server-listen", "127.0.0.1:0", "--cache-data-dir", folder,
                   "--upstream-base-url", upstream.url, *arguments, ready="message=ready")


def client_times(url, repeats):
    done = subprocess.run([CLIENT, "-c", CLIENT_SCRIPT, url, BATCH, str(repeats)], capture_output=True, text=True, check=True)
    return [float(line) for line in done.stdout.split()]


def fetch(url):
    begun = time.perf_counter()
    with urllib.request.urlopen(url, timeout=3600) as answer:
        body = answer.read()
    return time.perf_counter() - begun, len(body)


def read_times(url, repeats):
    fetch(url)
    return [fetch(url)[0] for _ in range(repeats)]


def measure_reads(binary, repeats):
    figures = {}
    for latency in (50, 0):
        upstream = sandbox(binary, "--latency", str(latency))
        with tempfile.TemporaryDirectory() as folder:
            cache = daemon(binary, folder, upstream)
            native = read_times(f"{cache.url}/v1/batches/{BATCH}/analysis?filter=approved", repeats * 10)
            direct = client_times(upstream.url, repeats)
            through = client_times(cache.url, repeats)
            cache.stop()
        upstream.stop()
        median = statistics.median
        figures[f"latency_{latency}_ms"] = {
            "client_direct_s": median(direct),
            "client_through_s": median(through),
            "native_hit_s": median(native),
            "direct_over_native": median(direct) / median(native),
            "through_over_direct": median(through) / median(direct),
        }
    return figures


def measure_ingestion(binary, videos, events):
    upstream = sandbox(binary)
    with tempfile.TemporaryDirectory() as folder:
        cache = daemon(binary, folder, upstream)
        seconds, size = fetch(f"{cache.url}/v1/batches/ask-{videos}-{events}-1/analysis?format=ndjson")
        peak = cache.peak_memory()
        stored = sum(path.stat().st_size for path in pathlib.Path(folder).iterdir())
        cache.stop()
    upstream.stop()
    return {"videos": videos, "events": events, "seconds": seconds, "answer_bytes": size, "peak_memory_bytes": peak,
            "stored_bytes": stored}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--quick", action="store_true", help="fewer repeats and a smaller ingestion")
    options = parser.parse_args()
    binary = os.path.join(options.build, "nomadic-cached")
    figures = measure_reads(binary, 5 if options.quick else 20)
    figures["ingestion"] = measure_ingestion(binary, *((2_000, 100_000) if options.quick else (20_000, 1_000_000)))
    text = json.dumps(figures, indent=2)
    print(text)
    (ROOT / "bench/results.json").write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
