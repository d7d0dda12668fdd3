"""Runs in an official client's own environment: computes, from given upstream documents, what that client returns.

A line of JSON in ({"status", "bulk", "batch_id", "filter"}), a line out ({"json", "csv"}, or {"raised"}).
"""

import importlib
import json
import logging
import sys
import types

logging.disable(logging.CRITICAL)
module = importlib.import_module(sys.argv[1])
Videos = next(
    value
    for name, value in vars(module).items()
    if isinstance(value, type) and hasattr(value, "get_batch_analysis") and "_batch_results_to_csv" in vars(value)
)


def answer(job):
    def make_request(method, endpoint, **_):
        text = job["bulk"] if endpoint.endswith("/analyses/bulk") else job["status"]
        return types.SimpleNamespace(json=lambda: json.loads(text))

    videos = Videos.__new__(Videos)
    videos.client = types.SimpleNamespace(_make_request=make_request, collection_name="videos", base_url="http://x")
    fetched = videos.get_batch_analysis(job["batch_id"], filter=job["filter"])
    rows = videos.get_batch_analysis(job["batch_id"], filter=job["filter"], as_csv=True)
    return {"json": json.dumps(dict(fetched)), "csv": rows}


for line in sys.stdin:
    try:
        result = answer(json.loads(line))
    except Exception as error:  # on odd documents a client raises; the daemon must not
        result = {"raised": repr(error)}
    print(json.dumps(result), flush=True)
