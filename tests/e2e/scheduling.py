"""How long a turn a thread asks for, in nanoseconds (sched_getattr(2)); 0 where the kernel has no such thing.

  scheduling.py PID
"""

import ctypes
import struct
import sys

SYS_SCHED_GETATTR = 315  # x86-64
LAYOUT = "IIQiIQQQ"


def turn_of(pid):
    attributes = ctypes.create_string_buffer(struct.calcsize(LAYOUT))
    if ctypes.CDLL(None).syscall(SYS_SCHED_GETATTR, pid, attributes, len(attributes), 0) != 0:
        return 0
    return struct.unpack(LAYOUT, attributes.raw)[5]


if __name__ == "__main__":
    print(turn_of(int(sys.argv[1])))
