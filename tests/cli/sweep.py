# SPDX-License-Identifier: Apache-2.0
"""kill -9 before a chosen system call of a command that changes a site."""

import os
import re
import subprocess

from road import INSTALLER, run

CHANGING = ("fdatasync,fsync,syncfs,pwrite64,rename,renameat,symlinkat,linkat,unlinkat,unlink,mkdir,"
            "mkdirat,ftruncate,fallocate,fchmod")


def changing_calls(road, command, changing=CHANGING):
    """Every changing system call of one undisturbed run: (name, how many times before)."""
    trace = os.path.join(road.root, "trace")
    run("strace", "-f", "-o", trace, "-e", f"trace={changing}", INSTALLER, "--site", road.site,
        *command)
    points, seen = [], {}
    with open(trace, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            match = re.match(r"^\d+\s+(\w+)\(", line)
            if match:
                name = match.group(1)
                seen[name] = seen.get(name, 0) + 1
                points.append((name, seen[name]))
    return points


def killed_at(road, command, name, when):
    """Runs the command, and kills it before that call."""
    subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={name}", "-e",
                    f"inject={name}:signal=KILL:when={when}", INSTALLER, "--site", road.site,
                    *command],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=False)


# A kill before each record takes seconds with an engine: each engine tries every thirteenth one, beginning at
# another, unless SEALIFT_EVERY is set. The same goes for cases that one engine shows as well as two.
ALL = bool(os.environ.get("SEALIFT_EVERY"))
EVERY = 1 if ALL else 13


def journal_records(road, command):
    """Runs the command undisturbed: how many records it writes. Programs that it starts are left
    alone."""
    trace = os.path.join(road.root, "trace")
    run("strace", "-o", trace, "-e", "trace=pwrite64", INSTALLER, "--site", road.site, *command)
    with open(trace, encoding="utf-8", errors="replace") as lines:
        return sum(line.startswith("pwrite64(") for line in lines)


def killed_before_record(road, command, record):
    subprocess.run(["strace", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
                    f"inject=pwrite64:signal=KILL:when={record}", INSTALLER, "--site", road.site,
                    *command],
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                   check=False)
