#!/usr/bin/env python3
"""Prints the programs that the kernel runs to judge the devices of a control group: `device_rules.py GROUP`.

bpf(BPF_PROG_QUERY) of linux/bpf.h; a rule that is changed is another program with another number.
"""

import ctypes
import os
import struct
import sys

SYS_BPF, BPF_PROG_QUERY, BPF_CGROUP_DEVICE, MOST = 321, 16, 6, 16
programs = (ctypes.c_uint32 * MOST)()
group = os.open(sys.argv[1], os.O_RDONLY)
query = ctypes.create_string_buffer(struct.pack("=IIIIQI", group, BPF_CGROUP_DEVICE, 0, 0, ctypes.addressof(programs), MOST) + bytes(40))
libc = ctypes.CDLL(None, use_errno=True)
if libc.syscall(SYS_BPF, BPF_PROG_QUERY, query, ctypes.c_uint(len(query))) != 0:
    sys.exit(f"bpf(BPF_PROG_QUERY): {os.strerror(ctypes.get_errno())}")
count = struct.unpack_from("=I", query, 24)[0]
print(*programs[:count])
