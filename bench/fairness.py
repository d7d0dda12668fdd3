#!/usr/bin/env python3
"""How 2,000 clients at once fare, and hits while the daemon fetches, stores and renders. Prints markdown.

  bench/fairness.py [--build build/release] [--seconds 5]
"""

import argparse
import pathlib
import re
import sys
import tempfile
import threading
import urllib.request

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent


class ColdWork:
    """Batches that nobody has asked for yet, fetched, stored and rendered one after the other until told to stop."""

    def __init__(self, url):
        self.base, self.done, self.stopping = url.split("/v1/")[0], 0, False
        self.thread = threading.Thread(target=self.run)

    def run(self):
        while not self.stopping:
            target = f"{self.base}/v1/batches/ask-400-8000-{self.done + 100}/analysis"
            for form in ("json", "csv"):
                with urllib.request.urlopen(f"{target}?format={form}") as answer:
                    answer.read()
            self.done += 1

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.stopping = True
        self.thread.join()


def evictions(url):
    with urllib.request.urlopen(url.split("/v1/")[0] + "/metrics") as answer:
        return float(re.search(r"^nomadic_cached_store_evictions_total (\S+)", answer.read().decode(), re.M).group(1))


def latency_row(what, seen):
    print(f"| {what} | {seen['p50'] / 1e3:.2f} | {seen['p99'] / 1e3:.2f} | {seen['p999'] / 1e3:.2f} "
          f"| {seen['max'] / 1e3:.2f} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--seconds", type=int, default=5)
    options = parser.parse_args()
    binary = pathlib.Path(options.build).resolve() / "nomadic-cached"
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        peers.compile_own(folder, "clients")
        running = []
        try:
            running.append(upstream := peers.sandbox(binary))
            running.append(daemon := peers.daemon("daemon", binary, folder, upstream, "--log-level", "warn"))
            url = daemon.url("4 KB")
            urllib.request.urlopen(url).read()
            print("| clients | requests/s | of one client: fewest, median, most | Jain's index | p50 ms | p99 ms | max ms |")
            print("|---|---|---|---|---|---|---|")
            for connections in (16, 256, 2000):
                seen = peers.load(folder, url, connections, options.seconds)
                print(f"| {connections} | {seen['requests'] / options.seconds:,.0f} | {seen['fewest']:.0f}, {seen['median']:.0f}, "
                      f"{seen['most']:.0f} | {seen['fairness']:.3f} | {seen['p50'] / 1e3:.2f} | {seen['p99'] / 1e3:.2f} "
                      f"| {seen['max'] / 1e3:.2f} |", flush=True)
            print("\n| one hit each 2 ms, while the daemon | p50 ms | p99 ms | p99.9 ms | max ms |\n|---|---|---|---|---|")
            latency_row("is idle", peers.load(folder, url, 1, options.seconds, 2000))
            with ColdWork(url) as work:
                seen = peers.load(folder, url, 1, options.seconds, 2000)
            latency_row(f"fetches, stores, renders and checkpoints ({work.done} batches)", seen)
            running.append(evicting := peers.daemon("evicting", binary, folder, upstream, "--log-level", "warn",
                                                    "--cache-disk-quota", "20MiB"))
            url = evicting.url("4 KB")
            urllib.request.urlopen(url).read()
            with ColdWork(url) as work:
                seen = peers.load(folder, url, 1, options.seconds, 2000)
            latency_row(f"evicts as well ({work.done} batches, {evictions(url):.0f} of them evicted)", seen)
        finally:
            for server in reversed(running):
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
