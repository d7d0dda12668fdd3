"""Web pages against the daemon, in a real browser: what a page of another site can read, change or embed."""

import html
import http.server
import json
import re
import shutil
import subprocess
import threading

import pytest

from upstreams import Relay

BROWSER = shutil.which("chromium") or shutil.which("chromium-headless-shell")
BATCH = "ask-3-9-1"

pytestmark = pytest.mark.skipif(BROWSER is None, reason="needs Debian's chromium or chromium-headless-shell")

# Tries everything at once, and writes what came of it into the document.
ATTACK = """<!doctype html><meta charset=utf-8><body><script>
const found = {}, read = response => response.text().then(text => response.status + " " + text);
const attempt = (name, promise) => promise.then(what => found[name] = what, error => found[name] = "blocked: " + error.name);
const element = (tag, attributes) => new Promise((loaded, failed) => {
  const made = Object.assign(document.createElement(tag), attributes);
  made.onload = () => loaded("loaded"); made.onerror = () => failed(new Error());
  document.body.append(made);
});
const form = (action, enctype) => new Promise(loaded => {
  const frame = Object.assign(document.createElement("iframe"), {name: "f" + Math.random(), onload: () => loaded("sent")});
  const made = Object.assign(document.createElement("form"), {method: "post", action, enctype, target: frame.name});
  document.body.append(frame, made);
  made.submit();
});
Promise.all([%s]).then(() => document.body.textContent = JSON.stringify(found));
</script>"""


class Site:
    """Serves one page at evil.example, and what else the test asks it to."""

    def __init__(self):
        self.page = ""
        self.on_switch = lambda: None
        site = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                if self.path == "/switch":
                    site.on_switch()
                body = site.page.encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(body)))
                self.send_header("Connection", "close")
                self.end_headers()
                self.wfile.write(body)
                self.close_connection = True

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        self.origin = f"http://evil.example:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def site():
    it = Site()
    yield it
    it.server.shutdown()
    it.server.server_close()


def browse(url, folder):
    """What the page at `url` found."""
    shown = subprocess.run(
        [BROWSER, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder}/profile", "--no-first-run",
         "--host-resolver-rules=MAP *.example 127.0.0.1", "--virtual-time-budget=20000", "--dump-dom", url],
        capture_output=True, text=True, timeout=120,
    )
    found = re.search(r"\{.*\}", html.unescape(shown.stdout), re.S)
    assert found, shown.stdout + shown.stderr
    return json.loads(found.group(0))


def reading(daemon):
    return [
        f'attempt("fetch", fetch("{daemon.url}/v1/batches").then(read))',
        f'attempt("analysis", fetch("{daemon.url}/v1/batches/{BATCH}/analysis").then(read))',
        f'attempt("passed", fetch("{daemon.url}/api/my-videos").then(read))',
    ]


def test_a_page_of_another_site_neither_reads_nor_changes(daemon, sandbox, site, tmp_path):
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    before, asked = daemon.get("/v1/batches").json(), sandbox.counts()
    local = daemon.url.replace("127.0.0.1", "localhost")
    site.page = ATTACK % ",".join([
        *reading(daemon),
        f'attempt("opaque", fetch("{daemon.url}/v1/batches", {{mode: "no-cors"}}).then(read))',
        f'attempt("with credentials", fetch("{local}/v1/batches", {{credentials: "include"}}).then(read))',
        f'attempt("delete", fetch("{daemon.url}/v1/batches/{BATCH}", {{method: "DELETE"}}).then(read))',
        f'attempt("image", element("img", {{src: "{daemon.url}/v1/batches/{BATCH}/analysis"}}))',
        f'attempt("script", element("script", {{src: "{daemon.url}/v1/batches/{BATCH}/analysis"}}))',
        f'attempt("style", element("link", {{rel: "stylesheet", href: "{daemon.url}/v1/batches?format=csv"}}))',
        f'attempt("form", form("{daemon.url}/v1/batches/{BATCH}/refresh", "text/plain"))',
        f'attempt("prefetch", fetch("{daemon.url}/v1/prefetch", {{method: "POST", mode: "no-cors", body: \'{{"batch_ids": ["ask-2-4-1"]}}\'}}).then(read))',
        f'attempt("write", fetch("{daemon.url}/api/batch/{BATCH}/metadata", {{method: "POST", mode: "no-cors", body: "{{}}"}}).then(read))',
        f'attempt("beacon", Promise.resolve(String(navigator.sendBeacon("{daemon.url}/api/batch/{BATCH}/metadata", "{{}}"))))',
        f'attempt("socket", new Promise((opened, failed) => {{ const s = new WebSocket("{daemon.url.replace("http", "ws")}/v1/batches");'
        ' s.onopen = () => opened("open"); s.onerror = () => failed(new Error()); }))',
    ])
    found = browse(site.origin, tmp_path)
    for name in ("fetch", "analysis", "passed", "with credentials", "delete", "image", "script", "style", "socket"):
        assert found[name].startswith("blocked"), (name, found[name])
    assert BATCH not in json.dumps(found)
    assert daemon.get("/v1/batches").json()["batches"][0]["fetched_at"] == before["batches"][0]["fetched_at"]
    assert len(daemon.get("/v1/batches").json()["batches"]) == 1
    assert sandbox.counts() == asked
    assert daemon.output().count("status=403") >= 8  # they did arrive


def test_a_name_that_is_rebound_to_this_machine_is_not_ours(daemon, site, tmp_path):
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    with Relay() as relay:
        relay.target = site
        site.on_switch = lambda: setattr(relay, "target", daemon)
        # Of the page's own origin: the browser holds nothing back.
        site.page = ATTACK % """fetch("/switch").then(function again() {
                return fetch("/healthz").then(response => response.ok ? again() : 0); // kept connections lead to the old place
            }).then(() => Promise.all([
            attempt("read", fetch("/v1/batches").then(read)),
            attempt("passed", fetch("/api/my-videos").then(read)),
            attempt("purge", fetch("/v1/batches/%s", {method: "DELETE"}).then(read))]))""" % BATCH
        found = browse(relay.url.replace("127.0.0.1", "rebound.example"), tmp_path)
    for name in ("read", "passed", "purge"):
        assert found[name].startswith("421 ") and "rebound.example" in found[name], found
    assert len(daemon.get("/v1/batches").json()["batches"]) == 1


def test_a_page_that_is_listed_may_read(start, site, tmp_path):
    daemon = start("--server-allowed-origins", site.origin)
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    site.page = ATTACK % ",".join(reading(daemon))
    found = browse(site.origin, tmp_path)
    assert BATCH in found["fetch"] and found["analysis"].startswith("200 ") and found["passed"].startswith("200 ")
