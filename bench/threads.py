#!/usr/bin/env python3
"""One event loop against two that share the port, with one accept queue and with one each (SO_REUSEPORT). Prints markdown.

  bench/threads.py [--build build/release] [--rounds 3] [--seconds 2]

Two loops are two processes with a store each: they share nothing at all, which is the best that two loops of one process
could come to. Servers and clients share both cores, as they do on a workstation.
"""

import argparse
import contextlib
import json
import os
import pathlib
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

import peers

ROOT = pathlib.Path(__file__).resolve().parent.parent
LAUNCHER = ROOT / "tests/e2e/passed_sockets.py"
BATCH = "ask-1-7-1"
TARGET = f"/v1/batches/{BATCH}/analysis"


def listener(port, shared):
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    made.bind(("127.0.0.1", port))
    made.listen(4096)
    return made


@contextlib.contextmanager
def loops(binary, folder, upstream, sockets):
    """A daemon for each socket; they may be the same one."""
    running = []
    for number, held in enumerate(sockets):
        arguments = ["serve", "--cache-data-dir", folder / f"{held.getsockname()[1]}-{number}", "--log-level", "warn",
                     "--upstream-base-url", f"http://127.0.0.1:{upstream.port}"]
        running.append(subprocess.Popen([sys.executable, LAUNCHER, str(held.fileno()), "--", binary, *arguments],
                                        pass_fds=[held.fileno()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                        env={**os.environ, "NOMADICAI_API_KEY": peers.KEY}))
    time.sleep(1)
    for _ in range(40):  # each of them has it in memory
        urllib.request.urlopen(f"http://127.0.0.1:{sockets[0].getsockname()[1]}{TARGET}").read()
    yield f"http://127.0.0.1:{sockets[0].getsockname()[1]}{TARGET}"
    for process in running:
        process.terminate()
        process.wait(10)


def load(folder, url, connections, seconds):
    port, target = url.removeprefix("http://127.0.0.1:").split("/", 1)
    halves = [subprocess.Popen([folder / "clients", port, "/" + target, str(connections // 2), str(seconds)],
                               stdout=subprocess.PIPE, text=True) for _ in range(2)]
    return sum(json.loads(half.communicate()[0])["rate"] for half in halves)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=int, default=2)
    options = parser.parse_args()
    binary = pathlib.Path(options.build).resolve() / "nomadic-cached"
    with tempfile.TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = pathlib.Path(name)
        peers.compile_own(folder, "clients")
        upstream = peers.sandbox(binary)
        stack.callback(upstream.stop)
        one = listener(0, False)
        queue = listener(0, False)
        first = listener(0, True)
        second = listener(first.getsockname()[1], True)
        kinds = {"one loop": [one], "two loops, one accept queue": [queue, queue],
                 "two loops, SO_REUSEPORT": [first, second]}
        urls = {kind: stack.enter_context(loops(binary, folder, upstream, sockets)) for kind, sockets in kinds.items()}
        print("| 4 KB | " + " | ".join(f"{connections} connections, requests/s | of one loop" for connections in (16, 256))
              + " |\n|---|---|---|---|---|")
        seen = {(kind, connections): [] for kind in kinds for connections in (16, 256)}
        for _ in range(options.rounds):
            for kind, connections in seen:
                seen[kind, connections].append(load(folder, urls[kind], connections, options.seconds))
        median = {key: statistics.median(rates) for key, rates in seen.items()}
        for kind in kinds:
            print(f"| {kind} | " + " | ".join(f"{median[kind, count]:,.0f} | {median[kind, count] / median['one loop', count]:.2f}"
                                              for count in (16, 256)) + " |")


if __name__ == "__main__":
    sys.exit(main())
