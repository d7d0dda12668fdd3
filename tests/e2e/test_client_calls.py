"""Everything else the official clients do works through the daemon as it does without it."""

import json
import os
import pathlib
import subprocess

import pytest

SCRIPT = pathlib.Path(__file__).with_name("other_calls.py")


@pytest.fixture(params=["0_1_53", "0_1_64"])
def call(request, tmp_path):
    python = os.environ[f"NOMADIC_CLIENT_{request.param}_PYTHON"]
    module = "nomadicml" if request.param == "0_1_53" else "nomadic"
    video = tmp_path / "drive.mp4"
    video.write_bytes(os.urandom(3_000_000))

    def run(url, key):
        done = subprocess.run([python, str(SCRIPT), module, url, key, str(video)], capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("key", ["alice-key-0123456789", None])
def test_the_clients_other_calls(sandbox, start, call, key):
    daemon = start(key=key)
    through = call(daemon.url, "alice-laptop")
    direct = call(sandbox.url, "alice-laptop")
    assert through["verify_auth"] == direct["verify_auth"] and through["verify_auth"]["user_id"] == "alice"
    assert through["folder"] == through["folder_again"] == direct["folder"]
    assert through["upload"]["status"] == "success" and len(through["videos"]) == 1
    assert through["search"]["summary"] == "Found for: red truck" and through["search"]["matches"] == direct["search"]["matches"]
    assert through["metadata"]["metadata"] == {"site": "north", "run": 7}
    assert through["refusal"] == direct["refusal"] and "not found" in through["refusal"]
    assert through.keys() == direct.keys()
