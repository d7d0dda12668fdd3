"""A write that goes through the daemon is never followed by an answer from before it."""

import concurrent.futures
import contextlib
import json
import sqlite3
import threading

import pytest

from harness import PATIENCE
from upstreams import ApiUpstream, whole_batches

BATCH = "ask-6-40-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"


@pytest.mark.parametrize(
    "method, path",
    [
        ("POST", f"/api/batch/{BATCH}/metadata"),
        ("PUT", f"/api/batches/{BATCH}/review"),
        ("PATCH", f"/api/reviews?batch_id={BATCH}"),
        ("POST", "/api/videos/vid1-000002/analyses/an-vid1-000002/generate-thumbnails"),
        ("DELETE", "/api/video/vid1-000003"),
        ("POST", "/api/analyses/an-vid1-000001/approve"),
        ("POST", "/api/v2/analysis/an%2Dvid1%2D000001"),
    ],
)
def test_a_write_that_names_the_batch_a_video_or_an_analysis_makes_it_stale(sandbox, daemon, method, path):
    daemon.get(ANALYSIS)
    sandbox.faults(accept_writes=True)
    sandbox.reset_counts()
    assert daemon.request(method, path, {}).status == 200
    assert daemon.get(ANALYSIS).headers["cache-status"].startswith("nomadic-cached; fwd=stale")
    assert sandbox.counts()["status"] == 1


def test_a_write_that_fails_or_names_nothing_here_changes_nothing(sandbox, daemon):
    daemon.get(ANALYSIS)
    assert daemon.request("PUT", f"/api/batch/{BATCH}/nonsense", {}).status == 404
    sandbox.faults(accept_writes=True)
    assert daemon.request("PUT", "/api/batch/ask-6-40-2/review", {}).status == 200
    assert "hit" in daemon.get(ANALYSIS).headers["cache-status"]


def test_what_one_user_writes_every_other_user_sees(sandbox, start):
    daemon = start(key=None)
    alice, bob = {"X-API-Key": "alice-1"}, {"X-API-Key": "bob-1"}
    for user in (alice, bob):
        daemon.get(ANALYSIS, user)
    assert daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": json.dumps({"site": "north"})}, alice).status == 200
    for user in (alice, bob):
        assert daemon.get(ANALYSIS, user).json()["batch_metadata"]["metadata"] == {"site": "north"}


def test_a_write_overtakes_a_fetch_that_is_on_its_way(sandbox, daemon):
    sandbox.faults(latency_ms=150)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        readers = [pool.submit(daemon.get, ANALYSIS) for _ in range(4)]
        written = daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": json.dumps({"site": "south"})})
        assert written.status == 200
        assert daemon.get(ANALYSIS).json()["batch_metadata"]["metadata"] == {"site": "south"}
        assert all(reader.result().status == 200 for reader in readers)
    assert daemon.get(ANALYSIS).json()["batch_metadata"]["metadata"] == {"site": "south"}


def test_no_reader_is_ever_given_a_state_from_before_a_write(daemon):
    """Every answer that begins after a write's has at least what that wrote."""
    stop = threading.Event()
    written = 0
    wrong = []

    def read():
        while not stop.is_set():
            least = written
            metadata = daemon.get(ANALYSIS).json()["batch_metadata"]["metadata"]
            if metadata.get("n", 0) < least:
                wrong.append((metadata, least))

    daemon.get(ANALYSIS)
    readers = [threading.Thread(target=read) for _ in range(4)]
    for reader in readers:
        reader.start()
    for number in range(1, 26):
        assert daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": json.dumps({"n": number})}).status == 200
        written = number
    stop.set()
    for reader in readers:
        reader.join()
    assert not wrong


def test_refresh_returns_what_changed(sandbox, daemon):
    daemon.get(ANALYSIS)
    before = daemon.get(ANALYSIS).json()["results"][1]["events"][0]["approval"] or "pending"
    sandbox.review(BATCH, video=1, event=0, approval="invalid")
    refreshed = daemon.post(f"/v1/batches/{BATCH}/refresh", {}).json()
    assert refreshed["changed"] is True
    (change,) = refreshed["diff"]["approvals"]
    assert (change["from"], change["to"]) == (before, "invalid")
    assert daemon.post(f"/v1/batches/{BATCH}/refresh", {}).json()["changed"] is False


def test_a_batch_removed_while_it_is_fetched_is_no_failure_of_the_store(start, tmp_path):
    upstream = ApiUpstream()
    daemon = start(upstream=upstream)
    assert daemon.get("/v1/batches/b/analysis").status == 200
    asked, removed = threading.Event(), threading.Event()

    def answer_late(request):
        if request.path.endswith("/bulk"):
            asked.set()
            assert removed.wait(PATIENCE)
        return whole_batches(request)

    upstream.answer = answer_late
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        reading = pool.submit(daemon.get, "/v1/batches/b/analysis", {"Cache-Control": "no-cache"})
        assert asked.wait(PATIENCE)
        assert daemon.request("DELETE", "/v1/batches/b").status == 200
        with contextlib.closing(sqlite3.connect(f"file:{tmp_path}/data/cache.db?mode=ro", uri=True)) as database:
            while database.execute("SELECT count(*) FROM batch").fetchone() != (0,):
                pass  # its rows are swept soon
        removed.set()
        answer = reading.result(PATIENCE)
    assert answer.status == 200 and answer.headers["cache-status"].endswith("stored")
    assert daemon.stop() == 0
    assert "the store failed" not in daemon.output()
    upstream.close()
