"""Byte ranges: a download that broke off goes on; and HEAD."""

import pytest

ANALYSIS = "/v1/batches/ask-60-900-1/analysis"


@pytest.fixture(params=["", "?format=csv&filter=approved"])
def target(request):
    return ANALYSIS + request.param


@pytest.fixture(params=["8 MiB", "1 KiB"], ids=["memory", "file"])
def daemon(start, request):
    return start("--cache-spool-threshold", request.param)


def test_parts_make_the_whole(daemon, target):
    whole = daemon.get(target)
    size = len(whole.body)
    assert whole.status == 200 and whole.headers["accept-ranges"] == "bytes"
    received = b""
    while len(received) < size:
        answer = daemon.get(target, {"Range": f"bytes={len(received)}-{len(received) + 50_000 - 1}",
                                     "If-Range": whole.headers["etag"]})
        assert answer.status == 206
        last = min(len(received) + 50_000, size) - 1
        assert answer.headers["content-range"] == f"bytes {len(received)}-{last}/{size}"
        assert answer.headers["content-length"] == str(len(answer.body))
        assert answer.headers["etag"] == whole.headers["etag"]
        received += answer.body
    assert received == whole.body


def test_ends_and_what_is_outside(daemon, target):
    whole = daemon.get(target).body
    size = len(whole)
    for asked, expected in {"bytes=-10": whole[-10:], f"bytes={size - 1}-": whole[-1:], "bytes=5-999999999999": whole[5:],
                            "bytes=-999999999999": whole, "BYTES = 0-0": whole[:1]}.items():
        answer = daemon.get(target, {"Range": asked})
        assert (answer.status, answer.body) == (206, expected), asked
    for asked in (f"bytes={size}-", "bytes=-0"):
        answer = daemon.get(target, {"Range": asked})
        assert answer.status == 416 and answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["size"] == size


@pytest.mark.parametrize("asked", ["bytes=5-4", "bytes=0-1,3-4", "bytes=x-", "bytes=-", "lines=0-1", "bytes", "bytes=+1-2",
                                   "bytes=99999999999999999999-"])
def test_what_is_not_understood_is_the_whole(daemon, target, asked):
    whole = daemon.get(target)
    answer = daemon.get(target, {"Range": asked})
    assert (answer.status, answer.body) == (200, whole.body)


def test_another_state_is_sent_whole(daemon, target):
    whole = daemon.get(target)
    for validator in ('"other"', "W/" + whole.headers["etag"], "Mon, 01 Jan 2001 00:00:00 GMT"):
        answer = daemon.get(target, {"Range": "bytes=0-0", "If-Range": validator})
        assert (answer.status, answer.body) == (200, whole.body)
    for validator in (whole.headers["etag"], whole.headers["last-modified"]):
        assert daemon.get(target, {"Range": "bytes=0-0", "If-Range": validator}).status == 206
    assert daemon.get(target, {"Range": "bytes=0-0", "If-None-Match": whole.headers["etag"]}).status == 304


def test_a_coded_answer_has_ranges_of_its_own(daemon, target):
    coded = daemon.get(target, {"Accept-Encoding": "gzip"})
    part = daemon.get(target, {"Accept-Encoding": "gzip", "Range": "bytes=10-"})
    assert coded.headers["content-encoding"] == part.headers["content-encoding"] == "gzip"
    assert part.body == coded.body[10:]


def test_head_tells_what_is_known_without_rendering(daemon, target):
    cold = daemon.request("HEAD", target)
    assert (cold.status, cold.body) == (200, b"")
    for unknown in ({"Accept-Encoding": "gzip"}, {"Accept-Encoding": "zstd"}):  # until it has been coded
        assert "content-length" not in daemon.request("HEAD", target, headers=unknown).headers
    whole = daemon.get(target)
    assert cold.headers["etag"] == whole.headers["etag"]
    assert cold.headers["x-total-count"] == whole.headers["x-total-count"]
    assert cold.headers["content-length"] == str(len(whole.body))
    assert cold.headers["content-type"] == whole.headers["content-type"]
    hot = daemon.request("HEAD", target)
    assert hot.headers["content-length"] == str(len(whole.body)) and hot.body == b""
    ranged = daemon.request("HEAD", target, headers={"Range": "bytes=0-0"})
    assert ranged.status == 200
