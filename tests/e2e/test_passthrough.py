"""Everything else under /api/ goes to the upstream and back, byte for byte; against an upstream of our own."""

import hashlib
import socket
import threading

import pytest

from harness import PATIENCE


class RawUpstream:
    """Takes one connection at a time, keeps what came, answers with the bytes it was told to."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
        self.received = []
        self.steps = None
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with connection:
                self.received.append(self._read_request(connection))
                if self.steps:
                    self.steps(connection)
                else:
                    connection.sendall(self.answer)

    @staticmethod
    def _read_request(connection):
        data = b""
        while b"\r\n\r\n" not in data:
            data += connection.recv(65536)
        head, body = data.split(b"\r\n\r\n", 1)
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            while not body.endswith(b"\r\n\r\n"):
                body += connection.recv(65536)
        elif b"content-length: " in lower:
            length = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
            digest, seen = hashlib.sha256(body), len(body)
            while seen < length:
                part = connection.recv(1 << 20)
                digest.update(part)
                seen += len(part)
            body = digest.hexdigest().encode()
        return head, body


@pytest.fixture
def upstream():
    it = RawUpstream()
    yield it
    it.listener.close()


@pytest.fixture
def proxy(start, upstream):
    return start(upstream=upstream)


def test_target_and_fields_go_through_and_hop_by_hop_ones_do_not(proxy, upstream):
    proxy.raw(
        b"GET /api/x%2Fy/..;a=b?q=%20+&q HTTP/1.1\r\nHost: localhost\r\nX-Own: 1\r\nConnection: close, X-Hop\r\nX-Hop: 1\r\n"
        b"TE: trailers\r\nKeep-Alive: 5\r\nAuthorization: Bearer mine\r\nX-API-Key: mine\r\n\r\n"
    )
    head = upstream.received[0][0].decode()
    assert head.startswith("GET /api/x%2Fy/..;a=b?q=%20+&q HTTP/1.1\r\n")
    assert "X-Own: 1" in head and "Via: 1.1 nomadic-cached" in head
    assert "X-API-Key: alice-key-0123456789" in head and "mine" not in head
    for gone in ("X-Hop", "TE:", "Keep-Alive", "Connection:"):
        assert gone not in head


def test_an_upload_arrives_whole_without_being_held(proxy, upstream):
    data = bytes(range(256)) * 4096 * 64  # 64 MiB
    answer = proxy.request("POST", "/api/upload-video", data, {"Content-Type": "application/octet-stream"})
    assert answer.body == b"ok"
    assert upstream.received[0][1] == hashlib.sha256(data).hexdigest().encode()
    peak = next(line for line in open(f"/proc/{proxy.process.pid}/status") if line.startswith("VmHWM"))
    assert int(peak.split()[1]) < 64 * 1024


def test_chunked_bodies_and_trailers_both_ways(proxy, upstream):
    upstream.answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"
    )
    answer = proxy.raw(
        b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
        b"5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n"
    )
    assert upstream.received[0][1] == b"5\r\nhello\r\n0\r\nX-Sum: 9\r\n\r\n"
    body = answer.split(b"\r\n\r\n", 1)[1]
    assert b"Transfer-Encoding: chunked" in answer and body.endswith(b"0\r\n\r\n")
    assert b"".join(body.split(b"\r\n")[1:-3:2]) == b"abcdefg"


def test_server_sent_events_come_as_they_are_sent(proxy, upstream):
    go_on = threading.Event()

    def steps(connection):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
        assert go_on.wait(PATIENCE)
        connection.sendall(b"data: 2\n\n")

    upstream.steps = steps
    address = proxy.url.removeprefix("http://").split(":")
    with socket.create_connection((address[0], int(address[1])), timeout=PATIENCE) as connection:
        connection.sendall(b"GET /api/router/v2/query/events/1 HTTP/1.1\r\nHost: localhost\r\n\r\n")
        received = b""
        while b"data: 1\n\n" not in received:
            received += connection.recv(65536)
        assert b"data: 2" not in received
        go_on.set()
        while not received.endswith(b"0\r\n\r\n"):
            received += connection.recv(65536)
    assert b"data: 2\n\n" in received


def test_a_body_that_breaks_off_upstream_breaks_off_here(proxy, upstream):
    upstream.answer = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this"
    answer = proxy.raw(b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"Content-Length: 100" in answer and answer.endswith(b"only this")
    upstream.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel"
    answer = proxy.raw(b"GET /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert not answer.endswith(b"0\r\n\r\n")


@pytest.mark.parametrize("status", [b"204 No Content", b"304 Not Modified"])
def test_answers_without_a_body(proxy, upstream, status):
    upstream.answer = b"HTTP/1.1 " + status + b"\r\nETag: \"a\"\r\n\r\n"
    answer = proxy.raw(b"GET /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + status) and answer.endswith(b"\r\n\r\n")
    assert b"ETag: \"a\"" in answer


def test_errors_and_unknown_reasons_go_through(proxy, upstream):
    upstream.answer = b"HTTP/1.1 418 Short And Stout\r\nContent-Length: 3\r\nX-Pot: tea\r\n\r\nno!"
    answer = proxy.raw(b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 418 ") and answer.endswith(b"no!") and b"X-Pot: tea" in answer


def test_a_write_is_never_repeated(proxy, upstream):
    upstream.steps = lambda connection: None  # closes without an answer
    answer = proxy.request("POST", "/api/x", b"data")
    assert answer.status == 502
    assert len(upstream.received) == 1


def test_modes(start, upstream):
    off = start("--passthrough-mode", "off", upstream=upstream)
    assert off.get("/api/x").status == 501
    safe = start("--passthrough-mode", "safe-methods", upstream=upstream, data_dir=off.process.args[5] + "2")
    assert safe.get("/api/x").body == b"ok"
    assert safe.post("/api/x", {}).status == 501
