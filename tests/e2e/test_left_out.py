"""Videos that an upstream leaves out of an answer to whom it owes them."""

import json

import pytest

from upstreams import ApiUpstream, whole_batches

ANALYSIS = "/v1/batches/b/analysis"


class Forgetful(ApiUpstream):
    """Its batch has three videos. It leaves `forgotten` out of so many answers, and says of it what the test says."""

    def __init__(self):
        super().__init__(self._answer)
        self.forgotten, self.times = "v2", 1
        self.lists = {"unresolved_video_ids": [], "not_found_analysis_ids": []}
        self.pointer = {"video_id": "v2", "analysis_id": "a-v2", "status": "completed"}
        self.bulk = []  # the ids of each request

    def _answer(self, asked):
        if asked.path.endswith("/status"):
            status, document = whole_batches(asked)
            document["videos"] = [{"video_id": video, "analysis_id": f"a-{video}", "status": "completed"} for video in ("v1", "v3")]
            document["videos"].insert(1, self.pointer)
            return status, document
        if not asked.path.endswith("/bulk"):
            return whole_batches(asked)
        ids = json.loads(asked.body)["video_ids"]
        self.bulk.append(ids)
        forgets = self.forgotten in ids and self.times > 0
        self.times -= forgets
        event = {"t_start": "00:01", "t_end": "00:02", "label": "seen", "category": "c", "approval": "approved"}
        analyses = [{"video_id": video, "analysis_id": f"a-{video}", "analysis": {"status": "completed", "events": [event]}}
                    for video in ids if not (forgets and video == self.forgotten)]
        return 200, {"analyses": analyses, **(self.lists if forgets else {"unresolved_video_ids": [], "not_found_analysis_ids": []})}


@pytest.fixture
def upstream():
    api = Forgetful()
    yield api
    api.close()


def events_by_video(answer):
    assert answer.status == 200, answer.body
    return {result["video_id"]: len(result["events"]) for result in answer.json()["results"]}


def test_what_is_left_out_once_is_asked_for_again(start, upstream):
    daemon = start(upstream=upstream)
    assert events_by_video(daemon.get(ANALYSIS)) == {"v1": 1, "v2": 1, "v3": 1}
    assert upstream.bulk == [["v1", "v2", "v3"], ["v2"]]
    upstream.close()
    assert events_by_video(daemon.get(ANALYSIS)) == {"v1": 1, "v2": 1, "v3": 1}  # stored whole


def test_what_is_left_out_twice_is_not_there_as_to_the_clients(start, upstream):
    upstream.times = 2
    daemon = start(upstream=upstream)
    answer = daemon.get(ANALYSIS)
    assert events_by_video(answer) == {"v1": 1, "v2": 0, "v3": 1}
    assert answer.json()["results"][1]["error"] == "Analysis not found"
    assert upstream.bulk == [["v1", "v2", "v3"], ["v2"]]
    daemon.wait_for("gives no analysis of videos that it calls completed")


@pytest.mark.parametrize("said", [{"unresolved_video_ids": ["v2"], "not_found_analysis_ids": []},
                                  {"unresolved_video_ids": [], "not_found_analysis_ids": ["a-v2"]}])
def test_what_the_upstream_says_it_does_not_have_is_not_asked_for_again(start, upstream, said):
    upstream.lists = said
    daemon = start(upstream=upstream)
    assert events_by_video(daemon.get(ANALYSIS)) == {"v1": 1, "v2": 0, "v3": 1}
    assert upstream.bulk == [["v1", "v2", "v3"]]


@pytest.mark.parametrize("pointer", [{"video_id": "v2", "analysis_id": "a-v2", "status": "failed", "last_error": "too dark"},
                                     {"video_id": "v2", "analysis_id": None, "status": "completed"}])
def test_what_was_never_analysed_is_not_asked_for_again(start, upstream, pointer):
    upstream.pointer = pointer
    daemon = start(upstream=upstream)
    assert events_by_video(daemon.get(ANALYSIS)) == {"v1": 1, "v2": 0, "v3": 1}
    assert upstream.bulk == [["v1", "v2", "v3"]]


def test_when_the_second_answer_fails_nothing_is_served_as_whole(start, upstream):
    answer_of = upstream.answer

    def fail_later(asked):
        return (400, {"detail": "no"}) if asked.path.endswith("/bulk") and upstream.bulk else answer_of(asked)

    upstream.answer = fail_later
    daemon = start(upstream=upstream)
    assert daemon.get(ANALYSIS).status == 502
    upstream.answer = answer_of
    assert events_by_video(daemon.get(ANALYSIS)) == {"v1": 1, "v2": 1, "v3": 1}
