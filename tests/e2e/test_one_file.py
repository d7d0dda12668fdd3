"""Nothing but the database stays where nobody uses it."""

import contextlib
import sqlite3

import pytest
from harness import run

BATCH = "ask-6-24-3"


def files(folder):
    return {path.name for path in folder.iterdir()} - {"lock"}


@pytest.fixture
def stopped(start, tmp_path):
    daemon = start()
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    assert daemon.stop() == 0
    return tmp_path / "data"


def test_a_clean_stop_leaves_one_file(stopped, start):
    assert files(stopped) == {"cache.db"}
    daemon = start("--offline")
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    assert daemon.stop() == 0
    assert files(stopped) == {"cache.db"}


@pytest.mark.parametrize("command", [("verify",), ("export", "-o", "{}/field.bundle"), ("doctor", "--offline")])
def test_commands_that_read_a_stopped_store_leave_one_file(stopped, tmp_path, command):
    before = (stopped / "cache.db").read_bytes()
    done = run(*(part.format(tmp_path) for part in command), "--cache-data-dir", str(stopped))
    assert done.returncode == 0, done.stderr
    assert files(stopped) == {"cache.db"} and (stopped / "cache.db").read_bytes() == before


def test_reading_a_store_in_use_leaves_its_log_alone(start, tmp_path):
    daemon = start()
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    store = tmp_path / "data/cache.db"
    log = store.with_name("cache.db-wal").stat()
    assert log.st_size > 0
    assert run("verify", "--cache-data-dir", str(store.parent)).returncode == 0
    assert store.with_name("cache.db-wal").stat().st_ino == log.st_ino
    assert daemon.get("/v1/batches/ask-2-4-1/analysis").status == 200
    with contextlib.closing(sqlite3.connect(f"file:{store}?mode=ro", uri=True)) as database:
        assert len(database.execute("SELECT * FROM batches").fetchall()) == 2
