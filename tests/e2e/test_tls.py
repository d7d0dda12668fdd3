"""TLS on both sides: who is believed, from which version on, through which proxy, and with whose certificate."""

import os
import socket
import ssl
import threading

import pytest

from certificates import Authority
from harness import PATIENCE, Sandbox, run
from test_thumbnails import BATCH, pictures, prefetch  # a fixture among them
from upstreams import ApiUpstream, connect, pass_both_ways, read_all, read_head

# Versions that nobody should use are what is tried here.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
ANALYSIS = "/v1/batches/b-1/analysis"


@pytest.fixture(scope="module")
def authority(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def good(authority):
    return authority.issue("good")


class TlsUpstream(ApiUpstream):
    def __init__(self, certificate, key, newest=ssl.TLSVersion.TLSv1_3, oldest=ssl.TLSVersion.TLSv1_2, clients=None):
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(certificate, key)
        if newest < ssl.TLSVersion.TLSv1_2:
            self.context.set_ciphers("ALL:@SECLEVEL=0")
        self.context.minimum_version, self.context.maximum_version = oldest, newest
        if clients:
            self.context.verify_mode = ssl.CERT_REQUIRED
            self.context.load_verify_locations(clients)
        self.versions, self.peers, self.names = set(), [], []
        self.context.sni_callback = lambda _, name, __: self.names.append(name)
        super().__init__()
        self.url = self.url.replace("http:", "https:")

    def named(self, name):
        return self.url.replace("127.0.0.1", name)

    def _serve(self, connection):
        try:
            with self.context.wrap_socket(connection, server_side=True) as encrypted:
                self.versions.add(encrypted.version())
                self.peers.append(encrypted.getpeercert())
                super()._serve(encrypted)
        except OSError:
            pass  # a client that does not like us


@pytest.fixture
def serve():
    made = []

    def make(*arguments, **options):
        made.append(TlsUpstream(*arguments, **options))
        return made[-1]

    yield make
    for upstream in made:
        upstream.close()


def detail_of_refusal(daemon):
    answer = daemon.get(ANALYSIS)
    assert answer.status == 502, answer.body
    assert daemon.get("/api/x").status == 502
    return answer.json()["detail"]


def test_an_own_authority_is_believed_for_the_name_that_was_asked_for(start, serve, authority, good):
    upstream = serve(*good)
    daemon = start("--upstream-ca-file", str(authority.pem), upstream=upstream.named("localhost"))
    assert daemon.get(ANALYSIS).status == 200
    assert upstream.names[0] == "localhost" and upstream.versions == {"TLSv1.3"}


def test_the_systems_authorities_are_believed_too(start, serve, authority, good):
    upstream = serve(*good)
    daemon = start(upstream=upstream, environment={"SSL_CERT_FILE": str(authority.pem)})
    assert daemon.get(ANALYSIS).status == 200


def test_a_start_does_not_wait_for_the_systems_authorities(start, tmp_path):
    """Reading them takes longer than the rest of it. A pipe that nobody writes to would hold it up for ever."""
    pipe = tmp_path / "authorities"
    os.mkfifo(pipe)
    daemon = start(upstream="https://127.0.0.1:1", environment={"SSL_CERT_FILE": str(pipe)})
    assert daemon.get("/readyz").status == 200


def test_an_address_is_no_server_name(start, serve, authority, good):
    upstream = serve(*good)
    daemon = start("--upstream-ca-file", str(authority.pem), upstream=upstream)
    assert daemon.get(ANALYSIS).status == 200 and set(upstream.names) == {None}


@pytest.mark.parametrize(
    "wrong, says",
    [("stranger", "unable to get local issuer certificate"), ("other name", "it is of another host"),
     ("expired", "certificate has expired"), ("system's", "unable to get local issuer certificate"),
     ("address alone", "it is of another host")],
)
def test_who_can_not_prove_to_be_the_upstream_is_not_asked(start, serve, authority, good, tmp_path, wrong, says):
    trusted, name = ["--upstream-ca-file", str(authority.pem)], "127.0.0.1"
    certificate = good
    if wrong == "stranger":
        certificate = Authority(tmp_path, "stranger").issue("good")
    elif wrong == "other name":
        certificate = authority.issue("other", "DNS:other.example,DNS:localhost.other.example,IP:127.0.0.2")
    elif wrong == "expired":
        certificate = authority.issue("expired", days=-1)
    elif wrong == "system's":
        trusted = []
    elif wrong == "address alone":
        certificate, name = authority.issue("address", "IP:127.0.0.1"), "localhost"
    upstream = serve(*certificate)
    daemon = start("--upstream-retries", "0", *trusted, upstream=upstream.named(name))
    assert f"certificate verify failed (SSL routines): {says}" in detail_of_refusal(daemon)
    assert not upstream.heads


@pytest.mark.parametrize("newest, status", [(ssl.TLSVersion.TLSv1_1, 502), (ssl.TLSVersion.TLSv1_2, 200), (ssl.TLSVersion.TLSv1_3, 200)])
def test_tls_1_2_is_the_least(start, serve, authority, good, newest, status):
    upstream = serve(*good, newest=newest, oldest=newest)
    daemon = start("--upstream-retries", "0", "--upstream-ca-file", str(authority.pem), upstream=upstream)
    assert daemon.get(ANALYSIS).status == status
    assert bool(upstream.heads) == (status == 200)


def test_a_client_certificate_is_shown_to_an_upstream_that_asks_for_one(start, serve, authority, good, tmp_path):
    certificate, key = authority.issue("client", "DNS:client")
    upstream = serve(*good, clients=authority.pem)
    trusted = ["--upstream-retries", "0", "--upstream-ca-file", str(authority.pem)]
    shown = start(*trusted, "--upstream-client-certificate", str(certificate), "--upstream-client-key", str(key), upstream=upstream)
    assert shown.get(ANALYSIS).status == 200
    assert ("commonName", "client") in [pair for part in upstream.peers[-1]["subject"] for pair in part]
    silent = start(*trusted, upstream=upstream, data_dir=tmp_path / "silent")
    assert detail_of_refusal(silent)


@pytest.mark.parametrize("flags", [["--upstream-ca-file", "missing.pem"], ["--upstream-client-certificate", "missing.pem", "--upstream-client-key", "missing.key"],
                                   ["--upstream-client-certificate", "missing.pem"], ["--server-tls-certificate", "missing.pem"],
                                   ["--server-tls-certificate", "missing.pem", "--server-tls-key", "missing.key"]])
def test_files_that_can_not_be_used_are_named_at_start(tmp_path, flags):
    done = run("serve", "--cache-data-dir", str(tmp_path), "--server-listen", "127.0.0.1:0", "--upstream-base-url", "https://localhost:1", *flags)
    assert done.returncode == 2
    assert flags[0].removeprefix("--").replace("-", ".", 1).replace("-", "_") in done.stderr


class Tunnel:
    """A proxy that speaks CONNECT, and leads wherever it was told, whatever name it is asked for."""

    def __init__(self, leads_to, says=b"HTTP/1.1 200 Connection established\r\n\r\n"):
        self.asked, self.says = [], says
        self.leads_to = leads_to
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(near,), daemon=True).start()

    def _serve(self, near):
        self.asked.append(read_head(near))
        near.sendall(self.says)
        if b" 200 " not in self.says:
            return near.close()
        far = socket.create_connection(("127.0.0.1", int(self.leads_to.url.rsplit(":", 1)[1])))
        pass_both_ways(near, far)


@pytest.fixture
def far(serve, authority):
    """A name that only the proxy knows."""
    return serve(*authority.issue("far", "DNS:api.far.example"))


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "setting"])
def test_a_proxy_tunnels_and_sees_neither_key_nor_answer(start, far, authority, variable):
    tunnel = Tunnel(far)
    given = ["--upstream-proxy", tunnel.url] if variable == "setting" else []
    daemon = start("--upstream-ca-file", str(authority.pem), *given, upstream="https://api.far.example:8443",
                   environment={} if given else {variable: tunnel.url})
    assert daemon.get(ANALYSIS).status == 200
    assert daemon.get("/api/batch/b-1/other").status == 200
    assert all(head == b"CONNECT api.far.example:8443 HTTP/1.1\r\nHost: api.far.example:8443\r\n\r\n" for head in tunnel.asked)
    assert far.names and set(far.names) == {"api.far.example"}


def test_a_proxy_that_asks_who_we_are_is_told(start, far, authority):
    tunnel = Tunnel(far)
    daemon = start("--upstream-ca-file", str(authority.pem), upstream="https://api.far.example",
                   environment={"HTTPS_PROXY": tunnel.url.replace("//", "//me:pass%20word@")})
    assert daemon.get(ANALYSIS).status == 200
    assert b"\r\nProxy-Authorization: Basic bWU6cGFzcyB3b3Jk\r\n" in tunnel.asked[0]
    assert not [head for head in far.heads if b"Proxy-Authorization" in head]
    assert "pass" not in daemon.output()


def test_passwords_are_not_taken_where_they_would_be_shown(tmp_path):
    for flags in (["--upstream-proxy", "http://me:secret@localhost:1"], ["--upstream-base-url", "https://me:secret@localhost:1"]):
        done = run("serve", "--cache-data-dir", str(tmp_path), "--server-listen", "127.0.0.1:0", *flags)
        assert done.returncode == 2 and "password" in done.stderr and "secret" not in done.stderr


def test_what_is_behind_a_proxy_is_verified_as_well(start, serve, authority, good):
    tunnel = Tunnel(serve(*good))
    daemon = start("--upstream-retries", "0", "--upstream-ca-file", str(authority.pem), "--upstream-proxy", tunnel.url, upstream="https://api.far.example")
    assert "certificate verify failed" in detail_of_refusal(daemon)
    assert tunnel.asked[0].startswith(b"CONNECT api.far.example:443 ")


@pytest.mark.parametrize("says, why", [(b"HTTP/1.1 407 Who are you\r\n\r\n", "407"), (b"HTTP/1.1 407 Who are you\r\n\r\n", "http://USER:PASSWORD@HOST:PORT"), (b"SSH-2.0-x\r\n\r\n", "tunnelling")])
def test_a_proxy_that_refuses_is_named(start, far, says, why):
    tunnel = Tunnel(far, says)
    daemon = start("--upstream-retries", "0", "--upstream-proxy", tunnel.url, upstream="https://api.far.example")
    assert why in detail_of_refusal(daemon)


@pytest.mark.parametrize("environment", [{"NO_PROXY": "far.example"}, {"no_proxy": "x, api.far.example"}, {"NO_PROXY": "*"}, {"NO_PROXY": ".far.example"}])
def test_what_no_proxy_names_is_asked_directly(start, far, environment):
    tunnel = Tunnel(far)
    daemon = start("--upstream-retries", "0", upstream="https://api.far.example", environment={"HTTPS_PROXY": tunnel.url, **environment})
    assert "looking up api.far.example" in detail_of_refusal(daemon)
    assert not tunnel.asked


def test_a_loopback_upstream_needs_no_proxy(start, serve, authority, good):
    upstream = serve(*good)
    tunnel = Tunnel(upstream)
    daemon = start("--upstream-ca-file", str(authority.pem), upstream=upstream.named("localhost"), environment={"HTTPS_PROXY": tunnel.url})
    assert daemon.get(ANALYSIS).status == 200 and not tunnel.asked


@pytest.fixture
def encrypted(start, good):
    return start("--server-tls-certificate", str(good[0]), "--server-tls-key", str(good[1]))


def ask_encrypted(daemon, context, head=b"GET /v1/status HTTP/1.1\r\n"):
    with connect(daemon) as raw, context.wrap_socket(raw, server_hostname="localhost") as client:
        client.sendall(head + b"Host: localhost\r\nConnection: close\r\n\r\n")
        return client.version(), read_all(client)


def test_the_listener_proves_who_it_is(encrypted, authority):
    trusting = ssl.create_default_context(cafile=authority.pem)
    version, answer = ask_encrypted(encrypted, trusting)
    assert version == "TLSv1.3" and answer.startswith(b"HTTP/1.1 200 ")
    trusting.maximum_version = ssl.TLSVersion.TLSv1_2
    assert ask_encrypted(encrypted, trusting)[0] == "TLSv1.2"
    with pytest.raises(ssl.SSLCertVerificationError):
        ask_encrypted(encrypted, ssl.create_default_context())
    large = ask_encrypted(encrypted, trusting, b"GET /v1/batches/ask-500-5000-1/analysis HTTP/1.1\r\n")[1]
    head, body = large.split(b"\r\n\r\n", 1)
    assert f"Content-Length: {len(body)}\r\n".encode() in head + b"\r\n" and len(body) > 1 << 20


def test_pictures_that_are_here_lead_to_https(start, good, authority, pictures):
    upstream = Sandbox("--thumbnails", f"http://{pictures.place}")
    try:
        daemon = start("--thumbnails-allowed-hosts", pictures.place, upstream=upstream)
        prefetch(daemon, BATCH)
        assert daemon.stop() == 0
        encrypted = start("--server-tls-certificate", str(good[0]), "--server-tls-key", str(good[1]), upstream=upstream)
        trusting = ssl.create_default_context(cafile=authority.pem)
        _, answer = ask_encrypted(encrypted, trusting, b"GET /v1/batches/%s/analysis?thumbnails=local HTTP/1.1\r\n" % BATCH.encode())
        assert b'"https://localhost/v1/batches/' in answer and pictures.place.encode() not in answer
    finally:
        upstream.kill()


def test_the_listener_takes_nothing_older_and_nothing_plain(encrypted, authority):
    old = ssl.create_default_context(cafile=authority.pem)
    old.set_ciphers("ALL:@SECLEVEL=0")
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
    with pytest.raises((ssl.SSLError, ConnectionError)):
        ask_encrypted(encrypted, old)
    plain = encrypted.raw(b"GET /v1/status HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert b"HTTP/1.1" not in plain and b"store" not in plain


def test_a_handshake_that_does_not_come_ends_and_disturbs_nobody(start, good, authority):
    daemon = start("--server-tls-certificate", str(good[0]), "--server-tls-key", str(good[1]), "--limits-header-timeout", "500ms")
    with connect(daemon, PATIENCE) as silent:
        assert ask_encrypted(daemon, ssl.create_default_context(cafile=authority.pem))[1].startswith(b"HTTP/1.1 200 ")
        assert silent.recv(1) == b""
