"""Connections that asked for the same more than once wait for their next request in a set of their own. Nothing of what a
connection may do, or what may be done to it, is different there."""

import contextlib
import os
import pathlib
import socket
import urllib.parse

import pytest

from harness import PATIENCE, wait_until

TARGET = "/v1/batches/ask-3-12-1/analysis"
LARGE = "/v1/batches/ask-400-4000-1/analysis"


def head(target=TARGET, fields=""):
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{fields}\r\n".encode()


class Waiting:
    """A connection that has asked for the same until it waits; `ask` leaves it open."""

    def __init__(self, daemon, unix=None, target=TARGET):
        address = urllib.parse.urlsplit(daemon.url)
        if unix:
            self.socket = socket.socket(socket.AF_UNIX)
            self.socket.settimeout(PATIENCE)
            self.socket.connect(unix)
        else:
            self.socket = socket.create_connection((address.hostname, address.port), timeout=PATIENCE)
        self.answers = self.socket.makefile("rb")
        for _ in range(4):  # fetched, made anew, kept and repeated by the ordinary way, repeated here
            self.whole = self.ask(head(target))
        assert self.whole[0] == 200

    def ask(self, request):
        self.socket.sendall(request)
        return self.answer()

    def answer(self):
        status, length = int(self.answers.readline().split()[1]), 0
        while (line := self.answers.readline()) != b"\r\n":
            if line.lower().startswith(b"content-length:"):
                length = int(line.split(b":")[1])
        return status, self.answers.read(length)

    def ended(self):
        return self.answers.read() == b""

    def close(self):
        self.answers.close()
        self.socket.close()


@pytest.fixture
def waiting(daemon):
    with contextlib.closing(Waiting(daemon)) as connection:
        yield connection


def test_a_head_may_come_byte_by_byte(waiting):
    waiting.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in head():
        waiting.socket.sendall(bytes([byte]))
    assert waiting.answer() == waiting.whole
    assert waiting.ask(head()) == waiting.whole


def test_an_empty_line_before_a_head_is_let_pass(waiting):
    assert waiting.ask(b"\r\n" + head()) == waiting.whole


def test_other_requests_come_between(waiting):
    for _ in range(3):
        assert waiting.ask(head("/health"))[0] == 404
        assert waiting.ask(head(fields="X-Long: " + "x" * 9000 + "\r\n")) == waiting.whole  # more than is received at once
        assert waiting.ask(head()) == waiting.whole


def test_many_at_once_are_answered_in_order(waiting):
    waiting.socket.sendall(head() * 300 + head("/none") + head() * 2 + head("/none"))
    assert [waiting.answer()[0] for _ in range(304)] == [200] * 300 + [404] + [200] * 2 + [404]


def test_a_body_is_no_request(waiting):
    body = head()
    waiting.socket.sendall(b"POST /none HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % len(body) + body + head())
    assert waiting.answer()[0] == 404
    assert waiting.answer() == waiting.whole


@pytest.mark.parametrize("request_, status", [
    (b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", 400),
    (b"nonsense\r\n\r\n", 400),
    (b"GET / HTTP/1.1\r\nX: " + b"x" * 100_000, 431),
])
def test_what_is_refused_elsewhere_is_refused(waiting, request_, status):
    assert waiting.ask(request_)[0] == status
    with contextlib.suppress(ConnectionResetError):
        assert waiting.ended()


def test_a_last_request_may_come_with_the_end(waiting):
    waiting.socket.sendall(head())
    waiting.socket.shutdown(socket.SHUT_WR)
    assert waiting.answer() == waiting.whole
    assert waiting.ended()


def descriptors(daemon):
    return len(os.listdir(f"/proc/{daemon.process.pid}/fd"))


def test_who_goes_leaves_nothing_behind(daemon):
    with contextlib.closing(Waiting(daemon)):
        before = descriptors(daemon)
    for reset in (False, True):
        connections = [Waiting(daemon) for _ in range(20)]
        assert descriptors(daemon) >= before + 19
        for connection in connections:
            if reset:
                connection.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
            connection.close()
        wait_until(lambda: descriptors(daemon) < before)


def test_one_that_waits_too_long_is_closed(start):
    daemon = start("--limits-idle-timeout", "300ms")
    with contextlib.closing(Waiting(daemon)) as connection:
        assert connection.ended()


def test_a_head_that_does_not_end_is_not_waited_for(start):
    daemon = start("--limits-idle-timeout", "1h", "--limits-header-timeout", "300ms")
    with contextlib.closing(Waiting(daemon)) as connection:
        connection.socket.sendall(head()[:20])
        assert connection.ended()


def test_the_one_that_has_waited_longest_makes_room(start):
    daemon = start("--limits-max-connections", "3", "--limits-idle-timeout", "1h")
    connections = [Waiting(daemon) for _ in range(5)]
    assert [connection.ended() for connection in connections[:2]] == [True, True]
    assert [connection.ask(head())[0] for connection in connections[2:]] == [200] * 3
    for connection in connections:
        connection.close()


def test_a_stop_waits_for_none_and_cuts_none(start):
    daemon = start("--limits-idle-timeout", "1h", "--limits-drain-timeout", "1h")
    connections = [Waiting(daemon) for _ in range(3)]
    connections[0].socket.sendall(head())
    assert daemon.stop() == 0
    assert connections[0].answer() == connections[0].whole
    for connection in connections:
        with contextlib.suppress(ConnectionResetError):
            assert connection.ended()
        connection.close()


def test_a_slow_reader_gets_it_whole_and_keeps_nobody_waiting(daemon):
    with contextlib.closing(Waiting(daemon, target=LARGE)) as slow, contextlib.closing(Waiting(daemon)) as other:
        for _ in range(3):
            slow.socket.sendall(head(LARGE) * 2)  # two answers, neither of which fits into the socket
            for _ in range(20):
                assert other.ask(head()) == other.whole
            assert slow.answer() == slow.whole
            assert slow.answer() == slow.whole


def test_a_unix_socket_waits_as_well(start, tmp_path):
    path = tmp_path / "socket"
    daemon = start("--server-unix-socket", str(path))
    with contextlib.closing(Waiting(daemon, unix=str(path))) as connection:
        for _ in range(3):
            assert connection.ask(head()) == connection.whole
        assert connection.ask(head("/none"))[0] == 404


def watched(daemon):
    """How many descriptors each of the daemon's epoll sets watches."""
    counts = []
    for entry in pathlib.Path(f"/proc/{daemon.process.pid}/fdinfo").iterdir():
        with contextlib.suppress(FileNotFoundError):
            counts.append(entry.read_text().count("tfd:"))
    return counts


def test_they_wait_in_a_set_of_their_own_and_others_do_not(daemon):
    most = max(watched(daemon))
    connections = [Waiting(daemon) for _ in range(most + 5)]

    def all_wait():
        for connection in connections:
            connection.ask(head())
        return max(watched(daemon)) == len(connections)

    wait_until(all_wait)
    assert connections[0].ask(head("/none"))[0] == 404
    assert max(watched(daemon)) == len(connections) - 1
    for connection in connections:
        connection.close()
