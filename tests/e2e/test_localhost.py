"""The machine's other users and its web pages: no state changes by GET, and every answer says that it is data."""

import json
import pathlib

import pytest

ROUTES = json.loads((pathlib.Path(__file__).resolve().parents[2] / "docs/openapi.json").read_text())["paths"]
BATCH = "ask-3-9-1"


def targets():
    """Every documented path, whatever methods it is made for, and some of what only passes through."""
    for path in ROUTES:
        if path.endswith("/events-stream"):
            continue  # whoever reads it never comes to its end; test_conformance.py looks at its head
        yield path.replace("{batch_id}", BATCH)
    yield from (f"/api/batch/{BATCH}/metadata", "/api/upload-video", "/api/keys/verify", "/api/my-videos")


def state_of(daemon):
    batches = daemon.get("/v1/batches").json()["batches"]
    return [(batch["batch_id"], batch["fetched_at"], batch["validated_at"]) for batch in batches]


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_no_state_changes_by_a_safe_method(daemon, sandbox, method):
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    before = state_of(daemon)
    for target in targets():
        daemon.request(method, target, headers={"X-HTTP-Method-Override": "DELETE", "X-Method-Override": "DELETE"})
        daemon.request(method, f"{target}?_method=DELETE")
    assert state_of(daemon) == before
    assert set(sandbox.counts()) <= {"status", "bulk", "filter_batch", "videos", "other"}, sandbox.counts()


def test_every_answer_of_our_own_says_that_it_is_data(daemon):
    for target in [*targets(), "/nothing", "/v1/batches/%zz/analysis", "/v1/batches/none/analysis"]:
        for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
            answer = daemon.request(method, target)
            if answer.headers.get("cache-status") == "nomadic-cached; fwd=bypass":
                continue  # the upstream's own
            assert answer.headers["x-content-type-options"] == "nosniff", (method, target)
            assert answer.headers["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
            assert answer.headers["cross-origin-resource-policy"] == "same-origin"
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "html" not in answer.headers.get("content-type", "")
            assert "access-control-allow-origin" not in answer.headers
    assert b"Content-Security-Policy" in daemon.raw(b"nonsense\r\n\r\n")


@pytest.mark.parametrize("fields, status", [
    ({"Origin": "https://evil.example"}, 403), ({"Origin": "null"}, 403), ({"Sec-Fetch-Site": "cross-site"}, 403),
    ({"Sec-Fetch-Site": "same-site"}, 403), ({"Origin": "http://localhost:1"}, 403), ({"Host": "evil.example"}, 421),
    ({"Host": "127.0.0.1.evil.example"}, 421), ({"Host": "localhost.evil.example"}, 421), ({"Host": "evil.example:localhost"}, 421),
    ({"Sec-Fetch-Site": "none"}, 200), ({"Sec-Fetch-Site": "same-origin"}, 200), ({}, 200),
])
def test_who_a_page_is_decides_for_every_route(daemon, fields, status):
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    for target in ("/v1/batches", "/healthz", f"/v1/batches/{BATCH}/analysis", f"/api/batch/{BATCH}/status", "/api/my-videos"):
        assert daemon.get(target, fields).status == status, target
    if status != 200:
        assert daemon.request("DELETE", f"/v1/batches/{BATCH}", headers=fields).status == status
        assert daemon.post(f"/api/batch/{BATCH}/metadata", {}, fields).status == status
