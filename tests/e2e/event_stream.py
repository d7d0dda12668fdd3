"""Reads what the daemon tells those who watch a batch."""

import http.client
import json
import urllib.parse


class EventStream:
    """Server-sent events, read by the rules of the HTML standard."""

    def __init__(self, daemon, target, headers=None):
        address = urllib.parse.urlsplit(daemon.url)
        self.connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        self.connection.request("GET", target, headers=headers or {})
        self.response = self.connection.getresponse()
        assert self.response.status == 200, self.response.read()
        assert self.response.getheader("Content-Type") == "text/event-stream"
        self.last_id = None
        self.ended = False

    def next(self):
        """The next event as (name, data); None at the end. Comments and bare ids are no events."""
        name, data = "message", []
        while line := self.response.readline().decode().rstrip("\n"):
            field, _, value = line.partition(": ")
            if field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
        if data:
            return name, json.loads("\n".join(data))
        if self.response.isclosed() or self.response.peek(1) == b"":
            self.ended = True
            return None
        return self.next()

    def greeted(self):
        """Waits until the daemon says that it watches."""
        while self.last_id is None:
            line = self.response.readline().decode()
            if line.startswith("id: "):
                self.last_id = line[4:].strip()
        return self

    def close(self):
        self.response.close()
        self.connection.close()
