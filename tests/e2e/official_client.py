"""Runs in an official client's own environment: the client as a user has it, over real HTTP.

A line of JSON in ({"base_url", "key", "batch_id", "filter", "as_csv", "map"}), a line out ({"result"} or {"raised"}).
"""

import importlib
import json
import logging
import sys

logging.disable(logging.CRITICAL)
package = importlib.import_module(sys.argv[1])
Client = next(getattr(package, name) for name in ("NomadicAI", "NomadicML") if hasattr(package, name))

for line in sys.stdin:
    job = json.loads(line)
    try:
        client = Client(api_key=job["key"], base_url=job["base_url"])
        if job.get("map"):
            result = client.geovisualizer(job["batch_id"], filter=job["filter"])
        else:
            result = client.get_batch_analysis(job["batch_id"], filter=job["filter"], as_csv=job["as_csv"])
        answer = {"result": result if isinstance(result, str) else dict(result)}
    except Exception as error:
        answer = {"raised": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
