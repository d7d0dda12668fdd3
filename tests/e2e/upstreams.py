"""An upstream whose every byte a test decides."""

import json
import socket
import threading


class ScriptedUpstream:
    """Runs `script(connection, head)` for each request head it reads, each connection in a thread of its own."""

    def __init__(self, script=None):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.script = script
        self.heads = []
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def answers(self, data):
        """Answers every request so, and keeps the connection."""
        self.script = lambda connection, head: connection.sendall(data)

    def close(self):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        with connection:
            try:
                while head := read_head(connection):
                    self.heads.append(head)
                    self.script(connection, head)
            except OSError:
                pass  # the daemon may leave at any time


def pass_both_ways(near, far):
    def pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side may leave at any time

    for source, sink in ((near, far), (far, near)):
        threading.Thread(target=pass_on, args=(source, sink), daemon=True).start()


class Relay:
    """Bytes to `target` and back; for a daemon whose upstream is to be what is not there yet."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.target = None
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = connect(self.target)
            pass_both_ways(near, far)


def read_head(connection):
    """A head, and nothing beyond it; empty at the end."""
    data = b""
    while not data.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        if not byte:
            return b""
        data += byte
    return data


def read_exactly(connection, count):
    data = b""
    while len(data) < count and (part := connection.recv(count - len(data))):
        data += part
    return data


def read_all(connection):
    data = b""
    while part := connection.recv(65536):
        data += part
    return data


def connect(process, timeout=30):
    host, port = process.url.split("://")[1].split(":")
    return socket.create_connection((host, int(port)), timeout=timeout)


def ask(process, head):
    """Sends one request that closes its connection; returns all that comes back."""
    with connect(process) as connection:
        connection.sendall(head + b"Host: localhost\r\nConnection: close\r\n\r\n")
        return read_all(connection)


class Asked:
    """A request as an API sees it."""

    def __init__(self, connection, head):
        first, *lines = head.decode("latin-1").strip().split("\r\n")
        self.method, self.target, _ = first.split(" ")
        self.path = self.target.split("?")[0]
        self.fields = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        self.head = head
        self.body = read_exactly(connection, int(self.fields.get("content-length", 0)))


class ApiUpstream(ScriptedUpstream):
    """An API of our own: `answer(asked)` gives (status, document), or the very bytes of the response."""

    def __init__(self, answer=None):
        super().__init__(self._respond)
        self.answer = answer or whole_batches
        self.asked = []

    def _respond(self, connection, head):
        asked = Asked(connection, head)
        self.asked.append(asked)
        answer = self.answer(asked)
        connection.sendall(answer if isinstance(answer, bytes) else response(*answer))


def response(status, document, *fields):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    head = [f"HTTP/1.1 {status} Said", "Content-Type: application/json", f"Content-Length: {len(body)}", *fields]
    return "\r\n".join([*head, "", ""]).encode("latin-1") + body


def whole_batches(asked, label="seen"):
    """Every batch is there, completed, and has one video with one event, `label`."""
    parts = asked.path.split("/")
    if asked.path == "/api/keys/verify":
        return 200, {"valid": True, "user_id": asked.fields["x-api-key"], "org_id": "org"}
    if len(parts) < 5 or parts[2] != "batch":
        return 404, {"detail": "no such thing"}
    if parts[4] == "status":
        return 200, {"batch_id": parts[3], "status": "completed", "aggregated_progress": {"total": 1, "completed": 1, "failed": 0},
                     "config": {"analysis_kind": "rapid_review"}, "videos": [{"video_id": "v1", "analysis_id": "a1", "status": "completed"}]}
    if parts[4] == "analyses":
        event = {"t_start": "00:01", "t_end": "00:02", "label": label, "category": "c", "approval": "approved"}
        return 200, {"analyses": [{"video_id": "v1", "analysis_id": "a1", "analysis": {"status": "completed", "events": [event]}}],
                     "unresolved_video_ids": [], "not_found_analysis_ids": []}
    return 200, {}
