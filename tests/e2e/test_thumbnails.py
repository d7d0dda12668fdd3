"""Pictures that outlive their signed URLs: fetched with a batch, served by the daemon, carried in a bundle."""

import http.server
import threading

import pytest
from harness import Daemon, Sandbox, run

PIXEL = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
BATCH = "ask-30-200-4"


class Pictures(http.server.ThreadingHTTPServer):
    """Serves every path as a picture, unless told otherwise; remembers who asked for what."""

    def __init__(self):
        self.asked = []
        self.answer = lambda path: (200, {"Content-Type": "image/png"}, PIXEL)
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                outer.asked.append((self.path, dict(self.headers)))
                status, headers, body = outer.answer(self.path)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        super().__init__(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()

    @property
    def place(self):
        return f"127.0.0.1:{self.server_address[1]}"


@pytest.fixture
def pictures():
    server = Pictures()
    yield server
    server.shutdown()
    server.server_close()


@pytest.fixture
def upstream(pictures):
    process = Sandbox("--thumbnails", f"http://{pictures.place}")
    yield process
    process.kill()


@pytest.fixture
def daemon(start, upstream, pictures):
    return start("--thumbnails-allowed-hosts", pictures.place, upstream=upstream)


def prefetch(daemon, *batches):
    done = run("prefetch", "--server", daemon.url, "--with-thumbnails", *batches)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def urls_of(answer):
    return [
        event["annotated_thumbnail_url"]
        for result in answer.json()["results"]
        for event in result["events"]
        if event.get("annotated_thumbnail_url")
    ]


def shown(daemon):
    return daemon.get(f"/v1/batches/{BATCH}").json()["thumbnails"]


def test_pictures_are_fetched_once_and_served_with_urls_that_lead_here(daemon, pictures):
    prefetch(daemon, BATCH)
    upstreams = urls_of(daemon.get(f"/v1/batches/{BATCH}/analysis"))
    assert upstreams and all(url.startswith(f"http://{pictures.place}/") for url in upstreams)
    local = urls_of(daemon.get(f"/v1/batches/{BATCH}/analysis?thumbnails=local"))
    assert len(local) == len(upstreams) and all(url.startswith(daemon.url + "/v1/batches/") for url in local)
    picture = daemon.get(local[0][len(daemon.url):])
    assert picture.body == PIXEL and picture.headers["content-type"] == "image/png"
    assert picture.headers["x-content-type-options"] == "nosniff"
    csv = daemon.get(f"/v1/batches/{BATCH}/analysis?thumbnails=local&format=csv").body.decode()
    assert local[0] in csv and pictures.place not in csv
    asked = len(pictures.asked)
    assert asked == len(set(upstreams)) == shown(daemon)["stored"]
    assert all("X-API-Key" not in headers and "Authorization" not in headers for _, headers in pictures.asked)
    prefetch(daemon, BATCH)
    assert len(pictures.asked) == asked


def test_without_pictures_the_urls_stay_and_their_expiry_is_told(daemon):
    assert daemon.get(f"/v1/batches/{BATCH}/analysis").status == 200
    summary = shown(daemon)
    assert summary["stored"] == 0 and summary["expired"] == 0
    assert summary["signed_urls"] == summary["urls"] > 0
    assert summary["first_expiry"].endswith("Z")
    assert urls_of(daemon.get(f"/v1/batches/{BATCH}/analysis?thumbnails=local")) == urls_of(
        daemon.get(f"/v1/batches/{BATCH}/analysis")
    )
    assert daemon.get(f"/v1/batches/{BATCH}/thumbnails/{'0' * 64}").status == 404
    assert daemon.get(f"/v1/batches/{BATCH}/thumbnails/nonsense").status == 404
    assert daemon.get(f"/v1/batches/{BATCH}/analysis?thumbnails=mine").status == 400


def test_private_addresses_are_not_connected_to(start, upstream, pictures):
    daemon = start(upstream=upstream)
    assert "no public address" in prefetch(daemon, BATCH)
    assert pictures.asked == []
    assert shown(daemon)["stored"] == 0


@pytest.mark.parametrize(
    "answer, why",
    [
        ((302, {"Location": "http://127.0.0.1:1/x"}, b""), "no public address"),
        ((302, {"Location": "file:///etc/passwd"}, b""), "none of http or https"),
        ((200, {"Content-Type": "text/html"}, b"<script>"), "not a picture"),
        ((200, {"Content-Type": "image/svg+xml"}, b"<svg/>"), "not a picture"),
        ((200, {"Content-Type": "image/png"}, b"x" * 5000), "thumbnails.max_bytes"),
        ((403, {"Content-Type": "image/png"}, b""), "answered 403"),
    ],
)
def test_what_is_no_picture_is_not_stored(start, upstream, pictures, answer, why):
    daemon = start("--thumbnails-allowed-hosts", pictures.place, "--thumbnails-max-bytes", "4096", upstream=upstream)
    pictures.answer = lambda path: answer
    assert why in prefetch(daemon, BATCH)
    assert shown(daemon)["stored"] == 0


def test_a_redirect_to_where_pictures_may_come_from_is_followed(daemon, pictures):
    pictures.answer = lambda path: (
        (200, {"Content-Type": "image/png"}, PIXEL) if path.startswith("/there") else (302, {"Location": "/there"}, b"")
    )
    prefetch(daemon, BATCH)
    assert shown(daemon)["stored"] == shown(daemon)["urls"]


def test_ensure_says_what_an_offline_replay_will_lack(daemon, upstream):
    missing = run("ensure", "--server", daemon.url, BATCH)
    assert missing.returncode == 5 and "prefetch" in missing.stderr
    daemon.get(f"/v1/batches/{BATCH}/analysis")
    without = run("ensure", "--server", daemon.url, BATCH)
    assert without.returncode == 0 and "expire" in without.stdout and "30 videos, 200 events" in without.stdout
    assert run("ensure", "--server", daemon.url, "--with-thumbnails", BATCH).returncode == 5
    prefetch(daemon, BATCH)
    upstream.reset_counts()
    assert run("ensure", "--server", daemon.url, "--with-thumbnails", BATCH).returncode == 0
    assert upstream.counts() == {}, "ensure asks nobody"


def test_a_bundle_has_its_pictures(daemon, tmp_path, pictures):
    prefetch(daemon, BATCH)
    path = tmp_path / "field.bundle"
    assert run("export", "--server", daemon.url, "-o", str(path)).returncode == 0
    pictures.shutdown()
    replay = Daemon("/nonexistent/data", None, "--bundle", str(path), key=None)
    try:
        local = urls_of(replay.get(f"/v1/batches/{BATCH}/analysis?thumbnails=local"))
        assert replay.get(local[0][len(replay.url):]).body == PIXEL
    finally:
        replay.stop()
