"""A batch whose status does not only move forward."""

import pytest

from upstreams import ApiUpstream, whole_batches

ANALYSIS = "/v1/batches/b/analysis"


class Reruns(ApiUpstream):
    """Its one batch has the status that the test says."""

    def __init__(self, batch_status):
        super().__init__(self._answer)
        self.batch_status = batch_status

    def _answer(self, asked):
        status, document = whole_batches(asked)
        if asked.path.endswith("/status"):
            document["status"] = self.batch_status
        return status, document


@pytest.fixture
def upstream():
    api = Reruns("processing")
    yield api
    api.close()


def test_who_insists_is_not_told_what_a_poll_has_seen(start, upstream):
    daemon = start("--upstream-poll-interval", "1h", upstream=upstream)
    assert daemon.get(ANALYSIS).status == 409
    upstream.batch_status = "completed"
    assert daemon.get(ANALYSIS).status == 409  # one poll an interval
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 200


def test_a_refresh_asks_at_once(start, upstream):
    daemon = start("--upstream-poll-interval", "1h", upstream=upstream)
    assert daemon.get(ANALYSIS).status == 409
    upstream.batch_status = "completed"
    assert daemon.post("/v1/batches/b/refresh", {}).status == 200


def test_a_batch_that_runs_again_is_not_completed_for_anybody_until_it_is(start, upstream):
    upstream.batch_status = "completed"
    daemon = start("--upstream-poll-interval", "10ms", upstream=upstream)
    whole = daemon.get(ANALYSIS)
    assert whole.status == 200
    upstream.batch_status = "processing"
    assert daemon.get(ANALYSIS).body == whole.body  # fresh
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 409
    assert daemon.get(ANALYSIS).status == 409
    assert daemon.get("/api/batch/b/status").json()["status"] == "processing"
    upstream.batch_status = "completed"
    while (again := daemon.get(ANALYSIS)).status == 409:
        pass
    assert again.body == whole.body


def test_what_runs_is_said_to_run_however_long_it_takes_to_say_so(start, upstream):
    """With no poll interval at all, what upstream has just said is too old to be said again."""
    daemon = start("--upstream-poll-interval", "0s", upstream=upstream)
    upstream.batch_status = "processing"
    for _ in range(2):
        answer = daemon.get("/api/batch/b/status")
        assert answer.status == 200 and answer.json()["status"] == "processing"
    upstream.batch_status = "completed"
    assert daemon.get("/api/batch/b/status").json()["status"] == "completed"
    upstream.batch_status = "processing"
    assert daemon.get(ANALYSIS, {"Cache-Control": "no-cache"}).status == 409
    assert daemon.get("/api/batch/b/status").json()["status"] == "processing"
