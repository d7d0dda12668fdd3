"""The Debian package and `cmake --install`; the package on a machine with a real systemd."""

import contextlib
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import sys
import time

import pytest
import scheduling
from harness import BINARY
from machine import Machine, missing

BUILD = pathlib.Path(os.environ["NOMADIC_BUILD"])
BATCH = "ask-3-9-1"
LOAD = pathlib.Path(__file__).with_name("load.py")
STORES = pathlib.Path(__file__).with_name("stores")
sys.path.insert(0, str(STORES))

import record  # noqa: E402


needs_machine = pytest.mark.skipif(missing() is not None, reason=missing() or "")


def build_package(folder, *definitions):
    subprocess.run(
        ["cpack", "-G", "DEB", "--config", str(BUILD / "CPackConfig.cmake"), "-B", str(folder), *definitions],
        check=True, capture_output=True, text=True, timeout=300,
    )
    return next(pathlib.Path(folder).glob("*.deb"))


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    if shutil.which("dpkg-shlibdeps") is None:
        pytest.skip("needs dpkg-dev")
    return build_package(tmp_path_factory.mktemp("package"))


def contents(package):
    listed = subprocess.run(["dpkg-deb", "--contents", str(package)], capture_output=True, text=True, check=True).stdout
    return {line.split()[5].removeprefix(".") for line in listed.splitlines()}


EXPECTED = {
    "/usr/bin/nomadic-cached",
    "/usr/lib/systemd/system/nomadic-cached.service",
    "/usr/lib/systemd/system/nomadic-cached.socket",
    "/usr/lib/systemd/system/nomadic-cached-unix.socket",
    "/usr/lib/systemd/user/nomadic-cached.service",
    "/usr/lib/systemd/user/nomadic-cached.socket",
    "/usr/lib/sysusers.d/nomadic-cached.conf",
    "/usr/lib/tmpfiles.d/nomadic-cached.conf",
    "/etc/nomadic-cached/config.toml",
    "/usr/share/man/man1/nomadic-cached.1.gz",
    "/usr/share/man/man5/nomadic-cached.toml.5.gz",
    "/usr/share/bash-completion/completions/nomadic-cached",
    "/usr/share/zsh/vendor-completions/_nomadic-cached",
    "/usr/share/fish/vendor_completions.d/nomadic-cached.fish",
    "/usr/share/doc/nomadic-cached/alerts.yml",
    "/usr/share/doc/nomadic-cached/copyright",
    "/usr/share/doc/nomadic-cached/grafana.json",
    "/usr/share/doc/nomadic-cached/changelog.gz",
}


def test_the_package_holds_everything(package):
    assert EXPECTED <= contents(package)


@pytest.mark.skipif(shutil.which("lintian") is None, reason="no lintian here")
def test_lintian_finds_no_error(package):
    judged = subprocess.run(
        ["lintian", "--fail-on", "error", "--allow-root", str(package)], capture_output=True, text=True, timeout=120
    )
    assert judged.returncode == 0, judged.stdout


def test_cmake_installs_the_same_elsewhere(tmp_path):
    subprocess.run(
        ["cmake", "--install", str(BUILD), "--prefix", "/usr"],
        check=True, capture_output=True, env={**os.environ, "DESTDIR": str(tmp_path)}, timeout=60,
    )
    installed = {"/" + str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert EXPECTED <= installed
    ran = subprocess.run([tmp_path / "usr/bin/nomadic-cached", "version"], capture_output=True, text=True, timeout=30)
    assert ran.returncode == 0 and ran.stdout.startswith("nomadic-cached ")


@pytest.mark.skipif(shutil.which("man") is None, reason="no man here")
@pytest.mark.parametrize("page", ["nomadic-cached.1", "nomadic-cached.toml.5"])
def test_the_manual_pages_have_no_faults(page):
    shown = subprocess.run(
        ["man", "--warnings", "-l", str(BUILD / f"generated/{page}.gz")],
        capture_output=True, text=True, timeout=30, env={**os.environ, "MANWIDTH": "100", "LC_ALL": "C.UTF-8"},
    )
    assert shown.returncode == 0 and not shown.stderr and "NAME" in shown.stdout


def test_the_completions_work():
    script = BUILD / "generated/nomadic-cached.bash"
    ask = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nomadic_cached; echo "${COMPREPLY[@]}"'

    def complete(*words):
        asked = ["bash", "-c", ask, str(script), "nomadic-cached", *words]
        return subprocess.run(asked, capture_output=True, text=True, check=True, timeout=30).stdout.split()

    assert complete("sta") == ["stats"]
    assert complete("get", "--fi") == ["--filter"]
    assert complete("get", "--fo") == ["--format"] and complete("get", "--geo") == ["--geojson"]
    for shell, name in (("bash", "nomadic-cached.bash"), ("zsh", "_nomadic-cached"), ("fish", "nomadic-cached.fish")):
        if shutil.which(shell):
            subprocess.run([shell, "-n", str(BUILD / "generated" / name)], check=True, timeout=30)


@pytest.fixture
def machine(tmp_path):
    try:
        made = Machine(tmp_path)
    except (subprocess.CalledProcessError, OSError) as error:
        pytest.skip(f"no overlay can be mounted here: {error}")
    yield made
    made.stop()


def install(machine, package):
    shutil.copy(package, machine.files / "root" / package.name)
    return machine.run("dpkg", "--install", f"/root/{package.name}")


def main_pid(machine):
    return machine.run("systemctl", "show", "--value", "--property=MainPID", "nomadic-cached.service").stdout.strip()


def journal(machine):
    return machine.run("journalctl", "--no-pager", "--output=cat", "--unit=nomadic-cached.service").stdout


def is_left_to_people(show):
    """Whether the service failed for good at its first start, with the exit status of a mistake in the configuration."""
    told = show("--property=ActiveState,NRestarts,ExecMainStatus", "nomadic-cached.service")
    return set(told.split()) == {"ActiveState=failed", "NRestarts=0", "ExecMainStatus=2"}


def under_load(machine, *command):
    """Runs it while clients ask without a pause; returns how many were answered. None may fail."""
    shutil.copy(LOAD, machine.files / "root/load.py")
    done = machine.run("python3", "/root/load.py", "8765", f"/v1/batches/{BATCH}/analysis", *command)
    answered, failed = json.loads(done.stdout)
    assert not failed, (failed, journal(machine))
    return answered


STATE = "var/lib/private/nomadic-cached"


def in_store(machine, statement):
    """Of the stopped service."""
    with contextlib.closing(sqlite3.connect(machine.files / STATE / "cache.db")) as store, store:
        return store.execute(statement).fetchall()


def format_of(machine):
    return in_store(machine, "PRAGMA user_version")[0][0]


@needs_machine
def test_an_upgrade_migrates_the_store_and_a_downgrade_leaves_it_alone(machine, package, tmp_path):
    machine.boot()
    units = ("nomadic-cached.socket", "nomadic-cached-unix.socket", "nomadic-cached.service")
    install(machine, package)
    machine.run("systemctl", "stop", *units)
    newest = format_of(machine)
    store = machine.files / STATE / "cache.db"
    owner = store.stat()
    for path in store.parent.glob("cache.db*"):
        path.unlink()
    shutil.copy(STORES / "version-1.db", store)
    os.chown(store, owner.st_uid, owner.st_gid)
    record.move_to(store, "https://api-prod.nomadicml.com")
    in_store(machine, f"UPDATE principal SET verified_at = {int(time.time() * 1000)}")
    assert format_of(machine) == 1

    newer = build_package(tmp_path / "newer", "-D", "CPACK_DEBIAN_PACKAGE_VERSION=99.0")
    shutil.copy(newer, machine.files / "root/newer.deb")
    machine.run("dpkg", "--install", "--force-confold", "/root/newer.deb")
    ask = ("curl", "--silent", "--header", f"X-API-Key: {record.USERS[0]}", "http://127.0.0.1:8765/v1/batches")
    assert {batch["batch_id"] for batch in json.loads(machine.run(*ask).stdout)["batches"]} == set(record.BATCHES)
    machine.run("systemctl", "stop", *units)
    assert format_of(machine) == newest

    # An older program finds what a newer one has left.
    in_store(machine, "PRAGMA user_version = 99")
    before = store.read_bytes()
    refused = machine.run("systemctl", "start", "nomadic-cached.service", check=False)
    assert refused.returncode != 0 and "was written by a newer nomadic-cached (format 99" in journal(machine)
    examined = machine.run("nomadic-cached", "doctor", "--service", check=False)
    assert examined.returncode == 1 and "Install that version again" in examined.stdout
    assert store.read_bytes() == before
    in_store(machine, f"PRAGMA user_version = {newest}")
    machine.run("systemctl", "reset-failed", *units)
    machine.run("systemctl", "start", "nomadic-cached.service")
    assert len(json.loads(machine.run(*ask).stdout)["batches"]) == len(record.BATCHES)


@needs_machine
def test_a_service_of_one_users_own(machine, package):
    machine.boot()
    install(machine, package)
    machine.run("systemctl", "disable", "--now", "nomadic-cached.socket", "nomadic-cached-unix.socket", "nomadic-cached.service")
    machine.run("useradd", "--create-home", "--uid", "4321", "alice")
    machine.run("systemctl", "start", "user@4321.service")

    def as_alice(*command, **options):
        environment = ("XDG_RUNTIME_DIR=/run/user/4321", "HOME=/home/alice")
        return machine.run("runuser", "-u", "alice", "--", "env", "-C", "/home/alice", *environment, *command, **options)

    as_alice("mkdir", "-p", ".config/nomadic-cached")
    as_alice("bash", "-c", "umask 077; echo NOMADICAI_API_KEY=alice-key-0123456789 > .config/nomadic-cached/environment; "
                           "echo NOMADIC_CACHED_UPSTREAM_BASE_URL=http://127.0.0.1:8766 >> .config/nomadic-cached/environment")
    as_alice("systemd-run", "--user", "--unit=sandbox", "nomadic-cached", "sandbox", "--listen", "127.0.0.1:8766")
    as_alice("systemctl", "--user", "enable", "--now", "nomadic-cached.socket")
    state = as_alice("systemctl", "--user", "is-active", "nomadic-cached.service", check=False).stdout.strip()
    assert state == "inactive"  # until somebody asks
    for server in ("http://127.0.0.1:8765", "unix:/run/user/4321/nomadic-cached/socket"):
        got = as_alice("nomadic-cached", "get", BATCH, "--csv", "--server", server, check=False)
        log = as_alice("journalctl", "--user", "--no-pager", "--output=cat", check=False).stdout
        assert got.stdout.startswith("Query,"), (got.stderr, log)
    assert as_alice("stat", "--format=%a %U", ".local/share/nomadic-cached").stdout.strip() == "700 alice"
    pid = as_alice("systemctl", "--user", "show", "--value", "--property=MainPID", "nomadic-cached.service").stdout.strip()
    as_alice("systemctl", "--user", "reload", "nomadic-cached.service")
    as_alice("systemctl", "--user", "restart", "nomadic-cached.service")
    assert as_alice("systemctl", "--user", "show", "--value", "--property=MainPID", "nomadic-cached.service").stdout.strip() != pid
    assert BATCH in as_alice("nomadic-cached", "ls").stdout

    as_alice("bash", "-c", "echo NOMADIC_CACHED_LOG_LEVEL=nonsense >> .config/nomadic-cached/environment")
    assert as_alice("systemctl", "--user", "restart", "nomadic-cached.service", check=False).returncode != 0
    assert is_left_to_people(lambda *what: as_alice("systemctl", "--user", "show", *what).stdout)


@needs_machine
def test_the_package_on_a_machine_with_systemd(machine, package, tmp_path):
    machine.boot()
    install(machine, package)
    systemctl = lambda *arguments: machine.run("systemctl", *arguments).stdout.strip()
    assert systemctl("is-active", "nomadic-cached.service") == "active", journal(machine)
    assert systemctl("is-enabled", "nomadic-cached.socket") == "enabled"
    assert machine.run("nomadic-cached", "version").stdout.startswith("nomadic-cached ")
    assert "the clients' own" in journal(machine)  # there is no key yet

    # A key and an upstream.
    machine.run("systemd-run", "--unit=sandbox", "nomadic-cached", "sandbox", "--listen", "127.0.0.1:8766")
    (machine.files / "etc/nomadic-cached/api_key").write_text("alice-key-0123456789\n")
    (machine.files / "etc/nomadic-cached/config.toml").write_text("[upstream]\nbase_url = 'http://127.0.0.1:8766'\n")
    systemctl("restart", "nomadic-cached.service")
    for server in ("http://127.0.0.1:8765", "unix:/run/nomadic-cached/socket"):
        assert machine.run("nomadic-cached", "get", BATCH, "--csv", "--server", server).stdout.startswith("Query,")
    assert "systemd credential api_key" in machine.run("nomadic-cached", "stats").stdout

    # The daemon is nobody, and what it keeps is nobody else's.
    pid = main_pid(machine)
    uid = re.search(r"^Uid:\t(\d+)", machine.run("cat", f"/proc/{pid}/status").stdout, re.M).group(1)
    assert int(uid) > 60000
    assert machine.run("stat", "--format=%a", "/var/lib/private/nomadic-cached").stdout.strip() == "700"

    # The sandbox lets background threads lower their priority; the loop keeps its own, and may ask for short turns.
    niceness = machine.run("ps", "-L", "-o", "tid=,nice=", "-p", pid).stdout.split()
    assert dict(zip(niceness[::2], niceness[1::2]))[pid] == "0" and niceness[1::2].count("10") == 6
    asked = machine.run("python3", "-c", pathlib.Path(scheduling.__file__).read_text(), pid).stdout.strip()
    assert asked == ("100000" if scheduling.turn_of(0) else "0")

    # Restarts and reloads under load.
    assert under_load(machine, "systemctl", "restart", "nomadic-cached.service") > 100
    assert main_pid(machine) != pid
    (machine.files / "etc/nomadic-cached/config.toml").write_text(
        "[upstream]\nbase_url = 'http://127.0.0.1:8766'\n[history]\nkeep = 7\n"
    )
    assert under_load(machine, "systemctl", "reload", "nomadic-cached.service") > 100
    assert "changed=history.keep" in journal(machine)

    # A loop that is stuck is noticed.
    overrides = machine.files / "etc/systemd/system/nomadic-cached.service.d"
    overrides.mkdir(parents=True)
    (overrides / "watchdog.conf").write_text("[Service]\nWatchdogSec=1\n")
    systemctl("daemon-reload")
    systemctl("restart", "nomadic-cached.service")
    stuck = main_pid(machine)
    machine.run("kill", "-STOP", stuck)
    machine.run("bash", "-c", f"timeout 30 bash -c 'while kill -0 {stuck} 2>/dev/null; do sleep 0.1; done'")
    assert machine.run("nomadic-cached", "get", BATCH, "--csv").returncode == 0
    assert "Watchdog timeout" in machine.run("journalctl", "--no-pager", "--unit=nomadic-cached.service").stdout

    # A mistake in the configuration is not tried again; once it is mended, the service starts.
    config = machine.files / "etc/nomadic-cached/config.toml"
    right = config.read_text()
    config.write_text("[log]\nlevel = 'nonsense'\n")
    assert machine.run("systemctl", "restart", "nomadic-cached.service", check=False).returncode != 0
    assert is_left_to_people(lambda *what: systemctl("show", *what)) and "log.level" in journal(machine)
    config.write_text(right)
    systemctl("restart", "nomadic-cached.service")

    # An upgrade keeps the store, and loses no request; purging leaves nothing.
    newer = build_package(tmp_path / "newer", "-D", "CPACK_DEBIAN_PACKAGE_VERSION=99.0")
    shutil.copy(newer, machine.files / "root/newer.deb")
    assert under_load(machine, "dpkg", "--install", "--force-confold", "/root/newer.deb") > 100
    assert BATCH in machine.run("nomadic-cached", "ls").stdout
    assert machine.run("nomadic-cached", "doctor", "--service").returncode == 0
    machine.run("dpkg", "--purge", "nomadic-cached")
    for path in ("/var/lib/private/nomadic-cached", "/etc/nomadic-cached", "/run/nomadic-cached/socket", "/usr/bin/nomadic-cached"):
        assert machine.run("test", "-e", path, check=False).returncode == 1, path
    assert machine.run("systemctl", "is-active", "nomadic-cached.service", check=False).stdout.strip() == "inactive"
