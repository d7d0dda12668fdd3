"""Starts a program as systemd's socket activation does: with listening sockets as descriptors 3 and up.

    python passed_sockets.py DESCRIPTOR... -- PROGRAM ARGUMENT...
"""

import os
import sys

if __name__ == "__main__":
    split = sys.argv.index("--")
    descriptors = [os.dup2(int(text), 100 + i) for i, text in enumerate(sys.argv[1:split])]
    for i, descriptor in enumerate(descriptors):
        os.dup2(descriptor, 3 + i, inheritable=True)
        os.close(descriptor)
    os.environ["LISTEN_FDS"] = str(len(descriptors))
    os.environ["LISTEN_PID"] = str(os.getpid())
    os.execv(sys.argv[split + 1], sys.argv[split + 1 :])
