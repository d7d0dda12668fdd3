"""Large answers lie in unlinked temporary files: their number and bytes stay bounded, whoever asks for what and reads how slowly."""

import contextlib
import os
import pathlib
import socket

import pytest

from harness import PATIENCE, wait_until

TARGET = "/v1/batches/ask-100-1000-1/analysis"  # about 600 KB as JSON
MIB = 1 << 20
MOST_BYTES, MOST_FILES = 4 * MIB, 12


def spooled(daemon):
    """(bytes, files) of the daemon's unlinked files."""
    sizes = []
    for link in pathlib.Path(f"/proc/{daemon.process.pid}/fd").iterdir():
        try:
            if str(daemon.data) in (name := os.readlink(link)) and name.endswith(" (deleted)"):
                sizes.append(link.stat().st_size)
        except FileNotFoundError:
            pass
    return sum(sizes), len(sizes)


def selection(number):
    return f"{TARGET}?min_confidence=0.0000{number + 1}"  # all events, but another answer


@pytest.fixture
def spooling(start, tmp_path):
    daemon = start("--cache-spool-threshold", "1 KiB", "--cache-spool-bytes", str(MOST_BYTES), "--cache-spool-files", str(MOST_FILES),
                   "--server-unix-socket", str(tmp_path / "socket"))
    daemon.data, daemon.socket = tmp_path / "data", str(tmp_path / "socket")
    assert daemon.get(TARGET).status == 200
    return daemon


class SlowReaders:
    """Each asks, and reads nothing but the status. Through a Unix socket, whose buffer is a fifth of a MiB: TCP's grows to
    whole answers, depending on what went on between the same addresses before."""

    def __init__(self, daemon):
        self.path = daemon.socket
        self.readers = []

    def ask(self, target):
        reader = socket.socket(socket.AF_UNIX)
        self.readers.append(reader)
        reader.settimeout(PATIENCE)
        reader.connect(self.path)
        reader.sendall(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        return int(reader.recv(64, socket.MSG_PEEK).split(b" ")[1])

    def ask_until_refused(self):
        while (status := self.ask(selection(len(self.readers)))) == 200:
            pass
        assert status == 503

    def close(self):
        for reader in self.readers:
            reader.close()


@pytest.fixture
def slow_readers(spooling):
    with contextlib.closing(SlowReaders(spooling)) as readers:
        yield readers


@pytest.mark.parametrize("narrow", ["", "&video_id=vid1-000001"])
def test_what_is_kept_is_bounded_however_many_selections_are_asked_for(spooling, narrow):
    most = (0, 0)
    for number in range(40):
        answer = spooling.get(selection(number) + narrow)
        assert answer.status == 200
        most = max(most, spooled(spooling))
        assert spooled(spooling)[0] <= MOST_BYTES / 2
        assert spooled(spooling)[1] <= MOST_FILES / 2
    assert most[0] > 0
    assert spooling.get(selection(39) + narrow).body == answer.body


def test_slow_readers_hold_no_more_than_there_may_be_and_the_next_is_told_why(spooling, slow_readers):
    slow_readers.ask_until_refused()
    bytes_now, files_now = spooled(spooling)
    assert 0 < bytes_now <= MOST_BYTES and 0 < files_now <= MOST_FILES
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        answer = spooling.get(selection(50), headers)
        assert answer.status == 503
        assert answer.headers["content-type"] == "application/problem+json"
        assert int(answer.headers["retry-after"]) >= 1
        assert "cache.spool_" in answer.json()["detail"]
    assert spooling.get("/v1/batches").status == 200


def test_when_they_have_gone_there_is_room_again(spooling, slow_readers):
    slow_readers.ask_until_refused()
    slow_readers.close()
    wait_until(lambda: spooling.get(selection(60)).status == 200)
    metrics = spooling.get("/metrics").body.decode()
    assert f"nomadic_cached_spooled_files {spooled(spooling)[1]}\n" in metrics
