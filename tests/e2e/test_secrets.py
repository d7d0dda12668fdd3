"""Keys and tokens stay in the process: not a byte of them in what the daemon stores, logs, answers or shows in /proc."""

import base64
import hashlib
import os
import pathlib
import shutil
import subprocess
import tempfile

import pytest

from harness import run
from upstreams import ScriptedUpstream

BATCH = "agent-20-60-1"
OWN, CLIENTS, TOKEN = "alice-q8Zt4mWv1xKp7", "bob-h3Ln9rYc5sDg2", "Vf6Jb0TeUaXw8Rk4"


def forms(secret):
    """As it is, encoded, and as a digest that anybody could look up."""
    raw = secret.encode()
    return [raw, base64.b64encode(raw).rstrip(b"="), raw.hex().encode(), hashlib.sha256(raw).digest(),
            hashlib.sha256(raw).hexdigest().encode()]


def assert_free_of_secrets(where, data):
    found = [(where, form) for secret in (OWN, CLIENTS, TOKEN) for form in forms(secret) if form in data]
    assert not found


def stored_bytes(folder):
    for path in pathlib.Path(folder).rglob("*"):
        if path.is_file():
            yield path.name, path.read_bytes()


@pytest.fixture
def arguments(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text(TOKEN + "\n")
    tokens.chmod(0o600)
    return ["--server-bearer-tokens-file", str(tokens), "--log-level", "debug", "--upstream-retries", "0"]


def test_no_byte_that_the_daemon_writes_holds_a_secret(start, arguments, tmp_path):
    daemon = start(*arguments, key=OWN)
    local = {"Authorization": f"Bearer {TOKEN}"}
    theirs = {**local, "X-API-Key": CLIENTS}
    answers = []
    for headers in (local, theirs):
        for target in (f"/v1/batches/{BATCH}/analysis", f"/v1/batches/{BATCH}/facets", "/v1/batches", "/v1/status",
                       "/v1/batches/none/analysis", "/metrics", "/api/nothing", "/v1/nothing"):
            answers.append(daemon.get(target, headers))
        answers.append(daemon.post("/api/keys/verify", {}, headers))
    answers.append(daemon.get("/v1/status", {"Authorization": "Bearer wrong"}))
    assert {200, 401, 404} <= {answer.status for answer in answers}
    for answer in answers:
        assert_free_of_secrets("an answer", repr(answer.headers).encode() + answer.body)
    for name, data in stored_bytes(tmp_path / "data"):
        assert_free_of_secrets(name, data)
    process = pathlib.Path("/proc") / str(daemon.process.pid)
    for name in ("cmdline", "environ"):
        assert_free_of_secrets(name, (process / name).read_bytes())
    assert daemon.stop() == 0
    names = []
    for name, data in stored_bytes(tmp_path / "data"):
        assert_free_of_secrets(name, data)
        names.append(name)
    assert any(name.endswith(".db") for name in names)
    assert_free_of_secrets("the log", daemon.output().encode())


def test_an_upstream_that_repeats_a_key_does_not_make_us_repeat_it(start, arguments):
    upstream = ScriptedUpstream()

    def repeat(connection, head):
        body = b'{"detail": "the key ' + OWN.encode() + b' is not known"}'
        connection.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Type: application/json\r\nContent-Length: "
                           + str(len(body)).encode() + b"\r\n\r\n" + body)

    upstream.script = repeat
    daemon = start(*arguments, key=OWN, upstream=upstream)
    refused = daemon.get(f"/v1/batches/{BATCH}/analysis", {"Authorization": f"Bearer {TOKEN}"})
    assert refused.status in (401, 403) and upstream.heads
    assert_free_of_secrets("the refusal", refused.body)
    assert_free_of_secrets("the log", daemon.output().encode())
    upstream.close()


def test_no_core_is_dumped(daemon):
    limits = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    assert limits.split("Max core file size")[1].split()[:2] == ["0", "0"]


def test_a_key_that_others_may_read_is_not_used(tmp_path):
    key = tmp_path / "key"
    key.write_text(OWN)
    key.chmod(0o644)
    refused = run("serve", "--auth-api-key-file", str(key), "--cache-data-dir", str(tmp_path / "data"),
                  "--server-listen", "127.0.0.1:0")
    assert refused.returncode == 2 and f"chmod 600 {key}" in refused.stderr
    assert_free_of_secrets("the message", refused.stderr.encode())


@pytest.fixture
def open_folder():
    """Unlike the tests' own, one that other users may enter."""
    folder = tempfile.mkdtemp()
    os.chmod(folder, 0o755)
    yield pathlib.Path(folder)
    shutil.rmtree(folder)


def status_for(user, path, group=None, groups=()):
    done = subprocess.run(["curl", "--silent", "--output", "/dev/null", "--write-out", "%{http_code}", "--unix-socket", path,
                           "http://localhost/v1/status"], user=user, group=group or user, extra_groups=list(groups), capture_output=True, text=True)
    return done.stdout


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")
def test_the_unix_socket_lets_in_whom_it_names(start, open_folder):
    path = str(open_folder / "socket")
    start("--server-unix-socket", path, "--server-allowed-users", "1234")
    assert status_for(1234, path) == "200"
    assert status_for(1235, path) == "403"
    assert status_for(0, path) == "200"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")
def test_the_unix_socket_lets_in_members_of_groups(start, open_folder):
    path = str(open_folder / "socket")
    start("--server-unix-socket", path, "--server-allowed-groups", "4321")
    assert status_for(1234, path, group=4321) == "200"
    assert status_for(1234, path, groups=[5, 4321, 6]) == "200"
    assert status_for(1234, path, groups=range(5000, 5200)) == "403"
    assert status_for(4321, path, group=5) == "403"  # a user with that number is no member


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be others")
def test_without_a_list_the_unix_socket_is_its_owners(start, open_folder):
    path = str(open_folder / "socket")
    start("--server-unix-socket", path)
    assert status_for(1234, path) == "000" and status_for(0, path) == "200"
