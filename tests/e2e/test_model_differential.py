"""batch/ against both official clients, on generated batches: the same documents, the same results."""

import json
import os
import random
import subprocess

import pytest

CASES = int(os.environ.get("NOMADIC_DIFFERENTIAL_CASES", "600"))
RENDER = os.path.join(os.environ["NOMADIC_BUILD"], "tests", "batch_render")
OLD = [os.environ["NOMADIC_CLIENT_0_1_53_PYTHON"], "nomadicml.video"]
NEW = [os.environ["NOMADIC_CLIENT_0_1_64_PYTHON"], "nomadic.video"]
WORKER = os.path.join(os.path.dirname(__file__), "client_worker.py")

TEXTS = ["", "cut-in", "a, b", 'say "hi"', "two\nlines", "cr\r", "naïve 😀", "=1+1", "null", " pad ", "\u2028", "t=1"]
TIMES = ["t=12.5", "12.5", "t=3600", "t=-5", "t=12.0", "t=0", "soon", "", "t=nan", "t=1e3", "t=3661.125", "t=12.50"]
NUMBERS = [0, 1, -3, 0.85, 1e-05, 1e16, 1758310.0, 12345678901234567890, 0.1, True, False]
APPROVALS = ["approved", "rejected", "pending", "invalid", "other", None, ""]


def odd(rng):
    return rng.choice([None, "", "x", "0.5", " 7 ", "null", rng.choice(NUMBERS), [], {}, [1, "a'b"], {"k": [None, 1.5]}])


def maybe(rng, event, name, value, likely=0.7):
    if rng.random() < likely:
        event[name] = odd(rng) if rng.random() < 0.06 else value


def frames(rng, target):
    for name in ["frame_timestamp", "unix_timestamp", "frame_gps_lat", "frame_gps_lon", "frame_speed", "frame", "unix_timestamp_x"]:
        for end in ["_start", "_end"]:
            maybe(rng, target, name + end, rng.choice([*NUMBERS, "12.5", "", "n/a", None, " 3 "]), 0.3)


def stored(rng):
    data, event = {}, {"type": rng.choice(TEXTS), "time": rng.choice(TIMES)}
    for target in (event, data):
        maybe(rng, target, "severity", rng.choice(["low", "high", None, 3]), 0.5)
        maybe(rng, target, "aiAnalysis", rng.choice(TEXTS), 0.5)
        maybe(rng, target, "approval", rng.choice(APPROVALS), 0.5)
        maybe(rng, target, "event_id", rng.choice(["e1", 5, 0, "", None]), 0.4)
        maybe(rng, target, "annotated_thumbnail_url", rng.choice(["", "https://x/y?z=1,2", None]), 0.4)
        maybe(rng, target, "structured_output", rng.choice([{"a": 1}, None, "s"]), 0.2)
        maybe(rng, target, "parent_category", rng.choice(TEXTS), 0.2)
        frames(rng, target)
    maybe(rng, event, "end_time", rng.choice(TIMES))
    maybe(rng, event, "description", rng.choice(TEXTS))
    maybe(rng, event, "id", rng.choice(["i", 9, ""]), 0.3)
    maybe(rng, data, "confidence", rng.choice([*NUMBERS, "0.5", "high", None]))
    maybe(rng, data, "label", rng.choice(TEXTS))
    maybe(rng, event, "data", data, 0.8)
    return event


def normal(rng):
    event = {"t_start": rng.choice(["00:01", "", 1.5, None]), "t_end": rng.choice(["00:01", "00:02", "", 2, None])}
    for name in ["category", "label", "description", "aiAnalysis", "type"]:
        maybe(rng, event, name, rng.choice(TEXTS), 0.5)
    maybe(rng, event, "approval", rng.choice(APPROVALS), 0.6)
    maybe(rng, event, "confidence", rng.choice([*NUMBERS, "0.5", "high", None]))
    maybe(rng, event, "overlay", rng.choice([{}, {"frame_speed": {"start": 1, "end": 2}}, {"unix_timestamp": {"start": 1.5}}]), 0.4)
    maybe(rng, event, "data", rng.choice([{}, {"label": "d", "t_start": "x", "event_id": "z", "unix_timestamp_end": 4}]), 0.4)
    frames(rng, event)
    return event


def legacy(rng):
    return {"label": rng.choice(TEXTS), "start_time": rng.choice(NUMBERS), "end_time": rng.choice(NUMBERS), "extra": odd(rng)}


def described(rng):
    event = {}
    maybe(rng, event, "description", rng.choice(TEXTS))
    maybe(rng, event, rng.choice(["time", "x"]), rng.choice(["at t=1.5s", "t=t=7", "none", "t=2."]))
    maybe(rng, event, "end_time", rng.choice(["t=4", "until t=9.25", "none"]))
    maybe(rng, event, "refined_events", rng.choice(["[[1, 2.5, \"x\"], [3, \"4\"]]", "[]", "{", "[[1]]", "7"]), 0.4)
    return event


def events(rng):
    return [rng.choice([stored, stored, normal, legacy, described, odd])(rng) for _ in range(rng.randint(0, 5))]


def analysis(rng, agent):
    if rng.random() < 0.1:
        return rng.choice([None, {}])
    document = {"x": 1}
    maybe(rng, document, "events", events(rng), 0.8)
    maybe(rng, document, "status", rng.choice(["completed", "FAILED", "Running", "", None]), 0.6)
    maybe(rng, document, "answer", rng.choice(["yes", "", None, ["a", 1.5, None, {"k": "v'"}]]), 0.4)
    maybe(rng, document, "summary", rng.choice(["sum, \"x\"", ["l1", "l2"], {}]), 0.4)
    maybe(rng, document, "visual_analysis", {"events": events(rng)}, 0.3)
    if agent:
        for name in ["detected_events", "detectedEvents", "edge_case_events", "edgeCaseEvents"]:
            maybe(rng, document, name, events(rng), 0.3)
        maybe(rng, document, "result", {"events": events(rng)}, 0.3)
    return document


def case(seed):
    rng = random.Random(seed)
    config = {}
    maybe(rng, config, "analysis_kind", rng.choice(["rapid_review", "edge_case_agent"]), 0.8)
    maybe(rng, config, "prompt", rng.choice(TEXTS), 0.6)
    maybe(rng, config, "category", rng.choice(TEXTS), 0.5)
    maybe(rng, config, "output_schema", {"f": "text"}, 0.2)
    if rng.random() < 0.25:
        config.update(custom_workflow_name="robotic-action-segmentation", analysis_kind="agent")
    ids = [f"v{i}" for i in range(rng.choice([0, 1, 1, 3, 6]))]
    pointers = [{"video_id": name, "status": rng.choice(["completed", "FAILED", None])} for name in ids]
    for pointer in pointers:
        maybe(rng, pointer, "analysis_id", "p-" + pointer["video_id"], 0.6)
        maybe(rng, pointer, "last_error", rng.choice(["boom", "", None]), 0.4)
    if ids and rng.random() < 0.1:
        pointers += [{"status": "completed"}, dict(pointers[0], status="failed")]
    items = []
    for name in ids:
        if rng.random() < 0.9:
            item = {"video_id": name, "analysis_id": rng.choice(["a-" + name, None]), "analysis": analysis(rng, config.get("analysis_kind", "rapid_review") != "rapid_review")}
            maybe(rng, item, "import_source_uri", rng.choice(["s3://b/k,1", "", None]), 0.5)
            maybe(rng, item, "filename", rng.choice(["clip.mp4", "", "a,b.mp4"]), 0.5)
            items.append(item)
    rng.shuffle(items)
    status = {"batch_id": "batch-1", "status": "completed", "config": config, "videos": pointers}
    maybe(rng, status, "created_at", "2026-01-01T00:00:00Z", 0.5)
    chosen = rng.choice([None, None, ["approved"], ["pending"], ["rejected", "invalid"], ["approved", "pending", "rejected", "invalid"]])
    return {
        "batch_id": "batch-1",
        "status": json.dumps(status),
        "bulk": json.dumps({"analyses": items, "unresolved_video_ids": [], "not_found_analysis_ids": []}, ensure_ascii=rng.random() < 0.5),
        "filter": chosen,
    }


def through(command, jobs):
    text = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8", check=True, timeout=600)
    return [json.loads(line) for line in done.stdout.split("\n") if line]


@pytest.fixture(scope="module")
def cases():
    jobs = [case(seed) for seed in range(CASES)]
    return {
        "jobs": jobs,
        "old": through([OLD[0], WORKER, OLD[1]], jobs),
        "new": through([NEW[0], WORKER, NEW[1]], jobs),
        "json": through([RENDER], [dict(job, format="json") for job in jobs]),
        "csv-old": through([RENDER], [dict(job, format="csv", columns="sdk-0.1.53") for job in jobs]),
        "csv-new": through([RENDER], [dict(job, format="csv", columns="sdk-0.1.64") for job in jobs]),
    }


def without_what_json_lacks(value):
    """NaN and infinities, which JSON has not, are null in ours."""
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, dict):
        return {key: without_what_json_lacks(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_what_json_lacks(item) for item in value]
    return value


def compared(cases, client):
    """The cases that the client itself survives; nearly all, or the generator is too wild to prove anything."""
    kept = [i for i, result in enumerate(cases[client]) if "raised" not in result]
    assert len(kept) > CASES * 0.5
    return kept


def test_nothing_a_client_stumbles_over_fails_a_batch(cases):
    assert not [answer for name in ("json", "csv-old", "csv-new") for answer in cases[name] if "failure" in answer]


def test_native_json_equals_the_newest_clients_result(cases):
    for i in compared(cases, "new"):
        theirs = without_what_json_lacks(json.loads(cases["new"][i]["json"]))
        ours = json.loads(cases["json"][i]["output"])
        metadata = {key: ours["batch_metadata"].get(key) for key in theirs["batch_metadata"]}
        assert (metadata, ours["results"]) == (theirs["batch_metadata"], theirs["results"]), cases["jobs"][i]


def has_a_container_or_nan(text):
    """Where a CSV of ours differs from a client's on purpose."""
    return any(mark in text for mark in ("{'", "[1, ", "{}", "[]", "nan", "inf"))


@pytest.mark.parametrize("client", ["old", "new"])
def test_csv_profiles_are_byte_identical_to_the_clients(cases, client):
    checked = 0
    for i in compared(cases, client):
        theirs = cases[client][i]["csv"]
        if has_a_container_or_nan(theirs):
            continue
        checked += 1
        assert cases["csv-" + client][i]["output"] == theirs, cases["jobs"][i]
    assert checked > CASES * 0.4
