"""Upstreams that answer some of the dialects only, for all batches or for some."""

import pytest

from upstreams import ApiUpstream

VIDEOS = 12


class MixedUpstream(ApiUpstream):
    """Batches whose id begins with `bulk` or `older` are known to that endpoint only; `neither` to none. Counts what is asked."""

    def __init__(self, missing=404):
        super().__init__(self._answer)
        self.missing = missing
        self.broken_video = None

    def _answer(self, asked):
        _, _, _, batch, *what = asked.path.split("/")
        videos = [f"{batch}-v{i}" for i in range(VIDEOS)]
        if what == ["status"]:
            pointers = [{"video_id": video, "analysis_id": "a", "status": "completed"} for video in videos]
            return 200, {"batch_id": batch, "status": "completed", "config": {"analysis_kind": "rapid_review"}, "videos": pointers,
                         "aggregated_progress": {"total": VIDEOS, "completed": VIDEOS, "failed": 0}}
        event = {"t_start": "00:01", "t_end": "00:02", "label": "seen", "category": "c", "approval": "approved"}
        if what == ["filter_batch"] and not batch.startswith(("bulk", "neither")):
            results = [{"video_id": video, "analysis_id": "a", "mode": "ask", "status": "completed", "events": [event]} for video in videos]
            return 200, {"batch_metadata": {"batch_id": batch, "batch_type": "ask"}, "results": results}
        if what == ["analyses", "bulk"] and not batch.startswith(("older", "neither")):
            if self.broken_video and self.broken_video in asked.body.decode():
                return self.missing, {"detail": "Not Found"}
            items = [{"video_id": video, "analysis_id": "a", "analysis": {"status": "completed", "events": [event]}} for video in videos
                     if f'"{video}"' in asked.body.decode()]
            return 200, {"analyses": items, "unresolved_video_ids": [], "not_found_analysis_ids": []}
        return self.missing, {"detail": "Not Found"}


@pytest.mark.parametrize("missing", [404, 405])
def test_each_batch_may_be_of_another_dialect(start, missing):
    daemon = start("--upstream-chunk-size", "5", upstream=MixedUpstream(missing))
    for batch in ("older-1", "bulk-1", "older-2", "bulk-2"):
        answer = daemon.get(f"/v1/batches/{batch}/analysis")
        assert answer.status == 200, answer.body
        assert len(answer.json()["results"]) == VIDEOS and answer.headers["x-total-count"] == str(VIDEOS)


def test_a_known_batch_without_analyses_is_a_failure_of_the_upstream_and_hides_nothing_stored(start):
    upstream = MixedUpstream()
    daemon = start("--upstream-chunk-size", "5", "--cache-fresh-reviewed", "0s", upstream=upstream)
    answer = daemon.get("/v1/batches/neither/analysis")
    assert answer.status == 502 and answer.json()["upstream_status"] == 404
    assert "has batch neither, but does not give its analyses" in answer.json()["detail"]

    before = daemon.get("/v1/batches/bulk/analysis")
    upstream.broken_video = "bulk-v"
    stale = daemon.get("/v1/batches/bulk/analysis")
    assert stale.status == 200 and stale.body == before.body
    assert "stale-if-error" in stale.headers["cache-status"]


@pytest.mark.parametrize("directive", ["no-cache", "no-store"])
def test_one_missing_chunk_is_no_other_dialect(start, directive):
    upstream = MixedUpstream()
    upstream.broken_video = "both-v7"
    daemon = start("--upstream-chunk-size", "5", upstream=upstream)
    answer = daemon.get("/v1/batches/both/analysis", {"Cache-Control": directive})
    assert answer.status == 502, answer.body
    assert not any(asked.path.endswith("filter_batch") for asked in upstream.asked)
