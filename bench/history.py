"""What history costs: 1,000 states of a batch of 500 videos in which 1 % of the events change each time.

Prints its figures as JSON. Run it as `NOMADIC_BUILD=build/release .venv/tests/bin/python bench/history.py [STATES]`.
"""

import json
import os
import pathlib
import random
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "e2e"))
from harness import Daemon, Sandbox  # noqa: E402

BATCH, VIDEOS, EVENTS = "agent-500-5000-1", 500, 5000
ANALYSIS = f"/v1/batches/{BATCH}/analysis"
APPROVALS = ("approved", "rejected", "pending", "invalid")


def database_bytes(data_dir):
    return sum(os.path.getsize(path) for path in data_dir.glob("cache.db*"))


def start(data_dir, upstream):
    # Nothing rendered is kept: each read is one of the store.
    return Daemon(data_dir, upstream, "--cache-hot-bytes", "0", "--history-keep", "100000")


def median_milliseconds(daemon, target, times=21):
    took = []
    for _ in range(times):
        begun = time.perf_counter()
        assert daemon.get(target).status == 200
        took.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(took), 2)


def main(states):
    chosen = random.Random(1)
    with tempfile.TemporaryDirectory() as directory:
        data_dir = pathlib.Path(directory)
        upstream = Sandbox()
        daemon = start(data_dir, upstream)
        daemon.get(ANALYSIS)
        daemon.stop()
        one = database_bytes(data_dir)

        daemon = start(data_dir, upstream)
        for _ in range(states - 1):
            changes = [
                {"video": event % VIDEOS, "event": event // VIDEOS, "approval": chosen.choice(APPROVALS)}
                for event in chosen.sample(range(EVENTS), EVENTS // 100)
            ]
            upstream.review(BATCH, approvals=changes)
            assert daemon.post(f"/v1/batches/{BATCH}/refresh", {}).status == 200
        snapshots = [entry["snapshot"] for entry in daemon.get(f"/v1/batches/{BATCH}/snapshots").json()["snapshots"]]
        newest = median_milliseconds(daemon, f"{ANALYSIS}?as_of={snapshots[0]}")
        oldest = median_milliseconds(daemon, f"{ANALYSIS}?as_of={snapshots[-1]}")
        daemon.stop()
        upstream.kill()
        all_of_them = database_bytes(data_dir)
    print(
        json.dumps(
            {
                "states": len(snapshots),
                "one_state_bytes": one,
                "all_states_bytes": all_of_them,
                "space_ratio": round(all_of_them / one, 2),
                "newest_ms": newest,
                "oldest_ms": oldest,
                "as_of_ratio": round(oldest / newest, 2),
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1000)
