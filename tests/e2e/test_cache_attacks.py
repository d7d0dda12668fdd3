"""What is done to caches: poisoning, deception, confusion of keys. One test for each kind of attack."""

import pytest

from upstreams import ApiUpstream, ask, connect, read_all, response, whole_batches

BATCH = "b-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
ALICE, BOB = {"X-API-Key": "alice"}, {"X-API-Key": "bob"}


@pytest.fixture
def upstream():
    it = ApiUpstream()
    yield it
    it.close()


@pytest.fixture
def daemon(start, upstream):
    return start("--upstream-retries", "0", upstream=upstream)


@pytest.fixture
def shared(start, upstream):
    """Each client has a key of its own."""
    return start("--upstream-retries", "0", upstream=upstream, key=None)


def batch_requests(upstream):
    return [asked for asked in upstream.asked if asked.path.startswith("/api/batch/")]


UNKEYED = {
    "X-Forwarded-Host": "evil.example", "X-Forwarded-For": "1.2.3.4", "X-Forwarded-Proto": "http", "Forwarded": "host=evil.example",
    "X-Original-URL": "/api/batch/other/status", "X-Rewrite-URL": "/api/batch/other/status", "X-HTTP-Method-Override": "DELETE",
    "Cookie": "session=evil", "Accept-Language": "xx", "User-Agent": "evil", "Origin-Override": "x", "Range": "bytes=0-3",
    "If-None-Match": '"x"', "If-Match": '"x"', "X-Org-Id": "evil", "Accept": "application/json, evil/evil", "X-Client-Type": "SDK",
}


def test_fields_that_are_no_part_of_the_key_do_not_reach_the_upstream_of_what_is_stored(daemon, upstream):
    poisoned = daemon.get(ANALYSIS, UNKEYED)
    assert poisoned.status == 206 and poisoned.body.startswith(b'{"b')  # Range is ours to answer
    drop_in = daemon.get("/api/batch/b-2/status", UNKEYED)
    assert drop_in.status == 200
    assert len(batch_requests(upstream)) == 4
    for asked in batch_requests(upstream):
        assert set(asked.fields) <= {"host", "user-agent", "accept", "accept-encoding", "via", "x-api-key", "authorization",
                                     "x-request-id", "content-type", "content-length"}
        assert b"evil" not in asked.head and asked.fields["user-agent"] == "nomadic-cached"
    assert daemon.get(ANALYSIS).json()["results"][0]["events"][0]["label"] == "seen"


def test_a_fat_get_changes_nothing(daemon, upstream):
    body = b'{"video_ids": ["other"], "filter": ["rejected"]}'
    for target in (ANALYSIS, f"/api/batch/{BATCH}/status"):
        fat = daemon.request("GET", target, body, {"Content-Type": "application/json"})
        assert fat.status == 200
        assert fat.body == daemon.get(target).body
    assert [asked.body for asked in batch_requests(upstream)] == [b"", b'{"video_ids":["v1"]}']
    # What follows the body is the next request, not a part of this one.
    head = f"GET {ANALYSIS} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    with connect(daemon) as client:
        client.sendall(head + body + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answers = read_all(client)
    assert answers.count(b"HTTP/1.1 200 OK") == 2 and b"HTTP/1.1 400" not in answers


@pytest.mark.parametrize(
    "query, status",
    [
        ("format=json&format=csv", 400),
        ("format=json&%66ormat=csv", 400),
        ("as_of=1&as_of=2", 400),
        ("as_csv=true&as_csv=false", 400),
        ("min_confidence=0&min_confidence=x", 400),
        ("filter=approved;format=csv", 422),
        ("filter=approved%26format=csv", 422),
        ("filter[]=approved", 400),
        ("Filter=approved", 400),
        ("utm_content=x;filter=approved", 400),
        ("callback=evil", 400),
        ("filter=approved%00", 400),
    ],
)
def test_a_query_that_two_readers_could_understand_differently_is_refused(daemon, query, status):
    refused = daemon.get(f"{ANALYSIS}?{query}")
    assert refused.status == status and refused.headers["cache-control"] == "no-store"
    assert daemon.get("/v1/batches?limit=1&limit=2").status == 400


def test_equal_questions_have_one_answer_and_others_another(daemon):
    same = ["filter=approved&filter=pending", "filter=pending,approved", "fil%74er=approved,pending", "filter=approved%2Cpending"]
    assert len({daemon.get(f"{ANALYSIS}?{query}").headers["etag"] for query in same}) == 1
    # Values with the separators that a careless key would use.
    others = ["category=a&category=b", "category=a%2Cb", "category=ab", "category=a&label=b", "category=a%26label%3Db",
              "category=a%7Cb", "category=1%3Aa", "label=a&label=b", "q=a", "q=1%3Aa", "category=a&q=b", "category=aq&q=",
              "q=a&q=b", "q=ab"]
    assert len({daemon.get(f"{ANALYSIS}?{query}").headers["etag"] for query in others}) == len(others)


def test_duplicate_keys_of_a_body_are_read_as_the_upstream_reads_them(daemon, upstream):
    daemon.get(ANALYSIS)
    answered = daemon.post(f"/api/batch/{BATCH}/analyses/bulk?include_source_uri=true", b'{"video_ids": ["no"], "video_ids": ["v1"]}')
    assert [item["video_id"] for item in answered.json()["analyses"]] == ["v1"]


@pytest.mark.parametrize(
    "path",
    [
        f"{ANALYSIS}/", f"{ANALYSIS}/x.css", f"{ANALYSIS}%2Fx.css", f"{ANALYSIS};x.css", f"{ANALYSIS}.css", f"/v1/batches/{BATCH}//analysis",
        f"//v1/batches/{BATCH}/analysis", f"/v1/batches/{BATCH}/%61nalysis", f"/v1/batches/x/../{BATCH}/analysis", f"/V1/batches/{BATCH}/analysis",
        f"/v1/batches/{BATCH}/analysis%3Fx", f"/static/..%2F..{ANALYSIS}", f"{ANALYSIS}%0A.css",
    ],
)
def test_a_path_that_only_resembles_an_answer_is_not_one(daemon, upstream, path):
    assert daemon.get(path).status == 404
    assert not batch_requests(upstream)


def test_nothing_below_a_drop_in_path_is_served_from_the_cache(daemon, upstream):
    daemon.get(f"/api/batch/{BATCH}/status")
    before = len(upstream.asked)
    for path in (f"/api/batch/{BATCH}/status/x.css", f"/api/batch/{BATCH}/status;x.css", f"/api/batch/{BATCH}/%73tatus", f"/api//batch/{BATCH}/status"):
        assert "fwd=bypass" in daemon.get(path).headers["cache-status"]
    assert len(upstream.asked) == before + 4  # as they are, each to be judged by the upstream
    assert [asked.target for asked in upstream.asked[before:]] == [
        f"/api/batch/{BATCH}/status/x.css", f"/api/batch/{BATCH}/status;x.css", f"/api/batch/{BATCH}/%73tatus", f"/api//batch/{BATCH}/status"]


@pytest.mark.parametrize("path", [f"/api/x/../batch/{BATCH}/metadata", f"/api//batch/{BATCH}/metadata", f"/api/batch/./{BATCH}%2Fmetadata",
                                  f"/api/%62atch/{BATCH}/metadata", f"/api/x/%2e%2e/batch/{BATCH}/metadata"])
def test_a_write_under_another_spelling_is_still_a_write(daemon, upstream, path):
    daemon.get(ANALYSIS)
    assert daemon.get(ANALYSIS).headers["cache-status"].startswith("nomadic-cached; hit")
    upstream.answer = lambda asked: (200, {}) if asked.method == "POST" and "analyses" not in asked.path else whole_batches(asked)
    assert daemon.post(path, {"metadata": "{}"}).status == 200
    assert "hit" not in daemon.get(ANALYSIS).headers["cache-status"]


@pytest.mark.parametrize("path", ["/api/../admin", "/api/%2e%2e/admin", "/api/x/..%2f..%2fadmin", "/api/x/../../other/api/x", "/api/x%00"])
def test_a_path_that_leads_out_of_the_api_does_not_take_the_key_along(daemon, upstream, path):
    assert daemon.get(path).status == 400
    assert not upstream.asked


def test_parts_of_keys_can_not_be_shifted_into_each_other(shared, upstream):
    users = {"k1": ("ab", "c"), "k2": ("a", "bc"), "k3": ("abc", ""), "k4": ("user", "ab"), "k5": ("2:ab", "")}

    def answer(asked):
        user, _ = users[asked.fields["x-api-key"]]
        if asked.path == "/api/keys/verify":
            return 200, {"valid": True, "user_id": user}
        return whole_batches(asked, label=user)

    upstream.answer = answer
    for key, (user, rest) in users.items():
        for batch in (f"{rest}d", "d"):
            got = shared.get(f"/v1/batches/{batch}/analysis", {"X-API-Key": key})
            assert got.json()["results"][0]["events"][0]["label"] == user
            assert "fwd=miss" in got.headers["cache-status"] or batch == f"{rest}d" == "d"


WRONG = {
    "refused": (401, {"detail": "no"}),
    "forbidden": (403, {"detail": "no"}),
    "unknown": (404, {"detail": "no"}),
    "failed": (500, {"detail": "no"}),
    "an error that says 200": (200, {"detail": "rate limited"}),
    "a page": response(200, b"<html>Sign in to the network</html>"),
    "another batch": (200, {"batch_id": "other", "status": "completed", "videos": []}),
    "empty": response(200, b""),
    "null": (200, None),
    "a redirect": response(302, b"", "Location: https://login.example/"),
}


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize("where", ["status", "analyses"])
def test_no_error_is_ever_stored(daemon, upstream, wrong, where):
    upstream.answer = lambda asked: wrong if where in asked.path else whole_batches(asked)
    assert daemon.get(ANALYSIS).status >= 400
    assert daemon.get(f"/api/batch/{BATCH}/status").status >= 400
    assert daemon.get("/v1/batches").json()["batches"] == []
    upstream.answer = whole_batches
    right = daemon.get(ANALYSIS)
    assert right.status == 200 and right.json()["results"][0]["events"][0]["label"] == "seen"


def test_a_refusal_is_not_kept_for_those_who_may(shared, upstream):
    upstream.answer = lambda asked: (403, {"detail": "not yours"}) if asked.fields["x-api-key"] == "bob" and "batch" in asked.path else whole_batches(asked)
    assert shared.get(ANALYSIS, BOB).status == 403
    assert shared.get(ANALYSIS, ALICE).status == 200
    assert shared.get(ANALYSIS, BOB).status == 403


def test_what_the_upstream_says_can_not_become_fields_of_ours(daemon, upstream):
    broken = "x\r\nSet-Cookie: evil=1\r\n\r\n<script>"

    def answer(asked):
        status, document = whole_batches(asked, label=broken)
        if asked.path.endswith("/status"):
            document |= {"review_status": broken, "metadata": {broken: broken}, "created_at": broken}
        return status, document

    upstream.answer = answer
    for target in (ANALYSIS, f"{ANALYSIS}?format=csv", f"/api/batch/{BATCH}/status", f"/v1/batches/{BATCH}", "/v1/batches", "/metrics"):
        head = ask(daemon, f"GET {target} HTTP/1.1\r\n".encode()).split(b"\r\n\r\n")[0]
        assert head.startswith(b"HTTP/1.1 200 ") and b"evil" not in head
    upstream.answer = lambda asked: response(200, b"ok", "X-Own: a\rSet-Cookie: evil=1")
    assert b"evil" not in ask(daemon, b"GET /api/x HTTP/1.1\r\n").split(b"\r\n\r\n")[0]
    refused = ask(daemon, b"GET /v1/batches/x%0d%0aSet-Cookie:%20evil=1/analysis HTTP/1.1\r\n")
    assert refused.startswith(b"HTTP/1.1 400 ") and b"evil" not in refused.split(b"\r\n\r\n")[0]


def test_an_answer_nobody_asked_for_is_not_taken_for_the_next(daemon, upstream):
    upstream.answer = lambda asked: response(200, b"first") + response(200, b"smuggled") if asked.path == "/api/one" else response(200, b"second")
    assert daemon.get("/api/one").body == b"first"
    assert daemon.get("/api/two").body == b"second"
    upstream.answer = lambda asked: whole_batches(asked) if "batch" in asked.path else response(200, b"first") + response(200, b"smuggled")
    daemon.get("/api/one")
    assert daemon.get(ANALYSIS).json()["results"][0]["events"][0]["label"] == "seen"


def test_no_question_about_anothers_row_is_answered_with_it(shared, upstream):
    mine = shared.get(ANALYSIS, ALICE)
    snapshot, etag = mine.headers["x-snapshot"], mine.headers["etag"]
    upstream.answer = lambda asked: (404, {"detail": "unknown"}) if asked.fields["x-api-key"] == "bob" and "batch" in asked.path else whole_batches(asked)
    questions = [
        ("GET", ANALYSIS, {}), ("HEAD", ANALYSIS, {}), ("GET", ANALYSIS, {"If-None-Match": etag}), ("GET", ANALYSIS, {"If-None-Match": "*"}),
        ("GET", ANALYSIS, {"Cache-Control": "only-if-cached"}), ("GET", ANALYSIS, {"Cache-Control": "max-stale"}),
        ("GET", f"{ANALYSIS}?as_of={snapshot}", {}), ("GET", f"{ANALYSIS}?as_of=2099-01-01T00:00:00Z", {}),
        ("GET", f"/v1/batches/{BATCH}", {}), ("GET", f"/v1/batches/{BATCH}/facets", {}), ("GET", f"/v1/batches/{BATCH}/snapshots", {}),
        ("GET", f"/v1/batches/{BATCH}/diff?from={snapshot}&to={snapshot}", {}), ("POST", f"/v1/batches/{BATCH}/refresh", {}),
        ("DELETE", f"/v1/batches/{BATCH}", {}), ("GET", f"/api/batch/{BATCH}/status", {}),
    ]
    for method, target, fields in questions:
        answer = shared.request(method, target, headers={**BOB, **fields})
        assert answer.status in (404, 504), (method, target, fields, answer.status)
        assert etag not in str(answer.headers) and b"seen" not in answer.body
    for cursor in ("", "?cursor=a", "?limit=1"):
        assert shared.get(f"/v1/batches{cursor}", BOB).json()["batches"] == []
    assert b"b-1" not in shared.get("/v1/status", BOB).body + shared.get("/metrics", BOB).body
    asked = len(upstream.asked)
    again = shared.get(ANALYSIS, ALICE)
    assert again.body == mine.body and len(upstream.asked) == asked


@pytest.mark.parametrize("fields", [{"X-API-Key": "bob", "Authorization": "Bearer alice"}, {"X-API-Key": "bob, alice"}, {"X-API-Key": "bob\talice"}])
def test_a_request_names_one_tenant(shared, upstream, fields):
    shared.get(ANALYSIS, ALICE)
    answer = shared.get(ANALYSIS, fields)
    assert answer.status == 401 or "fwd=miss" in answer.headers["cache-status"]
    assert all(asked.fields["x-api-key"] in ("alice", *fields.values()) for asked in upstream.asked)


@pytest.mark.parametrize("named", ["X-API-Key", "x-api-key, close", "Authorization", "keep-alive, AUTHORIZATION"])
def test_a_key_that_connection_takes_away_is_no_key(shared, upstream, named):
    shared.get(ANALYSIS, ALICE)
    both = {**ALICE, "Authorization": "Bearer alice"}
    for target in (ANALYSIS, f"/api/batch/{BATCH}/status", "/v1/batches"):
        assert shared.get(target, {**both, "Connection": named}).status == 401
    # What only passes through has no key of ours to lose, and none that it did not send.
    asked = len(upstream.asked)
    shared.get("/api/videos", {**both, "Connection": named})
    assert named.split(", ")[-1].encode().lower() not in upstream.asked[asked].head.lower() or "close" in named
