"""Narrowing and facets over HTTP: what is picked by rows is what a reader of the whole answer would pick."""

import json
import sqlite3
import urllib.parse
from collections import Counter

import pytest

BATCH = "agent-20-400-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"


def query(**parameters):
    return "?" + urllib.parse.urlencode(parameters, doseq=True)


def category_of(event):
    return event.get("category") or event.get("type") or ""


def label_of(event):
    if event.get("label") is not None:
        return event["label"]
    return event.get("description") or ""


def analysis_of(event):
    return event.get("aiAnalysis") or (event.get("data") or {}).get("aiAnalysis") or ""


def picked(whole, wanted):
    results = []
    for result in whole["results"]:
        events = [event for event in result["events"] if wanted(result, event)]
        if events:
            results.append({**result, "events": events})
    return results


@pytest.fixture
def whole(daemon):
    return daemon.get(ANALYSIS).json()


def narrowed(daemon, **parameters):
    answer = daemon.get(ANALYSIS + query(**parameters))
    assert answer.status == 200, answer.body
    results = answer.json()["results"]
    assert int(answer.headers["x-total-count"]) == sum(len(result["events"]) for result in results)
    return results


def test_each_parameter_picks_what_it_says(daemon, whole):
    some = next(event for result in whole["results"] for event in result["events"] if event.get("severity") == "high")
    label = label_of(some)
    videos = [result["video_id"] for result in whole["results"]][3:5]
    assert narrowed(daemon, category="Near Miss") == picked(whole, lambda r, e: category_of(e) == "Near Miss")
    assert narrowed(daemon, severity=["high", "low"]) == picked(whole, lambda r, e: e.get("severity") in ("high", "low"))
    assert narrowed(daemon, label=label) == picked(whole, lambda r, e: label_of(e) == label) != []
    assert narrowed(daemon, video_id=videos) == picked(whole, lambda r, e: r["video_id"] in videos)
    assert narrowed(daemon, min_confidence=0.8) == picked(whole, lambda r, e: e.get("confidence", -1) >= 0.8)
    assert narrowed(daemon, category="Near Miss", severity="high", filter="approved") == picked(
        whole, lambda r, e: category_of(e) == "Near Miss" and e.get("severity") == "high" and e["approval"] == "approved")


def test_q_searches_label_category_and_analysis_without_case(daemon, whole):
    def mentions(text):
        return lambda r, e: any(text in value.lower() for value in (label_of(e), category_of(e), analysis_of(e)))

    assert narrowed(daemon, q="CYCLIST merges") == picked(whole, mentions("cyclist merges"))
    assert narrowed(daemon, q="near mi") == picked(whole, mentions("near mi"))
    # Characters that JSON writes as escapes, and others that a search in bytes could stumble over.
    for text in ('"quoted", with', "and\r\na second", "backslash \\ and", "横断歩道", "d`e"):
        assert narrowed(daemon, q=text) == picked(whole, mentions(text)) != []
    assert narrowed(daemon, q="aiAnalysis") == []


def test_values_of_one_parameter_combine_with_or_and_parameters_with_and(daemon, whole):
    def mentions(event, *texts):
        return any(text in value.lower() for value in (label_of(event), category_of(event), analysis_of(event)) for text in texts)

    assert narrowed(daemon, q=["Cyclist", "near mi"]) == picked(whole, lambda r, e: mentions(e, "cyclist", "near mi"))
    assert narrowed(daemon, q=["cyclist", '"quoted", with']) == picked(whole, lambda r, e: mentions(e, "cyclist", '"quoted", with'))
    assert narrowed(daemon, q=["cyclist", "no such text"]) == narrowed(daemon, q="cyclist")
    assert narrowed(daemon, q=["cyclist", ""]) == whole["results"]
    assert narrowed(daemon, min_confidence=[0.9, 0.8]) == narrowed(daemon, min_confidence=0.8) != narrowed(daemon, min_confidence=0.9)
    assert narrowed(daemon, q=["cyclist", "near mi"], severity=["high", "low"], min_confidence=[0.7, 0.9]) == picked(
        whole, lambda r, e: mentions(e, "cyclist", "near mi") and e.get("severity") in ("high", "low") and e.get("confidence", -1) >= 0.7)
    csv = daemon.get(ANALYSIS + query(q=["cyclist", "near mi"], format="csv"))
    assert int(csv.headers["x-total-count"]) == sum(len(result["events"]) for result in picked(
        whole, lambda r, e: mentions(e, "cyclist", "near mi")))


# A NUL is refused before it comes this far.
HOSTILE = ["%", "_", "Near_Miss", "Near%", "' OR '1'='1", "'; DROP TABLE event; --", '" OR ""="', "\\", "*"]


@pytest.mark.parametrize("parameter", ["category", "severity", "label", "video_id"])
def test_values_are_values_never_sql_or_patterns(daemon, whole, parameter):
    for value in HOSTILE:
        assert narrowed(daemon, **{parameter: value}) == []
        assert daemon.get(f"/v1/batches/{BATCH}/facets" + query(**{parameter: value})).json()["approval"] == {}
    assert daemon.get(ANALYSIS).json() == whole


def test_q_takes_wildcards_by_their_letter(daemon, whole):
    for value in HOSTILE:
        def mentions(result, event):
            return any(value.lower() in text.lower() for text in (label_of(event), category_of(event), analysis_of(event)))

        assert narrowed(daemon, q=value) == picked(whole, mentions)


def test_facets_count_what_the_selection_wants(daemon, whole):
    def counted(events):
        return {
            "approval": dict(Counter(event["approval"] or "pending" for _, event in events)),
            "category": dict(Counter(category_of(event) for _, event in events)),
            "severity": dict(Counter("" if event.get("severity") is None else event["severity"] for _, event in events)),
            "video_id": dict(Counter(video for video, _ in events)),
        }

    events = [(result["video_id"], event) for result in whole["results"] for event in result["events"]]
    facets = f"/v1/batches/{BATCH}/facets"
    assert daemon.get(facets).json() == counted(events)
    assert daemon.get(facets + query(severity="high", q="cyclist")).json() == counted(
        [(video, event) for video, event in events if event.get("severity") == "high"
         and "cyclist" in (label_of(event) + "\n" + category_of(event) + "\n" + analysis_of(event)).lower()])


def test_the_sql_views_say_what_the_answers_say(daemon, whole, tmp_path):
    with sqlite3.connect(f"file:{tmp_path}/data/cache.db?mode=ro", uri=True) as store:
        rows = store.execute(
            "SELECT video_id, coalesce(event_id, ''), approval, category, label, confidence FROM events WHERE batch_id = ?",
            (BATCH,)).fetchall()
        (batch,) = store.execute(
            "SELECT batch_id, status, review_status, videos, events, approved + rejected + pending + invalid + other, "
            "pinned, snapshots FROM batches").fetchall()
    expected = [
        (result["video_id"], event.get("event_id") or "", event["approval"] or "pending", category_of(event), label_of(event),
         event.get("confidence"))
        for result in whole["results"] for event in result["events"]
    ]
    assert sorted(map(repr, rows)) == sorted(map(repr, expected))
    assert batch == (BATCH, "completed", "in_review", len(whole["results"]), len(expected), len(expected), 0, 1)


def test_every_format_is_narrowed_alike(daemon):
    parameters = {"severity": "high", "q": "cyclist"}
    as_json = [event for result in narrowed(daemon, **parameters) for event in result["events"]]
    lines = daemon.get(ANALYSIS + query(**parameters, format="ndjson")).body.splitlines()
    assert [json.loads(line)["severity"] for line in lines] == ["high"] * len(as_json)
    csv = daemon.get(ANALYSIS + query(**parameters, format="csv"))
    assert int(csv.headers["x-total-count"]) == len(as_json) > 0
