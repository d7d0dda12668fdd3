"""As a service: the units, sockets that systemd holds, the watchdog, reload, and restarts that lose nothing."""

import contextlib
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys

import pytest
from harness import BINARY, PATIENCE, Daemon, run
from load import Load
from scheduling import turn_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
SYSTEM = ROOT / "systemd/system"
LAUNCHER = str(pathlib.Path(__file__).with_name("passed_sockets.py"))
BATCH = "ask-3-9-1"


@contextlib.contextmanager
def notifications(path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(PATIENCE)
        listener.bind(str(path))
        yield lambda: listener.recv(4096).decode()


@pytest.fixture
def listeners(tmp_path):
    """What systemd would hold: a TCP socket and a Unix socket."""
    with socket.create_server(("127.0.0.1", 0), backlog=4096) as tcp, socket.socket(socket.AF_UNIX) as local:
        local.bind(str(tmp_path / "held"))
        local.listen(4096)
        yield tcp, local


def start_with(listeners, data_dir, upstream, *arguments):
    descriptors = [sock.fileno() for sock in listeners]
    launch = [sys.executable, LAUNCHER, *map(str, descriptors), "--"]
    return Daemon(data_dir, upstream, *arguments, launch=launch, pass_fds=descriptors)


def test_passed_sockets_are_served_and_left_open(sandbox, listeners, tmp_path):
    tcp, local = listeners
    daemon = start_with(listeners, tmp_path / "data", sandbox)
    address = f"127.0.0.1:{tcp.getsockname()[1]}"
    assert f"http://{address}" in daemon.output() and f"unix:{local.getsockname()}" in daemon.output()
    for server in (f"http://{address}", f"unix:{local.getsockname()}"):
        assert run("get", BATCH, "--csv", "--server", server).returncode == 0
    assert daemon.stop() == 0
    assert os.path.exists(local.getsockname())
    with socket.create_connection(tcp.getsockname()):
        pass  # the kernel still takes connections, for the next daemon


def test_a_passed_socket_that_others_can_reach_needs_tokens(tmp_path):
    with socket.create_server(("0.0.0.0", 0)) as wide:
        launch = [sys.executable, LAUNCHER, str(wide.fileno()), "--", BINARY]
        started = subprocess.run(
            [*launch, "serve", "--cache-data-dir", str(tmp_path)],
            pass_fds=[wide.fileno()], capture_output=True, text=True, timeout=PATIENCE,
        )
    assert started.returncode == 2 and "bearer_tokens" in started.stderr


def test_a_descriptor_that_does_not_listen_is_refused(tmp_path):
    with socket.socket() as deaf:
        started = subprocess.run(
            [sys.executable, LAUNCHER, str(deaf.fileno()), "--", BINARY, "serve", "--cache-data-dir", str(tmp_path)],
            pass_fds=[deaf.fileno()], capture_output=True, text=True, timeout=PATIENCE,
        )
    assert started.returncode == 2 and "ListenStream=" in started.stderr


def test_a_restart_under_load_loses_no_request(sandbox, listeners, tmp_path):
    daemon = start_with(listeners, tmp_path / "data", sandbox)
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    load = Load(listeners[0].getsockname()[1], f"/v1/batches/{BATCH}/analysis")
    try:
        for _ in range(3):
            load.wait_for(200)
            assert daemon.stop() == 0, daemon.output()
            daemon = start_with(listeners, tmp_path / "data", sandbox)
        load.wait_for(200)
    finally:
        load.stop()
        daemon.stop()
    assert not load.failed and load.answered > 800


def test_the_watchdog_is_fed_by_the_loop(start, tmp_path):
    with notifications(tmp_path / "notify") as told:
        start(environment={"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "200000"})
        seen = [told() for _ in range(4)]
        assert any("READY=1" in text for text in seen) and sum("WATCHDOG=1" in text for text in seen) >= 2


@pytest.mark.skipif(turn_of(0) == 0, reason="needs turns that a thread can set (Linux 6.12, x86-64)")
def test_the_loop_asks_for_short_turns_and_the_rest_for_ordinary_ones(start):
    daemon = start()
    daemon.get("/v1/batches/ask-2-3-1/analysis")
    threads = {int(task.name): turn_of(int(task.name)) for task in pathlib.Path(f"/proc/{daemon.process.pid}/task").iterdir()}
    assert threads.pop(daemon.process.pid) == 100_000
    assert threads and max(threads.values()) == turn_of(0) > 100_000


def test_reload_says_what_changed_and_what_needs_a_restart(start, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[log]\nlevel = 'info'\n")
    with notifications(tmp_path / "notify") as told:
        daemon = start("--config", str(config), environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert "READY=1" in told()
        assert daemon.get(f"/v1/batches/{BATCH}/analysis", {"Host": "cache.test"}).status == 421

        config.write_text("[log]\nformat = 'json'\n[server]\nallowed_hosts = ['cache.test']\n[upstream]\nretries = 7\n")
        daemon.process.send_signal(signal.SIGHUP)
        assert "RELOADING=1\nMONOTONIC_USEC=" in told() and "READY=1" in told()
        daemon.wait_for('"changed":"server.allowed_hosts, log.format"')
        daemon.wait_for('"settings":"upstream.retries"')
        assert daemon.get(f"/v1/batches/{BATCH}/analysis", {"Host": "cache.test"}).status == 200

        config.write_text("[log]\nlevel = 'nonsense'\n")
        daemon.process.send_signal(signal.SIGHUP)
        assert "RELOADING=1" in told() and "READY=1" in told()
        daemon.wait_for("was not reloaded")
        assert daemon.get("/healthz").status == 200


def test_an_empty_credential_means_the_clients_own_keys(start, tmp_path):
    (tmp_path / "api_key").write_text("\n")  # what SetCredential= gives while there is no key file
    daemon = start(key=None, environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert "the clients' own" in daemon.output()
    (tmp_path / "api_key").write_text("alice-key-0123456789\n")
    daemon = start(key=None, data_dir=tmp_path / "other", environment={"CREDENTIALS_DIRECTORY": str(tmp_path)})
    assert "systemd credential api_key" in daemon.output()


def analyze(*arguments):
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True, timeout=60)


needs_systemd = pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="no systemd-analyze here")


@needs_systemd
def test_the_sandbox_is_as_tight_as_promised():
    judged = analyze("security", "--offline=true", "--threshold=12", SYSTEM / "nomadic-cached.service")
    assert judged.returncode == 0, judged.stdout


@needs_systemd
@pytest.mark.parametrize("kind", ["system", "user"])
def test_the_units_are_well_formed(tmp_path, kind):
    for unit in (ROOT / "systemd" / kind).iterdir():
        text = unit.read_text().replace("ExecStart=nomadic-cached", "ExecStart=" + BINARY)
        (tmp_path / unit.name).write_text(text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", f"--{kind}", *map(str, sorted(tmp_path.iterdir()))],
        capture_output=True, text=True, timeout=60, env={**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)},
    )
    assert verified.returncode == 0 and not verified.stderr, verified.stderr
