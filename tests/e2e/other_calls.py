"""Runs in an official client's own environment: what a user does beside reading batches, over real HTTP.

Arguments: the module, the daemon's URL, the key, a file to upload. Prints what came of each call as JSON.
"""

import importlib
import json
import logging
import sys

logging.disable(logging.CRITICAL)
package = importlib.import_module(sys.argv[1])
Client = next(getattr(package, name) for name in ("NomadicAI", "NomadicML") if hasattr(package, name))
client = Client(api_key=sys.argv[3], base_url=sys.argv[2])

results = {"verify_auth": client.verify_auth()}
results["folder"] = client.create_or_get_folder("fleet")
results["folder_again"] = client.get_folder("fleet")
results["upload"] = client.upload(sys.argv[4], wait_for_uploaded=False)
results["videos"] = client.my_videos()
results["search"] = client.search(query="red truck", folder_name="fleet")
results["metadata"] = client.add_batch_metadata("agent-3-9-1", {"site": "north", "run": 7})
results["visuals"] = client.get_visuals("vid1-000001", "any")
if hasattr(client.video, "list_agents"):
    results["agents"] = client.video.list_agents()
if hasattr(client, "datasets"):
    results["datasets"] = [dataset.id for dataset in client.datasets.list()]
results["delete"] = client.delete_video(results["upload"]["video_id"])
try:
    client.delete_video("nobody's")
except Exception as error:
    results["refusal"] = str(error)
print(json.dumps(results, default=str))
