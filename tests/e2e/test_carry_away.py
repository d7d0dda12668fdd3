"""Batches carried to another machine: exported, served from the file, imported, verified."""

import os
import sqlite3
import subprocess

import pytest
from harness import BINARY, Daemon, run
from test_official_clients import CLIENTS, ask

BATCHES = ["ask-6-24-3", "agent-4-12-2"]
KEY = {"NOMADICAI_API_KEY": "alice-key-0123456789"}


@pytest.fixture
def filled(start):
    daemon = start()
    for batch in BATCHES:
        assert daemon.get(f"/v1/batches/{batch}/analysis").status == 200
    return daemon


@pytest.fixture
def bundle(filled, tmp_path):
    path = tmp_path / "field.bundle"
    exported = run("export", "--server", filled.url, "--output", str(path))
    assert exported.returncode == 0, exported.stderr
    return path


def serve_bundle(path, *arguments):
    daemon = Daemon("/nonexistent/data", None, "--offline", "--bundle", str(path), *arguments, key=None)
    return daemon


def analysis(daemon, batch, query=""):
    answer = daemon.get(f"/v1/batches/{batch}/analysis{query}")
    assert answer.status == 200, answer.body
    return answer


def test_a_bundle_is_served_read_only_without_a_state_directory(filled, bundle):
    os.chmod(bundle, 0o400)
    before = bundle.read_bytes()
    daemon = serve_bundle(bundle)
    try:
        for batch in BATCHES:
            online, offline = analysis(filled, batch), analysis(daemon, batch)
            assert offline.body == online.body
            assert offline.headers["etag"] == online.headers["etag"]
            assert "offline" in offline.headers["cache-status"]
            assert analysis(daemon, batch, "?format=csv").body == analysis(filled, batch, "?format=csv").body
        listed = daemon.get("/v1/batches").json()["batches"]
        assert [entry["batch_id"] for entry in listed] == sorted(BATCHES)
        assert daemon.get("/v1/batches/ask-1-1-1/analysis").status == 504
        refused = daemon.request("DELETE", f"/v1/batches/{BATCHES[0]}")
        assert refused.status == 503 and "read-only" in refused.json()["detail"]
        assert daemon.get(f"/v1/batches/{BATCHES[0]}").status == 200
    finally:
        assert daemon.stop() == 0
    assert not os.path.exists("/nonexistent")
    assert bundle.read_bytes() == before
    assert [path.name for path in bundle.parent.iterdir() if path.name.startswith("field")] == ["field.bundle"]


@pytest.mark.parametrize("version", CLIENTS)
def test_the_official_clients_read_a_bundle(filled, bundle, version):
    daemon = serve_bundle(bundle)
    jobs = [{"batch_id": batch, "as_csv": as_csv} for batch in BATCHES for as_csv in (False, True)]
    try:
        answers = ask(version, daemon.url, jobs)
        assert not [answer for answer in answers if "raised" in answer]
        assert answers == ask(version, filled.url, jobs)
    finally:
        daemon.stop()


def test_a_bundle_made_for_another_upstream_is_imported_for_whoever_imports_it(bundle, tmp_path):
    data = str(tmp_path / "laptop")
    imported = run("import", "--cache-data-dir", data, str(bundle), environment={"NOMADICAI_API_KEY": "bob-key-9876543"})
    assert imported.returncode == 0, imported.stderr
    assert sorted(imported.stdout.splitlines()) == [f"{batch}: added" for batch in sorted(BATCHES)]
    again = run("import", "--cache-data-dir", data, str(bundle), environment={"NOMADICAI_API_KEY": "bob-key-9876543"})
    assert sorted(again.stdout.splitlines()) == [f"{batch}: kept" for batch in sorted(BATCHES)]
    for key in ("bob-key-9876543", None):
        daemon = Daemon(data, None, "--offline", key=key)
        analysis(daemon, BATCHES[0])
        assert daemon.stop() == 0


def test_a_running_daemon_takes_a_bundle_and_serves_it_at_once(bundle, tmp_path, sandbox):
    daemon = Daemon(tmp_path / "other", sandbox)
    try:
        sandbox.reset_counts()
        imported = run("import", "--server", daemon.url, str(bundle))
        assert imported.returncode == 0, imported.stderr
        analysis(daemon, BATCHES[0])
        assert sandbox.counts().get("bulk", 0) == 0
        damaged = bytearray(bundle.read_bytes())
        damaged[len(damaged) // 2] ^= 1
        answer = daemon.post("/v1/import", bytes(damaged))
        assert answer.status == 422 and "damaged" in answer.json()["detail"]
        assert not [path for path in (tmp_path / "other").iterdir() if path.name.startswith("import")]
    finally:
        daemon.stop()


def test_the_newer_review_wins_and_the_older_stays_in_history(filled, bundle, sandbox, tmp_path):
    sandbox.review(BATCHES[0], review_status="reviewed")
    assert filled.request("POST", f"/v1/batches/{BATCHES[0]}/refresh").json()["changed"]
    newest = analysis(filled, BATCHES[0]).body
    assert run("import", "--server", filled.url, str(bundle)).stdout.count("kept") == 2
    assert analysis(filled, BATCHES[0]).body == newest
    with_history = tmp_path / "history.bundle"
    assert run("export", "--server", filled.url, "-o", str(with_history), "--history", BATCHES[0]).returncode == 0
    daemon = serve_bundle(with_history)
    try:
        assert len(daemon.get(f"/v1/batches/{BATCHES[0]}/snapshots").json()["snapshots"]) == 2
        assert daemon.get("/v1/batches").json()["batches"][0]["batch_id"] == BATCHES[0]
        assert analysis(daemon, BATCHES[0]).body == newest
    finally:
        daemon.stop()


def test_export_and_verify_work_on_a_stopped_store(filled, tmp_path):
    data = str(tmp_path / "data")
    assert filled.stop() == 0
    one = tmp_path / "one.bundle"
    exported = run("export", "--cache-data-dir", data, "-o", str(one), BATCHES[1])
    assert exported.returncode == 0, exported.stderr
    assert oct(one.stat().st_mode & 0o777) == "0o600"
    missing = run("export", "--cache-data-dir", data, "-o", str(one), "nobody")
    assert missing.returncode != 0 and "nobody" in missing.stderr
    assert run("verify", "--bundle", str(one)).returncode == 0
    assert run("verify", "--cache-data-dir", data).returncode == 0
    assert run("verify", "--cache-data-dir", str(tmp_path / "nowhere")).returncode == 3
    assert not (tmp_path / "nowhere").exists()


def test_verify_names_the_row_that_is_not_as_it_was_written(filled, tmp_path):
    assert run("verify", "--server", filled.url).returncode == 0
    with sqlite3.connect(tmp_path / "data" / "cache.db") as database:
        database.execute("UPDATE content SET digest = zeroblob(32) WHERE id = 1")
    database.close()
    found = run("verify", "--server", filled.url)
    assert found.returncode == 1
    assert "content 1 " in found.stdout and BATCHES[0] in found.stdout


def test_an_export_that_is_killed_leaves_the_earlier_file(bundle, filled, tmp_path):
    before = bundle.read_bytes()
    export = subprocess.Popen([BINARY, "export", "--server", filled.url, "--output", str(bundle)])
    export.kill()
    export.wait()
    assert run("verify", "--bundle", str(bundle)).returncode == 0
    assert len(bundle.read_bytes()) == len(before)


def test_a_bundle_is_the_files_owners_and_no_key_is_asked_for(bundle):
    daemon = serve_bundle(bundle)
    try:
        for headers in ({}, {"X-API-Key": "somebody-elses-key"}):
            assert daemon.get(f"/v1/batches/{BATCHES[0]}/analysis", headers).status == 200
    finally:
        daemon.stop()


def test_a_file_that_is_no_bundle_is_refused_in_a_sentence(filled, tmp_path):
    for path in (tmp_path / "data" / "cache.db", tmp_path / "nothing", __file__):
        served = run("serve", "--bundle", str(path), "--server-listen", "127.0.0.1:0")
        assert served.returncode == 1, served.stdout
        assert str(path) in served.stderr and served.stderr.count("\n") == 1
