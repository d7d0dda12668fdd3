"""Large answers out of the store, of which nothing is in memory: they are sent while they are still being made."""

import contextlib
import gzip
import http.client
import sqlite3

import pytest

from harness import wait_until

BATCH = "ask-300-6000-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
TARGETS = [ANALYSIS, f"{ANALYSIS}?filter=approved", f"{ANALYSIS}?format=csv", f"{ANALYSIS}?format=csv&filter=rejected,pending",
           f"{ANALYSIS}?format=csv&columns=sdk-0.1.64", f"{ANALYSIS}?format=ndjson", f"{ANALYSIS}?format=geojson",
           f"{ANALYSIS}?category=Near+Miss"]
# The last video in which each of these finds something.
WANTED_BY_ALL = """SELECT max(id) FROM content WHERE approved > 0 AND rejected + pending > 0
                   AND id IN (SELECT content FROM event WHERE category = 'Near Miss')"""


@pytest.fixture
def cold(start):
    return start("--cache-hot-bytes", "0", "--cache-spool-threshold", "64 KiB", "--cache-fresh-pending", "24h")


def damage(tmp_path, content):
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "cache.db")) as database, database:
        database.execute(f"UPDATE content SET record = substr(record, 1, 200) || zeroblob(length(record) - 200) WHERE id = ({content})")


@pytest.mark.parametrize("target", TARGETS)
def test_they_have_their_length_and_every_byte(start, cold, target):
    answers = [cold.get(target) for _ in range(2)]
    cold.stop()
    in_memory = start("--cache-spool-threshold", "1 GiB", "--cache-hot-bytes", "1 GiB")
    answers += [in_memory.get(target) for _ in range(2)]
    assert {answer.status for answer in answers} == {200}
    assert len({(answer.body, answer.headers["etag"], answer.headers["x-total-count"]) for answer in answers}) == 1
    for answer in answers:
        assert answer.headers["content-length"] == str(len(answer.body)) and "transfer-encoding" not in answer.headers


@pytest.mark.parametrize("target", TARGETS[:3])
def test_coded_they_are_the_same(cold, target):
    whole = cold.get(target).body
    packed = cold.get(target, {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == whole
    assert packed.headers["content-length"] == str(len(packed.body))


@pytest.mark.parametrize("target", TARGETS[:3])
def test_parts_of_them(cold, target):
    whole = cold.get(target).body
    size = len(whole)
    for asked, expected in {"bytes=0-9": whole[:10], "bytes=-10": whole[-10:], f"bytes={size // 2}-": whole[size // 2:],
                            f"bytes=300000-{size - 300000}": whole[300000:size - 299999]}.items():
        answer = cold.get(target, {"Range": asked})
        assert (answer.status, answer.body) == (206, expected), asked
    assert cold.get(target, {"Range": f"bytes={size}-"}).status == 416


@pytest.mark.parametrize("target", TARGETS[:3])
def test_an_older_client_gets_them_too(cold, target):
    whole = cold.get(target).body
    head, _, body = cold.raw(f"GET {target} HTTP/1.0\r\nHost: localhost\r\n\r\n".encode()).partition(b"\r\n\r\n")
    assert f"content-length: {len(whole)}".encode() in head.lower()
    assert body == whole


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("arguments", [["--cache-hot-bytes", "0", "--cache-spool-threshold", "64 KiB"], []], ids=["file", "memory"])
def test_a_damaged_store_is_found_midway_and_nobody_notices(start, sandbox, tmp_path, target, arguments):
    daemon = start()
    whole = daemon.get(target)
    daemon.stop()
    damage(tmp_path, WANTED_BY_ALL)
    daemon = start(*arguments, "--cache-fresh-pending", "24h")
    sandbox.reset_counts()
    answer = daemon.get(target)
    assert (answer.status, answer.body) == (200, whole.body)
    assert answer.headers["content-length"] == str(len(whole.body))
    wait_until(lambda: "can't be read" in daemon.output())
    assert sandbox.counts()
    wait_until(lambda: "hit" in daemon.get(target).headers["cache-status"])
    assert daemon.get(target).body == whole.body


def test_offline_a_damaged_one_never_passes_for_a_whole_one(start, tmp_path):
    daemon = start()
    whole = daemon.get(ANALYSIS).body
    daemon.stop()
    damage(tmp_path, "SELECT max(id) FROM content")
    daemon = start("--offline", upstream=None)
    try:
        refused = daemon.get(ANALYSIS)  # when the damage was found before anything was sent
    except http.client.IncompleteRead as broken:
        assert whole.startswith(broken.partial) and len(broken.partial) + broken.expected == len(whole)
        wait_until(lambda: "an answer broke off" in daemon.output())
        refused = daemon.get(ANALYSIS)
    assert refused.status == 503 and "damaged" in refused.json()["detail"]


def test_a_damaged_earlier_state_is_not_replaced_by_the_newest(start, sandbox, tmp_path):
    daemon = start()
    first = daemon.get(ANALYSIS)
    earlier, video = first.headers["x-snapshot"], first.json()["results"][0]["video_id"]
    sandbox.review(BATCH, review_status="approved")
    assert daemon.post(f"/v1/batches/{BATCH}/refresh", {}).status == 200
    assert daemon.get(ANALYSIS).headers["x-snapshot"] != earlier
    daemon.stop()
    damage(tmp_path, f"SELECT id FROM content WHERE video_id = '{video}'")
    daemon = start()
    answer = daemon.get(f"{ANALYSIS}?as_of={earlier}")
    assert answer.status == 503 and "damaged" in answer.json()["detail"]
    assert daemon.get(ANALYSIS).status == 200
