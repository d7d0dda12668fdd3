#!/usr/bin/env python3
"""Measures what only passes through: large bodies both ways, small requests, idle connections; with nginx as the peer.

  bench/passthrough.py [--build build/release] [--bytes 2147483648] [--rounds 3]

Needs bench_wire (cmake --build --preset release --target bench_wire) and, for the comparison, nginx. Prints its figures
as JSON.
"""

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import shutil
import socket
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent

# Streaming both ways, connections to the origin kept: nginx at its best for this.
NGINX = """
worker_processes 1;
error_log stderr error;
pid {folder}/nginx.pid;
daemon off;
events {{ worker_connections 8192; }}
http {{
    access_log off;
    client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    client_max_body_size 0;
    keepalive_requests 1000000;
    upstream origin {{ server 127.0.0.1:{origin}; keepalive 32; keepalive_requests 1000000; }}
    server {{
        listen 127.0.0.1:{port};
        location / {{
            proxy_pass http://origin;
            proxy_http_version 1.1;
            proxy_set_header Connection "";
            proxy_request_buffering off;
            proxy_buffers 16 64k;
            proxy_buffer_size 64k;
            proxy_busy_buffers_size 512k;
            client_body_buffer_size 512k;
            proxy_max_temp_file_size 0;
        }}
    }}
}}
"""


class Daemon:
    def __init__(self, binary, folder, origin):
        place = pathlib.Path(folder) / f"daemon-{time.monotonic_ns()}"
        place.mkdir()
        log = place / "log"
        with log.open("w") as out:
            self.process = subprocess.Popen(
                [binary, "serve", "--server-listen", "127.0.0.1:0", "--cache-data-dir", str(place), "--upstream-base-url",
                 f"http://127.0.0.1:{origin}"],
                env={"NOMADICAI_API_KEY": "bench-key", "PATH": os.environ["PATH"]}, stdout=out, stderr=out)
        while "message=ready" not in log.read_text():
            time.sleep(0.01)
        self.port = int(re.search(r"http://127\.0\.0\.1:(\d+)", log.read_text()).group(1))

    def memory(self, name):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(rf"{name}:\s+(\d+)", text).group(1)) / 1024

    def stop(self):
        self.process.terminate()
        self.process.wait()


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


@contextlib.contextmanager
def nginx(folder, origin):
    port = free_port()
    configuration = pathlib.Path(folder) / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, origin=origin, port=port))
    process = subprocess.Popen(["nginx", "-p", folder, "-c", str(configuration)], stderr=subprocess.DEVNULL)
    try:
        while True:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                break
            time.sleep(0.05)
        yield port
    finally:
        process.terminate()
        process.wait()


def wire(binary, *arguments):
    return [float(word) for word in subprocess.run([binary, *map(str, arguments)], check=True, capture_output=True, text=True).stdout.split()]


def connections_taken(origin):
    connection = http.client.HTTPConnection("127.0.0.1", origin)
    connection.request("GET", "/api/count")
    return int(connection.getresponse().read())


def idle(daemon, count):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 2 * count + 100), hard))
    before = daemon.memory("VmRSS")
    held = [socket.create_connection(("127.0.0.1", daemon.port)) for _ in range(count)]
    for connection in held:
        connection.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    for connection in held:
        assert connection.recv(4096).startswith(b"HTTP/1.1 200 ")
    after = daemon.memory("VmRSS")
    for connection in held:
        connection.close()
    return {"connections": count, "before_mib": before, "resident_mib": after}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=str(ROOT / "build/release"))
    parser.add_argument("--bytes", type=int, default=2 << 30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--asks", type=int, default=5000)
    options = parser.parse_args()
    binary, tool = f"{options.build}/nomadic-cached", f"{options.build}/bench_wire"
    figures = {}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        started = subprocess.Popen([tool, "origin"], stdout=subprocess.PIPE, text=True)
        running.callback(started.kill)
        origin = int(started.stdout.readline())
        daemon = Daemon(binary, folder, origin)
        running.callback(daemon.stop)
        ports = {"direct": origin, "daemon": daemon.port}
        if shutil.which("nginx"):
            ports["nginx"] = running.enter_context(nginx(folder, origin))

        for what in ("download", "upload"):
            seconds = {name: [] for name in ports}
            for _ in range(options.rounds):
                for name, port in ports.items():
                    seconds[name].append(wire(tool, what, port, options.bytes)[0])
            figures[what] = {f"{name}_mb_s": options.bytes / 1e6 / statistics.median(taken) for name, taken in seconds.items()}
            if "nginx" in ports:
                figures[what]["nginx_over_daemon"] = figures[what]["nginx_mb_s"] / figures[what]["daemon_mb_s"]
            figures[what]["peak_memory_mib"] = daemon.memory("VmHWM")

        asked = {name: [] for name in ports}
        for _ in range(options.rounds):
            for name, port in ports.items():
                asked[name].append(wire(tool, "ask", port, options.asks))
        direct = statistics.median(median for median, _ in asked["direct"])
        figures["small"] = {}
        for name, taken in asked.items():
            figures["small"][f"{name}_p50_us"] = statistics.median(median for median, _ in taken)
            figures["small"][f"{name}_p99_us"] = statistics.median(worst for _, worst in taken)
            figures["small"][f"{name}_added_p50_us"] = figures["small"][f"{name}_p50_us"] - direct

        other = Daemon(binary, folder, origin)
        running.callback(other.stop)
        before = connections_taken(origin)
        wire(tool, "ask", other.port, options.asks)
        used = connections_taken(origin) - before - 1
        figures["reuse"] = {"requests": options.asks, "connections": used, "share": 1 - used / options.asks}
        figures["idle"] = idle(other, 5000)
    print(json.dumps(figures, indent=2))


if __name__ == "__main__":
    main()
