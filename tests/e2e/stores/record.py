"""Records a store of the program as it is, for the tests of upgrades to come: before a change of the schema, run

    NOMADIC_BUILD=build/release python tests/e2e/stores/record.py

and add the files it writes here: version-N.db, version-N.bundle with the same batches, and version-N.json, what was
answered out of them.
"""

import contextlib
import hashlib
import json
import pathlib
import shutil
import sqlite3
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from harness import Daemon, Sandbox, run  # noqa: E402

BATCHES = ["agent-2-6-1", "ask-3-9-1", "ask-12-36-1", "segmentation-2-4-1"]
USERS = ["alice-key-0123456789", "bob-key-0123456789"]


def key(user):
    return {"X-API-Key": user, "Authorization": f"Bearer {user}"}


def analyses(daemon):
    """What each user is answered, of each batch and each of its states: a status, and a digest of the body."""
    answers = {}
    for user in USERS:
        for batch in BATCHES:
            told = daemon.get(f"/v1/batches/{batch}/snapshots", key(user))
            states = [state["snapshot"] for state in told.json()["snapshots"]] if told.status == 200 else []
            for query in ["", "?format=csv", "?filter=approved", *(f"?as_of={state}" for state in states)]:
                answer = daemon.get(f"/v1/batches/{batch}/analysis{query}", key(user))
                digest = hashlib.sha256(answer.body).hexdigest() if answer.status == 200 else ""
                answers[f"{user} {batch}{query}"] = f"{answer.status} {digest}"
    return answers


def move_to(store, base_url):
    """Makes the store what it would be had it been recorded at this upstream, which is part of whose a batch is."""
    with contextlib.closing(sqlite3.connect(store)) as database, database:
        for recorded, user in database.execute("SELECT scope, label FROM principal").fetchall():
            parts = [part.encode() for part in (base_url, "user", user)]
            scope = hashlib.sha256(b"".join(len(part).to_bytes(8, "little") + part for part in parts)).digest()
            for table in ("batch", "principal"):
                database.execute(f"UPDATE {table} SET scope = ? WHERE scope = ?", (scope, recorded))


def main():
    sandbox = Sandbox()
    with tempfile.TemporaryDirectory() as folder:
        daemon = Daemon(f"{folder}/data", sandbox, key=None)
        for batch in BATCHES:
            assert daemon.get(f"/v1/batches/{batch}/analysis", key(USERS[0])).status == 200
        assert daemon.get(f"/v1/batches/{BATCHES[1]}/analysis", key(USERS[1])).status == 200
        sandbox.review(BATCHES[2], review_status="approved")
        assert daemon.post(f"/v1/batches/{BATCHES[2]}/refresh", {}, key(USERS[0])).status == 200
        assert daemon.stop() == 0
        offline = Daemon(f"{folder}/data", None, "--offline", key=None)
        recorded = analyses(offline)
        assert offline.stop() == 0
        with contextlib.closing(sqlite3.connect(f"{folder}/data/cache.db")) as store:
            version = store.execute("PRAGMA user_version").fetchone()[0]
            store.execute("VACUUM")
        exported = run("export", "--cache-data-dir", f"{folder}/data", "-o", str(HERE / f"version-{version}.bundle"))
        assert exported.returncode == 0, exported.stderr
        shutil.copy(f"{folder}/data/cache.db", HERE / f"version-{version}.db")
    (HERE / f"version-{version}.json").write_text(json.dumps(recorded, indent=1) + "\n")
    sandbox.kill()


if __name__ == "__main__":
    main()
