"""The OpenAPI document: complete, and true of what the daemon answers, as far as a fuzzer that reads it can tell."""

import json
import os
import pathlib
import re
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
DOCUMENT = json.loads((ROOT / "docs/openapi.json").read_text())
FUZZER = ROOT / ".venv/openapi/bin/python"
METHODS = {"get", "post", "delete", "put", "patch"}


def operations():
    return {(method.upper(), path) for path, item in DOCUMENT["paths"].items() for method in item if method in METHODS}


def routes():
    """What the sources give to the router: a pattern beside its method, in one call or one row of a table."""
    found = set()
    for path in (ROOT / "proxy").rglob("*.cpp"):
        text = path.read_text()
        found |= set(re.findall(r'"(GET|POST|DELETE|PUT|PATCH)",\s*"(/[^"?]*)"', text))
        for pattern in re.findall(r'\badd\("(/[^"]*)"', text):
            found.add(("GET", pattern))
    return found


def test_the_document_and_the_router_list_the_same():
    assert routes() == operations()


def test_every_documented_operation_is_served(daemon):
    for method, path in operations():
        answer = daemon.request("OPTIONS", path.replace("{batch_id}", "x").replace("{id}", "x"))
        if path.startswith("/api/"):
            continue  # its other methods are the upstream's
        assert answer.status == 204 and method in answer.headers["allow"], (method, path)


def test_every_reference_leads_somewhere():
    for target in re.findall(r'"#/([^"]+)"', json.dumps(DOCUMENT)):
        node = DOCUMENT
        for step in target.split("/"):
            node = node[step]


@pytest.mark.skipif(not FUZZER.exists(), reason="scripts/setup.sh makes the fuzzer's environment")
def test_a_fuzzer_that_reads_the_document_finds_nothing(daemon, tmp_path):
    for batch in ("ask-2-4-1", "agent-2-4-1"):
        daemon.get(f"/v1/batches/{batch}/analysis")
    document = json.loads(json.dumps(DOCUMENT))
    # Batches that exist, beside whatever the fuzzer makes up.
    document["components"]["parameters"]["batch_id"]["schema"] = {
        "anyOf": [{"enum": ["ask-2-4-1", "agent-2-4-1", "running-ask-2-4-1"]}, {"type": "string", "minLength": 1, "maxLength": 40}]
    }
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(document))
    fuzzed = subprocess.run(
        [str(FUZZER), "-m", "schemathesis.cli", "run", str(schema), "--url", daemon.url, "--no-color", "--seed", "7",
         "--phases", "examples,fuzzing", "--max-examples", "40", "--workers", "1", "--generation-database", "none", "--no-shrink",
         "--continue-on-failure", "--request-timeout", "20", "--exclude-path", "/openapi.json",
         "--exclude-path", "/v1/batches/{batch_id}/events-stream",  # it never ends
         "--checks", "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance,"
                     "response_headers_conformance"],
        capture_output=True, text=True, timeout=240, cwd=tmp_path,
        env={**os.environ, "NO_PROXY": "127.0.0.1"},
    )
    assert fuzzed.returncode == 0, fuzzed.stdout[-6000:] + fuzzed.stderr[-2000:]
    assert daemon.get("/healthz").status == 200
