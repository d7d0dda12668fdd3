#!/usr/bin/env python3
"""Measures what a service is judged by: start, idleness, restarts, and hits while a large batch comes in.

  bench/service.py [--build build/release] [--store-gib 10] [--quick]

Prints its figures as JSON.
"""

import argparse
import http.client
import json
import os
import pathlib
import re
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests/e2e"))
HIT = "/v1/batches/ask-500-5000-1/analysis?filter=approved"


class Daemon:
    def __init__(self, folder, *arguments, listener=None):
        """Ready when it has said so to systemd's socket; `started` is how long that took."""
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{folder}/notify-{time.monotonic_ns()}"
        self.notify.bind(path)
        command = [BINARY, "serve", "--cache-data-dir", f"{folder}/data", "--log-level", "warn", *arguments]
        options = {}
        if listener is None:
            command += ["--server-listen", "127.0.0.1:0", "--server-unix-socket", f"{folder}/socket"]
        else:
            launcher = str(ROOT / "tests/e2e/passed_sockets.py")
            command = [sys.executable, launcher, str(listener.fileno()), "--", *command]
            options = {"pass_fds": [listener.fileno()]}
        begun = time.perf_counter()
        self.process = subprocess.Popen(
            command, env={"NOMADICAI_API_KEY": "sandbox-key", "NOTIFY_SOCKET": path, "PATH": os.environ["PATH"]},
            **options,
        )
        assert b"READY=1" in self.notify.recv(4096)
        self.started = time.perf_counter() - begun

    def status(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text).group(1))

    def switches(self):
        """Of all threads: how often anything in it has run."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            total += sum(map(int, re.findall(r"ctxt_switches:\s+(\d+)", (task / "status").read_text())))
        return total

    def stop(self):
        self.process.terminate()
        assert self.process.wait() == 0


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=120)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


def get(connection, target):
    connection.request("GET", target)
    response = connection.getresponse()
    body = response.read()
    assert response.status == 200, body[:300]
    return body


def pad(database, gibibytes):
    """A table beside ours, so that the file has the size of a store filled for months."""
    with sqlite3.connect(database) as store:
        store.execute("CREATE TABLE padding (bytes BLOB)")
        piece = 32 << 20
        while os.path.getsize(database) < gibibytes << 30:
            for _ in range(8):
                store.execute("INSERT INTO padding VALUES (zeroblob(?))", [piece])
            store.commit()
            store.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    store.close()
    return os.path.getsize(database) / (1 << 30)


def percentile(values, share):
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] * 1000


def hits_until(path, finished, least=2000):
    """Milliseconds of each hit on one kept connection, one after the other."""
    connection = UnixConnection(path)
    times = []
    while not finished.is_set() or len(times) < least:
        begun = time.perf_counter()
        get(connection, HIT)
        times.append(time.perf_counter() - begun)
    return times


def hits_beside_ingest(folder, videos):
    path = f"{folder}/socket"
    get(UnixConnection(path), HIT)
    nothing = threading.Event()
    nothing.set()
    alone = hits_until(path, nothing)
    finished = threading.Event()
    took = []

    def ingest():
        begun = time.perf_counter()
        connection = UnixConnection(path)
        connection.request("HEAD", f"/v1/batches/ask-{videos}-{videos * 5}-7/analysis")
        assert connection.getresponse().status == 200
        took.append(time.perf_counter() - begun)
        finished.set()

    thread = threading.Thread(target=ingest)
    thread.start()
    beside = hits_until(path, finished, least=0)
    thread.join()
    return {"hits_p50_ms": percentile(alone, 0.5), "hits_p99_ms": percentile(alone, 0.99),
            "beside_p50_ms": percentile(beside, 0.5), "beside_p99_ms": percentile(beside, 0.99),
            "p99_ratio": percentile(beside, 0.99) / percentile(alone, 0.99), "hits_beside": len(beside),
            "ingest_s": took[0], "videos": videos}


def restart_under_load(folder, upstream, times):
    from load import Load

    with socket.create_server(("127.0.0.1", 0), backlog=4096) as listener:
        daemon = Daemon(folder, *upstream, listener=listener)
        load = Load(listener.getsockname()[1], HIT)
        for _ in range(times):
            load.wait_for(300)
            daemon.stop()
            daemon = Daemon(folder, *upstream, listener=listener)
        load.wait_for(300)
        load.stop()
        daemon.stop()
    return {"restarts": times, "answered": load.answered, "lost": len(load.failed)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--store-gib", type=int, default=10)
    parser.add_argument("--quick", action="store_true", help="a small batch and a small store")
    options = parser.parse_args()
    global BINARY
    BINARY = f"{options.build}/nomadic-cached"
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        sandbox = subprocess.Popen([BINARY, "sandbox", "--listen", "127.0.0.1:0"], stdout=subprocess.PIPE, text=True)
        url = re.search(r"http://\S+", sandbox.stdout.readline()).group(0)
        upstream = ["--upstream-base-url", url, "--cache-disk-quota", "100GiB"]
        try:
            daemon = Daemon(folder, *upstream)
            figures["ingest"] = hits_beside_ingest(folder, 2000 if options.quick else 20000)
            daemon.stop()
            figures["restart"] = restart_under_load(folder, upstream, 3)
            gibibytes = pad(f"{folder}/data/cache.db", 1 if options.quick else options.store_gib)
            starts = []
            for _ in range(7):
                daemon = Daemon(folder, *upstream)
                starts.append(daemon.started)
                daemon.stop()
            figures["start"] = {"store_gib": gibibytes, "median_ms": percentile(starts, 0.5), "worst_ms": max(starts) * 1000}
            daemon = Daemon(folder, *upstream)
            time.sleep(1)
            before = daemon.switches()
            seconds = 10
            time.sleep(seconds)
            figures["idle"] = {"resident_mib": daemon.status("VmRSS") / 1024,
                               "switches_a_second": (daemon.switches() - before) / seconds}
            daemon.stop()
        finally:
            sandbox.terminate()
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
