"""Batches that can't be stored are held in memory, within bounds."""

SMALL, LARGE = "ask-6-24-3", "ask-300-4000-1"
NOT_STORED = ("--cache-disk-quota", "1 MiB", "--cache-min-free-disk", "0")


def metric(daemon, name):
    lines = daemon.get("/metrics").body.decode().splitlines()
    return next(float(line.split()[-1]) for line in lines if line.startswith(name + " "))


def assert_refused(answer):
    assert answer.status == 503 and int(answer.headers["retry-after"]) > 0
    problem = answer.json()
    assert problem["type"] == "urn:nomadic-cached:problem:no-room" and problem["batch_id"] == LARGE
    assert "cache.held_bytes" in problem["detail"]
    return problem["detail"]


def test_a_batch_too_large_to_be_stored_or_held_is_refused_and_let_go(start, sandbox):
    daemon = start(*NOT_STORED, "--cache-held-bytes", "1 MiB")
    sandbox.reset_counts()
    assert "cache.disk_quota" in assert_refused(daemon.get(f"/v1/batches/{LARGE}/analysis"))
    assert metric(daemon, "nomadic_cached_held_bytes") == 0
    assert daemon.get(f"/v1/batches/{SMALL}/analysis").status == 200

    # Those who ask once more soon do not have all of it fetched again.
    before = sandbox.counts()["bulk"]
    for _ in range(3):
        assert_refused(daemon.get(f"/v1/batches/{LARGE}/analysis?as_csv=true"))
    assert sandbox.counts()["bulk"] == before


def test_what_must_not_be_stored_is_held_within_the_same_bounds(start):
    daemon = start("--cache-held-bytes", "1 MiB")
    assert_refused(daemon.get(f"/v1/batches/{LARGE}/analysis", {"Cache-Control": "no-store"}))
    assert daemon.get(f"/v1/batches/{SMALL}/analysis", {"Cache-Control": "no-store"}).status == 200
    assert metric(daemon, "nomadic_cached_held_bytes") == 0
    assert daemon.get(f"/v1/batches/{LARGE}/analysis").headers["cache-status"].endswith("; stored")


def test_an_official_clients_requests_for_it_go_to_the_upstream(start, sandbox):
    daemon = start(*NOT_STORED, "--cache-held-bytes", "1 MiB")
    key = {"X-API-Key": "alice-key-0123456789"}
    asked = f"/api/batch/{LARGE}/status"
    direct, through = (server.get(asked, key) for server in (sandbox, daemon))
    assert through.status == 200 and through.json() == direct.json()
    assert through.headers["cache-status"] == "nomadic-cached; fwd=bypass"
    videos = [video["video_id"] for video in direct.json()["videos"][:3]]
    for path, body in (("analyses/bulk?include_source_uri=true", {"video_ids": videos}), ("filter_batch", {"filter": ["approved"]})):
        direct, through = (server.post(f"/api/batch/{LARGE}/{path}", body, key) for server in (sandbox, daemon))
        assert through.status == direct.status == 200 and through.json() == direct.json()
