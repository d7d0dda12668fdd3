"""Stores that older versions of the program wrote, and one of a newer version."""

import contextlib
import hashlib
import json
import pathlib
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

import pytest
from harness import BINARY, PATIENCE, Daemon, run

STORES = pathlib.Path(__file__).with_name("stores")
sys.path.insert(0, str(STORES))

from record import BATCHES, USERS, analyses, key, move_to  # noqa: E402

RECORDED = sorted(int(path.stem.removeprefix("version-")) for path in STORES.glob("version-*.db"))


def query(store, statement, *values):
    with contextlib.closing(sqlite3.connect(store)) as database, database:
        return database.execute(statement, values).fetchall()


def version_of(store):
    return query(store, "PRAGMA user_version")[0][0]


def newest_version(folder):
    assert Daemon(folder, None, "--offline").stop() == 0
    return version_of(folder / "cache.db")


@pytest.fixture
def older(tmp_path):
    """A data directory with the store that version `number` of the format left behind, as if it were of today."""

    def copy(number):
        (tmp_path / "data").mkdir(mode=0o700)
        store = shutil.copy(STORES / f"version-{number}.db", tmp_path / "data/cache.db")
        now = int(time.time() * 1000)
        query(store, "UPDATE principal SET verified_at = ?", now)
        query(store, "UPDATE snapshot SET fetched_at = ?, validated_at = ?", now, now)
        return store

    return copy


def test_every_older_format_is_tried(tmp_path):
    newest = newest_version(tmp_path / "data")
    assert set(range(1, newest)) <= set(RECORDED), "run tests/e2e/stores/record.py with the version before"


def assert_answers(daemon, number):
    assert analyses(daemon) == json.loads((STORES / f"version-{number}.json").read_text())


@pytest.mark.parametrize("number", RECORDED)
def test_an_older_store_is_migrated_and_loses_nothing(older, tmp_path, number):
    store = older(number)
    assert version_of(store) == number
    for _ in range(2):  # the second start finds it migrated
        daemon = Daemon(tmp_path / "data", None, "--offline", key=None)
        assert_answers(daemon, number)
        listed = [batch["batch_id"] for batch in daemon.get("/v1/batches", key(USERS[0])).json()["batches"]]
        assert sorted(listed) == sorted(BATCHES)
        assert daemon.stop() == 0
    assert version_of(store) == newest_version(tmp_path / "new") and query(store, "PRAGMA integrity_check") == [("ok",)]
    assert "every page is sound" in run("doctor", "--offline", "--cache-data-dir", str(tmp_path / "data")).stdout


@pytest.mark.parametrize("number", RECORDED)
def test_an_upgraded_store_goes_on_as_any_other(older, sandbox, tmp_path, number):
    store = older(number)
    move_to(store, sandbox.url)
    daemon = Daemon(tmp_path / "data", sandbox, key=None)
    analysis = f"/v1/batches/{BATCHES[1]}/analysis"
    assert daemon.get(analysis, key(USERS[0])).headers["cache-status"].startswith("nomadic-cached; hit")
    sandbox.review(BATCHES[1], review_status="changed")
    assert daemon.post(f"/v1/batches/{BATCHES[1]}/refresh", {}, key(USERS[0])).status == 200
    assert daemon.get(analysis, key(USERS[0])).json()["batch_metadata"]["review_status"] == "changed"
    narrowed = daemon.get(f"{analysis}?label=none", key(USERS[0]))
    assert narrowed.status == 200 and narrowed.json()["results"] == []
    deadline = time.monotonic() + PATIENCE  # rows that older formats do not have are filled in behind
    while len(query(store, "SELECT DISTINCT batch_id FROM events")) < len(BATCHES):
        assert time.monotonic() < deadline, query(store, "SELECT * FROM backlog")
        time.sleep(0.02)
    assert daemon.stop() == 0


@pytest.mark.parametrize("number", RECORDED)
def test_a_migration_that_is_killed_is_done_again(older, tmp_path, number):
    """At any moment of the start: either the old store is there, or the new one."""
    older(number)
    for delay in (0.001, 0.003, 0.006, 0.01, 0.02, 0.04):
        started = subprocess.Popen(
            [BINARY, "serve", "--offline", "--server-listen", "127.0.0.1:0", "--cache-data-dir", tmp_path / "data"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        time.sleep(delay)
        started.send_signal(signal.SIGKILL)
        started.wait(PATIENCE)
    daemon = Daemon(tmp_path / "data", None, "--offline", key=None)
    assert_answers(daemon, number)
    assert daemon.stop() == 0


@pytest.mark.parametrize("path", sorted(STORES.glob("*.bundle")), ids=lambda path: path.stem)
def test_a_bundle_of_an_older_format_is_read_as_it_stands_and_imported(path, tmp_path):
    bundle = shutil.copy(path, tmp_path / "field.bundle")
    recorded = json.loads(path.with_suffix(".json").read_text())
    data = str(tmp_path / "data")
    imported = run("import", "--cache-data-dir", data, str(bundle), environment={"NOMADICAI_API_KEY": USERS[0]})
    assert imported.stdout.splitlines() == [f"{batch}: added" for batch in sorted(BATCHES)], imported.stderr
    for place in (("--bundle", str(bundle)), ("--cache-data-dir", data)):
        assert run("verify", *place).returncode == 0
        daemon = Daemon(data, None, "--offline", *(place if "--bundle" in place else ()), key=USERS[0])
        for batch in BATCHES:
            answer = daemon.get(f"/v1/batches/{batch}/analysis")
            assert f"{answer.status} {hashlib.sha256(answer.body).hexdigest()}" == recorded[f"{USERS[0]} {batch}"]
            labels = daemon.get(f"/v1/batches/{batch}/analysis?label=none")
            assert labels.status == 200 and labels.json()["results"] == []
        assert daemon.stop() == 0
    assert bundle.read_bytes() == path.read_bytes()


def test_a_newer_store_is_refused_in_one_sentence_and_left_alone(older, tmp_path):
    store = older(RECORDED[-1])
    query(store, "PRAGMA user_version = 99")
    before = store.read_bytes()
    for command in (("serve", "--server-listen", "127.0.0.1:0"), ("serve", "--server-listen", "127.0.0.1:0", "--offline")):
        refused = run(*command, "--cache-data-dir", str(tmp_path / "data"))
        assert refused.returncode == 1
        message = refused.stderr.strip().splitlines()[-1]
        assert "was written by a newer nomadic-cached (format 99, this one knows" in message
        assert "untouched" in message and "Upgrade" in message and str(store) in message
    assert store.read_bytes() == before and not list((tmp_path / "data").glob("*corrupt*"))
