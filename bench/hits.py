#!/usr/bin/env python3
"""Hits against the machine's limit, nginx and Varnish: the same bytes, the same core, in turns. Prints markdown.

  bench/hits.py [--build build/release] [--rounds 5] [--seconds 1] [--only "4 KB,1 MB"]

Needs nginx and varnish (Debian's), and g++ for the limit and the clients.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import urllib.request

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
CASES = [("4 KB", 16), ("4 KB", 256), ("64 KB", 16), ("1 MB", 16), ("20 MB", 4)]


def rounds_of(folder, servers, size, connections, rounds, seconds):
    """Each server's measurements, taken in turns so that the machine's moods hit all alike."""
    seen = {server.name: [] for server in servers}
    for _ in range(rounds):
        for server in servers:
            before = server.cpu_seconds()
            measured = peers.load(folder, server.url(size), connections, seconds)
            measured["cpu"] = (server.cpu_seconds() - before) / measured["requests"]
            seen[server.name].append(measured)
    return {name: {what: statistics.median(one[what] for one in all_of_it) for what in all_of_it[0]}
            for name, all_of_it in seen.items()}


def row(case, name, measured):
    limit = measured["limit"]
    own = measured[name]
    return (f"| {case[0]}, {case[1]} connections | {name} | {own['rate']:,.0f} | {own['rate'] / limit['rate']:.2f} "
            f"| {own['cpu'] * 1e6:,.1f} | {own['p50'] / 1e3:.2f} | {own['p99'] / 1e3:.2f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=1)
    parser.add_argument("--only", default=",".join(sorted({size for size, _ in CASES})))
    options = parser.parse_args()
    binary = pathlib.Path(options.build).resolve() / "nomadic-cached"
    cases = [case for case in CASES if case[0] in options.only.split(",")]
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        folder.chmod(0o755)
        (folder / "bodies").mkdir()
        peers.compile_own(folder, "epoll_limit", "clients")
        running = []
        try:
            running.append(upstream := peers.sandbox(binary))
            running.append(quiet := peers.daemon("daemon", binary, folder, upstream, "--log-level", "warn"))
            running.append(logging := peers.daemon("daemon, access log on", binary, folder, upstream))
            for size in {size for size, _ in cases}:
                for server in (quiet, logging):
                    with urllib.request.urlopen(server.url(size)) as answer:
                        (folder / "bodies" / peers.file_name(size)).write_bytes(answer.read())
            running.append(nginx := peers.nginx(folder))
            running.append(varnish := peers.varnish(folder, nginx))
            print("| body | server | requests/s | of the limit | CPU µs/request | p50 ms | p99 ms |\n|---|---|---|---|---|---|---|")
            for case in cases:
                limit = peers.epoll_limit(folder, case[0])
                measured = rounds_of(folder, [limit, quiet, logging, nginx, varnish], *case, options.rounds, options.seconds)
                limit.stop()
                for server in measured:
                    print(row(case, server, measured), flush=True)
        finally:
            for server in reversed(running):
                server.stop()


if __name__ == "__main__":
    sys.exit(main())
