"""Bytes that are meant to do harm, from either side: the right refusal, bounded memory, and everybody else served."""

import contextlib
import gzip
import http.client
import pathlib
import re
import resource
import socket
import threading

import pytest

from harness import PATIENCE, SANITIZED
from upstreams import ApiUpstream, ScriptedUpstream, ask, connect, read_all, read_head, response, whole_batches

BATCH = "b-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
OK = response(200, b"ok")
MIB = 1024


def memory(daemon, name="VmHWM"):
    """In KiB; VmHWM is the most there ever was. Nothing under a sanitizer, which takes most of it for itself."""
    if SANITIZED:
        return 0
    text = pathlib.Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(re.search(rf"{name}:\s+(\d+)", text).group(1))


@pytest.fixture
def upstream():
    it = ApiUpstream()
    yield it
    it.close()


@pytest.fixture
def daemon(start, upstream):
    return start("--upstream-retries", "0", "--limits-header-timeout", "1s", "--limits-body-timeout", "1s", upstream=upstream)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "br, gzip", "x-evil"])
def test_a_decompression_bomb_stays_packed(daemon, upstream, coding):
    bomb = gzip.compress(b"\x00" * (256 << 20), 1)
    packed = response(200, bomb, f"Content-Encoding: {coding}")
    upstream.answer = lambda asked: packed
    refused = daemon.get(ANALYSIS)
    assert refused.status == 502 and "packed" in refused.json()["detail"]
    assert upstream.asked[0].fields["accept-encoding"] == "identity"
    passed = daemon.get("/api/x", {"Accept-Encoding": coding})
    assert passed.headers["content-encoding"] == coding and passed.body == bomb
    assert memory(daemon) < 64 * MIB


DEEP = 1_000_000
NESTED = {
    "arrays": b"[" * DEEP + b"]" * DEEP,
    "objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "unclosed": b"[" * DEEP,
    "inside": b'{"batch_id": "b-1", "status": "completed", "videos": [], "metadata": ' + b"[" * DEEP + b"]" * DEEP + b"}",
}


@pytest.mark.parametrize("document", NESTED.values(), ids=NESTED.keys())
@pytest.mark.parametrize("where", ["/status", "/analyses/bulk"])
def test_json_that_is_nested_without_end_is_an_upstreams_failure(daemon, upstream, document, where):
    deep = response(200, document)
    upstream.answer = lambda asked: deep if asked.path.endswith(where) else whole_batches(asked)
    assert daemon.get(ANALYSIS).status == 502
    assert daemon.get(f"/api/batch/{BATCH}/status").status == 502
    upstream.answer = whole_batches
    assert daemon.get(ANALYSIS).status == 200


MANY = {f"frame_{number}_start": number for number in range(50_000 if SANITIZED else 200_000)}
NORMAL = {"t_start": "00:01", "t_end": "00:02", "label": "l", "category": "c"}


@pytest.mark.parametrize("event", [NORMAL | MANY, {"type": "c", "time": "t=1", "end_time": "t=2", "data": MANY}, NORMAL | MANY | {"overlay": MANY}],
                         ids=["normal", "stored", "overlay"])
def test_an_event_of_many_members_takes_no_square_of_them(daemon, upstream, event):
    analyses = [{"video_id": "v1", "analysis_id": "a1", "analysis": {"status": "completed", "events": [event]}}]
    large = response(200, {"analyses": analyses, "unresolved_video_ids": [], "not_found_analysis_ids": []})
    upstream.answer = lambda asked: large if asked.path.endswith("/bulk") else whole_batches(asked)
    overlay = daemon.get(ANALYSIS).json()["results"][0]["events"][0]["overlay"]  # within the patience of the tests' client
    assert len(overlay) >= len(MANY) and overlay["frame_7"] == {"start": 7, "end": None}


def test_json_that_is_nested_without_end_is_no_key_and_no_message(start, upstream):
    deep = NESTED["objects"]
    shared = start("--upstream-retries", "0", key=None, upstream=upstream)
    upstream.answer = lambda asked: response(200, deep)
    assert shared.get(ANALYSIS, {"X-API-Key": "alice"}).status == 502
    upstream.answer = lambda asked: whole_batches(asked) if "verify" in asked.path else response(403, b'{"detail": ' + deep + b"}")
    assert shared.get(ANALYSIS, {"X-API-Key": "alice"}).status == 403


@pytest.mark.parametrize("document", NESTED.values(), ids=NESTED.keys())
def test_json_that_is_nested_without_end_from_a_client(daemon, upstream, document):
    assert daemon.post("/v1/prefetch", document).status == 400
    upstream.answer = lambda asked: (422, {"detail": "too deep"})
    for target in (f"/api/batch/{BATCH}/analyses/bulk", f"/api/batch/{BATCH}/filter_batch"):
        assert daemon.post(target, document).status == 422  # the upstream's to judge
        assert upstream.asked[-1].body == document


def test_an_answer_without_end_ends_at_the_limit(start, upstream):
    daemon = start("--upstream-retries", "0", "--upstream-max-response-bytes", "4 MiB", upstream=upstream)
    gone = threading.Event()

    def endless(connection, head):
        with contextlib.suppress(OSError):
            connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 999999999999999999\r\n\r\n{"batch_id": "')
            while True:
                connection.sendall(b"x" * 65536)
        gone.set()

    upstream.script = endless
    refused = daemon.get(ANALYSIS)
    assert refused.status == 502 and "upstream.max_response_bytes" in refused.json()["detail"]
    assert gone.wait(PATIENCE) and memory(daemon) < 64 * MIB


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_does_not_take_the_key_elsewhere(daemon, upstream, status):
    trap = ScriptedUpstream(lambda connection, head: connection.sendall(OK))
    upstream.answer = lambda asked: response(status, b"", f"Location: {trap.url}/api/batch/{BATCH}/status")
    refused = daemon.get(ANALYSIS)
    assert refused.status == 502
    assert trap.url in refused.json()["detail"] and "upstream.base_url" in refused.json()["detail"]
    assert daemon.get(f"/api/batch/{BATCH}/status").status == 502
    assert daemon.get(f"/api/batch/{BATCH}/status?other=1").status == 502
    passed = daemon.get("/api/x")
    assert passed.status == status and passed.headers["location"].startswith(trap.url)
    assert trap.connections == 0
    trap.close()


@pytest.mark.parametrize("rest, seen", [("/api/x/?a=%2F", "/api/x/?a=%2F"), ("//evil.example/x", None), ("/\\evil.example/x", None),
                                        ("", None), (".evil.example/x", None), ("@evil.example/x", None)])
def test_a_redirect_within_the_upstream_leads_through_us(daemon, upstream, rest, seen):
    upstream.answer = lambda asked: response(307, b"", f"Location: {upstream.url}{rest}")
    assert daemon.get("/api/x").headers["location"] == (seen or upstream.url + rest)


# What is sent, and what a client may take for a whole answer: only what nobody could know to be another.
LIES = {
    "too short": (b"Content-Length: 1000\r\n\r\n{}", None),
    "too long": (b"Content-Length: 2\r\n\r\n{}{\"batch_id\": \"b-1\"}", b"{}"),
    "immense": (b"Content-Length: 18446744073709551615\r\n\r\n{}", None),
    "beyond numbers": (b"Content-Length: 18446744073709551616\r\n\r\n{}", None),
    "negative": (b"Content-Length: -2\r\n\r\n{}", None),
    "no length, cut": (b"\r\n{\"batch_id\": \"b-1\", \"status\": \"compl", b"{\"batch_id\": \"b-1\", \"status\": \"compl"),
    "chunk too long": (b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n{}", None),
    "chunk beyond numbers": (b"Transfer-Encoding: chunked\r\n\r\n10000000000000000\r\n{}\r\n0\r\n\r\n", None),
    "no last chunk": (b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", None),
}


@pytest.mark.parametrize("lie, whole", LIES.values(), ids=LIES.keys())
def test_an_upstream_that_lies_about_lengths(daemon, upstream, lie, whole):
    def script(connection, head):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + lie)
        connection.shutdown(socket.SHUT_RDWR)

    upstream.script = script
    assert daemon.get(ANALYSIS).status == 502
    try:
        answer = daemon.get("/api/x")
        assert answer.status == 502 or answer.body == whole
    except (http.client.HTTPException, OSError, OverflowError):
        assert whole is None  # a broken transfer
    assert daemon.get("/v1/batches").json()["batches"] == [] and memory(daemon) < 64 * MIB
    upstream.script = upstream._respond
    assert daemon.get(ANALYSIS).status == 200


def test_slow_heads_and_bodies_end_and_disturb_nobody(daemon):
    ended = []

    def dribble(data):
        with connect(daemon) as client, contextlib.suppress(OSError):
            client.settimeout(0.05)
            for byte in data:
                client.send(bytes([byte]))
                with contextlib.suppress(TimeoutError):
                    if not (got := client.recv(4096)) or b"\r\n\r\n" in got:
                        break
            else:
                return
        ended.append(data[:4])

    slow = [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 1000, b"\r\n" * 1000]
    threads = [threading.Thread(target=dribble, args=(data,)) for data in slow for _ in range(20)]
    for thread in threads:
        thread.start()
    bodies = [connect(daemon) for _ in range(20)]
    for client in bodies:
        client.sendall(f"POST /api/batch/{BATCH}/filter_batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\n{{".encode())
    for _ in range(20):
        assert daemon.get(ANALYSIS).status == 200
    for client in bodies:
        read_all(client)
        client.close()
    for thread in threads:
        thread.join()
    assert len(ended) == len(threads)


def drip(connection, data):
    """A byte now and then, until the other side has had enough."""
    with contextlib.suppress(OSError):
        for byte in data:
            connection.sendall(bytes([byte]))
            connection.settimeout(0.05)
            with contextlib.suppress(TimeoutError):
                return connection.recv(65536)
    return b""


def test_a_body_that_crawls_is_given_up(daemon):
    with connect(daemon) as client:
        client.sendall(b"POST /v1/prefetch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n")
        answer = drip(client, b" " * 100000)
    assert answer.startswith(b"HTTP/1.1 400 ") and b"limits.body_timeout" in answer


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX: "], ids=["body", "head"])
def test_an_upstream_that_crawls_is_given_up(start, upstream, head):
    daemon = start("--upstream-retries", "0", "--upstream-request-timeout", "500ms", upstream=upstream)

    def crawl(connection, _):
        connection.sendall(head)
        drip(connection, b" " * 100000)

    upstream.script = crawl
    refused = daemon.get(ANALYSIS)
    assert refused.status == 504 and "upstream.request_timeout" in refused.json()["detail"]
    upstream.script = upstream._respond
    assert daemon.get(ANALYSIS).status == 200


def test_thousands_of_idle_connections_cost_little(start, upstream):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))
    daemon = start(upstream=upstream)
    with contextlib.ExitStack() as idle:
        for number in range(5000):
            client = idle.enter_context(connect(daemon))
            if number % 2:  # half of them have asked before
                client.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
                assert client.recv(4096).startswith(b"HTTP/1.1 200 ")
        assert daemon.get(ANALYSIS).status == 200
        connections = re.search(rb"nomadic_cached_connections (\d+)", daemon.get("/metrics").body)
        assert int(connections.group(1)) > 5000
        assert memory(daemon, "VmRSS") < 100 * MIB
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("said", [b"", b"GET / HTTP/1.1\r\nX: "], ids=["nothing", "half a head"])
def test_whoever_takes_every_connection_and_says_nothing_keeps_nobody_out(start, upstream, said):
    daemon = start("--limits-max-connections", "20", "--limits-idle-timeout", "1h", "--limits-header-timeout", "1h", upstream=upstream)
    go_on = threading.Event()

    def slow(asked):
        assert go_on.wait(PATIENCE)
        return whole_batches(asked)

    upstream.answer = slow
    with contextlib.ExitStack() as held:
        asking = held.enter_context(connect(daemon))
        asking.sendall(f"GET {ANALYSIS} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        silent = [held.enter_context(connect(daemon)) for _ in range(60)]
        for client in silent:
            with contextlib.suppress(OSError):
                client.sendall(said)
        for _ in range(10):
            assert daemon.get("/healthz").status == 200
        with contextlib.suppress(ConnectionResetError):
            assert silent[0].recv(1) == b""  # the first to come has waited longest
        go_on.set()
        assert read_head(asking).startswith(b"HTTP/1.1 200 ")  # who asked for something keeps their place


def test_readers_that_never_read_cost_no_more_than_what_is_set_aside_for_answers(sandbox, start):
    daemon = start("--cache-hot-bytes", "4 MiB", "--cache-spool-threshold", "8 MiB", "--limits-worker-threads", "1")
    target = "/v1/batches/agent-400-12000-1/analysis"
    assert daemon.get(target).status == 200
    before = memory(daemon, "VmRSS")
    with contextlib.ExitStack() as readers:
        for number in range(40):  # each wants bytes that nobody else does: 3 MiB
            client = readers.enter_context(connect(daemon))
            client.sendall(f"GET {target}?min_confidence=0.000{number} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert client.recv(100).startswith(b"HTTP/1.1 200 ")
            assert daemon.get("/healthz").status == 200
        assert memory(daemon, "VmRSS") - before < 40 * MIB
    assert daemon.get(target).status == 200


def test_readers_that_never_read_hold_back_only_their_own_upstream(daemon, upstream):
    sent = []

    def endless(connection, head):
        if b"/api/endless" not in head:
            return upstream._respond(connection, head)
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999999\r\n\r\n")
        with contextlib.suppress(OSError):
            while True:
                sent.append(connection.send(b"x" * 65536))

    upstream.script = endless
    with contextlib.ExitStack() as readers:
        for _ in range(20):
            client = readers.enter_context(connect(daemon))
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.sendall(b"GET /api/endless HTTP/1.1\r\nHost: localhost\r\n\r\n")
            read_head(client)
        for _ in range(20):
            assert daemon.get(ANALYSIS).status == 200
        assert memory(daemon) < 64 * MIB


TRICKS = {
    "..": 400, "%2e%2e": 400, ".": 400, "%2e": 400, "..%2f..%2f..%2fetc%2fpasswd": 400, "a%2fb": 400, "a%5cb": 400, "a%00": 400, "%00": 400,
    "a%0d%0aX:%20y": 400, "a%0a": 400, "%7f": 400, "%ff%fe": 400, "%c0%ae%c0%ae": 400, "%zz": 400, "%": 400, "x" * 513: 400, "x" * 512: 404,
    "..;": 404, "%252e%252e%252f": 404, "%E2%80%AE": 404, "~root": 404, "'%20OR%201=1;--": 404, "": 404,
}


@pytest.mark.parametrize("trick, status", TRICKS.items(), ids=range(len(TRICKS)))
def test_an_id_is_an_id_and_no_path(daemon, upstream, trick, status):
    upstream.answer = lambda asked: (404, {"detail": "no such batch"})
    for method, target in [("GET", f"/v1/batches/{trick}/analysis"), ("GET", f"/v1/batches/{trick}/facets"), ("GET", f"/v1/batches/{trick}/snapshots"),
                           ("DELETE", f"/v1/batches/{trick}"), ("GET", f"/api/batch/{trick}/status")]:
        answer = daemon.request(method, target)
        assert answer.status == status or (trick == "" and answer.status in (400, 404, 405)), (target, answer.body)
        assert answer.json()
    assert status == 404 or not upstream.asked


BODIES = {
    "size with a sign": b"+3\r\nabc\r\n0\r\n\r\n", "size with 0x": b"0x3\r\nabc\r\n0\r\n\r\n", "size with a space": b"3 \r\nabc\r\n0\r\n\r\n",
    "size too large": b"fffffffffffffffff\r\nabc\r\n0\r\n\r\n", "no size": b"\r\nabc\r\n0\r\n\r\n", "bare LF": b"3\nabc\n0\n\n",
    "data longer than said": b"2\r\nabc\r\n0\r\n\r\n", "extension with a control byte": b"3;a=\x01\r\nabc\r\n0\r\n\r\n",
    "extension without end": b"3;" + b"a" * 9000 + b"\r\nabc\r\n0\r\n\r\n", "bare CR in an extension": b"3;a\rb\r\nabc\r\n0\r\n\r\n",
    "folded trailer": b"3\r\nabc\r\n0\r\nX: a\r\n b\r\n\r\n", "trailers without end": b"3\r\nabc\r\n0\r\n" + b"X: a\r\n" * 20000 + b"\r\n",
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
def test_a_body_that_could_be_read_two_ways_is_never_a_whole_one(daemon, upstream, body):
    arrived = []
    upstream.script = lambda connection, head: arrived.append(read_all(connection))
    answer = daemon.raw(b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + body +
                        b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1
    assert not [bytes_ for bytes_ in arrived if bytes_.endswith(b"0\r\n\r\n")]


@pytest.mark.parametrize("body", [b"3;name=value;other=\"x y\"\r\nabc\r\n0;last\r\n\r\n", b"003\r\nabc\r\n000\r\n\r\n"])
def test_extensions_of_chunks_are_left_behind(daemon, upstream, body):
    arrived = []

    def script(connection, head):
        arrived.append(connection.recv(4096))
        connection.sendall(OK)

    upstream.script = script
    answer = daemon.raw(b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n" + body)
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b";" not in b"".join(arrived) and b"".join(arrived).startswith(b"3\r\nabc\r\n")
