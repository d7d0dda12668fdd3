"""Clients that ask without a pause while a command runs: load.py PORT TARGET COMMAND...

Some keep their connection, some make a new one each time. Prints [answered, [failure, ...]] as JSON.
"""

import http.client
import json
import subprocess
import sys
import threading


class Load:
    def __init__(self, port, target):
        self.port, self.target = port, target
        self.answered, self.failed, self.running = 0, [], True
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._ask, args=(keep,)) for keep in (True, True, False, False)]
        for thread in self._threads:
            thread.start()

    def _ask(self, keep):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        while self.running:
            failure = None
            try:
                connection.request("GET", self.target)
                response = connection.getresponse()
                if not response.read() or response.status != 200:
                    failure = response.status
            except (OSError, http.client.HTTPException) as error:
                failure = repr(error)
                connection.close()
            with self._lock:
                self.answered += failure is None
                self.failed += [failure] if failure is not None else []
            if not keep:
                connection.close()
        connection.close()

    def wait_for(self, more):
        goal = self.answered + more
        while self.answered < goal and not self.failed:
            threading.Event().wait(0.005)

    def stop(self):
        self.running = False
        for thread in self._threads:
            thread.join()


if __name__ == "__main__":
    load = Load(int(sys.argv[1]), sys.argv[2])
    load.wait_for(100)
    command = subprocess.run(sys.argv[3:], capture_output=True, text=True)
    load.wait_for(100)
    load.stop()
    if command.returncode != 0:
        load.failed.append(command.stderr)
    print(json.dumps([load.answered, load.failed]))
