"""Pass-through adds nothing and takes nothing: the public suite of HTTP cache tests finds the same of an origin whether
it asks it directly or through the daemon, test by test. In a few the origin breaks off or breaks HTTP itself, which ends
the suite's own connection; the daemon answers 502 then, or mends the framing, and must not make a success of it."""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SUITE = ROOT / ".venv" / "http-cache-tests" / "node_modules" / "http-cache-tests"
ORIGIN = pathlib.Path(__file__).with_name("transparency") / "origin.cjs"
AMBIGUOUS = {"headers-store-Transfer-Encoding"}  # a coding that nobody asked for: the daemon refuses to guess its length
VARIES = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT|\d+")


def node(*arguments, **settings):
    npm = {"protocol": "http", "port": "0", "base": "", "id": "", "pidfile": os.devnull}
    environment = {**os.environ, **{f"npm_package_config_{name}": value for name, value in {**npm, **settings}.items()}}
    return subprocess.Popen(["node", "--no-warnings", *arguments], cwd=SUITE, env=environment, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@pytest.fixture
def origins():
    started = []

    def origin():
        process = node("-r", str(ORIGIN), "server/server.mjs")
        started.append(process)
        return re.search(r"http://[\d.]+:\d+", process.stdout.readline()).group()

    yield origin
    for process in started:
        process.kill()
        process.communicate()


def verdicts(run):
    """What the suite says of each test; ids and times that differ from run to run are left out."""
    out, err = run.communicate(timeout=240)
    assert run.returncode == 0 and not err, err
    return {name: True if verdict is True else [VARIES.sub("*", part) for part in verdict]
            for name, verdict in json.loads(out).items()}


def test_the_suites_verdicts_are_the_same_with_and_without_the_daemon(start, origins):
    assert SUITE.is_dir(), "scripts/setup.sh installs the suite"
    direct = node("cli.mjs", base=origins() + "/api")
    daemon = start(upstream=origins(), key=None)  # the clients' own Authorization goes through
    through = node("cli.mjs", base=daemon.url + "/api")
    expected, found = verdicts(direct), verdicts(through)
    assert len(expected) > 300 and any(verdict is True for verdict in expected.values())
    assert found.keys() == expected.keys()
    broken = {name for name, verdict in expected.items() if verdict is not True and verdict[0] == "FetchError"} | AMBIGUOUS
    assert len(broken) < 20 and not [name for name in broken if found[name] is True]
    assert {name: (expected[name], found[name]) for name in expected.keys() - broken if found[name] != expected[name]} == {}
