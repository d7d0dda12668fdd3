"""What goes wrong upstream or here: the right answer, nothing partial kept, and the next request recovers."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import threading

import pytest

from certificates import Authority
from harness import BINARY, Daemon, Sandbox, run

BATCH = "agent-250-600-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"


@pytest.fixture
def truth():
    reference = Sandbox()
    yield lambda tmp: reference
    reference.kill()


@pytest.mark.parametrize(
    "faults, status",
    [
        ({"error_every": 1}, 502),
        ({"reset_every": 1}, 502),
        ({"truncate_every": 1}, 502),
        ({"html_every": 1}, 502),
        ({"rate_limit_every": 1, "retry_after": 3600}, 503),
        ({"failing_video": "vid1-000120"}, 502),
    ],
)
def test_a_fault_that_lasts(sandbox, start, faults, status):
    daemon = start("--upstream-retries", "1")
    sandbox.faults(**faults)
    answer = daemon.get(ANALYSIS)
    assert answer.status == status, answer.body
    assert answer.headers["content-type"] == "application/problem+json"
    if status == 503:
        assert answer.headers["retry-after"] == "3600"
    assert daemon.get("/v1/batches").json()["batches"] == []
    sandbox.faults(**{name: "" if name == "failing_video" else 0 for name in faults})
    recovered = daemon.get(ANALYSIS)
    assert recovered.status == 200 and len(recovered.json()["results"]) == 250


@pytest.mark.parametrize(
    "faults", [{"error_every": 3}, {"reset_every": 3}, {"rate_limit_every": 3, "retry_after": 0}]
)
def test_a_fault_that_passes_is_retried(sandbox, start, faults):
    daemon = start("--upstream-retries", "5", "--upstream-max-parallel", "1")
    sandbox.faults(**faults)
    answer = daemon.get(ANALYSIS)
    assert answer.status == 200, answer.body
    assert len(answer.json()["results"]) == 250


def test_an_upstream_that_does_not_answer_is_504(sandbox, start):
    daemon = start("--upstream-request-timeout", "200ms", "--upstream-retries", "0")
    sandbox.faults(latency_ms=5000)
    assert daemon.get(ANALYSIS).status == 504


def test_an_upstream_that_is_not_there_is_502(start):
    daemon = start("--upstream-retries", "0", upstream="http://127.0.0.1:9")
    answer = daemon.get(ANALYSIS)
    detail = answer.json()["detail"]
    assert answer.status == 502 and "can't be reached" in detail and detail.endswith(" Check the network and upstream.base_url.")


def test_stale_is_served_when_the_upstream_fails_but_a_refusal_is_not_hidden(sandbox, start):
    daemon = start("--cache-fresh-pending", "0s", "--cache-stale-while-revalidate", "0s", "--upstream-retries", "0")
    before = daemon.get(ANALYSIS)
    sandbox.faults(error_every=1)
    stale = daemon.get(ANALYSIS)
    assert stale.body == before.body
    assert "detail=stale-if-error" in stale.headers["cache-status"]


def test_the_older_dialect_is_found_out(sandbox, daemon):
    sandbox.faults(speaks="filter_batch")
    answer = daemon.get(ANALYSIS)
    assert answer.status == 200 and len(answer.json()["results"]) == 250
    assert sandbox.counts()["filter_batch"] == 1
    sandbox.reset_counts()
    assert daemon.get("/v1/batches/agent-20-30-2/analysis").status == 200
    assert sandbox.counts() == {"status": 1, "filter_batch": 1}
    chosen = daemon.post(f"/api/batch/{BATCH}/filter_batch", {"filter": ["approved"]})
    assert chosen.json() == daemon.get(ANALYSIS + "?filter=approved").json()


def test_an_upstream_that_names_videos_only_when_asked_is_asked(sandbox, daemon):
    sandbox.faults(lists_videos="on-request")
    answer = daemon.get(ANALYSIS)
    assert answer.status == 200 and len(answer.json()["results"]) == 250
    sandbox.reset_counts()
    assert daemon.get("/v1/batches/agent-20-30-2/analysis").status == 200
    assert sandbox.counts()["status"] == 1  # remembered


def test_a_completed_batch_that_never_names_its_videos_is_an_upstream_failure(sandbox, start):
    sandbox.faults(lists_videos="never")
    daemon = start("--upstream-retries", "0")
    answer = daemon.get(ANALYSIS)
    assert answer.status == 502 and "videos" in answer.json()["detail"]
    sandbox.faults(lists_videos="always")
    assert daemon.get(ANALYSIS).status == 200


def test_kill_9_while_fetching_loses_nothing_that_was_stored(sandbox, start, tmp_path):
    data = tmp_path / "data"
    daemon = start()
    kept = daemon.get(ANALYSIS).body
    daemon.kill()
    for round_ in range(6):
        daemon = Daemon(data, sandbox, "--upstream-chunk-size", "5", "--upstream-max-parallel", "2")
        seen = int(sandbox.counts().get("bulk", 0))
        worker = threading.Thread(target=lambda d=daemon: _ignore(lambda: d.get("/v1/batches/agent-900-4000-9/analysis")))
        worker.start()
        while int(sandbox.counts().get("bulk", 0)) < seen + 5 + round_ * 12:
            pass
        daemon.kill()
        worker.join()
        listed = subprocess.run(
            ["python3", "-c", "import sqlite3,sys; print(sqlite3.connect(sys.argv[1]).execute('PRAGMA integrity_check').fetchone()[0])", str(data / "cache.db")],
            capture_output=True, text=True, check=True,
        )
        assert listed.stdout.strip() == "ok"
    offline = start("--offline", upstream=None)
    assert offline.get(ANALYSIS).body == kept
    assert [b["batch_id"] for b in offline.get("/v1/batches").json()["batches"]] in ([BATCH], [BATCH, "agent-900-4000-9"])


def _ignore(call):
    try:
        call()
    except OSError:
        pass


@pytest.mark.skipif(shutil.which("strace") is None, reason="strace is not installed")
def test_offline_opens_no_connection(sandbox, start, tmp_path):
    daemon = start()
    stored = daemon.get(ANALYSIS)
    assert daemon.stop() == 0
    offline = start("--offline", upstream=None)
    trace = tmp_path / "trace"
    tracer = subprocess.Popen(
        ["strace", "-f", "-e", "trace=connect,sendto,sendmsg", "-o", str(trace), "-p", str(offline.process.pid)],
        stderr=subprocess.PIPE, text=True,
    )
    while "attached" not in tracer.stderr.readline():
        pass
    hit = offline.get(ANALYSIS)
    assert hit.body == stored.body
    assert hit.headers["cache-status"].endswith("detail=offline")
    miss = offline.get("/v1/batches/ask-1-2-3/analysis")
    assert miss.status == 504 and miss.json()["nearest"] == BATCH
    assert offline.get(f"/api/batch/ask-1-2-3/status", {"X-Client-Type": "SDK"}).status == 424
    assert offline.post("/api/upload-video", {}).status == 504
    assert offline.post("/api/keys/verify", {}, {"X-Client-Type": "SDK"}).status == 424
    refusal = offline.post(f"/v1/batches/{BATCH}/refresh", {})
    assert refusal.status == 504 and f"{BATCH} is stored here, but" in refusal.json()["detail"]
    tracer.send_signal(signal.SIGINT)
    tracer.wait()
    assert "connect(" not in trace.read_text()


def test_framing_that_could_be_read_two_ways_is_refused(daemon):
    start = b"POST /api/x HTTP/1.1\r\nHost: localhost\r\n"
    for bad in [
        start + b"Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc",
        start + b"Content-Length: 3, 3\r\n\r\nabc",
        start + b"Content-Length: +3\r\n\r\nabc",
        start + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        start + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        start + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        start + b"X: a\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nHost: localhost\n\n",
        b"GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ]:
        answer = daemon.raw(bad)
        assert answer.startswith(b"HTTP/1.1 400 "), (bad, answer)
        assert b"Connection: close" in answer


def test_limits(daemon):
    assert daemon.raw(b"GET /" + b"a" * 70000).startswith(b"HTTP/1.1 414 ")
    assert daemon.raw(b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"a" * 70000).startswith(b"HTTP/1.1 431 ")
    head = b"POST /api/batch/b/filter_batch HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n"
    assert daemon.raw(head).startswith(b"HTTP/1.1 413 ")


def test_pipelined_requests_are_answered_in_order(daemon):
    one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Request-ID: r%d\r\n\r\n"
    answer = daemon.raw(b"".join(one % i for i in range(20)))
    assert re.findall(rb"X-Request-ID: r(\d+)", answer) == [b"%d" % i for i in range(20)]


def test_a_strangers_host_or_origin_is_refused(daemon):
    assert daemon.get("/healthz", {"Host": "evil.example"}).status == 421
    assert daemon.get("/healthz", {"Host": "localhost:8765"}).status == 200
    assert daemon.post(ANALYSIS.replace("analysis", "refresh"), {}, {"Origin": "https://evil.example"}).status == 403


def test_without_disk_space_it_passes_through_and_says_so(sandbox, start):
    daemon = start("--cache-min-free-disk", "900 TiB")
    for _ in range(2):
        answer = daemon.get(ANALYSIS)
        assert answer.status == 200 and len(answer.json()["results"]) == 250
        assert answer.headers["cache-status"] == "nomadic-cached; fwd=miss"
    assert daemon.get("/v1/batches").json()["batches"] == []
    assert "cache.min_free_disk" in daemon.output()
    ids = [f"vid1-{i:06}" for i in range(100)]
    bulk = daemon.post(f"/api/batch/{BATCH}/analyses/bulk", {"video_ids": ids})
    assert len(bulk.json()["analyses"]) + len(bulk.json()["unresolved_video_ids"]) == 100


def test_large_answers_go_through_a_file_and_are_whole(sandbox, start):
    small = start("--cache-spool-threshold", "1 KiB", "--cache-hot-bytes", "0")
    large = start("--cache-spool-threshold", "1 GiB", data_dir=small.process.args[5] + "2")
    assert small.get(ANALYSIS).body == large.get(ANALYSIS).body


def test_commands(sandbox, daemon, tmp_path):
    def command(*arguments):
        return run(*arguments, "--server", daemon.url)

    got = command("get", BATCH, "--filter", "approved", "--csv")
    assert got.returncode == 0
    assert got.stdout.encode() == daemon.get(ANALYSIS + "?filter=approved&format=csv").body.replace(b"\r\n", b"\n")
    for name in ("json", "csv", "ndjson", "geojson"):
        daemons = daemon.get(f"{ANALYSIS}?format={name}").body.replace(b"\r\n", b"\n")
        assert command("get", BATCH, "--format", name).stdout.encode() == daemons
        assert command("get", BATCH, f"--{name}").stdout.encode() == daemons
    unknown = command("get", BATCH, "--format", "xml")
    assert unknown.returncode == 2 and "json, csv, ndjson, geojson" in unknown.stderr
    assert command("get", BATCH, "--csv", "--format", "json").returncode == 2
    assert command("get", BATCH, "--json", "--csv").returncode == 2
    out = tmp_path / "out.json"
    assert command("get", BATCH, "-o", str(out)).returncode == 0
    assert out.read_bytes() == daemon.get(ANALYSIS).body
    assert BATCH in command("ls").stdout
    assert f'"batch_id":"{BATCH}"' in command("ls", "--json").stdout
    assert command("get", "nope").returncode == 3
    assert command("get", BATCH, "--filter", "nope").returncode == 2
    assert command("get").returncode == 2
    assert command("prefetch", "ask-3-9-1", "ask-2-4-1").stdout == "ask-3-9-1: 3 videos, 9 events\nask-2-4-1: 2 videos, 4 events\n"
    assert command("prefetch", "nope").returncode == 3
    assert command("refresh", "ask-3-9-1").stdout.endswith("unchanged\n")
    sandbox.review("ask-3-9-1", review_status="reviewed")
    assert command("refresh", "ask-3-9-1").stdout.endswith(", changed\n")
    assert len(command("log", "ask-3-9-1").stdout.splitlines()) == 2
    assert "review_status: in_review -> reviewed" in command("diff", "ask-3-9-1").stdout
    assert '"review_status":{"from"' in command("diff", "ask-3-9-1", "--json").stdout
    assert command("diff", "ask-3-9-1", "--csv").stdout.splitlines()[1] == "review_status,,,,in_review,reviewed"
    newest = command("log", "ask-3-9-1").stdout.split()[0]
    assert "nothing has changed" in command("diff", "ask-3-9-1", "--from", newest, "--to", newest).stdout
    shown = command("show", "ask-3-9-1")
    assert shown.returncode == 0 and "3 videos, 9 events" in shown.stdout and "events are pending" in shown.stdout
    assert '"batch_id":"ask-3-9-1"' in command("show", "--json", "ask-3-9-1").stdout
    assert command("show", "never-read").returncode == 3
    assert command("ensure", "ask-3-9-1").returncode == 0
    assert command("ensure", "ask-3-9-1", "never-read").returncode == 5
    assert '"offline":false' in command("stats", "--json").stdout
    pinned = lambda: daemon.get("/v1/batches/ask-3-9-1").json()["pinned"]
    assert command("pin", "ask-3-9-1").stdout == "ask-3-9-1: stays\n" and pinned() is True
    assert command("unpin", "ask-3-9-1").returncode == 0 and pinned() is False
    assert command("pin", "ask-3-9-1").returncode == 0 and command("pin", "--remove", "ask-3-9-1").returncode == 0 and pinned() is False
    assert command("pin", "nobody").returncode == 3
    assert command("purge", "ask-3-9-1").stdout == "ask-3-9-1: removed\n"
    assert command("purge", "ask-3-9-1").returncode == 3
    sandbox.faults(error_every=1)
    assert command("get", "agent-2-2-2").returncode == 4
    nobody = run("ls", "--server", "http://127.0.0.1:9")
    assert nobody.returncode == 1 and "nomadic-cached serve" in nobody.stderr
    assert run("config").returncode == 0
    assert run("config", "--upstream-retries", "99").returncode == 2
    assert run("version").stdout.startswith("nomadic-cached ")


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.mark.parametrize("name, trusted, status", [("good", True, 200), ("good", False, 502), ("other", True, 502)])
def test_the_upstreams_certificate_is_verified(start, authority, name, trusted, status):
    certificate, key = authority.issue(name, "IP:127.0.0.1,DNS:localhost" if name == "good" else "DNS:other.example")
    upstream = Sandbox("--tls-certificate", str(certificate), "--tls-key", str(key))
    flags = ["--upstream-ca-file", str(authority.pem)] if trusted else []
    daemon = start(*flags, "--upstream-retries", "0", upstream=upstream)
    answer = daemon.get(ANALYSIS)
    assert answer.status == status, answer.body
    if status == 502:
        assert "TLS" in answer.json()["detail"]
    upstream.kill()


def test_prefetch_reports_each_batch_as_it_comes(daemon):
    answer = daemon.post("/v1/prefetch", {"batch_ids": ["ask-3-9-1", "nope", "agent-2-4-1"]})
    assert answer.headers["content-type"] == "text/event-stream"
    events = [dict(line.split(": ", 1) for line in block.splitlines()) for block in answer.body.decode().strip().split("\n\n")]
    told = [(event["event"], json.loads(event["data"])) for event in events]
    told = [(event, data) for event, data in told if data.get("state") != "fetching"]  # of one that takes its time
    assert [event for event, _ in told] == ["progress", "progress", "progress", "done"]
    states = [data for _, data in told]
    assert [(s["batch_id"], s["state"]) for s in states[:3]] == [
        ("ask-3-9-1", "stored"), ("nope", "failed"), ("agent-2-4-1", "stored")]
    assert states[3] == {"stored": 2, "failed": 1}
    assert [b["batch_id"] for b in daemon.get("/v1/batches").json()["batches"]] == ["agent-2-4-1", "ask-3-9-1"]
    assert daemon.post("/v1/prefetch", {"batches": []}).status == 400


def test_encodings(daemon):
    plain = daemon.get(ANALYSIS)
    packed = daemon.get(ANALYSIS, {"Accept-Encoding": "gzip"})
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < len(plain.body) / 3
    assert gzip.decompress(packed.body) == plain.body
    assert packed.headers["etag"] != plain.headers["etag"]
    assert "Accept-Encoding" in packed.headers["vary"] and "Accept-Encoding" in plain.headers["vary"]
    assert daemon.get(ANALYSIS, {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}).status == 304
    assert daemon.get(ANALYSIS, {"Accept-Encoding": "gzip;q=0, identity"}).body == plain.body
    best = daemon.get(ANALYSIS, {"Accept-Encoding": "gzip;q=0.5, zstd"})
    assert best.headers["content-encoding"] == "zstd" and best.body.startswith(b"\x28\xb5\x2f\xfd")


def test_metrics_and_status(daemon):
    daemon.get(ANALYSIS)
    daemon.get(ANALYSIS)
    metrics = daemon.get("/metrics")
    assert metrics.headers["content-type"].startswith("text/plain; version=0.0.4")
    text = metrics.body.decode()
    route = 'route="/v1/batches/{batch_id}/analysis"'
    assert re.search(r'nomadic_cached_requests_total\{cache="hit",' + re.escape(route) + r',status="200"\} 1', text)
    assert re.search(r'nomadic_cached_requests_total\{cache="miss",' + re.escape(route) + r',status="200"\} 1', text)
    status = daemon.get("/v1/status").json()
    assert status["offline"] is False and status["store"]["bytes"] > 0 and status["version"]
    assert daemon.get("/openapi.json").json()["openapi"].startswith("3.")
