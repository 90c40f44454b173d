#!/usr/bin/env python3
"""Prints which of some texts are anywhere on a disk, in free blocks too: `search.py DISK TEXT...`."""

import os
import sys

CHUNK = 8 << 20
disk, *texts = sys.argv[1:]
wanted = [text.encode() for text in texts]
overlap = max(map(len, wanted))
found = set()
with open(disk, "rb", buffering=0) as file:
    end = os.fstat(file.fileno()).st_size
    at = 0
    while at < end:
        try:
            at = os.lseek(file.fileno(), at, os.SEEK_DATA)
        except OSError:
            break  # Nothing but holes is left.
        file.seek(at)
        data = file.read(CHUNK)
        found.update(text for text in wanted if text in data)
        at += max(len(data) - overlap, 1) if len(data) == CHUNK else len(data)
print(*sorted(text.decode() for text in found))
