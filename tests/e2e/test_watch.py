"""Watching a batch, polling one that still runs, and asking why."""

import concurrent.futures
import json
import threading
import time

from event_stream import EventStream

BATCH = "ask-6-40-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
STREAM = f"/v1/batches/{BATCH}/events-stream"
QUICK = ("--upstream-watch-interval", "50ms", "--upstream-poll-interval", "50ms")


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_reviewers_click_reaches_who_watches(sandbox, start):
    daemon = start(*QUICK)
    stream = EventStream(daemon, STREAM).greeted()
    first = int(daemon.get(ANALYSIS).headers["x-snapshot"])
    assert stream.last_id == str(first)
    sandbox.review(BATCH, video=0, event=0, approval="invalid")
    name, news = stream.next()
    assert name == "snapshot" and stream.last_id == str(news["snapshot"])
    assert news["batch_id"] == BATCH and news["snapshot"] > first
    assert news["diff"] == {
        "from": first, "to": news["snapshot"], "approvals": 1, "changed": 0, "added": 0, "removed": 0,
        "metadata": False, "review_status": None,
    }  # fmt: skip
    assert daemon.get(ANALYSIS).headers["x-snapshot"] == str(news["snapshot"])
    sandbox.review(BATCH, review_status="reviewed")
    assert stream.next()[1]["diff"]["review_status"] == {"from": "in_review", "to": "reviewed"}
    stream.close()


def test_who_comes_back_is_told_what_was_missed(sandbox, daemon):
    first = daemon.get(ANALYSIS).headers["x-snapshot"]
    for event, approval in enumerate(("invalid", "rejected", "invalid")):
        sandbox.review(BATCH, video=1, event=event, approval=approval)
        daemon.post(f"/v1/batches/{BATCH}/refresh", {})
    snapshots = [s["snapshot"] for s in daemon.get(f"/v1/batches/{BATCH}/snapshots").json()["snapshots"]]
    stream = EventStream(daemon, STREAM, headers={"Last-Event-ID": first})
    told = [stream.next()[1] for _ in snapshots[:-1]]
    assert [news["snapshot"] for news in told] == snapshots[-2::-1]
    assert [news["diff"]["from"] for news in told] == snapshots[:0:-1]
    stream.close()
    for strange in ("", "x", "-1", "999999"):
        assert EventStream(daemon, STREAM, headers={"Last-Event-ID": strange}).greeted().last_id == str(snapshots[0])


def test_many_who_watch_share_one_poll_and_nobody_means_none(sandbox, start):
    daemon = start("--upstream-watch-interval", "200ms", "--upstream-poll-interval", "200ms")
    streams = [EventStream(daemon, STREAM).greeted() for _ in range(20)]
    sandbox.reset_counts()
    begun = time.monotonic()
    until(lambda: sandbox.counts().get("status", 0) >= 3)
    assert sandbox.counts()["status"] <= (time.monotonic() - begun) / 0.2 + 1
    sandbox.review(BATCH, video=0, event=0, approval="invalid")
    assert {stream.next()[1]["snapshot"] for stream in streams} == {int(daemon.get(ANALYSIS).headers["x-snapshot"])}
    for stream in streams:
        stream.close()
    until(lambda: daemon.get(f"/v1/batches/{BATCH}/explain").json()["watchers"] == 0)
    sandbox.reset_counts()
    time.sleep(0.5)
    assert sandbox.counts() == {}


def test_a_running_batch_is_watched_until_it_completes_and_then_fetched(sandbox, start):
    daemon = start(*QUICK)
    running = "running-6-ask-6-40-1"
    stream = EventStream(daemon, f"/v1/batches/{running}/events-stream")
    name, news = stream.next()
    assert (name, news["diff"], news["videos"]) == ("snapshot", None, 6)
    sandbox.reset_counts()
    assert "hit" in daemon.get(f"/v1/batches/{running}/analysis").headers["cache-status"]
    stream.close()


def test_who_may_not_read_may_not_watch_and_who_may_no_longer_is_told(sandbox, start):
    daemon = start(*QUICK)
    assert daemon.get("/v1/batches/nope/events-stream").status == 404
    stream = EventStream(daemon, STREAM).greeted()
    sandbox.faults(refuse=403)
    assert stream.next()[0] == "refused"
    assert stream.next() is None


def test_a_quiet_stream_shows_that_it_is_alive_and_ends_when_the_daemon_does(start):
    daemon = start("--limits-heartbeat", "50ms", "--upstream-watch-interval", "1h", "--upstream-poll-interval", "1h")
    stream = EventStream(daemon, STREAM).greeted()
    beats = 0
    while beats < 3:
        beats += stream.response.readline() == b": alive\n"
    assert daemon.stop() == 0
    assert b"" == stream.response.read().replace(b": alive\n\n", b"").strip()


def test_a_slow_reader_is_given_the_last_of_many_states_and_costs_nothing(sandbox, start):
    daemon = start("--upstream-watch-interval", "1h", "--upstream-poll-interval", "1h")
    stream = EventStream(daemon, STREAM).greeted()
    for number in range(60):
        sandbox.review(BATCH, review_status=f"round {number}")
        daemon.post(f"/v1/batches/{BATCH}/refresh", {})
    newest = int(daemon.get(ANALYSIS).headers["x-snapshot"])
    last = 0
    while last < newest:
        last = stream.next()[1]["snapshot"]
    stream.close()


def test_however_many_poll_a_running_batch_the_upstream_is_asked_once_an_interval(sandbox, start):
    daemon = start("--upstream-poll-interval", "300ms")
    running = "running-4-ask-6-40-1"
    stop = threading.Event()
    begun = time.monotonic()

    def poll(number):
        target = f"/api/batch/{running}/status" if number % 2 else f"/v1/batches/{running}/analysis"
        while not stop.is_set():
            answer = daemon.get(target)
            if (answer.status == 200) and (number % 2 == 0 or answer.json()["status"] == "completed"):
                return time.monotonic()
            assert answer.status in (200, 409)
        return None

    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        ended = [pool.submit(poll, number) for number in range(24)]
        times = [future.result(30) for future in ended]
    counts = sandbox.counts()
    assert counts["bulk"] == 1
    assert counts["status"] <= (max(times) - begun) / 0.3 + 1
    assert counts["status"] == 5


def test_explain_says_what_is_and_what_comes_next(sandbox, start):
    daemon = start("--cache-freshness-rules", "ask-* fresh_pending=5m")
    explain = f"/v1/batches/{BATCH}/explain"
    unknown = daemon.get(explain).json()
    assert unknown["stored"] is False and unknown["snapshot"] is None and "a read fetches it" in unknown["next"]["because"]
    daemon.get(ANALYSIS)
    known = daemon.get(explain).json()
    assert known["stored"] is True and known["policy"]["rule"] == "ask-*" and known["policy"]["applies"] == "fresh_pending"
    assert known["policy"]["fresh_pending"] == "5m"
    assert known["snapshot"]["freshness"]["state"] == "fresh" and "events are pending" in known["next"]["because"]
    assert known["next"]["at"] > known["snapshot"]["validated_at"]
    assert [(e["method"], e["target"], e["status"]) for e in known["upstream"]] == [
        ("GET", f"/api/batch/{BATCH}/status", 200),
        ("POST", f"/api/batch/{BATCH}/analyses/bulk?include_source_uri=true", 200),
    ]
    assert all(e["bytes"] > 0 and e["ms"] >= 0 for e in known["upstream"])
    assert "alice-key" not in json.dumps(known)
    daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": "{}"})
    assert "asks the upstream first" in daemon.get(explain).json()["next"]["because"]
    for _ in range(15):
        daemon.post(f"/v1/batches/{BATCH}/refresh", {})
    assert len(daemon.get(explain).json()["upstream"]) == 20
