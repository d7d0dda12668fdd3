"""The daemon's own endpoints: statuses, headers, formats, errors."""

import concurrent.futures
import csv
import io
import json
import signal
import socket

import pandas
import pytest

from harness import run

BATCH = "ask-12-80-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"


def test_a_miss_is_stored_and_then_hit(sandbox, daemon):
    miss = daemon.get(ANALYSIS)
    assert miss.status == 200
    assert miss.headers["cache-status"] == "nomadic-cached; fwd=miss; stored"
    hit = daemon.get(ANALYSIS)
    assert hit.headers["cache-status"].startswith("nomadic-cached; hit; ttl=")
    assert hit.body == miss.body
    assert sandbox.counts() == {"status": 1, "bulk": 1}
    for name in ("date", "x-content-type-options", "etag", "age", "last-modified", "cache-control", "vary", "x-snapshot", "x-request-id", "server-timing"):
        assert name in hit.headers
    assert int(hit.headers["x-total-count"]) == sum(len(r["events"]) for r in hit.json()["results"])


@pytest.mark.parametrize(
    "method, path",
    [("GET", ""), ("DELETE", ""), ("POST", "/refresh"), ("PUT", "/pin"), ("DELETE", "/pin"), ("GET", "/snapshots"), ("GET", "/explain")],
)
def test_a_parameter_that_would_have_no_effect_is_refused(daemon, method, path):
    assert daemon.get(ANALYSIS).status == 200
    refused = daemon.request(method, f"/v1/batches/{BATCH}{path}?dry_run=true")
    assert refused.status == 400 and "takes no parameters" in refused.json()["detail"]
    assert daemon.get(f"/v1/batches/{BATCH}").json()["pinned"] is False
    for other in ("/v1/status", "/v1/verify"):
        assert daemon.get(other + "?x=1").status == 400 and daemon.get(other + "?").status == 200
    assert daemon.post("/v1/prefetch?wait=true", {"batch_ids": [BATCH]}).status == 400
    assert daemon.get("/healthz?probe=1").status == 200  # whoever probes adds what they like


def test_fifty_cold_requests_are_one_fetch(sandbox, daemon):
    sandbox.faults(latency_ms=100)
    batch = "agent-350-900-1"
    ids = [f"vid1-{i:06}" for i in range(350)]

    def ask(number):
        if number % 5 == 1:
            return daemon.get(f"/api/batch/{batch}/status")
        if number % 5 == 2:
            return daemon.post(f"/api/batch/{batch}/analyses/bulk?include_source_uri=true", {"video_ids": ids[:100]})
        if number % 5 == 3:
            return daemon.post(f"/api/batch/{batch}/filter_batch", {"filter": ["approved"]})
        return daemon.get(f"/v1/batches/{batch}/analysis?filter=approved" + ("&as_csv=true" if number % 2 else ""))

    with concurrent.futures.ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(ask, range(50)))
    assert [a.status for a in answers] == [200] * 50
    assert sandbox.counts() == {"status": 1, "bulk": 4}


@pytest.mark.parametrize(
    "query, status, says",
    [
        ("?filter=Approved", 422, "'Approved'"),
        ("?filter=", 422, "approved, rejected, pending, invalid"),
        ("?filter=approved,done", 422, "'done'"),
        ("?colour=red", 400, "'colour'"),
        ("?as_of=yesterday", 400, "as_of"),
        ("?as_of=-1", 400, "as_of"),
        ("?format=xml", 400, "'xml'"),
        ("?as_csv=perhaps", 400, "as_csv"),
        ("?as_csv=true&format=json", 400, "contradict"),
        ("?as_csv=true&columns=Wheels", 400, "Wheels"),
        ("?min_confidence=high", 400, "min_confidence"),
        ("?min_confidence=nan", 400, "min_confidence"),
        ("?q=%zz", 400, "percent"),
        ("?as_of=99999", 404, "snapshots"),
    ],
)
def test_a_bad_request_says_what_is_wrong(daemon, query, status, says):
    answer = daemon.get(ANALYSIS + query)
    assert answer.status == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status and says in problem["detail"]
    assert problem["instance"] == ANALYSIS + query
    assert problem["title"] and problem["type"]


def test_filters_and_formats_agree_with_each_other(daemon):
    everything = daemon.get(ANALYSIS).json()
    events = [(r["video_id"], e) for r in everything["results"] for e in r["events"]]
    wanted = [e for e in events if e[1]["approval"] in ("approved", "invalid")]
    assert 0 < len(wanted) < len(events)
    chosen = daemon.get(ANALYSIS + "?filter=approved&filter=invalid")
    assert [(r["video_id"], e) for r in chosen.json()["results"] for e in r["events"]] == wanted
    assert daemon.get(ANALYSIS + "?filter=approved,invalid").body == chosen.body
    lines = daemon.get(ANALYSIS + "?filter=approved,invalid&format=ndjson")
    assert lines.headers["content-type"].startswith("application/x-ndjson")
    rows = [json.loads(line) for line in lines.body.decode().splitlines()]
    assert [r["video_id"] for r in rows] == [video for video, _ in wanted]
    table = daemon.get(ANALYSIS + "?filter=approved,invalid", {"Accept": "text/csv"})
    assert daemon.get(ANALYSIS + "?filter=approved,invalid", {"Accept": "text/*"}).body == table.body
    assert table.headers["content-type"].startswith("text/csv")
    records = list(csv.DictReader(io.StringIO(table.body.decode(), newline="")))
    assert [r["Video ID"] for r in records] == [video for video, _ in wanted]
    assert [r["AI Analysis"] for r in records] == [e.get("aiAnalysis", "") for _, e in wanted]
    assert table.headers["x-total-count"] == str(len(wanted))


def test_the_documented_csv_reads_back_in_pandas(daemon):
    events = [(r["video_id"], e) for r in daemon.get(ANALYSIS).json()["results"] for e in r["events"]]
    table = pandas.read_csv(daemon.url + ANALYSIS + "?as_csv=true", keep_default_na=False, dtype=str)
    assert list(table.columns) == (
        "Query,Video,Approval Status,Timestamp,Category,Label,AI Analysis,Severity,Video ID,Analysis ID,Batch ID,"
        "Batch Viewer URL,Status,Confidence,Annotated Thumbnail URL,Import Source URI,Summary"
    ).split(",")
    assert list(table["Video ID"]) == [video for video, _ in events]
    assert list(table["AI Analysis"]) == [e.get("aiAnalysis", "") for _, e in events]
    assert [float(text) for text in table["Confidence"] if text] == [e["confidence"] for _, e in events if "confidence" in e]


def test_narrowing(daemon):
    everything = daemon.get(ANALYSIS).json()
    events = [(r["video_id"], e) for r in everything["results"] for e in r["events"]]
    some = daemon.get(ANALYSIS + "?category=Near%20Miss&category=Cut-in&severity=high").json()
    assert [e for r in some["results"] for e in r["events"]] == [
        e for _, e in events if e.get("category") in ("Near Miss", "Cut-in") and e.get("severity") == "high"
    ]
    one = daemon.get(ANALYSIS + "?video_id=vid1-000003").json()
    assert [r["video_id"] for r in one["results"]] == ["vid1-000003"]
    found = daemon.get(ANALYSIS + "?q=PEDESTRIAN").json()
    assert all(
        "pedestrian" in (e.get("label", "") + e.get("category", "") + e.get("aiAnalysis", "")).lower()
        for r in found["results"]
        for e in r["events"]
    )


def test_facets_count_what_the_analysis_holds(daemon):
    events = [(r["video_id"], e) for r in daemon.get(ANALYSIS).json()["results"] for e in r["events"]]
    facets = daemon.get(f"/v1/batches/{BATCH}/facets").json()
    assert set(facets) == {"approval", "category", "severity", "video_id"}
    for name in facets:
        assert sum(facets[name].values()) == len(events)
    for video in {video for video, _ in events}:
        assert facets["video_id"][video] == sum(1 for v, _ in events if v == video)
    high = daemon.get(f"/v1/batches/{BATCH}/facets?severity=high&filter=approved").json()
    assert set(high["severity"]) == {"high"} and set(high["approval"]) == {"approved"}
    assert high["approval"]["approved"] == sum(1 for _, e in events if (e.get("severity"), e["approval"]) == ("high", "approved"))


def test_conditional_requests(daemon):
    first = daemon.get(ANALYSIS)
    unchanged = daemon.get(ANALYSIS, {"If-None-Match": first.headers["etag"]})
    assert (unchanged.status, unchanged.body) == (304, b"")
    assert unchanged.headers["etag"] == first.headers["etag"]
    assert daemon.get(ANALYSIS, {"If-None-Match": '"other", W/' + first.headers["etag"]}).status == 304
    assert daemon.get(ANALYSIS, {"If-None-Match": '"other"'}).status == 200
    assert daemon.get(ANALYSIS, {"If-Modified-Since": first.headers["last-modified"]}).status == 304
    assert daemon.get(ANALYSIS + "?filter=approved").headers["etag"] != first.headers["etag"]


def test_head_has_the_headers_of_get(daemon):
    get = daemon.get(ANALYSIS)
    head = daemon.request("HEAD", ANALYSIS)
    assert head.body == b""
    for name in ("etag", "content-length", "content-type", "x-total-count"):
        assert head.headers[name] == get.headers[name]


def test_a_running_batch_is_409_and_never_stored(sandbox, daemon):
    answer = daemon.get("/v1/batches/running-1000-ask-10-50-1/analysis")
    assert answer.status == 409
    assert answer.json()["batch_status"] == "processing"
    assert answer.json()["progress"]["total"] == 10
    assert int(answer.headers["retry-after"]) >= 1
    partial = daemon.get("/v1/batches/running-1000-ask-10-50-1/analysis?allow_partial=true")
    assert partial.status == 200 and len(partial.json()["results"]) == 10
    assert "x-snapshot" not in partial.headers
    assert daemon.get("/v1/batches/failed-ask-10-50-1/analysis").status == 409
    assert daemon.get("/v1/batches").json()["batches"] == []


def test_polling_a_running_batch_asks_the_upstream_once_an_interval(sandbox, start):
    daemon = start("--upstream-poll-interval", "1h")
    for _ in range(20):
        assert daemon.get("/api/batch/running-1000-ask-10-50-1/status").json()["status"] == "processing"
    assert sandbox.counts() == {"status": 1}


def test_upstreams_refusals_are_the_answer(daemon):
    unknown = daemon.get("/v1/batches/nope/analysis")
    assert unknown.status == 404 and "nope" in unknown.json()["detail"]


def test_a_refused_key_is_401(start):
    daemon = start(key="bad-key")
    answer = daemon.get(ANALYSIS)
    assert answer.status == 401
    assert "bad-key" not in answer.body.decode() + daemon.output()


def test_without_any_key_401_says_what_to_do(start):
    daemon = start(key=None)
    answer = daemon.get(ANALYSIS)
    assert answer.status == 401 and "X-API-Key" in answer.json()["detail"]
    contradictory = daemon.get(ANALYSIS, {"X-API-Key": "alice-1", "Authorization": "Bearer mallory-1"})
    assert contradictory.status == 401


def test_listing_and_removing(daemon):
    for number in range(5):
        daemon.get(f"/v1/batches/ask-3-9-{number}/analysis")
    first = daemon.get("/v1/batches?limit=3").json()
    second = daemon.get("/v1/batches?limit=3&cursor=" + first["next_cursor"]).json()
    ids = [batch["batch_id"] for batch in first["batches"] + second["batches"]]
    assert ids == [f"ask-3-9-{number}" for number in range(5)]
    assert second["next_cursor"] is None
    one = daemon.get("/v1/batches/ask-3-9-2").json()
    assert one == first["batches"][2] | {"freshness": one["freshness"], "thumbnails": one["thumbnails"]}
    assert one["videos"] == 3 and sum(one["approvals"].values()) == one["events"] == 9
    assert daemon.request("DELETE", "/v1/batches/ask-3-9-2").json()["removed"] is True
    assert daemon.get("/v1/batches/ask-3-9-2").status == 404
    assert daemon.request("DELETE", "/v1/batches/ask-3-9-2").status == 404


def test_a_review_is_seen_after_a_refresh_and_history_keeps_what_was(sandbox, daemon):
    before = daemon.get(ANALYSIS)
    approvals = [e["approval"] for e in before.json()["results"][0]["events"]]
    changed = "rejected" if approvals[0] != "rejected" else "approved"
    sandbox.review(BATCH, video=0, event=0, approval=changed)
    assert daemon.get(ANALYSIS).body == before.body
    refreshed = daemon.post(f"/v1/batches/{BATCH}/refresh", {})
    assert refreshed.status == 200 and refreshed.json()["changed"] is True
    after = daemon.get(ANALYSIS)
    assert after.json()["results"][0]["events"][0]["approval"] == changed
    snapshots = daemon.get(f"/v1/batches/{BATCH}/snapshots").json()["snapshots"]
    assert daemon.get(f"/v1/batches/{BATCH}").json()["snapshots"] == 2
    assert [s["changed"] for s in snapshots] == [1, 12]
    old = daemon.get(ANALYSIS + f"?as_of={snapshots[1]['snapshot']}")
    assert old.body == before.body
    assert daemon.get(ANALYSIS + "?as_of=" + snapshots[0]["fetched_at"]).body == after.body
    diff = daemon.get(f"/v1/batches/{BATCH}/diff").json()
    assert diff == refreshed.json()["diff"]
    assert (diff["from"], diff["to"]) == (snapshots[1]["snapshot"], snapshots[0]["snapshot"])
    (change,) = diff["approvals"]
    assert (change["video_id"], change["from"], change["to"]) == ("vid1-000000", approvals[0] or "pending", changed)
    assert diff["added"] == diff["removed"] == diff["changed"] == []
    assert diff["metadata"] is None and diff["review_status"] is None
    back = daemon.get(f"/v1/batches/{BATCH}/diff?from={diff['to']}&to={diff['from']}").json()
    assert (back["approvals"][0]["from"], back["approvals"][0]["to"]) == (changed, approvals[0] or "pending")
    sandbox.review(BATCH, review_status="reviewed")
    again = daemon.post(f"/v1/batches/{BATCH}/refresh", {}).json()
    assert again["diff"]["review_status"] == {"from": "in_review", "to": "reviewed"}
    assert daemon.get(f"/v1/batches/{BATCH}/diff?from=1h").status == 400
    assert daemon.get(f"/v1/batches/{BATCH}/diff?from=999").status == 404


def test_a_write_through_the_daemon_is_seen_by_the_very_next_read(daemon):
    daemon.get(ANALYSIS)
    written = daemon.post(f"/api/batch/{BATCH}/metadata", {"metadata": json.dumps({"site": "north"})})
    assert written.status == 200
    assert daemon.get(ANALYSIS).json()["batch_metadata"]["metadata"] == {"site": "north"}


def test_a_write_to_a_video_makes_its_batches_ask_again(sandbox, daemon):
    daemon.get(ANALYSIS)
    sandbox.reset_counts()
    assert daemon.post("/api/videos/vid1-000002/analyses/an-vid1-000002/generate-thumbnails", {}).status == 200
    assert daemon.get(ANALYSIS).headers["cache-status"].startswith("nomadic-cached; fwd=stale")
    assert sandbox.counts() == {"thumbnails": 1, "status": 1, "bulk": 1}


def test_request_directives(sandbox, daemon):
    assert daemon.get(ANALYSIS, {"Cache-Control": "only-if-cached"}).status == 504
    assert sandbox.counts() == {}
    unstored = daemon.get(ANALYSIS, {"Cache-Control": "no-store"})
    assert unstored.status == 200 and "stored" not in unstored.headers["cache-status"]
    assert daemon.get(ANALYSIS, {"Cache-Control": "only-if-cached"}).status == 504
    stored = daemon.get(ANALYSIS)
    assert stored.body == unstored.body
    assert daemon.get(ANALYSIS, {"Cache-Control": "only-if-cached"}).status == 200
    sandbox.reset_counts()
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).headers["cache-status"].startswith("nomadic-cached; fwd=")
    assert sandbox.counts() == {"status": 1, "bulk": 1}


def test_the_disk_quota_evicts_what_was_read_longest_ago(sandbox, start):
    daemon = start("--cache-disk-quota", "3 MiB")
    for number in range(12):
        assert daemon.get(f"/v1/batches/ask-40-1500-{number}/analysis").status == 200
    kept = [b["batch_id"] for b in daemon.get("/v1/batches").json()["batches"]]
    assert "ask-40-1500-11" in kept and 0 < len(kept) < 12
    assert daemon.get("/v1/batches/ask-40-1500-0/analysis").status == 200


def test_systemd_is_told_when_it_is_ready_and_when_it_stops(start, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.settimeout(30)
        listener.bind(str(tmp_path / "notify"))
        daemon = start(environment={"NOTIFY_SOCKET": str(tmp_path / "notify")})
        assert b"READY=1" in listener.recv(4096)
        assert daemon.stop() == 0
        assert b"STOPPING=1" in listener.recv(4096)


def test_sighup_reloads_the_log_level_and_keeps_serving(start, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[log]\nlevel = 'info'\n")
    daemon = start("--config", str(config))
    config.write_text("[log]\nlevel = 'nonsense'\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for("was not reloaded")
    config.write_text("[log]\nlevel = 'debug'\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for("was reloaded")
    assert daemon.get("/healthz").status == 200


def test_a_unix_socket_serves_too_and_goes_with_the_daemon(start, tmp_path):
    path = tmp_path / "socket"
    daemon = start("--server-unix-socket", str(path))
    assert run("get", BATCH, "--csv", "--server", f"unix:{path}").returncode == 0
    assert BATCH in run("ls", "--server", f"unix:{path}").stdout
    assert daemon.stop() == 0
    assert not path.exists()


def test_health(daemon):
    assert daemon.get("/healthz").json() == {"status": "ok"}
    assert daemon.get("/readyz").json() == {"status": "ready"}
    assert daemon.get("/nowhere").status == 404
    wrong = daemon.request("PUT", "/healthz")
    assert wrong.status == 405 and wrong.headers["allow"] == "GET, HEAD"


def test_a_request_id_is_echoed_when_it_is_sane(daemon):
    assert daemon.get("/healthz", {"X-Request-ID": "abc-1.2"}).headers["x-request-id"] == "abc-1.2"
    assert daemon.get("/healthz", {"X-Request-ID": 'a"b'}).headers["x-request-id"] != 'a"b'


def test_drop_in_edges(sandbox, daemon):
    ids = [f"vid1-{i:06}" for i in range(12)]
    bulk = f"/api/batch/{BATCH}/analyses/bulk"
    with_uri = daemon.post(bulk + "?include_source_uri=true", {"video_ids": ids}).json()
    without = daemon.post(bulk, {"video_ids": list(reversed(ids)) + ["nobody"]}).json()
    assert any("import_source_uri" in item for item in with_uri["analyses"])
    assert without["unresolved_video_ids"] == ["nobody"]
    assert [{k: v for k, v in item.items() if k != "import_source_uri"} for item in with_uri["analyses"]] == list(
        reversed(without["analyses"])
    )
    assert "videos" not in daemon.get(f"/api/batch/{BATCH}/status?include_videos=false").json()
    for malformed in ({}, {"video_ids": "x"}, [], {"video_ids": [f"v{i}" for i in range(501)]}):
        assert daemon.post(bulk, malformed).body == sandbox.post(bulk, malformed, {"X-API-Key": "alice"}).body
    assert daemon.post(f"/api/batch/{BATCH}/filter_batch", {"filter": ["approved"]}).json() == daemon.get(
        ANALYSIS + "?filter=approved"
    ).json()
