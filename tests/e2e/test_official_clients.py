"""Both official clients, as they are on PyPI: direct against the upstream and through the daemon they must not differ."""

import json
import os
import subprocess

import pytest

CLIENTS = {
    "0.1.53": [os.environ["NOMADIC_CLIENT_0_1_53_PYTHON"], "nomadicml"],
    "0.1.64": [os.environ["NOMADIC_CLIENT_0_1_64_PYTHON"], "nomadic"],
}
SCRIPT = os.path.join(os.path.dirname(__file__), "official_client.py")
BATCHES = [
    "ask-0-0-1",
    "ask-1-9-2",
    "ask-101-700-3",
    "agent-1-7-4",
    "agent-101-500-5",
    "segmentation-12-60-6",
    "agent-1200-3000-7",
    "ask-1200-2400-8",
]
FILTERS = [None, ["approved"], ["pending"], ["rejected", "invalid"], ["approved", "rejected", "pending", "invalid"]]


def ask(version, url, jobs, key="alice-key-0123456789"):
    python, module = CLIENTS[version]
    lines = "".join(json.dumps({"base_url": url, "key": key, "as_csv": False, "filter": None, **job}) + "\n" for job in jobs)
    done = subprocess.run([python, SCRIPT, module], input=lines, capture_output=True, text=True, encoding="utf-8", timeout=300)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def jobs_of(batches):
    return [
        {"batch_id": batch, "filter": chosen, "as_csv": as_csv}
        for batch in batches
        for chosen in FILTERS
        for as_csv in (False, True)
    ]


@pytest.mark.parametrize("version", CLIENTS)
def test_through_the_daemon_a_client_computes_what_it_computes_without(sandbox, daemon, version):
    jobs = jobs_of(BATCHES)
    direct = ask(version, sandbox.url, jobs)
    assert not [answer for answer in direct if "raised" in answer]
    assert ask(version, daemon.url, jobs) == direct
    sandbox.reset_counts()
    assert ask(version, daemon.url, jobs) == direct
    assert sandbox.counts() == {}, "the second time, the upstream must not be asked at all"


def test_native_answers_equal_the_newest_clients(sandbox, daemon):
    jobs = jobs_of(BATCHES)
    for job, theirs in zip(jobs, ask("0.1.64", sandbox.url, jobs)):
        query = "&".join(f"filter={value}" for value in job["filter"] or [])
        target = f"/v1/batches/{job['batch_id']}/analysis?{query}"
        if job["as_csv"]:
            assert daemon.get(target + "&as_csv=true&columns=sdk-0.1.64").body.decode() == theirs["result"]
            continue
        ours = daemon.get(target).json()
        expected = theirs["result"]
        assert ours["results"] == expected["results"]
        assert {k: ours["batch_metadata"][k] for k in expected["batch_metadata"]} == expected["batch_metadata"]


def test_geojson_is_what_the_clients_map_shows(sandbox, daemon):
    jobs = [{"batch_id": batch, "filter": chosen, "map": True} for batch in BATCHES for chosen in FILTERS]
    features = 0
    for job, theirs in zip(jobs, ask("0.1.64", sandbox.url, jobs)):
        query = "&".join(f"filter={value}" for value in job["filter"] or [])
        ours = daemon.get(f"/v1/batches/{job['batch_id']}/analysis?format=geojson&{query}")
        assert ours.headers["content-type"] == "application/geo+json"
        assert ours.json() == theirs["result"]
        features += len(ours.json()["features"])
    assert features > 1000


def test_the_old_profile_is_the_old_clients_csv(sandbox, daemon):
    jobs = [{"batch_id": batch, "filter": ["approved", "pending"], "as_csv": True} for batch in BATCHES]
    for job, theirs in zip(jobs, ask("0.1.53", sandbox.url, jobs)):
        target = f"/v1/batches/{job['batch_id']}/analysis?filter=approved,pending&as_csv=true&columns=sdk-0.1.53"
        assert daemon.get(target).body.decode() == theirs["result"]


@pytest.mark.parametrize("version", CLIENTS)
def test_with_a_failing_chunk_the_client_gets_an_error_instead_of_a_hole(sandbox, start, version):
    daemon = start("--upstream-retries", "0")
    sandbox.faults(failing_video="vid3-000005")
    (answer,) = ask(version, daemon.url, [{"batch_id": "ask-101-700-3"}])
    assert "raised" in answer
    assert daemon.get("/v1/batches").json()["batches"] == []


@pytest.mark.parametrize("version", CLIENTS)
def test_offline_a_client_reads_what_is_stored_and_is_told_what_is_not(sandbox, start, tmp_path, version):
    online = start()
    job = {"batch_id": "ask-12-80-1"}
    (before,) = ask(version, online.url, [job])
    assert online.stop() == 0
    sandbox.kill()
    offline = start("--offline", upstream=None)
    kept, missing = ask(version, offline.url, [job, {"batch_id": "ask-12-80-2"}])
    assert kept == before
    assert "ask-12-80-2 is not stored here" in missing["raised"]
    assert "ask-12-80-1" in missing["raised"]


def test_one_user_never_gets_anothers_batch(sandbox, start):
    daemon = start(key=None)
    job = {"batch_id": "private-alice-ask-3-9-1"}
    (mine,) = ask("0.1.64", daemon.url, [job], key="alice-laptop-0123456789")
    (ours,) = ask("0.1.64", daemon.url, [job], key="alice-ci-0123456789")
    (theirs,) = ask("0.1.64", daemon.url, [job], key="mallory-key-0123456789")
    (nobody,) = ask("0.1.64", daemon.url, [job], key="bad-key-0123456789")
    assert len(mine["result"]["results"]) == 3
    assert ours == mine
    assert "raised" in theirs and "raised" in nobody
    sandbox.reset_counts()
    assert ask("0.1.64", daemon.url, [job], key="alice-laptop-0123456789") == [mine]
    assert sandbox.counts() == {}
