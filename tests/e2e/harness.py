"""Starts the real binaries on free ports, and talks HTTP to them."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.parse

BINARY = os.path.join(os.environ["NOMADIC_BUILD"], "nomadic-cached")
SANITIZED = "san" in pathlib.Path(BINARY).parent.name  # its memory is mostly the sanitizer's
PATIENCE = 30


def wait_until(condition):
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    def json(self):
        return json.loads(self.body)


class Process:
    """A program that says where it listens; what it prints is kept."""

    def __init__(self, arguments, marker, environment=None, launch=(), pass_fds=()):
        env = {name: value for name, value in os.environ.items() if not name.startswith("NOMADIC")}
        env.update(environment or {})
        self.process = subprocess.Popen(
            [*launch, BINARY, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env, pass_fds=pass_fds,
        )
        self.lines = []
        self.url = None
        self._ready = threading.Event()
        self._marker = re.compile(marker)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        if not self._ready.wait(PATIENCE) or self.url is None:
            self.kill()
            raise RuntimeError("did not start: " + self.output())

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if found := re.search(r"(https?)://(127\.0\.0\.1:\d+)", line):
                self.url = self.url or found.group(0)
            if self._marker.search(line):
                self._ready.set()
        self._ready.set()

    def wait_for(self, text):
        deadline = time.monotonic() + PATIENCE
        while text not in self.output():
            assert time.monotonic() < deadline, self.output()
            time.sleep(0.01)

    def output(self):
        return "".join(self.lines)

    def request(self, method, target, body=None, headers=None):
        address = urllib.parse.urlsplit(self.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
            connection.request(method, target, data, headers or {})
            return Answer(connection.getresponse())

    def get(self, target, headers=None):
        return self.request("GET", target, headers=headers)

    def post(self, target, body, headers=None):
        return self.request("POST", target, body, {"Content-Type": "application/json", **(headers or {})})

    def raw(self, data):
        """Sends bytes as they are; returns all that comes back until the connection ends."""
        address = urllib.parse.urlsplit(self.url)
        with socket.create_connection((address.hostname, address.port), timeout=PATIENCE) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            received = b""
            while part := connection.recv(65536):
                received += part
            return received

    def stop(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        return status

    def kill(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)


class Sandbox(Process):
    def __init__(self, *arguments):
        super().__init__(["sandbox", "--listen", "127.0.0.1:0", *arguments], "any key is accepted")

    def counts(self):
        return self.get("/sandbox/requests").json()

    def reset_counts(self):
        self.request("DELETE", "/sandbox/requests")

    def faults(self, **faults):
        assert self.post("/sandbox/faults", faults).status == 200

    def review(self, batch_id, **changes):
        assert self.post(f"/sandbox/batches/{batch_id}/review", changes).status == 200


class Daemon(Process):
    def __init__(self, data_dir, upstream=None, *arguments, key="alice-key-0123456789", environment=None, launch=(), pass_fds=()):
        flags = ["serve", "--server-listen", "127.0.0.1:0", "--cache-data-dir", str(data_dir)]
        if upstream is not None:
            flags += ["--upstream-base-url", getattr(upstream, "url", upstream), "--upstream-retry-base-delay", "1ms"]
        env = {"NOMADICAI_API_KEY": key} if key else {}
        super().__init__([*flags, *arguments], "message=ready", {**env, **(environment or {})}, launch, pass_fds)


def run(*arguments, environment=None, launch=()):
    env = {name: value for name, value in os.environ.items() if not name.startswith("NOMADIC")}
    env.update(environment or {})
    return subprocess.run([*launch, BINARY, *arguments], capture_output=True, text=True, timeout=PATIENCE, env=env)
