"""Pins, purges and bounds: what stays and what goes."""

import contextlib
import os
import subprocess
import threading
import time

import pytest
from harness import Daemon, run

BATCHES = ["ask-6-24-3", "agent-4-12-2", "ask-2-4-1"]


def fetch(daemon, *batches):
    for batch in batches:
        assert daemon.get(f"/v1/batches/{batch}/analysis").status == 200


def listed(daemon):
    return [batch["batch_id"] for batch in daemon.get("/v1/batches").json()["batches"]]


def test_a_pin_is_set_shown_and_taken_away(daemon):
    fetch(daemon, BATCHES[0])
    assert run("pin", "--server", daemon.url, BATCHES[0]).returncode == 0
    assert daemon.get(f"/v1/batches/{BATCHES[0]}").json()["pinned"] is True
    assert " yes" in run("ls", "--server", daemon.url).stdout
    assert run("unpin", "--server", daemon.url, BATCHES[0]).returncode == 0
    assert daemon.get(f"/v1/batches/{BATCHES[0]}").json()["pinned"] is False
    assert run("pin", "--server", daemon.url, BATCHES[0]).returncode == 0
    assert run("pin", "--remove", "--server", daemon.url, BATCHES[0]).returncode == 0
    assert daemon.get(f"/v1/batches/{BATCHES[0]}").json()["pinned"] is False
    assert run("pin", "--server", daemon.url, "nobody").returncode == 3


def test_purge_takes_ids_an_age_or_everything(daemon):
    fetch(daemon, *BATCHES)
    purge = lambda *arguments: run("purge", "--server", daemon.url, *arguments)
    assert purge(BATCHES[0]).returncode == 0
    assert sorted(listed(daemon)) == sorted(BATCHES[1:])
    assert purge("--older-than", "1h").stdout == ""
    assert run("pin", "--server", daemon.url, BATCHES[1]).returncode == 0
    assert purge("--older-than", "0s").returncode == 0
    assert listed(daemon) == [BATCHES[1]]
    for wrong in ([], ["--all"], ["--older-than", "soon"], ["--all", "--yes", BATCHES[1]]):
        assert purge(*wrong).returncode == 2
    assert purge("--all", "--yes").returncode == 0
    assert listed(daemon) == []


def disk_use(directory):
    total = 0
    for path in directory.rglob("*"):
        with contextlib.suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


@pytest.fixture
def watch_disk(tmp_path):
    """The most that the data directory ever took, looked at as often as can be."""
    most, ended = [0], threading.Event()

    def look():
        while not ended.wait(0.001):
            most[0] = max(most[0], disk_use(tmp_path / "data"))

    watcher = threading.Thread(target=look)
    watcher.start()
    yield most
    ended.set()
    watcher.join()


def metric(daemon, name):
    lines = daemon.get("/metrics").body.decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


def test_the_quota_holds_at_every_instant_and_pins_stay(start, watch_disk):
    quota = 6 * 1024 * 1024
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    fetch(daemon, "ask-40-400-0")
    assert run("pin", "--server", daemon.url, "ask-40-400-0").returncode == 0
    for variant in range(1, 40):
        fetch(daemon, f"ask-40-400-{variant}")
    kept = listed(daemon)
    assert "ask-40-400-0" in kept and "ask-40-400-39" in kept
    assert len(kept) < 40 and metric(daemon, "nomadic_cached_store_evictions_total") >= 40 - len(kept)
    assert 0 < watch_disk[0] <= quota


def test_the_quota_holds_while_a_bundle_comes_in(start, sandbox, tmp_path, watch_disk):
    elsewhere = Daemon(tmp_path / "elsewhere", sandbox)
    small, large = tmp_path / "small.bundle", tmp_path / "large.bundle"
    try:
        fetch(elsewhere, "ask-150-1500-1", "ask-2-4-1")
        for path, batch in ((small, "ask-2-4-1"), (large, "ask-150-1500-1")):
            assert run("export", "--server", elsewhere.url, "--output", str(path), batch).returncode == 0
    finally:
        elsewhere.stop()
    quota = 1024 * 1024
    assert quota / 4 < large.stat().st_size < quota
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    refused = run("import", "--server", daemon.url, str(large))
    assert refused.returncode != 0 and "cache.disk_quota" in refused.stderr
    assert listed(daemon) == [] and not list((tmp_path / "data").glob("import*"))
    assert run("import", "--server", daemon.url, str(small)).returncode == 0
    assert listed(daemon) == ["ask-2-4-1"]
    assert watch_disk[0] <= quota


def test_the_quota_holds_while_a_bundle_is_written(start, tmp_path, watch_disk):
    quota = 6 * 1024 * 1024
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    fetch(daemon, *(f"ask-40-400-{variant}" for variant in range(4)))
    bundle = tmp_path / "one.bundle"
    exported = run("export", "--server", daemon.url, "--output", str(bundle), "ask-40-400-0")
    assert exported.returncode == 0, exported.stderr
    assert bundle.stat().st_size > 64 * 1024 and len(listed(daemon)) == 4
    assert 0 < watch_disk[0] <= quota


def test_nothing_that_is_stored_goes_for_a_bundle_without_room(start, tmp_path, watch_disk):
    quota = 6 * 1024 * 1024
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    fetch(daemon, *(f"ask-40-400-{variant}" for variant in range(20)))
    kept = listed(daemon)
    refused = run("export", "--server", daemon.url, "--history", "--output", str(tmp_path / "all.bundle"))
    assert refused.returncode == 4 and "There is no room for it within cache.disk_quota" in refused.stderr
    assert not list((tmp_path / "data").glob("export*")) and listed(daemon) == kept
    assert 0 < watch_disk[0] <= quota


def test_the_quota_holds_while_much_is_purged(start, watch_disk):
    quota = 6 * 1024 * 1024
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    fetch(daemon, *(f"ask-40-400-{variant}" for variant in range(40)))
    assert run("purge", "--server", daemon.url, "--all", "--yes").returncode == 0
    fetch(daemon, "ask-40-400-50")
    assert 0 < watch_disk[0] <= quota


def test_a_batch_that_can_never_fit_is_answered_all_the_same(start, watch_disk):
    quota = 1024 * 1024
    daemon = start("--cache-disk-quota", str(quota), "--cache-min-free-disk", "0")
    answer = daemon.get("/v1/batches/ask-400-4000-1/analysis")
    assert answer.status == 200 and len(answer.json()["results"]) == 400
    assert listed(daemon) == []
    assert "cache.disk_quota" in daemon.get("/readyz").json()["store"]
    assert watch_disk[0] <= quota
    fetch(daemon, "ask-2-4-1")
    assert daemon.get("/readyz").json() == {"status": "ready"}


@pytest.fixture
def mount(tmp_path):
    """Mounts; undone in the end. Skips where that is not allowed."""
    mounted = []

    def do(*arguments):
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            pytest.skip("mounting is not allowed here: " + done.stderr)
        mounted.append(arguments[-1])

    yield do
    for place in reversed(mounted):
        subprocess.run(["umount", "-l", place], check=False)


def test_a_full_disk_makes_a_pass_through_that_says_so(start, tmp_path, mount):
    data = tmp_path / "small"
    data.mkdir()
    mount("-t", "tmpfs", "-o", "size=3m", "tmpfs", str(data))
    daemon = start("--cache-min-free-disk", "0", data_dir=data)
    fetch(daemon, "ask-6-24-3")
    for variant in range(4):
        answer = daemon.get(f"/v1/batches/ask-300-4000-{variant}/analysis")
        assert answer.status == 200 and len(answer.json()["results"]) == 300
    ready = daemon.get("/readyz")
    assert ready.status == 200 and ready.json()["status"] == "degraded"
    assert metric(daemon, "nomadic_cached_store_failing") == 1
    assert "the store failed" in daemon.output()
    assert daemon.get("/v1/batches/ask-6-24-3/analysis").headers["cache-status"].startswith("nomadic-cached; hit")
    assert run("verify", "--server", daemon.url).returncode == 0


def fill_the_disk_of(directory):
    with contextlib.suppress(OSError), open(directory / "filling", "ab", buffering=0) as file:
        while True:
            file.write(bytes(4096))


def test_with_a_full_disk_an_answer_stays_in_memory_as_long_as_there_is_memory_for_it(start, tmp_path, mount, sandbox):
    data = tmp_path / "small"
    data.mkdir()
    mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", str(data))
    daemon = start("--cache-min-free-disk", "0", "--cache-spool-threshold", "64 KiB", "--cache-hot-bytes", "512 KiB", data_dir=data)
    small, large = ("/v1/batches/" + name + "/analysis" for name in ("ask-100-1000-1", "ask-400-4000-1"))
    whole = [daemon.get(target) for target in (small, large)]
    assert len(whole[0].body) < 1 << 20 and len(whole[1].body) > 3 << 19
    fill_the_disk_of(data)
    sandbox.reset_counts()
    selected = "?filter=approved,rejected,pending,invalid"  # all events, but another answer than those that are kept

    def events_of(answer):
        return [result for result in answer.json()["results"] if result["events"]]

    kept = daemon.get(small + selected)
    assert kept.status == 200 and kept.json()["results"] == events_of(whole[0])
    for headers in ({}, {"Accept-Encoding": "gzip"}):
        refused = daemon.get(large + selected, headers)
        assert refused.status == 503 and int(refused.headers["retry-after"]) >= 1
        problem = refused.json()
        assert problem["type"].endswith(":no-room") and problem["limit"] == "cache.hot_bytes"
        assert "No space left on device" in problem["detail"] and "cache.hot_bytes" in problem["detail"]
    assert sum(sandbox.counts().values()) == 0  # what is stored is well: nobody is asked for it
    assert daemon.get("/readyz").json()["status"] == "ready"
    (data / "filling").unlink()
    assert daemon.get(large + selected).json()["results"] == events_of(whole[1])


@pytest.mark.parametrize("ended", ["stopped", "killed"])
def test_a_disk_that_is_full_at_the_start_hides_nothing_that_is_stored(start, tmp_path, mount, ended):
    data = tmp_path / "small"
    data.mkdir()
    mount("-t", "tmpfs", "-o", "size=4m", "tmpfs", str(data))
    daemon = start("--cache-min-free-disk", "0", data_dir=data)
    fetch(daemon, "ask-6-24-3")
    if ended == "stopped":
        assert daemon.stop() == 0
    else:
        (data / "filling").write_bytes(bytes(1536 * 1024))  # more than the leftovers take
        for variant in range(12):  # until one does not fit
            daemon.get(f"/v1/batches/ask-300-4000-{variant}/analysis")
            if daemon.get("/readyz").json()["status"] == "degraded":
                break
        else:
            pytest.fail("all of it fits: " + daemon.output())
        daemon.kill()  # while there are leftovers that can't be removed for want of room
    fill_the_disk_of(data)
    daemon = start("--cache-min-free-disk", "0", data_dir=data)
    assert daemon.get("/v1/batches/ask-6-24-3/analysis").headers["cache-status"].startswith("nomadic-cached; hit")
    missed = daemon.get("/v1/batches/ask-2-4-1/analysis")
    assert missed.status == 200 and missed.headers["cache-status"] == "nomadic-cached; fwd=miss"
    assert daemon.get("/readyz").json()["status"] == "degraded"
    (data / "filling").unlink()
    if ended == "killed":
        assert daemon.get("/v1/batches/ask-2-4-1/analysis").headers["cache-status"].endswith("stored")


def test_a_read_only_directory_is_served_as_it_is(start, tmp_path, mount, sandbox):
    daemon = start()
    fetch(daemon, "ask-6-24-3")
    assert daemon.stop() == 0
    mount("--bind", str(tmp_path / "data"), str(tmp_path / "data"))
    mount("-o", "remount,bind,ro", str(tmp_path / "data"))
    daemon = start()
    assert "nothing is added" in daemon.output()
    sandbox.reset_counts()
    fetch(daemon, "ask-6-24-3")
    assert sandbox.counts() == {}
    fetch(daemon, "ask-2-4-1")
    assert listed(daemon) == ["ask-6-24-3"]
    assert daemon.get("/readyz").json()["status"] == "degraded"


@pytest.mark.parametrize("first", [1, 2, 3, 6, 12])
def test_a_large_store_that_is_corrupt_at_the_start_is_set_aside(start, tmp_path, first):
    """Whose pages are not all looked at beforehand. The first hold the schema and the tables that every start reads."""
    daemon = start()
    fetch(daemon, "ask-6-24-3")
    assert daemon.stop() == 0
    path = tmp_path / "data" / "cache.db"
    with open(path, "r+b") as file:
        file.seek(4096 * first)
        file.write(os.urandom(path.stat().st_size - 4096 * first))
        file.truncate(17 << 20)
    daemon = start()
    fetch(daemon, "ask-6-24-3")
    assert daemon.get("/v1/batches/ask-6-24-3/analysis").headers["cache-status"].startswith("nomadic-cached; hit")
    assert daemon.get("/readyz").json()["status"] == "ready"
    assert list(path.parent.glob("cache.db.corrupt-*")), daemon.output()


@pytest.mark.parametrize("kept_pages", [1, 60])
def test_a_store_damaged_while_it_runs_is_replaced_and_nobody_notices(start, tmp_path, kept_pages):
    daemon = start("--cache-hot-bytes", "0")
    batches = [f"ask-60-400-{variant}" for variant in range(3)]
    before = [daemon.get(f"/v1/batches/{batch}/analysis").body for batch in batches]
    for name in ("cache.db", "cache.db-wal"):
        path = tmp_path / "data" / name
        if path.exists() and path.stat().st_size > 0:
            with open(path, "r+b") as file:
                file.seek(4096 * kept_pages)
                file.write(os.urandom(max(0, path.stat().st_size - 4096 * kept_pages)))
    for _ in range(3):
        assert [daemon.get(f"/v1/batches/{batch}/analysis").body for batch in batches] == before
    deadline = time.monotonic() + 20
    while not all(is_stored(daemon, batch) for batch in batches):
        assert time.monotonic() < deadline, daemon.output()
    assert daemon.get("/readyz").status == 200
    assert daemon.stop() == 0
    again = start()
    assert [again.get(f"/v1/batches/{batch}/analysis").body for batch in batches] == before


def is_stored(daemon, batch):
    answer = daemon.get(f"/v1/batches/{batch}/analysis")
    assert answer.status == 200
    return "; hit" in answer.headers["cache-status"]
