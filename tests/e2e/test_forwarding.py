"""Pass-through at its edges: early answers, expectations, ends that come too early, kept connections, chains."""

import socket
import ssl
import subprocess
import threading

import pytest

from harness import PATIENCE
from upstreams import Relay, ScriptedUpstream, ask, connect, read_all, read_exactly, read_head

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BATCH = "agent-20-60-1"


@pytest.fixture
def upstream():
    it = ScriptedUpstream()
    it.answers(OK)
    yield it
    it.close()


@pytest.fixture
def proxy(start, upstream):
    return start("--upstream-retries", "0", upstream=upstream)


def test_an_answer_that_comes_before_the_body_is_whole_is_passed_on_at_once(proxy, upstream):
    def script(connection, head):
        read_exactly(connection, 1000)
        connection.sendall(b"HTTP/1.1 413 Too Much\r\nContent-Length: 4\r\n\r\nstop")
        read_all(connection)

    upstream.script = script
    with connect(proxy) as client:
        client.sendall(b"POST /api/upload-video HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9999999999\r\n\r\n")
        client.sendall(b"x" * 1000)
        answer = read_all(client)
    assert answer.startswith(b"HTTP/1.1 413 Too Much\r\n") and answer.endswith(b"stop")
    assert b"Connection: close" in answer


def test_the_upstream_decides_about_an_expectation(proxy, upstream):
    def accept(connection, head):
        assert b"Expect: 100-continue" in head
        connection.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
        assert read_exactly(connection, 4) == b"data"
        connection.sendall(OK)

    head = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"
    upstream.script = accept
    with connect(proxy) as client:
        client.sendall(head)
        assert read_head(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"data")
        assert read_head(client).startswith(b"HTTP/1.1 200 ")
        assert read_exactly(client, 2) == b"ok"

        upstream.answers(b"HTTP/1.1 401 No\r\nContent-Length: 0\r\n\r\n")
        client.sendall(head)
        refused = read_all(client)
    assert refused.startswith(b"HTTP/1.1 401 ") and b"100 Continue" not in refused


def test_an_upstream_that_knows_no_expectation_gets_the_body_all_the_same(proxy, upstream):
    def script(connection, head):
        assert read_exactly(connection, 4) == b"data"
        connection.sendall(OK)

    upstream.script = script
    with connect(proxy) as client:
        client.sendall(b"PUT /api/x HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n")
        assert read_head(client) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"data")
        assert read_head(client).startswith(b"HTTP/1.1 200 ")


def test_interim_answers_are_passed_over_and_a_switch_of_protocols_is_refused(proxy, upstream):
    upstream.answers(b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + OK)
    assert proxy.get("/api/x").body == b"ok"
    upstream.answers(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")
    assert proxy.get("/api/x", {"Upgrade": "x", "Connection": "upgrade"}).status == 502
    assert b"pgrade" not in upstream.heads[-1]


def test_head_keeps_the_length_and_the_connection(proxy, upstream):
    upstream.answers(b"HTTP/1.1 200 OK\r\nContent-Length: 1234\r\n\r\n")
    with connect(proxy) as client:
        for _ in range(3):
            client.sendall(b"HEAD /api/x HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert b"Content-Length: 1234\r\n" in read_head(client)
    assert upstream.connections == 1
    upstream.answers(b"HTTP/1.1 200 OK\r\n\r\n")
    assert b"Transfer-Encoding" not in ask(proxy, b"HEAD /api/x HTTP/1.1\r\n")


@pytest.mark.parametrize("framing", [b"Content-Length: 100", b"Transfer-Encoding: chunked"])
def test_an_upstream_that_goes_in_the_middle_is_never_a_short_success(proxy, upstream, framing):
    def script(connection, head):
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + framing + b"\r\n\r\n" + b"5\r\nhello\r\n")
        connection.shutdown(socket.SHUT_RDWR)

    upstream.script = script
    answer = ask(proxy, b"GET /api/x HTTP/1.1\r\n")
    assert b"hello" in answer and not answer.endswith(b"0\r\n\r\n")
    assert len(answer.split(b"\r\n\r\n", 1)[1]) < 100
    # A client that knows no chunks takes the end of the connection for the end: it must not be an orderly one.
    with connect(proxy) as client, pytest.raises(ConnectionResetError):
        client.sendall(b"GET /api/x HTTP/1.0\r\nHost: localhost\r\n\r\n")
        if framing == b"Content-Length: 100":
            assert len(read_all(client).split(b"\r\n\r\n", 1)[1]) < 100
            raise ConnectionResetError
        read_all(client)


def test_over_tls_only_the_upstreams_own_word_ends_a_body_without_a_length(start, tmp_path):
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout",
                    "key", "-out", "pem", "-subj", "/CN=x", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"],
                   cwd=tmp_path, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "pem", tmp_path / "key")
    orderly = True

    def script(raw, _):
        raise AssertionError

    upstream = ScriptedUpstream(script)

    def serve(raw):
        with context.wrap_socket(raw, server_side=True) as connection:
            read_head(connection)
            connection.sendall(b"HTTP/1.1 200 OK\r\n\r\nhello")
            if orderly:
                connection.unwrap()
            else:
                connection.shutdown(socket.SHUT_RDWR)  # as anybody on the way could

    upstream._serve = lambda raw: _quietly(serve, raw)
    daemon = start("--upstream-ca-file", str(tmp_path / "pem"), upstream=upstream.url.replace("http:", "https:"))
    assert ask(daemon, b"GET /api/x HTTP/1.1\r\n").endswith(b"hello\r\n0\r\n\r\n")
    orderly = False
    assert not ask(daemon, b"GET /api/x HTTP/1.1\r\n").endswith(b"0\r\n\r\n")
    upstream.close()


def _quietly(call, *arguments):
    try:
        call(*arguments)
    except OSError:
        pass


def test_a_client_that_goes_takes_its_request_with_it(proxy, upstream):
    gone = threading.Event()

    def script(connection, head):
        if b"/api/slow" in head:
            read_all(connection)  # until the daemon leaves
            gone.set()
        elif b"/api/events" in head:
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n")
            read_all(connection)
            gone.set()
        else:
            connection.sendall(OK)

    upstream.script = script
    for target in (b"/api/slow", b"/api/events"):
        gone.clear()
        with connect(proxy) as client:
            client.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            if target == b"/api/events":
                read_head(client)
        assert gone.wait(PATIENCE)
    gone.clear()
    with connect(proxy) as client:
        client.sendall(b"POST /api/slow HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nhalf")
    assert gone.wait(PATIENCE)
    assert proxy.get("/api/x").body == b"ok"


def test_a_malformed_body_never_reaches_the_upstream_as_a_whole_one(proxy, upstream):
    seen = []

    def script(connection, head):
        seen.append(read_all(connection))

    upstream.script = script
    answer = proxy.raw(b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz\r\n")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert not seen or not seen[0].endswith(b"0\r\n\r\n")


def test_trailers_pass_but_not_those_that_would_change_the_head(proxy, upstream):
    body = []

    def script(connection, head):
        received = b""
        while not received.endswith(b"\r\n\r\n"):
            received += connection.recv(65536)
        body.append(received)
        connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 7\r\nContent-Length: 9\r\n\r\n")

    upstream.script = script
    answer = proxy.raw(
        b"POST /api/x HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\nX-Mine: 1\r\nX-API-Key: stolen\r\nTransfer-Encoding: gzip\r\n\r\n"
    )
    assert body == [b"3\r\nabc\r\n0\r\nX-Mine: 1\r\n\r\n"]
    assert answer.endswith(b"0\r\nX-Sum: 7\r\n\r\n")


def test_a_kept_connection_is_used_again_and_a_dead_one_is_not_an_error(proxy, upstream):
    for _ in range(20):
        assert proxy.get("/api/x").body == b"ok"
    assert upstream.connections == 1

    def close_after_next(connection, head):
        connection.sendall(OK)
        connection.shutdown(socket.SHUT_RDWR)

    upstream.script = close_after_next
    assert [proxy.get("/api/x").body for _ in range(5)] == [b"ok"] * 5


def test_a_write_uses_a_kept_connection_but_is_never_sent_twice(proxy, upstream):
    def script(connection, head):
        read_exactly(connection, 4)
        if b"/api/lost" in head:
            connection.shutdown(socket.SHUT_RDWR)
        else:
            connection.sendall(OK)

    upstream.script = script
    for _ in range(10):
        assert proxy.request("POST", "/api/x", b"data").body == b"ok"
    assert upstream.connections == 1
    assert proxy.request("POST", "/api/lost", b"data").status == 502
    assert sum(b"/api/lost" in head for head in upstream.heads) == 1


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\r\n folded\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: a\rSet-Cookie: b=c\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok",
        b"HTTP/1.1 200 O\x00K\r\nContent-Length: 2\r\n\r\nok",
        b"HTTP/1.1 2 OK\r\n\r\n",
        b"ICY 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 300_000 + b"\r\n\r\n",
        b"HTTP/1.1 103 Hints\r\n\r\n" * 100,
    ],
    ids=range(11),
)
def test_an_answer_that_could_be_read_two_ways_is_502(proxy, upstream, answer):
    upstream.answers(answer)
    refused = proxy.get("/api/x")
    assert refused.status == 502 and refused.headers["content-type"] == "application/problem+json"
    assert proxy.get(f"/v1/batches/{BATCH}/analysis").status == 502
    upstream.answers(OK)
    assert proxy.get("/api/x").body == b"ok"


def test_hop_by_hop_fields_stay_on_their_hop_both_ways(proxy, upstream):
    upstream.answers(
        b"HTTP/1.1 200 OK\r\nConnection: x-hop, keep-alive\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nProxy-Authenticate: Basic\r\n"
        b"Upgrade: h2c\r\nX-End: 1\r\nAccess-Control-Allow-Origin: *\r\nContent-Length: 2\r\n\r\nok"
    )
    answer = ask(
        proxy,
        b"GET http://localhost/api/x?a=%2F&b HTTP/1.1\r\nConnection: X-API-Key, Via\r\nVia: 1.1 before\r\nX-API-Key: mine\r\n"
        b"Proxy-Authorization: Basic eA==\r\nTE: trailers\r\nUpgrade: h2c\r\nX-Mine: 1\r\n",
    )
    head = upstream.heads[0]
    assert head.startswith(b"GET /api/x?a=%2F&b HTTP/1.1\r\nHost: 127.0.0.1:")
    assert head.count(b"X-API-Key: alice-key-0123456789\r\n") == 1 and b"mine" not in head and b"X-Mine: 1\r\n" in head
    for gone in (b"Proxy-Auth", b"TE:", b"Upgrade", b"Connection", b"Accept:", b"User-Agent"):
        assert gone not in head
    for gone in (b"X-Hop", b"Keep-Alive", b"Proxy-Auth", b"Upgrade", b"Access-Control"):
        assert gone not in answer
    assert b"X-End: 1\r\n" in answer and b"Via: 1.1 nomadic-cached-" in answer


def test_trace_would_show_the_key(proxy, upstream):
    assert ask(proxy, b"TRACE /api/x HTTP/1.1\r\n").startswith(b"HTTP/1.1 501 ")
    assert not upstream.heads


def test_a_daemon_before_a_daemon(start, sandbox, tmp_path):
    parent = start()
    child = start(upstream=parent, data_dir=tmp_path / "child")
    target = f"/v1/batches/{BATCH}/analysis"
    assert child.get(target).body == parent.get(target).body
    passed = child.post("/api/keys/verify", {})
    assert passed.status == 200
    assert passed.headers["cache-status"] == "nomadic-cached; fwd=bypass, nomadic-cached; fwd=bypass"
    assert passed.headers["via"].count("nomadic-cached-") == 2
    assert sandbox.counts()["status"] == 1


def test_a_daemon_that_is_its_own_upstream_says_so(start):
    with Relay() as relay:
        daemon = start(upstream=relay.url)
        relay.target = daemon
        looped = daemon.get("/api/x")
        assert looped.status == 508 and "upstream.base_url" in looped.json()["detail"]
        failed = daemon.get(f"/v1/batches/{BATCH}/analysis")
        assert failed.status == 502 and "508" in failed.json()["detail"]


def test_slow_uploads_do_not_keep_others_from_the_upstream(start, sandbox):
    daemon = start("--upstream-max-connections", "2")
    slow = []
    for _ in range(4):
        slow.append(connect(daemon))
        slow[-1].sendall(b"POST /api/upload-video HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nx")
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    for connection in slow:
        connection.close()
