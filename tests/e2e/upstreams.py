"""An upstream whose every byte a test decides."""

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
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pipe, args=(source, sink), daemon=True).start()

    @staticmethod
    def _pipe(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # either side may leave at any time


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
