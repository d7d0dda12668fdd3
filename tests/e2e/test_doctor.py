"""`doctor`, with each thing wrong that it looks for; and what commands end with."""

import contextlib
import datetime
import email.utils
import http.server
import json
import os
import socket
import sqlite3
import ssl
import subprocess
import threading

import pytest
from certificates import Authority
from harness import Daemon, Sandbox, run
from upstreams import ApiUpstream, Relay, ScriptedUpstream, response, whole_batches

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to take its rights away or to mount")
KEY = {"NOMADICAI_API_KEY": "alice-key-0123456789"}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return taken.getsockname()[1]


# Root may write everywhere, but for this. For anybody else it takes away what they do not have.
ORDINARY = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


def examine(tmp_path, upstream, *arguments, environment=KEY, port=0, launch=()):
    """Subject to finding, and the exit status."""
    done = run(
        "doctor", "--json", "--cache-data-dir", str(tmp_path / "data"),
        *(["--server-listen", f"127.0.0.1:{port}"] if port is not None else []), "--upstream-base-url", upstream,
        *arguments, environment=environment, launch=launch,
    )
    assert done.stdout, done.stderr
    return {finding["subject"]: finding for finding in json.loads(done.stdout)}, done.returncode


def healths(findings):
    return {subject: finding["health"] for subject, finding in findings.items()}


UPSTREAMS = {"dns", "proxy", "upstream", "tls", "dialect"}  # whose problems are the upstream's: exit status 4


def assert_problem(findings, status, subject, says, remedy="", exit_status=None):
    finding = findings[subject]
    assert finding["health"] == "problem" and says in finding["detail"] and remedy in finding["remedy"], finding
    assert finding["remedy"] and status == (exit_status or (4 if subject in UPSTREAMS else 1)), findings


def test_all_is_well_against_the_sandbox(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url)
    assert status == 0, findings
    assert {subject for subject, health in healths(findings).items() if health != "ok"} == {"clock"}  # it sends no Date
    assert {"configuration", "directory", "key file", "port", "store", "disk", "dns", "upstream", "clock", "key",
            "dialect"} == set(findings)
    table = run("doctor", "--offline", "--cache-data-dir", str(tmp_path)).stdout
    assert table.splitlines()[0].split()[:2] == ["configuration", "ok"]
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
    assert done.returncode == 2 and "server.listen" in json.loads(done.stdout)[0]["detail"]
    for unreadable in (tmp_path / "none.toml", tmp_path):
        done = run("doctor", "--config", str(unreadable))
        assert done.returncode == 2 and "can't be read" in done.stdout


def test_a_directory_that_is_none(sandbox, tmp_path):
    (tmp_path / "data").write_text("")
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "directory", "no directory")


def test_a_directory_that_others_can_read(sandbox, tmp_path):
    (tmp_path / "data").mkdir(mode=0o755)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "directory", "other users")


# The store.


@pytest.fixture
def store(start, tmp_path):
    """The database of a daemon that has been stopped."""
    daemon = start()
    assert daemon.get("/v1/batches/ask-40-400-1/analysis").status == 200
    assert daemon.stop() == 0
    return tmp_path / "data/cache.db"


def files(store):
    return {path.name: path.read_bytes() for path in store.parent.iterdir()}


def test_a_store_that_is_well_is_left_as_it_was(store, sandbox, tmp_path):
    before = files(store)
    findings, status = examine(tmp_path, sandbox.url)
    assert status == 0 and "every page is sound" in findings["store"]["detail"], findings
    assert files(store) == before


@pytest.mark.parametrize("content", [b"short", b"x" * 200, b"x" * 100_000])
def test_a_store_that_is_none(sandbox, tmp_path, content):
    (tmp_path / "data").mkdir(mode=0o700)
    (tmp_path / "data/cache.db").write_bytes(content)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "store", "not a database", "move it away")
    assert (tmp_path / "data/cache.db").read_bytes() == content


def test_a_damaged_store(store, sandbox, tmp_path):
    with open(store, "r+b") as file:  # its header is well
        file.seek(8192)
        file.write(os.urandom(store.stat().st_size - 8192))
    before = files(store)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "store", "is damaged", "move it away")
    assert files(store) == before


def pragma(store, name, value):
    with contextlib.closing(sqlite3.connect(store)) as database:
        database.execute(f"PRAGMA {name} = {value}")


def test_a_store_of_a_newer_program(store, sandbox, tmp_path):
    pragma(store, "user_version", 99)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "store", "newer nomadic-cached (format 99", "Install that version")


def test_a_store_of_an_older_program(store, sandbox, tmp_path):
    pragma(store, "user_version", 1)
    findings, status = examine(tmp_path, sandbox.url)
    assert status == 0 and "version 1 (the next start brings it to" in findings["store"]["detail"]


def test_a_store_of_another_program(store, sandbox, tmp_path):
    pragma(store, "application_id", 7)
    findings, status = examine(tmp_path, sandbox.url)
    assert_problem(findings, status, "store", "another program", "cache.data_dir")


@needs_root
def test_a_store_that_can_not_be_written(store, sandbox, tmp_path):
    store.chmod(0o400)
    findings, status = examine(tmp_path, sandbox.url, launch=ORDINARY)
    assert_problem(findings, status, "store", "may not be written", "owner")
    store.chmod(0o000)
    findings, status = examine(tmp_path, sandbox.url, launch=ORDINARY)
    assert_problem(findings, status, "store", "unable to open", "permissions")
    store.parent.chmod(0o500)
    findings, status = examine(tmp_path, sandbox.url, launch=ORDINARY)
    assert_problem(findings, status, "directory", "not writable", "owner")
    store.parent.chmod(0o700)


@needs_root
def test_a_file_system_that_is_mounted_read_only(store, sandbox, tmp_path):
    done = subprocess.run(["mount", "--bind", "-o", "ro", store.parent, store.parent], capture_output=True, text=True)
    if done.returncode:
        pytest.skip(f"nothing can be mounted here: {done.stderr}")
    try:
        findings, status = examine(tmp_path, sandbox.url)
    finally:
        subprocess.run(["umount", store.parent], check=True)
    assert_problem(findings, status, "store", "mounted read-only", "dmesg")


def test_a_unix_socket_that_can_not_be_made(sandbox, tmp_path):
    """A socket that is in the way, and where one can't be made."""
    path = tmp_path / "socket"
    path.write_text("")
    findings, status = examine(tmp_path, sandbox.url, "--server-unix-socket", str(path))
    assert_problem(findings, status, "unix socket", "no socket", "Move it away")
    findings, status = examine(tmp_path, sandbox.url, "--server-unix-socket", str(tmp_path / "none/socket"))
    assert_problem(findings, status, "unix socket", "not there", "Make that directory")
    findings, status = examine(tmp_path, sandbox.url, "--server-unix-socket", str(tmp_path / ("x" * 100)))
    assert_problem(findings, status, "unix socket", "107 bytes", "shorter")


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
    assert_problem(findings, status, "upstream", "can't be reached", "Check the network")
    assert "Check" not in findings["upstream"]["detail"]


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
    assert_problem(findings, status, "clock", "days ahead")
    assert_problem(findings, status, "dialect", "not JSON", "sign-in page", exit_status=1)  # the first problem's


@pytest.mark.parametrize("ahead, says", [(-330, "5 minutes behind"), (330, "5 minutes ahead"), (-30, None)])
def test_a_clock_that_is_minutes_off(tmp_path, ahead, says):
    now = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(seconds=ahead)
    upstream = ApiUpstream(lambda asked: response(*whole_batches(asked), "Date: " + email.utils.format_datetime(now, usegmt=True)))
    findings, status = examine(tmp_path, upstream.url)
    upstream.close()
    if says:
        assert_problem(findings, status, "clock", says, "timedatectl")
    else:
        assert status == 0 and findings["clock"]["health"] == "ok", findings


def test_an_upstream_that_keeps_quiet(tmp_path):
    upstream = ScriptedUpstream(lambda connection, head: None)
    findings, status = examine(tmp_path, upstream.url, "--upstream-request-timeout", "300ms")
    assert_problem(findings, status, "upstream", "no answer within 300 ms", "upstream.request_timeout")
    quiet = upstream.url.replace("http:", "https:")  # it waits for the end of a head that never comes
    findings, status = examine(tmp_path, quiet, "--upstream-connect-timeout", "300ms")
    assert_problem(findings, status, "tls", "does not answer the handshake", "firewall")
    upstream.close()


@pytest.mark.parametrize(
    "answer, says, remedy",
    [((503, {"detail": "down for an hour"}), "503 down for an hour", "later"),
     ((429, {"detail": "slow down"}), "429", "later"),
     (b"HTTP/1.1 302 Found\r\nLocation: http://portal.test/\r\nContent-Length: 0\r\n\r\n", "http://portal.test/", "base_url")],
)
def test_an_upstream_that_answers_something_else(tmp_path, answer, says, remedy):
    upstream = ApiUpstream(lambda asked: answer)
    findings, status = examine(tmp_path, upstream.url)
    upstream.close()
    assert_problem(findings, status, "upstream", says, remedy)


def test_a_base_url_that_leads_to_this_daemon(tmp_path):
    with Relay() as relay:
        relay.target = daemon = Daemon(tmp_path / "loop", relay.url)
        findings, status = examine(tmp_path, relay.url)
        daemon.kill()
    assert_problem(findings, status, "upstream", "508", "")


def test_a_proxy(tmp_path, sandbox):
    upstream = sandbox.url.replace("127.0.0.1", "localhost")
    down = f"http://127.0.0.1:{free_port()}"
    findings, status = examine(tmp_path, upstream, "--upstream-proxy", down)
    assert_problem(findings, status, "proxy", "Connection refused", "HTTPS_PROXY")
    refusing = ApiUpstream(lambda asked: (407, {}))
    findings, status = examine(tmp_path, upstream, "--upstream-proxy", refusing.url)
    assert findings["proxy"]["health"] == "ok"
    assert_problem(findings, status, "upstream", "407", "USER:PASSWORD")
    findings, status = examine(tmp_path, "https://api.test", "--upstream-proxy", refusing.url)
    assert_problem(findings, status, "upstream", "407", "USER:PASSWORD")
    refusing.close()
    findings, status = examine(tmp_path, upstream, "--upstream-proxy", sandbox.url)
    assert status == 0, findings


# Certificates.


@pytest.fixture
def authority(tmp_path):
    return Authority(tmp_path)


def over_tls(tmp_path, certificate, *arguments):
    """What is found of an upstream that shows it."""
    pem, key = certificate
    upstream = Sandbox("--tls-certificate", str(pem), "--tls-key", str(key))
    try:
        return examine(tmp_path, upstream.url.replace("127.0.0.1", "localhost"), *map(str, arguments))
    finally:
        upstream.kill()


def test_a_certificate_that_is_well(tmp_path, authority):
    findings, status = over_tls(tmp_path, authority.issue("well", days=90), "--upstream-ca-file", authority.pem)
    assert status == 0 and "good for" in findings["tls"]["detail"], findings


@pytest.mark.parametrize(
    "options, trusted, says, remedy",
    [({"days": 90}, False, "not trusted", "upstream.ca_file"),
     ({"days": 90, "alternatives": "DNS:elsewhere.test"}, True, "not for localhost", "base_url"),
     ({"days": 2}, True, "ends in", "renew"),
     ({"days": -1}, True, "ended on", "clock")],
)
def test_certificates_of_the_upstream(tmp_path, authority, options, trusted, says, remedy):
    trust = ["--upstream-ca-file", authority.pem] if trusted else []
    findings, status = over_tls(tmp_path, authority.issue("upstream", **options), *trust)
    assert_problem(findings, status, "tls", says, remedy)


def test_authorities_that_can_not_be_used(tmp_path, authority):
    (tmp_path / "empty.pem").write_text("")
    for wrong in ("empty.pem", "none.pem"):
        findings, status = over_tls(tmp_path, authority.issue("well"), "--upstream-ca-file", tmp_path / wrong)
        assert_problem(findings, status, "tls", wrong, "file", exit_status=2)
    other = Authority(tmp_path, "other")
    findings, status = over_tls(tmp_path, authority.issue("well", days=90), "--upstream-ca-file", other.pem)
    assert_problem(findings, status, "tls", "not trusted", "upstream.ca_file")


def own(subject, certificate, key):
    setting = {"client certificate": "--upstream-client", "certificate": "--server-tls"}[subject]
    return f"{setting}-certificate", str(certificate), f"{setting}-key", str(key)


@pytest.mark.parametrize("subject", ["client certificate", "certificate"])
def test_certificates_of_ours(tmp_path, authority, subject):
    well, another, ending, ended = (authority.issue(name, days=days) for name, days in
                                    (("ours", 90), ("another", 90), ("ending", 2), ("ended", -1)))

    def found(certificate, key):
        return over_tls(tmp_path, authority.issue("upstream", days=90), "--upstream-ca-file", authority.pem,
                        *own(subject, certificate, key))

    findings, status = found(*well)
    assert status == 0 and "its key fit" in findings[subject]["detail"], findings
    findings, status = found(well[0], another[1])
    assert_problem(findings, status, subject, "another.key can't be used", "private key of", exit_status=2)
    findings, status = found(tmp_path / "none.pem", well[1])
    assert_problem(findings, status, subject, "none.pem can't be used", "readable PEM file", exit_status=2)
    findings, status = found(*ending)
    assert_problem(findings, status, subject, "ends in", "renewed")
    findings, status = found(*ended)
    assert_problem(findings, status, subject, "ended on", "renewed")
    subprocess.run(["openssl", "pkey", "-in", well[1], "-aes256", "-passout", "pass:secret", "-out", tmp_path / "locked.key"],
                   check=True, capture_output=True)
    findings, status = found(well[0], tmp_path / "locked.key")
    assert_problem(findings, status, subject, "passphrase", "openssl pkey", exit_status=2)
    well[1].chmod(0o644)
    findings, status = found(*well)
    assert_problem(findings, status, subject, "other users", "chmod 600")


def test_an_upstream_that_asks_for_a_certificate(tmp_path, authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*authority.issue("upstream", days=90))
    context.load_verify_locations(authority.pem)
    context.verify_mode = ssl.CERT_REQUIRED
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), SignInPage) as upstream:
        upstream.socket = context.wrap_socket(upstream.socket, server_side=True)
        threading.Thread(target=upstream.serve_forever, daemon=True).start()
        url = f"https://localhost:{upstream.server_port}"
        findings, status = examine(tmp_path, url, "--upstream-ca-file", str(authority.pem))
        assert_problem(findings, status, "upstream", "certificate required", "It asks for a certificate of yours")
        mine = map(str, own("client certificate", *authority.issue("mine", days=90)))
        findings, status = examine(tmp_path, url, "--upstream-ca-file", str(authority.pem), *mine)
        assert findings["upstream"]["health"] == "ok", findings
        upstream.shutdown()


def test_our_own_daemon_is_recognised_behind_tls_and_tokens(start, sandbox, authority, tmp_path):
    pem, key = authority.issue("ours", days=90)
    tokens = tmp_path / "tokens"
    tokens.write_text("local-token-1\n")
    tokens.chmod(0o600)
    settings = [*own("certificate", pem, key), "--server-bearer-tokens-file", str(tokens)]
    daemon = start(*settings)
    findings, status = examine(tmp_path, sandbox.url, *settings, port=daemon.url.rsplit(":", 1)[1])
    assert status == 0 and "nomadic-cached answers" in findings["port"]["detail"], findings
    assert findings["tokens"]["health"] == "ok"
    tokens.chmod(0o640)
    findings, status = examine(tmp_path, sandbox.url, *settings)
    assert_problem(findings, status, "tokens", "may be read", "token", exit_status=2)


@needs_root
def test_a_port_that_only_root_may_take(sandbox, tmp_path):
    findings, status = examine(tmp_path, sandbox.url, port=82, launch=("setpriv", "--bounding-set=-net_bind_service"))
    assert_problem(findings, status, "port", "ermission denied", "1024")


def test_an_address_of_another_machine(sandbox, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[server]\nlisten = ['127.0.0.1:0', '192.0.2.1:8765']\nallow_insecure = true\n")
    findings, status = examine(tmp_path, sandbox.url, "--config", str(config), port=None)
    assert_problem(findings, status, "port", "assign requested address", "ip address")


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


@pytest.mark.parametrize("status", [401, 403])
def test_the_exit_status_of_a_refusal_says_whose_it_is(start, tmp_path, status):
    upstream = ApiUpstream(lambda asked: (status, {"detail": "not for this key"}))
    token = tmp_path / "token"
    token.write_text("local-token-1\n")
    token.chmod(0o600)
    daemon = start("--server-bearer-tokens-file", str(token), upstream=upstream.url)
    config = tmp_path / "mine.toml"
    config.write_text("[server]\nbearer_tokens = ['local-token-1']\n")
    with_token = ("--config", str(config), "--server", daemon.url)
    for command in ("get", "refresh", "prefetch"):
        done = run(command, "ask-1-1-1", *with_token)
        assert done.returncode == 4 and "not for this key" in done.stdout + done.stderr
        without = run(command, "ask-1-1-1", "--server", daemon.url)
        assert without.returncode == 2 and "token" in without.stderr
    upstream.close()


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
