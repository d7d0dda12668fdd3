"""Seeing into the daemon: metrics, the dashboard, status, the log."""

import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess

import pytest
from harness import BINARY, PATIENCE, run
from prometheus_client.parser import text_string_to_metric_families

DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"
BATCH = "ask-3-9-1"
ANALYSIS = f"/v1/batches/{BATCH}/analysis"


def scrape(daemon):
    """Family name to samples; the parser refuses what is malformed."""
    text = daemon.get("/metrics").body.decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def value(families, family, **labels):
    for sample in families[family].samples:
        if sample.labels == labels and not sample.name.endswith(("_bucket", "_sum")):
            return sample.value
    return None


def test_what_happened_is_counted(daemon, sandbox):
    daemon.get(ANALYSIS)
    daemon.get(ANALYSIS)
    daemon.get("/v1/batches/nobody-knows-this/analysis")
    families = scrape(daemon)
    route = "/v1/batches/{batch_id}/analysis"
    requests = "nomadic_cached_requests"
    assert value(families, requests, route=route, cache="hit", status="200") == 1
    assert value(families, requests, route=route, cache="miss", status="200") == 1
    assert value(families, "nomadic_cached_request_duration_seconds", route=route, cache="hit") == 1
    assert value(families, "nomadic_cached_upstream_requests", outcome="ok") == 2
    assert value(families, "nomadic_cached_upstream_requests", outcome="refused") == 1
    assert value(families, "nomadic_cached_hot_requests", result="hit") == 1
    assert value(families, "nomadic_cached_sent_bytes") > 1000
    assert value(families, "nomadic_cached_received_bytes") > 100
    assert value(families, "nomadic_cached_upstream_received_bytes") > 1000
    assert value(families, "nomadic_cached_store_bytes") > 0
    assert value(families, "nomadic_cached_pending_jobs", threads="writer") >= 0  # it may still be tidying up
    assert value(families, "process_open_fds") > 5
    assert "nobody-knows-this" not in daemon.get("/metrics").body.decode()


def test_retries_and_failures_of_the_upstream_are_counted(daemon, sandbox):
    sandbox.faults(error_every=2)
    daemon.get(ANALYSIS)
    families = scrape(daemon)
    failed = value(families, "nomadic_cached_upstream_requests", outcome="server_error")
    assert failed > 0 and value(families, "nomadic_cached_upstream_retries") == failed


def family_names(families):
    return {name + ("_total" if family.type == "counter" else "") for name, family in families.items()}


def test_every_metric_is_documented_and_every_documented_one_is_there(daemon):
    daemon.get(ANALYSIS)
    documented = set(re.findall(r"`((?:nomadic_cached|process)_\w+)`", (DOCS / "metrics.md").read_text()))
    assert documented == family_names(scrape(daemon))


def test_the_dashboard_asks_only_for_metrics_that_are_there(daemon):
    daemon.get(ANALYSIS)
    names = family_names(scrape(daemon))
    dashboard = json.loads((DOCS / "grafana.json").read_text())
    asked = {
        name.removesuffix("_bucket")
        for panel in dashboard["panels"]
        for target in panel["targets"]
        for name in re.findall(r"\b(?:nomadic_cached|process)_\w+", target["expr"])
    }
    assert asked and asked <= names
    assert names - asked <= {"nomadic_cached_build_info", "nomadic_cached_hot_answers", "nomadic_cached_spooled_bytes",
                             "nomadic_cached_spooled_files", "process_start_time_seconds",
                             "process_virtual_memory_bytes", "process_threads"}


def promtool(*arguments, **options):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=PATIENCE, **options)


needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="no promtool here (Debian: prometheus)")


@needs_promtool
def test_promtool_finds_nothing_wrong_with_the_metrics(daemon, sandbox):
    for target in (ANALYSIS, ANALYSIS, "/v1/batches/unknown/analysis", "/nowhere", "/v1/status", "/metrics"):
        daemon.get(target)
    checked = promtool("check", "metrics", input=daemon.get("/metrics").body.decode())
    assert checked.returncode == 0 and not checked.stdout + checked.stderr, checked


@needs_promtool
def test_the_alerting_rules_are_sound_and_fire_when_they_should(tmp_path):
    rules = DOCS / "alerts.yml"
    checked = promtool("check", "rules", rules)
    assert checked.returncode == 0, checked.stderr
    cases = tmp_path / "alerts.yml"
    cases.write_text(pathlib.Path(__file__).with_name("alerts.yml").read_text().replace("RULES", str(rules)))
    tried = promtool("test", "rules", cases)
    assert tried.returncode == 0, tried.stdout + tried.stderr
    alerts = re.findall(r"alert: (\w+)", rules.read_text())
    assert alerts and all(f'alertname="{alert}"' in cases.read_text() for alert in alerts)


def test_the_alerting_rules_ask_only_for_metrics_that_are_there(daemon):
    daemon.get(ANALYSIS)
    asked = set(re.findall(r"\b(?:nomadic_cached|process)_\w+", (DOCS / "alerts.yml").read_text()))
    assert asked and {name.removesuffix("_bucket") for name in asked} <= family_names(scrape(daemon))


def test_stats_is_a_table_or_json(daemon):
    daemon.get(ANALYSIS)
    table = run("stats", "--server", daemon.url).stdout
    assert re.search(r"^store quota MiB +20480\.0$", table, re.M) and re.search(r"^offline +false$", table, re.M)
    assert re.search(r"^store complaint +none$", table, re.M) and re.search(r"^requests miss +1$", table, re.M)
    status = json.loads(run("stats", "--json", "--server", daemon.url).stdout)
    assert status["requests"]["miss"] == 1 and status["upstream_requests"] == {"ok": 2, "retries": 0}
    assert status["addresses"] == [daemon.url] and status["store"]["bytes"] > 0
    assert "NOMADICAI_API_KEY" in status["key"]


def access_lines(daemon):
    return [line for line in daemon.lines if "message=request " in line]


def test_one_access_line_a_request_without_its_query(daemon):
    answer = daemon.get(ANALYSIS + "?q=secret-search", {"X-Request-ID": "mine-1"})
    assert answer.status == 200
    daemon.wait_for("request_id=mine-1")
    assert len(access_lines(daemon)) == 1 and "secret-search" not in daemon.output()
    assert f"path={ANALYSIS} status=200" in access_lines(daemon)[0]


def test_what_went_wrong_is_in_the_log(sandbox, start):
    daemon = start("--upstream-retries", "0")
    assert daemon.get("/v1/batches/nobody-knows-this/analysis").status == 404
    sandbox.kill()
    answer = daemon.get(ANALYSIS, {"X-Request-ID": "mine-2"})
    assert answer.status == 502
    daemon.wait_for("request_id=mine-2")
    line = access_lines(daemon)[-1]
    assert f"error={json.dumps(answer.json()['detail'])}" in line and "cache=" not in line
    assert "error=" not in access_lines(daemon)[0]  # it is the client's
    warned = [line for line in daemon.lines if "level=warn" in line]
    assert len(warned) == 1 and f'message="a batch could not be fetched" batch_id={BATCH} error=' in warned[0]


def test_numbers_are_numbers_in_a_json_log_also_of_answers_that_were_kept_before(start, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("")
    daemon = start("--config", str(config))
    for _ in range(3):
        daemon.get(ANALYSIS)
    config.write_text("[log]\nformat = 'json'\n")
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for('"changed":"log.format"')
    for number in range(3):
        daemon.get(ANALYSIS, {"X-Request-ID": f"mine-3-{number}"})
    daemon.get(f"/v1/batches/{BATCH}1/analysis", {"X-Request-ID": "mine-4"})
    daemon.wait_for("mine-4")
    lines = [json.loads(line) for line in daemon.lines if "mine-" in line]
    assert [line["request_id"] for line in lines] == ["mine-3-0", "mine-3-1", "mine-3-2", "mine-4"]
    for line in lines:
        assert list(line)[:4] == ["time", "level", "message", "method"]
        assert line["status"] == 200 and 0 <= line["ms"] < 60_000 and line["peer"].startswith("127.0.0.1:")
    assert all("; hit; ttl=" in line["cache"] for line in lines[:3])
    assert lines[3]["cache"] == "nomadic-cached; fwd=miss; stored"


def test_a_warning_that_repeats_is_written_a_few_times_and_then_counted(sandbox, start, tmp_path):
    daemon = start("--cache-min-free-disk", "1000TiB")
    for number in range(12):
        assert daemon.get(f"/v1/batches/ask-2-3-{number}/analysis").status == 200
    daemon.stop()
    repeated = {}
    for line in daemon.lines:
        if found := re.search(r"level=(?:warn|error) message=(\"[^\"]*\"|\S+)", line):
            repeated.setdefault(found.group(1), []).append(line)
    assert repeated
    for lines in repeated.values():
        left_out = sum(int(n) for line in lines for n in re.findall(r"left_out=(\d+)", line))
        assert len(lines) <= 6 and (len(lines) < 6 or left_out == 12 - 5)
    assert any("left_out=7" in lines[-1] for lines in repeated.values())


def test_lines_for_the_journal_begin_with_their_severity(tmp_path):
    """JOURNAL_STREAM names the socket that standard error is: then the journal reads "<N>" and keeps the time."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        status = os.fstat(theirs.fileno())
        daemon = subprocess.Popen(
            [BINARY, "serve", "--offline", "--server-listen", "127.0.0.1:0", "--cache-data-dir", str(tmp_path)],
            stderr=theirs, env={"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"},
        )
        theirs.close()
        ours.settimeout(PATIENCE)
        received = b""
        while b"message=ready" not in received:
            received += ours.recv(65536)
        daemon.terminate()
        assert daemon.wait(PATIENCE) == 0
    for line in received.decode().splitlines():
        assert re.match(r"<[3467]>level=\w+ message=", line)
