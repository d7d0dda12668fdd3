"""What httplint and http-sfv think of an answer."""

import http.client
import json
import urllib.parse

import http_sfv
from httplint import HttpRequestLinter, HttpResponseLinter, levels

# Notes that say what a status means, and nothing of the answer.
MEANINGS = {"STATUS_BAD_REQUEST"}


class Exchange:
    def __init__(self, process, method, target, body=None, headers=None):
        address = urllib.parse.urlsplit(process.url)
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        data = json.dumps(body).encode() if isinstance(body, (dict, list)) else body
        connection.request(method, target, data, headers or {})
        self.method, self.url, self.sent = method, process.url + target, headers or {}
        self.response = connection.getresponse()
        self.status = self.response.status
        self.fields = self.response.getheaders()
        streams = dict(self.fields).get("Content-Type", "").startswith("text/event-stream")
        self.body = self.response.readline() if streams else self.response.read()
        self.complete = not streams
        connection.close()

    def field(self, name):
        return ", ".join(value for field, value in self.fields if field.lower() == name)


def _raw(fields):
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in fields]


def notes(exchange):
    request = HttpRequestLinter()
    request.process_request_topline(exchange.method.encode(), exchange.url.encode(), b"1.1")
    request.process_headers(_raw([("Host", urllib.parse.urlsplit(exchange.url).netloc), *exchange.sent.items()]))
    request.finish_content(True)
    response = HttpResponseLinter()
    response.request = request
    response.is_head_response = exchange.method == "HEAD"
    response.process_response_topline(b"1.1", str(exchange.status).encode(), exchange.response.reason.encode())
    response.process_headers(_raw(exchange.fields))
    response.feed_content(exchange.body)
    response.finish_content(exchange.complete)
    return [note for note in response.notes if note.level in (levels.BAD, levels.WARN)]


def complaints(exchange):
    return [f"{type(note).__name__}: {note.summary}" for note in notes(exchange) if type(note).__name__ not in MEANINGS]


def cache_status(exchange):
    """The members of Cache-Status: [(cache, parameters), ...]; fails when it is no structured field of RFC 9211."""
    members = http_sfv.List()
    members.parse(exchange.field("cache-status").encode())
    for member in members:
        assert isinstance(member.value, (http_sfv.Token, str))
        parameters = dict(member.params)
        assert ("hit" in parameters) != ("fwd" in parameters)
        assert set(parameters) <= {"hit", "fwd", "fwd-status", "ttl", "stored", "collapsed", "key", "detail"}
        if "fwd" in parameters:
            assert parameters["fwd"] in ("bypass", "method", "uri-miss", "vary-miss", "miss", "request", "stale", "partial")
        if "ttl" in parameters:
            assert isinstance(parameters["ttl"], int)
    return [(str(member.value), dict(member.params)) for member in members]
