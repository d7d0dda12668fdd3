"""`doctor`, with each thing wrong that it looks for; and what commands end with."""

import http.server
import json
import os
import socket
import subprocess
import threading

import pytest
from harness import run

KEY = {"NOMADICAI_API_KEY": "alice-key-0123456789"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


def examine(tmp_path, upstream, *arguments, environment=KEY, port=None):
    """Subject to finding, and the exit status."""
    done = run(
        "doctor", "--json", "--cache-data-dir", str(tmp_path / "data"), "--server-listen",
        f"127.0.0.1:{port or free_port()}", "--upstream-base-url", upstream, "--upstream-connect-timeout", "5s",
        *arguments, environment=environment,
    )
    assert done.stdout, done.stderr
    return {finding["subject"]: finding for finding in json.loads(done.stdout)}, done.returncode


def healths(findings):
    return {subject: finding["health"] for subject, finding in findings.items()}


def assert_problem(findings, status, subject, says):
    finding = findings[subject]
    assert status == 1 and finding["health"] == "problem" and says in finding["detail"], finding
    assert finding["remedy"]


def test_all_is_well_against_the_sandbox(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url)
    assert status == 0, findings
    assert {subject for subject, health in healths(findings).items() if health != "ok"} == {"clock"}  # it sends no Date
    assert {"configuration", "directory", "key file", "port", "store", "disk", "dns", "upstream", "clock", "key",
            "dialect"} == set(findings)
    table = run("doctor", "--offline", "--cache-data-dir", str(tmp_path)).stdout
    assert table.splitlines()[0].startswith("configuration ok")
    assert not (tmp_path / "data").exists()  # nothing was changed


def test_a_running_daemon_of_ours_is_recognised(daemon, sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url, port=daemon.url.rsplit(":", 1)[1])
    assert status == 0 and "nomadic-cached" in findings["port"]["detail"]
    assert "version" in findings["store"]["detail"]


def test_a_taken_port(sandbox, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]

        def hang_up():
            connection, _ = other.accept()
            connection.close()

        threading.Thread(target=hang_up, daemon=True).start()
        findings, status = examine(tmp_path, sandbox.url, port=port)
    assert_problem(findings, status, "port", "in use")


def test_a_configuration_that_can_not_be_used(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[server]\nlisten_on = 'x'\n")
    done = run("doctor", "--json", "--config", str(config))
    assert done.returncode == 1 and "server.listen" in json.loads(done.stdout)[0]["detail"]


def test_a_directory_that_is_none(sandbox, tmp_path):
    (tmp_path / "data").write_text("")
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "directory", "no directory")


def test_a_directory_that_others_can_read(sandbox, tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "directory", "other users")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_directory_that_is_not_writable(sandbox, tmp_path):
    (tmp_path / "data").mkdir(mode=0o500)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "directory", "not writable")


@pytest.mark.parametrize("content, says", [(b"short", "cut short"), (b"x" * 200, "no SQLite database")])
def test_a_store_that_is_none(sandbox, tmp_path, content, says):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/cache.db").write_bytes(content)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "store", says)
    assert (tmp_path / "data/cache.db").read_bytes() == content


def test_too_little_disk_space(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url, "--cache-min-free-disk", "900 TiB")
    assert_problem(findings, status, "disk", "cache.min_free_disk")


def test_a_key_file_that_others_can_read(sandbox, tmp_path):
    key = tmp_path / "key"
    key.write_text("alice-key-0123456789\n")
    key.chmod(0o644)
    findings, status = examine(tmp_path, sandbox.url, "--auth-api-key-file", str(key), environment={})
    assert_problem(findings, status, "key file", "other users")


def test_no_key_is_no_problem(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url, environment={})
    assert status == 0 and findings["key"]["health"] == "unknown"


def test_a_wrong_key(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url, environment={"NOMADICAI_API_KEY": "bad-key"})
    assert_problem(findings, status, "key", "does not accept")


def test_a_name_that_is_not_known(tmp_path):
    findings, status = examine(tmp_path, "http://no-such-host.invalid")
    assert_problem(findings, status, "dns", "no-such-host.invalid")


def test_an_upstream_that_is_not_there(tmp_path):
    findings, status = examine(tmp_path, f"http://127.0.0.1:{free_port()}")
    assert_problem(findings, status, "upstream", "can't be reached")


class SignInPage(http.server.BaseHTTPRequestHandler):
    """A captive portal, in another time."""

    def do_GET(self):
        body = b"<html>Sign in</html>"
        self.send_response_only(200)
        self.send_header("Date", "Thu, 01 Jan 2015 00:00:00 GMT")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *arguments):
        pass


def test_a_sign_in_page_and_a_wrong_clock(tmp_path):
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignInPage) as portal:
        threading.Thread(target=portal.serve_forever, daemon=True).start()
        findings, status = examine(tmp_path, f"http://127.0.0.1:{portal.server_port}")
        portal.shutdown()
    assert_problem(findings, status, "dialect", "not JSON")
    assert_problem(findings, status, "clock", "differs")


def certificate(folder, name, days, host="localhost"):
    files = [str(folder / f"{name}.{kind}") for kind in ("pem", "key")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", str(days),
         "-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-out", files[0], "-keyout", files[1]],
        check=True, capture_output=True,
    )
    return files


@pytest.mark.parametrize(
    "host, days, trusted, says",
    [("localhost", 90, True, None), ("localhost", 90, False, "not trusted"), ("elsewhere.test", 90, True, "not for"),
     ("localhost", 2, True, "ends in")],
)
def test_certificates(tmp_path, host, days, trusted, says):
    from harness import Sandbox

    pem, key = certificate(tmp_path, "upstream", days, host)
    upstream = Sandbox("--tls-certificate", pem, "--tls-key", key)
    try:
        url = upstream.url.replace("127.0.0.1", "localhost")
        findings, status = examine(tmp_path, url, *(["--upstream-ca-file", pem] if trusted else []))
    finally:
        upstream.kill()
    if says is None:
        assert status == 0 and "good for" in findings["tls"]["detail"], findings
    else:
        assert_problem(findings, status, "tls", says)


# Exit statuses, as the manual page lists them.


def test_exit_statuses(sandbox, daemon, start, tmp_path):
    at = ("--server", daemon.url)
    assert run("version").returncode == 0
    assert run("get", "ask-1-1-1", *at).returncode == 0
    assert run("get", "ask-1-1-1", "--server", f"http://127.0.0.1:{free_port()}").returncode == 1
    assert run("nonsense").returncode == 2
    assert run("get", "ask-1-1-1", "--no-such-flag").returncode == 2
    assert run("ls", "--upstream-retries", "many").returncode == 2
    assert run("get", "ask-1-1-1", "--filter", "Approved", *at).returncode == 2
    assert run("get", "unknown", *at).returncode == 3
    sandbox.faults(html_every=1)
    assert run("get", "ask-1-1-2", *at).returncode == 4
    offline = start("--offline", upstream=None, data_dir=tmp_path / "offline")
    assert run("get", "ask-1-1-1", "--server", offline.url).returncode == 5


def test_every_command_takes_config_and_those_that_ask_a_daemon_take_server(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[log]\nlevel = 'nonsense'\n")
    takes_server = {"get", "ls", "show", "ensure", "prefetch", "refresh", "purge", "log", "diff", "stats"}
    for command in takes_server | {"serve", "doctor", "config"}:
        help_text = run(command, "--help").stdout
        assert "--config" in help_text, command
        assert ("--server " in help_text) == (command in takes_server), command


def test_config_shows_sources_and_hides_secrets(tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[server]\nbearer_tokens = ['hidden-token-1']\n[cache]\nfresh_pending = '5s'\n")
    shown = run("config", "--config", str(config), "--upstream-retries", "7",
                environment={"NOMADIC_CACHED_LOG_LEVEL": "warn", **KEY}).stdout
    assert 'fresh_pending = "5s"  # from ' + str(config) + ":4" in shown
    assert 'level = "warn"  # from NOMADIC_CACHED_LOG_LEVEL' in shown
    assert "retries = 7  # from --upstream-retries" in shown
    assert "hidden-token-1" not in shown and KEY["NOMADICAI_API_KEY"] not in shown
    assert "NOMADICAI_API_KEY" in shown
