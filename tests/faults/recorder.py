#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""recorder.py IMAGE LOG FOLDER: a disk that writes down what it is asked to write. FOLDER/disk has the
bytes of IMAGE, for a loop device; each write and each flush is appended to LOG in the order in which
they came, so that any moment of the disk can be made again:

    W, offset and length as two little-endian numbers of 8 bytes, the bytes
    F, twice the number 0"""

import errno
import os
import stat
import struct
import sys

from fusepy import FUSE, FuseOSError, Operations

HEAD = struct.Struct("<cQQ")


class Disk(Operations):
    def __init__(self, image, log):
        self.image = os.open(image, os.O_RDWR)
        self.log = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

    def getattr(self, path, _=None):
        if path == "/":
            return {"st_mode": stat.S_IFDIR | 0o755, "st_nlink": 2}
        if path == "/disk":
            return {"st_mode": stat.S_IFREG | 0o600, "st_nlink": 1,
                    "st_size": os.fstat(self.image).st_size}
        raise FuseOSError(errno.ENOENT)

    def readdir(self, *_):
        return [".", "..", "disk"]

    def read(self, _, size, offset, handle):
        return os.pread(self.image, size, offset)

    def write(self, _, data, offset, handle):
        os.pwrite(self.image, data, offset)
        os.writev(self.log, [HEAD.pack(b"W", offset, len(data)), data])
        return len(data)

    def fsync(self, *_):
        os.write(self.log, HEAD.pack(b"F", 0, 0))
        return 0


def read_log(path, end=None):
    """What a disk was asked, as (offset, bytes) or None for a flush."""
    with open(path, "rb") as source:
        content = source.read(end)
    found, at = [], 0
    while at < len(content):
        kind, offset, length = HEAD.unpack_from(content, at)
        at += HEAD.size
        found.append((offset, content[at:at + length]) if kind == b"W" else None)
        at += length
    return found


if __name__ == "__main__":
    FUSE(Disk(sys.argv[1], sys.argv[2]), sys.argv[3], foreground=True, nothreads=True, big_writes=True)
