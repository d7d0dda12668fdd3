"""What the commands do with odd outputs, files and tokens: nothing is called done that is not."""

import os
import stat
import threading

import pytest

from harness import run

BATCH = "ask-12-80-1"
# Writing more than 1 KiB to any file fails, as on a full disk.
NO_ROOM = ["bash", "-c", "trap '' XFSZ; ulimit -f 1; exec \"$@\"", "bash"]
ORDINARY = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
FULL_OUTPUT = ["bash", "-c", 'exec "$@" >/dev/full', "bash"]


@pytest.mark.parametrize(
    "arguments", [["get", BATCH], ["get", BATCH, "--csv"], ["ls"], ["stats"], ["config"], ["completion", "bash"], ["version"], ["--help"]]
)
def test_what_could_not_be_printed_is_a_failure(daemon, arguments):
    server = ["--server", daemon.url] if arguments[0] in ("get", "ls", "stats") else []
    done = run(*arguments, *server, launch=FULL_OUTPUT)
    assert done.returncode == 1 and "Standard output can't be written" in done.stderr


def test_get_leaves_the_old_file_when_there_is_no_room_for_the_new_one(daemon, tmp_path):
    target = tmp_path / "analysis.csv"
    target.write_text("as before")
    target.chmod(0o600)
    failed = run("get", BATCH, "--csv", "--output", str(target), "--server", daemon.url, launch=NO_ROOM)
    assert failed.returncode == 1 and "can't be written" in failed.stderr
    assert target.read_text() == "as before" and list(tmp_path.glob("*.part")) == []
    assert run("get", BATCH, "--csv", "--output", str(target), "--server", daemon.url).returncode == 0
    assert target.read_bytes() == daemon.get(f"/v1/batches/{BATCH}/analysis?format=csv").body
    assert stat.S_IMODE(target.stat().st_mode) == 0o600


def test_get_writes_into_a_pipe(daemon, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    read = []
    reader = threading.Thread(target=lambda: read.append(pipe.read_bytes()))
    reader.start()
    assert run("get", BATCH, "--output", str(pipe), "--server", daemon.url).returncode == 0
    reader.join()
    assert read == [daemon.get(f"/v1/batches/{BATCH}/analysis").body]


def test_export_replaces_nothing_but_files(daemon, tmp_path):
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    pipe, link = tmp_path / "pipe", tmp_path / "link"
    os.mkfifo(pipe)
    link.symlink_to("elsewhere")
    for target in (pipe, link, tmp_path):
        failed = run("export", "--output", str(target), "--server", daemon.url)
        assert failed.returncode == 1 and f"{target} is no file" in failed.stderr
    assert stat.S_ISFIFO(os.lstat(pipe).st_mode) and os.readlink(link) == "elsewhere"


def test_import_says_that_a_directory_is_no_bundle(daemon, tmp_path):
    failed = run("import", str(tmp_path), "--server", daemon.url)
    assert failed.returncode == 1 and f"There is no file {tmp_path}" in failed.stderr


def test_an_unknown_command_is_named(tmp_path):
    failed = run("fetch", "b")
    assert failed.returncode == 2 and "'fetch'" in failed.stderr
    assert run("--version").stdout.strip() == run("version").stdout.splitlines()[0]


def test_commands_find_the_token_where_the_daemon_does(start, tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_bytes(b"first-token\r\nsecond-token\r\n")
    tokens.chmod(0o600)
    daemon = start("--server-bearer-tokens-file", str(tokens))
    assert daemon.get("/v1/batches").status == 401
    assert daemon.get("/v1/batches", {"Authorization": "Bearer second-token"}).status == 200
    assert run("ls", "--server", daemon.url).returncode == 2
    assert run("ls", "--server", daemon.url, "--server-bearer-tokens-file", str(tokens)).returncode == 0


def test_a_line_that_is_no_token_is_refused(tmp_path):
    tokens = tmp_path / "tokens"
    tokens.write_text("# the team's\ntoken\n")
    tokens.chmod(0o600)
    refused = run("serve", "--server-listen", "127.0.0.1:0", "--cache-data-dir", str(tmp_path / "data"), "--server-bearer-tokens-file", str(tokens))
    assert refused.returncode == 2 and "a line that is none" in refused.stderr


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to take its rights away")
@pytest.mark.parametrize("command", [["serve", "--server-listen", "127.0.0.1:0"], ["verify"], ["export", "--output"]])
def test_a_data_directory_of_another_user_is_named(tmp_path, command):
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    os.chown(data, 65534, 65534)
    output = [str(tmp_path / "bundle")] if command[-1] == "--output" else []
    refused = run(*command, *output, "--cache-data-dir", str(data), launch=ORDINARY)
    assert refused.returncode == 1 and f"The data directory {data} can't be used: Permission denied" in refused.stderr
