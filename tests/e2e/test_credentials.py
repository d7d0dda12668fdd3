"""Clients' own keys: verified, remembered for a while, believed for a while longer when nobody can be asked, revoked."""

import contextlib
import signal
import sqlite3
import threading
import time

import pytest

from event_stream import EventStream
from harness import PATIENCE
from upstreams import ApiUpstream, response, whole_batches

ANALYSIS = "/v1/batches/b-1/analysis"
ALICE = {"X-API-Key": "alice-key"}
BOB = {"X-API-Key": "bob-key"}


class Api(ApiUpstream):
    """Knows each key's user and org; keys can be revoked, and the place where they are verified can fail."""

    def __init__(self):
        super().__init__(self.say)
        self.users = {"alice-key": ("alice", "north"), "alice-other": ("alice", "north"), "bob-key": ("bob", "north"), "eve-key": ("eve", "south")}
        self.verification = None

    def say(self, asked):
        user, org = self.users.get(asked.fields.get("x-api-key"), (None, None))
        if asked.path == "/api/keys/verify" and self.verification:
            return self.verification
        if user is None:
            return 401, {"detail": "Invalid API key"}
        if asked.path == "/api/keys/verify":
            return 200, {"valid": True, "user_id": user, "uid": user, "email": f"{user}@example.invalid", "org_id": org}
        return whole_batches(asked, label=user)

    def verified(self):
        return sum(asked.path == "/api/keys/verify" for asked in self.asked)

    def read(self):
        return sum(asked.path.startswith("/api/batch/") for asked in self.asked)


@pytest.fixture
def upstream():
    it = Api()
    yield it
    it.close()


@pytest.fixture
def begin(start, upstream):
    return lambda *flags, **options: start("--upstream-retries", "0", *flags, upstream=upstream, key=None, **options)


def status_until(daemon, wanted, headers=ALICE):
    deadline = time.monotonic() + PATIENCE
    while (status := daemon.get(ANALYSIS, headers).status) != wanted:
        assert status == 200 and time.monotonic() < deadline, status
    return status


def test_a_key_is_verified_once_however_many_ask(begin, upstream):
    daemon = begin()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(daemon.get(ANALYSIS, ALICE).status)) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [200] * 20 and upstream.verified() == 1


def test_a_verification_outlives_the_process(begin, upstream):
    first = begin()
    assert first.get(ANALYSIS, ALICE).status == 200
    first.kill()
    again = begin()
    assert again.get(ANALYSIS, ALICE).status == 200
    assert upstream.verified() == 1 and upstream.read() == 2


def test_a_revoked_key_stops_working_within_the_time_of_its_verification(begin, upstream):
    daemon = begin("--auth-verify-ttl", "1s")
    assert daemon.get(ANALYSIS, ALICE).status == 200
    del upstream.users["alice-key"]
    assert status_until(daemon, 401) == 401
    for target in (ANALYSIS, "/v1/batches", "/v1/batches/b-1", "/api/batch/b-1/status"):
        assert daemon.get(target, ALICE).status == 401
    assert daemon.request("DELETE", "/v1/batches/b-1", headers=ALICE).status == 401
    # Its user is still there, and so is what they have stored.
    assert "hit" in daemon.get(ANALYSIS, {"X-API-Key": "alice-other"}).headers["cache-status"]


def test_what_was_verified_or_confirmed_before_the_clock_was_set_back_is_asked_for_again(begin, upstream, tmp_path):
    daemon = begin()
    assert daemon.get(ANALYSIS, ALICE).status == 200
    assert daemon.get(ANALYSIS, BOB).status == 200
    assert daemon.stop() == 0
    with contextlib.closing(sqlite3.connect(tmp_path / "data" / "cache.db")) as store, store:
        store.execute("UPDATE principal SET verified_at = verified_at + 86400000")
        store.execute("UPDATE snapshot SET validated_at = validated_at + 86400000")
    del upstream.users["alice-key"]
    daemon = begin()
    assert daemon.get(ANALYSIS, ALICE).status == 401
    assert "detail=stale-while-revalidate" in daemon.get(ANALYSIS, BOB).headers["cache-status"]


def test_a_revoked_key_is_forgotten_for_the_time_offline_as_well(begin, start, upstream):
    daemon = begin("--auth-verify-ttl", "1s")
    assert daemon.get(ANALYSIS, ALICE).status == 200
    assert daemon.get(ANALYSIS, {"X-API-Key": "alice-other"}).status == 200
    del upstream.users["alice-key"]
    status_until(daemon, 401)
    assert daemon.stop() == 0
    offline = start("--offline", upstream=None, key=None)
    assert offline.get(ANALYSIS, ALICE).status == 401
    assert offline.get(ANALYSIS, {"X-API-Key": "alice-other"}).status == 200


FAILURES = {"it fails": response(500, b"no"), "a page": response(200, b"<html>Sign in</html>"), "no verdict": response(200, b"{}"),
            "a verdict that is none": response(200, b'{"valid": "yes", "user_id": "root"}'), "rate limit": response(429, b"{}", "Retry-After: 3600")}


@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_a_key_that_can_not_be_verified_again_is_believed_for_the_grace_alone(begin, upstream, failure, tmp_path):
    lenient = begin("--auth-verify-ttl", "1s", "--auth-offline-grace", "1h")
    strict = begin("--auth-verify-ttl", "1s", "--auth-offline-grace", "0s", data_dir=tmp_path / "strict")
    for daemon in (lenient, strict):
        assert daemon.get(ANALYSIS, ALICE).status == 200
    upstream.verification = failure
    before = upstream.verified()
    deadline = time.monotonic() + PATIENCE
    while upstream.verified() == before:
        assert lenient.get(ANALYSIS, ALICE).status == 200 and time.monotonic() < deadline
    assert lenient.get(ANALYSIS, ALICE).status == 200
    deadline = time.monotonic() + PATIENCE
    while (status := strict.get(ANALYSIS, ALICE).status) == 200:
        assert time.monotonic() < deadline
    assert status in (502, 503)
    # Nobody is believed who never was.
    assert lenient.get(ANALYSIS, {"X-API-Key": "bob-key"}).status in (502, 503)


@pytest.mark.parametrize("refusal", [response(401, b"{}"), response(403, b"{}"), response(200, b'{"valid": false}')], ids=["401", "403", "not valid"])
def test_a_refusal_ends_the_grace(begin, upstream, refusal):
    daemon = begin("--auth-verify-ttl", "1s", "--auth-offline-grace", "1h", "--auth-refusal-ttl", "0s")
    assert daemon.get(ANALYSIS, ALICE).status == 200
    upstream.verification = refusal
    assert status_until(daemon, 401) == 401
    upstream.verification = response(500, b"no")
    assert daemon.get(ANALYSIS, ALICE).status == 502  # forgotten, so there is nothing to be lenient with


def test_a_refused_key_is_asked_about_once_however_often_it_is_used(begin, upstream):
    daemon = begin("--auth-refusal-ttl", "1m")
    unknown = {"X-API-Key": "nobodys-key"}
    for target in (ANALYSIS, "/v1/batches", "/v1/batches/b-1/facets", "/api/batch/b-1/status") * 20:
        answer = daemon.get(target, unknown)
        assert answer.status == 401 and "does not accept this API key" in answer.json()["detail"]
    assert upstream.verified() == 1 and upstream.read() == 0
    assert daemon.get(ANALYSIS, {"X-API-Key": "another-unknown-key"}).status == 401
    assert daemon.get(ANALYSIS, ALICE).status == 200
    assert upstream.verified() == 3


def test_a_key_that_was_refused_works_after_a_while_or_a_reload(begin, upstream, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text("[log]\nlevel = 'info'\n")
    patient = begin("--auth-refusal-ttl", "1m", "--config", str(config))
    brief = begin("--auth-refusal-ttl", "1s", data_dir=tmp_path / "brief")
    late = {"X-API-Key": "late-key"}
    for daemon in (patient, brief):
        assert daemon.get(ANALYSIS, late).status == 401
    upstream.users["late-key"] = ("late", "north")
    deadline = time.monotonic() + PATIENCE
    while brief.get(ANALYSIS, late).status == 401:
        assert time.monotonic() < deadline
    assert patient.get(ANALYSIS, late).status == 401
    config.write_text("[log]\nlevel = 'debug'\n")
    patient.process.send_signal(signal.SIGHUP)
    patient.wait_for("changed=log.level")
    assert patient.get(ANALYSIS, late).status == 200


def test_partitions_by_user_or_by_org(begin, upstream, tmp_path):
    by_user = begin()
    by_org = begin("--auth-partition", "org", data_dir=tmp_path / "org")
    for key in ("alice-key", "alice-other", "bob-key", "eve-key"):
        for daemon in (by_user, by_org):
            assert daemon.get(ANALYSIS, {"X-API-Key": key}).status == 200

    def labels(daemon):
        return [daemon.get(ANALYSIS, {"X-API-Key": key}).json()["results"][0]["events"][0]["label"] for key in upstream.users]

    assert labels(by_user) == ["alice", "alice", "bob", "eve"]
    assert labels(by_org) == ["alice", "alice", "alice", "eve"]


def test_a_key_is_somebody_else_at_another_upstream_or_under_another_partition(begin, start, upstream):
    def label(daemon):
        answer = daemon.get(ANALYSIS, ALICE)
        assert answer.status == 200 and daemon.stop() == 0
        return answer.json()["results"][0]["events"][0]["label"]

    assert label(begin()) == "alice" and upstream.verified() == 1
    other = Api()
    other.users["alice-key"] = ("carol", "north")
    try:
        assert label(start("--upstream-retries", "0", upstream=other, key=None)) == "carol"
        assert other.verified() == 1
    finally:
        other.close()
    label(begin("--auth-partition", "org"))
    assert upstream.verified() == 2
    label(begin())
    assert upstream.verified() == 3


def test_an_upstream_that_can_not_name_the_user_makes_each_key_a_partition_of_its_own(begin, upstream):
    upstream.verification = response(404, b'{"detail": "Not Found"}')
    daemon = begin()
    assert "fwd=miss" in daemon.get(ANALYSIS, ALICE).headers["cache-status"]
    assert "hit" in daemon.get(ANALYSIS, ALICE).headers["cache-status"]
    assert "fwd=miss" in daemon.get(ANALYSIS, {"X-API-Key": "alice-other"}).headers["cache-status"]


# Who waits for what another's key has asked for: an ordinary reader, one that wants nothing stored (and is answered from
# memory), and each with the other.
READERS = {"ordinary": {}, "no-store": {"Cache-Control": "no-store"}}


@pytest.mark.parametrize("follower", READERS.values(), ids=READERS.keys())
@pytest.mark.parametrize("leader", READERS.values(), ids=READERS.keys())
def test_a_refusal_is_for_whose_key_it_was_not_for_who_waits_with_another(begin, upstream, leader, follower):
    daemon = begin("--auth-partition", "org")
    assert_only_alice_is_refused(daemon, upstream, ANALYSIS, ALICE | leader, BOB | follower)


def test_so_it_is_for_who_reads_a_batch_that_still_runs(begin, upstream):
    daemon = begin("--auth-partition", "org")

    def running(asked):
        status, document = Api.say(upstream, asked)
        return status, document | ({"status": "processing"} if asked.path.endswith("/status") and status == 200 else {})

    # Her key is good for the status, and revoked before the analyses come.
    def revoked(asked):
        return asked.path.endswith("/bulk")

    upstream.answer = running
    assert_only_alice_is_refused(daemon, upstream, ANALYSIS + "?allow_partial=true", ALICE, BOB, revoked)


def assert_only_alice_is_refused(daemon, upstream, target, alice, bob, refused=lambda asked: True):
    for headers in (alice, bob):
        assert daemon.get("/v1/batches", headers).status == 200
    leads, follows = threading.Event(), threading.Event()
    say = upstream.answer

    def refuse_late(asked):
        if asked.fields["x-api-key"] != "alice-key" or not refused(asked):
            return say(asked)
        leads.set()
        assert follows.wait(PATIENCE)
        return 401, {"detail": "Invalid API key"}

    upstream.answer = refuse_late
    answers = {}
    threads = [threading.Thread(target=lambda name=name, headers=headers: answers.update({name: daemon.get(target, headers)}))
               for name, headers in (("alice", alice), ("bob", bob))]
    threads[0].start()
    assert leads.wait(PATIENCE)
    threads[1].start()
    for _ in range(20):
        daemon.get("/healthz")  # by then he waits with her
    follows.set()
    for thread in threads:
        thread.join()
    assert answers["alice"].status == 401
    assert answers["bob"].status == 200


def test_a_watcher_whose_key_is_revoked_is_told_so_and_nobody_else(begin, upstream):
    daemon = begin("--auth-partition", "org", "--auth-verify-ttl", "1s", "--limits-heartbeat", "50ms",
                   "--upstream-watch-interval", "50ms", "--upstream-poll-interval", "50ms")  # fmt: skip
    alices, bobs = (EventStream(daemon, "/v1/batches/b-1/events-stream", headers).greeted() for headers in (ALICE, BOB))
    del upstream.users["bob-key"]  # it is hers that the batch is asked for with
    assert bobs.next()[0] == "refused" and bobs.next() is None
    upstream.answer = lambda asked: Api.say(upstream, asked) if "bulk" not in asked.path else whole_batches(asked, label="news")
    assert alices.next()[0] == "snapshot"
    alices.close()
