"""Batches fetched ahead: from arguments, a file or standard input; progress; waiting; nothing fetched twice."""

import json
import os
import pty
import subprocess

from harness import BINARY, run
from upstreams import ApiUpstream, whole_batches

BATCHES = ["ask-6-24-3", "agent-4-12-2"]


def events_of(answer):
    assert answer.headers["content-type"] == "text/event-stream"
    blocks = [dict(line.split(": ", 1) for line in block.split("\n")) for block in answer.body.decode().split("\n\n") if block]
    return [(block["event"], json.loads(block["data"])) for block in blocks]


def test_ids_come_from_arguments_a_file_and_standard_input(daemon, tmp_path):
    listed = tmp_path / "ids"
    listed.write_text("# for the field\n\nask-2-4-1\r\n")
    done = subprocess.run(
        [BINARY, "prefetch", "--server", daemon.url, BATCHES[0], "-", "--file", str(listed)],
        input=BATCHES[1] + "\n", capture_output=True, text=True,
    )
    assert done.returncode == 0, done.stderr
    assert [line.split(":")[0] for line in done.stdout.splitlines()] == [BATCHES[0], BATCHES[1], "ask-2-4-1"]
    assert done.stderr == "", "no bar where there is no terminal"
    nothing = run("prefetch", "--server", daemon.url)
    assert nothing.returncode == 2 and "No batch is named" in nothing.stderr


def test_what_is_stored_is_not_fetched_again_whatever_its_age(start, sandbox):
    daemon = start("--cache-fresh-pending", "0s", "--cache-fresh-reviewed", "0s")
    assert run("prefetch", "--server", daemon.url, BATCHES[0]).returncode == 0
    sandbox.reset_counts()
    again = run("prefetch", "--server", daemon.url, *BATCHES)
    assert "was there already" in again.stdout.splitlines()[0]
    assert "already" not in again.stdout.splitlines()[1]
    assert sandbox.counts()["status"] == 1


def test_a_batch_that_fails_does_not_stop_the_others(daemon):
    done = run("prefetch", "--server", daemon.url, "no such batch", BATCHES[0])
    assert done.returncode == 3, done.stdout
    assert "failed" in done.stdout.splitlines()[0]
    assert daemon.get(f"/v1/batches/{BATCHES[0]}").status == 200


def test_running_batches_are_waited_for(start, sandbox):
    daemon = start("--upstream-poll-interval", "10ms")
    running = "running-2-ask-3-9-1"
    without = run("prefetch", "--server", daemon.url, running)
    assert without.returncode != 0 and "not completed" in without.stdout
    events = events_of(daemon.post("/v1/prefetch", {"batch_ids": [running], "wait": True}))
    assert events[-1] == ("done", {"stored": 1, "failed": 0})
    assert daemon.get(f"/v1/batches/{running}").status == 200


def test_a_batch_that_failed_is_not_waited_for(daemon):
    events = events_of(daemon.post("/v1/prefetch", {"batch_ids": ["failed-ask-3-9-1"], "wait": True}))
    assert events[-1] == ("done", {"stored": 0, "failed": 1})


def test_progress_within_a_batch_is_told_as_it_is_fetched(start, sandbox):
    daemon = start("--upstream-chunk-size", "10", "--upstream-max-parallel", "1")
    sandbox.faults(latency_ms=100)
    events = events_of(daemon.post("/v1/prefetch", {"batch_ids": ["ask-120-300-7"]}))
    sandbox.faults(latency_ms=0)
    counts = [data["videos"] for _, data in events if data.get("state") == "fetching"]
    assert len(counts) >= 2 and counts == sorted(set(counts))
    assert all(data["total"] == 120 for _, data in events if data.get("state") == "fetching")


def test_on_a_terminal_there_is_a_bar(start, sandbox):
    daemon = start("--upstream-chunk-size", "10", "--upstream-max-parallel", "1")
    sandbox.faults(latency_ms=100, error_every=3)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [BINARY, "prefetch", "--server", daemon.url, "ask-120-300-7"], stdout=subprocess.DEVNULL, stderr=terminal
    )
    assert process.wait(30) == 0
    os.close(terminal)
    drawn = b""
    try:
        while part := os.read(controller, 65536):
            drawn += part
    except OSError:
        pass  # how a terminal says that nobody writes any more
    os.close(controller)
    sandbox.faults(latency_ms=0, error_every=0)
    assert b"/120 videos" in drawn and b"s left" in drawn and b" retries" in drawn


def test_a_body_that_is_no_wish_is_refused(daemon):
    for body in ({}, {"batch_ids": []}, {"batch_ids": [""]}, {"batch_ids": ["a"], "wait": 1}, {"batch_ids": ["a"], "x": 1}):
        assert daemon.post("/v1/prefetch", body).status == 400


def test_what_an_upstream_says_moves_no_cursor(start):
    upstream = ApiUpstream(lambda asked: (403, {"detail": "\x1b[2Jgone"}) if "/batch/" in asked.path else whole_batches(asked))
    done = run("prefetch", "--server", start(upstream=upstream).url, "b")
    upstream.close()
    assert "?[2Jgone" in done.stdout + done.stderr
    assert "\x1b" not in done.stdout + done.stderr
