"""A hit that is answered again from memory is the answer that making it anew would give: nobody else's, and never old."""

import contextlib
import http.client
import re
import signal
import socket
import time
import urllib.parse

import pytest

from harness import PATIENCE

BATCH = "ask-3-12-1"
TARGET = f"/v1/batches/{BATCH}/analysis"
OWN = {"x-request-id", "server-timing", "age", "date", "cache-status", "cache-control"}


class Connection:
    """One connection kept open, so that only the head's bytes say what is asked."""

    def __init__(self, daemon):
        address = urllib.parse.urlsplit(daemon.url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=PATIENCE)

    def get(self, target=TARGET, method="GET", **headers):
        self.connection.request(method, target, headers={name.replace("_", "-"): value for name, value in headers.items()})
        answer = self.connection.getresponse()
        answer.content = answer.read()
        answer.names = {name.lower(): value for name, value in answer.getheaders()}
        return answer


@pytest.fixture
def connection(daemon):
    with contextlib.closing(Connection(daemon).connection):
        yield Connection(daemon)


def constant(answer):
    return {name: value for name, value in answer.names.items() if name not in OWN}


def requests_counted(daemon, **labels):
    total = 0
    for line in daemon.get("/metrics").body.decode().splitlines():
        if line.startswith("nomadic_cached_requests_total") and all(f'{k}="{v}"' in line for k, v in labels.items()):
            total += float(line.rsplit(" ", 1)[1])
    return total


@pytest.mark.parametrize("headers, method, status", [
    ({}, "GET", 200), ({}, "HEAD", 200), ({"Accept_Encoding": "gzip"}, "GET", 200), ({"Accept_Encoding": "zstd"}, "GET", 200),
    ({"Accept": "text/csv"}, "GET", 200), ({"If_None_Match": "*"}, "GET", 304), ({"Cache_Control": "only-if-cached"}, "GET", 200),
    ({"Range": "bytes=10-19"}, "GET", 206),
])
def test_a_repeated_answer_is_the_same_answer(connection, headers, method, status):
    connection.get()
    first = connection.get(method=method, **headers)
    for _ in range(5):
        again = connection.get(method=method, **headers)
        assert (again.status, again.content) == (status, first.content)
        assert constant(again) == constant(first)
        assert set(again.names) == set(first.names)


def test_each_answer_has_its_own_request_id(connection):
    connection.get()
    ids = [connection.get().names["x-request-id"] for _ in range(5)]
    assert len(set(ids)) == 5
    for own in ("one", "two", "three"):
        assert connection.get(X_Request_ID=own).names["x-request-id"] == own
    assert connection.get(X_Request_ID="not sane").names["x-request-id"] != "not sane"


def test_its_age_and_ttl_go_on(connection):
    connection.get()
    first = connection.get()
    deadline = time.monotonic() + PATIENCE
    while (later := connection.get()).names["age"] == first.names["age"]:
        assert time.monotonic() < deadline
    ttl = [int(re.search(r"ttl=(\d+)", answer.names["cache-status"]).group(1)) for answer in (first, later)]
    assert int(later.names["age"]) == int(first.names["age"]) + 1
    assert ttl[1] == ttl[0] - 1
    assert later.names["date"] != "" and constant(later) == constant(first)


def test_what_changes_a_batch_ends_it_at_once(connection, daemon, sandbox):
    connection.get()
    before = connection.get()
    sandbox.review(BATCH, review_status="approved")
    assert daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": '{"a": 1}'}).status == 200
    after = connection.get()
    assert "fwd=stale" in after.names["cache-status"]
    assert after.names["etag"] != before.names["etag"]
    connection.get()
    assert daemon.request("DELETE", f"/v1/batches/{BATCH}").status in (200, 204)
    assert "fwd=miss" in connection.get().names["cache-status"]


def test_one_users_answer_is_never_anothers(start):
    daemon = start(key=None)
    batch = "/v1/batches/private-alice-ask-2-5-1/analysis"
    one = Connection(daemon)
    for _ in range(5):
        alice = one.get(batch, X_API_Key="alice-key-0123456789")
        assert alice.status == 200
        assert one.get(batch, X_API_Key="bob-key-0123456789").status in (403, 404)
        assert one.get(batch).status == 401


def test_the_guard_still_asks_each_request(connection):
    connection.get()
    assert connection.get().status == 200
    assert connection.get(Host="evil.example").status == 421
    assert connection.get(Sec_Fetch_Site="cross-site").status == 403
    assert connection.get().status == 200


SENT = "nomadic_cached_sent_bytes_total"
HOT = 'nomadic_cached_hot_requests_total{result="hit"}'
CLOSE = "Connection: close\r\n\r\n"


def test_every_byte_and_every_hit_is_counted(daemon):
    daemon.get(TARGET)
    daemon.get(TARGET)

    def metrics():
        answer = daemon.raw(f"GET /metrics HTTP/1.1\r\nHost: localhost\r\n{CLOSE}".encode())
        values = {name: float(re.search(rf"^{re.escape(name)} (\S+)\r?$", answer.decode(), re.M).group(1)) for name in (SENT, HOT)}
        return values, len(answer)

    before, own = metrics()
    request = f"GET {TARGET} HTTP/1.1\r\nHost: localhost\r\n"
    received = daemon.raw((f"{request}\r\n" * 20 + request + CLOSE).encode())
    after, _ = metrics()
    assert after[SENT] - before[SENT] == own + len(received)
    assert after[HOT] - before[HOT] == 21


def test_a_reload_ends_what_is_no_longer_allowed(start, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[server]\nallowed_hosts = ['cache.test']\n")
    daemon = start("--config", str(config))
    connection = Connection(daemon)
    for _ in range(3):
        assert connection.get(Host="cache.test").status == 200
    config.write_text("[server]\nallowed_hosts = []\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for("changed=server.allowed_hosts")
    assert connection.get(Host="cache.test").status == 421


def test_each_is_counted_and_logged(connection, daemon):
    connection.get()
    labels = {"route": "/v1/batches/{batch_id}/analysis", "cache": "hit"}
    before = requests_counted(daemon, **labels)
    for number in range(10):
        connection.get(X_Request_ID=f"counted-{number}")
    assert requests_counted(daemon, **labels) == before + 10
    daemon.wait_for("request_id=counted-9")
    assert daemon.output().count("request_id=counted-") == 10


def test_pipelined_requests_are_answered_in_order(daemon):
    daemon.get(TARGET)
    head = f"GET {TARGET} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: %d\r\n\r\n"
    last = f"GET {TARGET} HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: last\r\nConnection: close\r\n\r\n"
    received = daemon.raw("".join([*(head % number for number in range(200)), last]).encode())
    ids = re.findall(rb"X-Request-ID: (\w+)", received)
    assert ids == [str(number).encode() for number in range(200)] + [b"last"]


def test_a_large_answer_reaches_a_slow_reader_whole(daemon):
    large = "/v1/batches/ask-400-4000-1/analysis"
    whole = daemon.get(large).body
    assert len(whole) > 1_000_000
    address = urllib.parse.urlsplit(daemon.url)
    for _ in range(2):
        with socket.socket() as slow:
            slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            slow.connect((address.hostname, address.port))
            slow.sendall(f"GET {large} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
            received = b"".join(iter(lambda: slow.recv(16_384), b""))
        assert received.split(b"\r\n\r\n", 1)[1] == whole
