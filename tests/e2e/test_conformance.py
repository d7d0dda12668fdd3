"""Every kind of answer is good HTTP, by the judgement of others."""

import pytest

from conformance import Exchange, cache_status, complaints

BATCH = "ask-6-40-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"

READS = [
    ("GET", ANALYSIS, {}),
    ("GET", ANALYSIS + "?filter=approved&as_csv=true", {}),
    ("GET", ANALYSIS + "?format=ndjson", {}),
    ("GET", ANALYSIS + "?format=geojson", {}),
    ("GET", ANALYSIS, {"Accept": "text/csv"}),
    ("GET", ANALYSIS, {"Accept-Encoding": "gzip"}),
    ("GET", ANALYSIS, {"Cache-Control": "no-cache"}),
    ("GET", ANALYSIS, {"Cache-Control": "no-store, max-age=0"}),
    ("HEAD", ANALYSIS, {}),
    ("HEAD", ANALYSIS + "?as_csv=true", {}),
    ("GET", f"/v1/batches/{BATCH}/facets", {}),
    ("GET", f"/api/batch/{BATCH}/status", {}),
    ("HEAD", f"/api/batch/{BATCH}/status", {}),
]
OTHERS = [
    ("GET", "/v1/batches", 200),
    ("GET", f"/v1/batches/{BATCH}", 200),
    ("GET", f"/v1/batches/{BATCH}/snapshots", 200),
    ("GET", f"/v1/batches/{BATCH}/diff", 200),
    ("GET", f"/v1/batches/{BATCH}/diff?format=csv", 200),
    ("GET", f"/v1/batches/{BATCH}/explain", 200),
    ("GET", f"/v1/batches/{BATCH}/events-stream", 200),
    ("HEAD", f"/v1/batches/{BATCH}/events-stream", 200),
    ("POST", f"/v1/batches/{BATCH}/refresh", 200),
    ("GET", "/v1/status", 200),
    ("GET", "/metrics", 200),
    ("GET", "/healthz", 200),
    ("GET", "/readyz", 200),
    ("GET", "/openapi.json", 200),
    ("OPTIONS", ANALYSIS, 204),
    ("GET", ANALYSIS + "?colour=red", 400),
    ("GET", "/v1/batches/nope/analysis", 404),
    ("GET", "/nowhere", 404),
    ("PUT", ANALYSIS, 405),
    ("GET", "/v1/batches/running-1000-ask-3-9-1/analysis", 409),
    ("GET", "/v1/batches/failed-ask-3-9-1/analysis", 409),
    ("GET", ANALYSIS + "?filter=Approved", 422),
    ("GET", f"/v1/batches/never-{BATCH}/snapshots", 404),
    ("DELETE", f"/v1/batches/{BATCH}", 200),
]


@pytest.mark.parametrize("method, target, headers", READS)
def test_what_comes_from_the_cache(daemon, method, target, headers):
    for _ in range(2):
        exchange = Exchange(daemon, method, target, headers=headers)
        assert exchange.status == 200
        assert complaints(exchange) == []
        (cache, _), = cache_status(exchange)
        assert cache == "nomadic-cached"
    etag = exchange.field("etag")
    if etag:
        unchanged = Exchange(daemon, method, target, headers={"If-None-Match": etag, **headers})
        assert unchanged.status == 304
        assert complaints(unchanged) == []
        cache_status(unchanged)
        for name in ("etag", "vary", "cache-control", "date", "content-location"):
            assert unchanged.field(name) == exchange.field(name) or name in ("cache-control", "date")


@pytest.mark.parametrize("method, target, status", OTHERS)
def test_everything_else(daemon, method, target, status):
    daemon.get(ANALYSIS)
    exchange = Exchange(daemon, method, target)
    assert exchange.status == status
    assert complaints(exchange) == []
    assert exchange.field("date")


def test_what_fails(sandbox, start):
    daemon = start("--upstream-retries", "0", "--cache-fresh-pending", "0s", "--cache-stale-while-revalidate", "1h")
    daemon.get(ANALYSIS)
    sandbox.faults(error_every=1)
    behind = Exchange(daemon, "GET", ANALYSIS)
    assert cache_status(behind)[0][1]["detail"] == "stale-while-revalidate"
    assert complaints(behind) == []
    failed = Exchange(daemon, "GET", ANALYSIS, headers={"Cache-Control": "no-cache"})
    assert (failed.status, complaints(failed)) == (502, [])
    sandbox.faults(error_every=0, rate_limit_every=1, retry_after=120)
    limited = Exchange(daemon, "GET", "/v1/batches/ask-3-9-2/analysis")
    assert (limited.status, complaints(limited)) == (503, [])
    assert limited.field("retry-after")
    sandbox.faults(rate_limit_every=0, refuse=401)
    refused = Exchange(daemon, "GET", "/v1/batches/ask-3-9-2/analysis")
    assert (refused.status, complaints(refused)) == (401, [])
    missing = Exchange(daemon, "GET", "/v1/batches/ask-3-9-2/analysis", headers={"Cache-Control": "only-if-cached"})
    assert (missing.status, complaints(missing)) == (504, [])


def test_offline_and_passed_through(sandbox, start):
    daemon = start()
    daemon.get(ANALYSIS)
    written = Exchange(daemon, "POST", f"/api/batch/{BATCH}/metadata", {"metadata": "{}"})
    assert (written.status, complaints(written)) == (200, [])
    assert cache_status(written) == [("nomadic-cached", {"fwd": "bypass"})]
    assert daemon.stop() == 0
    offline = start("--offline")
    hit = Exchange(offline, "GET", ANALYSIS)
    assert cache_status(hit)[0][1]["detail"] == "offline"
    assert complaints(hit) == []
    missed = Exchange(offline, "GET", "/v1/batches/ask-3-9-2/analysis")
    assert (missed.status, complaints(missed)) == (504, [])
