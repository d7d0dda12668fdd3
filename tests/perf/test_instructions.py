"""How many instructions a hit and one ingested event take, counted by callgrind in the real daemon: counts do not depend
on how busy the machine is, so they can be a bar where times can't. `instructions.json` holds what was recorded; after a
change that is meant to cost (or to save), record anew with NOMADIC_RECORD=1."""

import json
import os
import pathlib
import re
import shutil
import socket
import subprocess
import sys
import urllib.parse

import pytest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))

from harness import BINARY, PATIENCE, Daemon, Sandbox  # noqa: E402

RECORDED = HERE / "instructions.json"
TOLERANCE = 1.10
TARGET = "/v1/batches/ask-1-7-1/analysis"


def build():
    cache = (pathlib.Path(BINARY).parent / "CMakeCache.txt").read_text()
    build_type = re.search(r"CMAKE_BUILD_TYPE:\w+=(\w*)", cache).group(1)
    version = subprocess.run(["c++", "-dumpversion"], capture_output=True, text=True, check=True).stdout.strip()
    return f"{build_type}, g++ {version}"


pytestmark = [
    pytest.mark.skipif(shutil.which("valgrind") is None, reason="needs valgrind"),
    pytest.mark.skipif(build() != json.loads(RECORDED.read_text())["build"], reason="recorded for another build"),
]


@pytest.fixture(scope="module")
def upstream():
    upstream = Sandbox()
    yield upstream
    upstream.kill()


def get_all(daemon, requests):
    """One after the other on one connection, each answer read to its end."""
    with socket.create_connection(("127.0.0.1", urllib.parse.urlsplit(daemon.url).port), timeout=10 * PATIENCE) as connection:
        answers = connection.makefile("rb")
        for request in requests:
            connection.sendall(f"GET {request}\r\nHost: localhost\r\n\r\n".encode())
            status, length = answers.readline(), 0
            while (line := answers.readline()) != b"\r\n":
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            assert b" 200 " in status and len(answers.read(length)) == length


def executed(folder, upstream, requests):
    """The instructions of a daemon's whole life in which it answers these."""
    counts = folder / "callgrind.out"
    valgrind = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={counts}"]
    daemon = Daemon(folder / "data", upstream, launch=valgrind)
    get_all(daemon, requests)
    assert daemon.stop() == 0
    return int(re.search(r"^(?:totals|summary): (\d+)", counts.read_text(), re.M).group(1))


def check(name, measured):
    recorded = json.loads(RECORDED.read_text())
    if os.environ.get("NOMADIC_RECORD"):
        RECORDED.write_text(json.dumps({**recorded, name: round(measured)}, indent=2) + "\n")
        return
    assert measured <= recorded[name] * TOLERANCE, f"{name}: {measured:.0f} instructions, recorded: {recorded[name]}"


@pytest.mark.parametrize("name, request_of", [
    ("a hit that is repeated", lambda number: f"{TARGET} HTTP/1.1"),
    ("a hit made anew", lambda number: f"{TARGET} HTTP/1.1\r\nX-Number: {number}"),
])
def test_a_hit(tmp_path, upstream, name, request_of):
    few, many = 100, 2100
    measured = []
    for count in (few, many):
        folder = tmp_path / str(count)
        folder.mkdir()
        measured.append(executed(folder, upstream, [request_of(number) for number in range(count)]))
    check(name, (measured[1] - measured[0]) / (many - few))


def test_an_event_that_is_ingested(tmp_path, upstream):
    few, many = 1000, 6000
    measured = []
    for events in (few, many):
        folder = tmp_path / str(events)
        folder.mkdir()
        measured.append(executed(folder, upstream, [f"/v1/batches/ask-50-{events}-1/facets HTTP/1.1"]))
    check("an event ingested", (measured[1] - measured[0]) / (many - few))
