"""The examples of docs/sql.md, run as they stand there."""

import glob
import os
import pathlib
import re
import subprocess
import sys
import sysconfig

import pytest
from harness import run

ROOT = pathlib.Path(__file__).resolve().parents[2]
BLOCKS = re.findall(r"```(sh|python)\n(.*?)```", (ROOT / "docs" / "sql.md").read_text(), re.S)
BATCH = "ask-20-200-3"


def runnable(language, text):
    if language == "sh":
        return ["sh", "-ec", text]
    # Installing an extension downloads it; here it comes from a package.
    (extension,) = glob.glob(
        os.path.join(sysconfig.get_paths()["purelib"], "duckdb_ext", "extensions", "*", "*", "sqlite_scanner.duckdb_extension")
    )
    return [sys.executable, "-c", text.replace("INSTALL sqlite; LOAD sqlite", f"LOAD '{extension}'")]


@pytest.fixture
def places(daemon, tmp_path):
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    bundle = tmp_path / "field.bundle"
    assert run("export", "--server", daemon.url, "-o", str(bundle)).returncode == 0
    return daemon, [tmp_path / "data" / "cache.db", bundle]


@pytest.mark.parametrize("language, text", BLOCKS, ids=[f"example-{i}" for i in range(len(BLOCKS))])
def test_an_example_runs_on_a_live_store_and_on_a_bundle(places, language, text):
    daemon, files = places
    printed = []
    for path in files:
        environment = {**os.environ, "CACHE": str(path), "DAEMON": daemon.url, "BATCH": BATCH}
        done = subprocess.run(runnable(language, text), capture_output=True, text=True, timeout=120, env=environment)
        assert done.returncode == 0, done.stderr
        printed.append(done.stdout)
    assert printed[0] == printed[1]
    if "validated_at" not in text:
        assert len(printed[0].splitlines()) > 2, "an example that shows nothing explains nothing"


def test_there_are_examples_for_each_tool():
    text = "".join(text for _, text in BLOCKS)
    assert len(BLOCKS) == 5 and all(tool in text for tool in ("sqlite3 -readonly", "pandas.read_sql", "duckdb.sql"))
