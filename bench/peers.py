"""The programs a benchmark measures, each started on a port of its own and pinned to the servers' core."""

import contextlib
import json
import os
import pathlib
import shutil
import socket
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
SERVER_CORE, LOAD_CORE = 0, 1
# Each batch's JSON is about as large as it is called.
BATCHES = {"4 KB": "ask-1-7-1", "64 KB": "ask-12-123-1", "1 MB": "ask-210-2070-1", "20 MB": "ask-4000-40000-1"}
KEY = "sandbox-key"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def pinned(core, *command):
    return ["taskset", "-c", str(core), *map(str, command)]


def compile_own(folder, *names):
    """The programs that are measured with, from their sources beside this one."""
    for name in names:
        subprocess.run(["g++", "-std=c++20", "-O2", "-o", folder / name, HERE / f"{name}.cpp"], check=True)


class Server:
    """A running program; `url(size)` is where it serves the body of that size."""

    def __init__(self, name, command, port, target, environment=None, output=None):
        self.name, self.port, self.target = name, port, target
        with open(output or os.devnull, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True,
                                            env={**os.environ, **(environment or {})})
        for _ in range(500):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
                return
            time.sleep(0.02)
        raise RuntimeError(f"{name} did not start")

    def url(self, size):
        return f"http://127.0.0.1:{self.port}{self.target(size)}"

    def cpu_seconds(self):
        """What the program and its children have used, to the nanosecond."""
        total = 0
        for pid in self.group():
            for task in pathlib.Path(f"/proc/{pid}/task").glob("*/schedstat"):
                with contextlib.suppress(OSError):
                    total += int(task.read_text().split()[0])
        return total / 1e9

    def group(self):
        for entry in pathlib.Path("/proc").glob("[0-9]*/stat"):
            with contextlib.suppress(OSError):
                if int(entry.read_text().rsplit(")", 1)[1].split()[2]) == self.process.pid:
                    yield int(entry.parent.name)

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def file_name(size):
    return size.replace(" ", "")


def sandbox(binary, *arguments):
    port = free_port()
    return Server("sandbox", pinned(LOAD_CORE, binary, "sandbox", "--listen", f"127.0.0.1:{port}", *arguments), port, None)


def daemon(name, binary, folder, upstream, *arguments, key=KEY):
    port = free_port()
    command = pinned(SERVER_CORE, binary, "serve", "--server-listen", f"127.0.0.1:{port}", "--cache-data-dir",
                     folder / file_name(name), "--upstream-base-url", f"http://127.0.0.1:{upstream.port}", *arguments)
    return Server(name, command, port, lambda size: f"/v1/batches/{BATCHES[size]}/analysis",
                  {"NOMADICAI_API_KEY": key} if key else {}, folder / f"{file_name(name)}.log")


def epoll_limit(folder, size):
    port = free_port()
    return Server("limit", pinned(SERVER_CORE, folder / "epoll_limit", port, folder / "bodies" / file_name(size)), port,
                  lambda _: "/v1/batches/any/analysis")


NGINX = """
daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/nginx.log;
events {{ worker_connections 8192; }}
http {{
    access_log off; sendfile on; tcp_nopush on; keepalive_requests 1000000000; keepalive_timeout 75s;
    open_file_cache max=100; default_type application/json;
    client_body_temp_path {folder}/nginx-body; proxy_temp_path {folder}/nginx-proxy;
    fastcgi_temp_path {folder}/nginx-fastcgi; uwsgi_temp_path {folder}/nginx-uwsgi; scgi_temp_path {folder}/nginx-scgi;
    server {{ listen 127.0.0.1:{port} backlog=4096; root {folder}/bodies; }}
}}
"""


def nginx(folder):
    port = free_port()
    configuration = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(user + NGINX.format(folder=folder, port=port))
    program = shutil.which("nginx") or "/usr/sbin/nginx"
    return Server("nginx", pinned(SERVER_CORE, program, "-c", configuration, "-e", folder / "nginx.log"), port,
                  lambda size: f"/{file_name(size)}")


def varnish(folder, backend):
    port = free_port()
    program = shutil.which("varnishd") or "/usr/sbin/varnishd"
    command = pinned(SERVER_CORE, program, "-F", "-n", folder / "varnish", "-a", f"127.0.0.1:{port}", "-b",
                     f"127.0.0.1:{backend.port}", "-s", "malloc,512m", "-t", "86400", "-p", "thread_pools=1")
    return Server("varnish", command, port, backend.target)


def load(folder, url, connections, seconds, pause=0):
    """What that many clients measured (clients.cpp), times in microseconds."""
    port, target = url.removeprefix("http://127.0.0.1:").split("/", 1)
    command = pinned(LOAD_CORE, folder / "clients", port, "/" + target, connections, seconds, pause)
    if pause and os.geteuid() == 0:
        command = ["chrt", "--fifo", "1", *command]  # else it waits for the sandbox, and seems to wait for the daemon
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
