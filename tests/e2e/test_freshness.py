"""Freshness over time, as a client sees it: what is served while, behind and in spite of the upstream."""

import time

import pytest

BATCH = "ask-6-40-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
STALE_AT_ONCE = ("--cache-fresh-pending", "0s", "--cache-fresh-reviewed", "0s")
REVIEWED = [{"video": v, "event": e, "approval": "approved"} for v in range(6) for e in range(7)]


def status_of(answer):
    return answer.headers["cache-status"]


def until(condition):
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_stale_is_served_while_it_is_refreshed_behind(sandbox, start):
    daemon = start(*STALE_AT_ONCE, "--cache-stale-while-revalidate", "1h")
    first = daemon.get(ANALYSIS)
    sandbox.review(BATCH, video=0, event=0, approval="invalid")
    behind = daemon.get(ANALYSIS)
    assert "hit" in status_of(behind) and "detail=stale-while-revalidate" in status_of(behind)
    counted = [line for line in daemon.get("/metrics").body.decode().splitlines() if 'requests_total{cache="stale_hit"' in line]
    assert len(counted) == 1 and counted[0].endswith(" 1"), (status_of(behind), counted)
    assert behind.body == first.body
    until(lambda: daemon.get(ANALYSIS).body != first.body)
    assert daemon.get(ANALYSIS).json()["results"][0]["events"][0]["approval"] == "invalid"


def test_a_rule_by_batch_id_has_the_last_word(sandbox, start):
    daemon = start("--cache-fresh-pending", "0s", "--cache-freshness-rules", "agent-* fresh_pending=1h,ask-?-* fresh_pending=2h")
    daemon.get(ANALYSIS)
    assert status_of(daemon.get(ANALYSIS)) in [f"nomadic-cached; hit; ttl={ttl}" for ttl in range(7190, 7201)]
    daemon.get("/v1/batches/ask-12-40-1/analysis")
    assert "fwd=stale" in status_of(daemon.get("/v1/batches/ask-12-40-1/analysis"))


@pytest.mark.parametrize(
    "rule, says",
    [("ask-*", "no times"), ("fresh_pending=5s", "no pattern"), ("ask-* fresh=5s", "'fresh' is none of"), ("a fresh_pending=5", "no duration")],
)
def test_a_rule_that_can_not_be_read_is_a_clear_error(rule, says):
    from harness import run

    ended = run("config", "--cache-freshness-rules", rule)
    assert ended.returncode == 2
    assert "cache.freshness_rules" in ended.stderr and says in ended.stderr


@pytest.mark.parametrize("refusal", [401, 403, 404])
@pytest.mark.parametrize("behind", [True, False])
def test_a_refusal_is_the_answer_also_after_it_came_behind(sandbox, start, refusal, behind):
    daemon = start(*STALE_AT_ONCE, "--cache-stale-while-revalidate", "1h" if behind else "1s")
    daemon.get(ANALYSIS)
    if not behind:
        time.sleep(1.1)
    sandbox.faults(refuse=refusal)
    if behind:
        assert daemon.get(ANALYSIS).status == 200
    until(lambda: daemon.get(ANALYSIS).status == refusal)
    assert daemon.get(ANALYSIS, {"Cache-Control": "max-stale"}).status == refusal
    assert daemon.get(f"/api/batch/{BATCH}/status").status == refusal
    assert daemon.get(ANALYSIS, {"Cache-Control": "only-if-cached"}).status == 504
    sandbox.faults(refuse=0)
    assert daemon.get(ANALYSIS).status == 200


def test_what_is_stored_but_too_old_for_a_request_is_not_called_missing(daemon):
    daemon.get(ANALYSIS)
    refused = daemon.get(ANALYSIS, {"Cache-Control": "only-if-cached, max-age=0"})
    assert refused.status == 504
    assert f"Batch {BATCH} is stored here" in refused.json()["detail"] and "nearest" not in refused.json()


def test_a_refusal_of_one_request_counts_for_the_fresh_ones_too(sandbox, daemon):
    daemon.get(ANALYSIS)
    sandbox.faults(refuse=403)
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 403
    assert daemon.get(ANALYSIS).status == 403


def test_a_failed_upstream_is_hidden_and_then_left_alone(sandbox, start):
    daemon = start(*STALE_AT_ONCE, "--cache-stale-while-revalidate", "1s", "--cache-fresh-failed", "1h", "--upstream-retries", "0")
    daemon.get(ANALYSIS)
    time.sleep(1.1)
    sandbox.faults(error_every=1)
    sandbox.reset_counts()
    for _ in range(5):
        answer = daemon.get(ANALYSIS)
        assert answer.status == 200 and "detail=stale-if-error" in status_of(answer)
        assert "detail=stale-if-error" in status_of(daemon.get(f"/api/batch/{BATCH}/status"))
    assert sandbox.counts() == {"status": 1}
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 502
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-store, max-age=0"}).status == 200
    sandbox.faults(error_every=0)
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 200


def test_the_age_an_answer_has_already_counts(sandbox, start):
    sandbox.faults(age=50)
    daemon = start("--cache-fresh-pending", "1m")
    daemon.get(ANALYSIS)
    hit = daemon.get(ANALYSIS)
    assert 50 <= int(hit.headers["age"]) < 60
    assert 0 < int(status_of(hit).rpartition("ttl=")[2]) <= 10


def test_two_daemons_in_a_row_do_not_add_their_lifetimes(sandbox, start, tmp_path):
    near = start("--cache-fresh-pending", "1h")
    far = start("--cache-fresh-pending", "1h", upstream=near, data_dir=tmp_path / "far")
    near.get(ANALYSIS)
    until(lambda: int(near.get(ANALYSIS).headers["age"]) >= 2)
    assert far.get(ANALYSIS).body == near.get(ANALYSIS).body
    assert int(far.get(ANALYSIS).headers["age"]) >= 2


def test_a_status_that_has_not_changed_is_enough_where_it_may_be(sandbox, start):
    sandbox.review(BATCH, approvals=REVIEWED)
    daemon = start(*STALE_AT_ONCE, "--cache-stale-while-revalidate", "1s", "--cache-revalidate", "reviewed")
    first = daemon.get(ANALYSIS)
    time.sleep(1.1)
    sandbox.reset_counts()
    again = daemon.get(ANALYSIS)
    assert status_of(again).startswith("nomadic-cached; fwd=stale")
    assert again.body == first.body and again.headers["x-snapshot"] == first.headers["x-snapshot"]
    assert sandbox.counts() == {"status": 1}
    # What asks for upstream's own word gets all of it.
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 200
    assert daemon.post(f"/v1/batches/{BATCH}/refresh", {}).json()["changed"] is False
    assert sandbox.counts() == {"status": 3, "bulk": 2}
    sandbox.review(BATCH, review_status="reviewed")
    time.sleep(1.1)
    assert daemon.get(ANALYSIS).json()["batch_metadata"]["review_status"] == "reviewed"


def test_pending_events_want_every_analysis_again(sandbox, start):
    daemon = start(*STALE_AT_ONCE, "--cache-stale-while-revalidate", "1s", "--cache-revalidate", "reviewed")
    daemon.get(ANALYSIS)
    time.sleep(1.1)
    sandbox.review(BATCH, video=0, event=0, approval="invalid")
    assert daemon.get(ANALYSIS).json()["results"][0]["events"][0]["approval"] == "invalid"


def test_the_upstreams_validators_are_used(sandbox, start):
    sandbox.faults(validators=True)
    daemon = start("--cache-revalidate", "status")
    first = daemon.get(ANALYSIS)
    sandbox.reset_counts()
    refreshed = daemon.post(f"/v1/batches/{BATCH}/refresh", {})
    assert refreshed.json()["changed"] is False
    assert sandbox.counts() == {"status": 1, "not_modified": 1, "bulk": 1}
    sandbox.review(BATCH, video=0, event=0, approval="invalid")
    assert daemon.post(f"/v1/batches/{BATCH}/refresh", {}).json()["changed"] is True
    assert daemon.get(ANALYSIS).body != first.body


def test_max_age_and_its_kin(sandbox, start):
    daemon = start("--cache-fresh-pending", "1h")
    sandbox.faults(age=100)
    daemon.get(ANALYSIS)

    def asks(directives):
        sandbox.reset_counts()
        assert daemon.get(ANALYSIS, {"Cache-Control": directives}).status == 200
        return sandbox.counts() != {}

    assert not asks("max-age=110") and asks("max-age=99")
    assert not asks("min-fresh=3400") and asks("min-fresh=3590")
    assert not asks("max-stale") and not asks("max-stale=0") and not asks("only-if-cached")
    assert asks("no-cache") and asks("max-age=0, max-stale=5") and asks("max-age=0")
