# SPDX-License-Identifier: Apache-2.0
"""Figures of deltas for scripts/bench: size, time to make and to apply, peak memory, against programs
that make patches of files and against stores of chunks. Those that are not installed are left out."""

import os
import shutil
import subprocess


def carried_by_casync(bench, trees):
    """Bytes of the chunks that the second tree adds to a store that has the first."""
    store = os.path.join(bench.new_place(), "store.castr")
    sizes = []
    for tree in trees:
        seconds, memory = bench.call(["casync", "make", f"--store={store}", store + ".caidx", tree])
        sizes.append(bytes_of(store))
    return seconds, memory, sizes[1] - sizes[0]


def carried_by_restic(bench, trees):
    place = bench.new_place()
    environment = f"RESTIC_PASSWORD=x RESTIC_CACHE_DIR={place}/cache"
    repository = os.path.join(place, "restic")
    subprocess.run(f"{environment} restic -q -r {repository} init", shell=True, check=True)
    sizes = []
    for tree in trees:
        seconds, memory = bench.call(f"cd {tree} && {environment} restic -q -r {repository} backup .")
        sizes.append(bytes_of(repository))
    return seconds, memory, sizes[1] - sizes[0]


def bytes_of(folder):
    return sum(os.path.getsize(os.path.join(path, name))
               for path, _, names in os.walk(folder) for name in names)


def unpacked(bench, number):
    tar = bench.path(f"{number}.tar")
    with open(tar, "wb") as out:
        subprocess.run(["zstd", "-dcq", bench.bundle(number)], check=True, stdout=out)
    return tar


def measure(bench):
    bench.make_projects()
    one, two = bench.bundle(1), bench.bundle(2)
    before, after = unpacked(bench, 1), unpacked(bench, 2)
    delta = os.path.join(bench.new_place(), "the.delta")
    made = {}

    def ours(level=None):
        words = ["--level", str(level)] if level else []
        return bench.sealift("delta", "--from", one, "--to", two, "-o", delta, *words)

    def add(name, work, path=None):
        if not shutil.which(name.split()[0]):
            bench.row(f"delta: {name}", "SKIPPED: not installed", "", True)
            return
        seconds, memory, *size = work()
        size = size[0] if size else os.path.getsize(path)
        made[name] = (seconds, size, memory)
        bench.row(f"delta: {name}", f"{size / 1e6:.2f} MB, {seconds:.1f} s, {memory:.0f} MiB", "", True)

    patch = os.path.join(bench.new_place(), "patch")
    add("xdelta3 -9", lambda: bench.call(["xdelta3", "-9", "-B536870912", "-f", "-e", "-s", before, after,
                                          patch]), patch)
    add("zstd -9 --patch-from", lambda: bench.call(["zstd", "-9", "-q", "-f", "--long=30",
                                                    f"--patch-from={before}", after, "-o", patch]), patch)
    trees = [bench.path(version, "client") for version in ("v1", "v2")]
    add("casync", lambda: carried_by_casync(bench, trees))
    add("restic", lambda: carried_by_restic(bench, trees))
    for level in (3, 9, 19):
        seconds, memory = ours(level)
        made[level] = (seconds, os.path.getsize(delta), memory)
        bench.row(f"delta: sealift --level {level}",
                  f"{made[level][1] / 1e6:.2f} MB, {seconds:.1f} s, {memory:.0f} MiB", "", True)
    compare(bench, made)
    ours()
    applied(bench, one, two, delta)


def compare(bench, made):
    ours = made[9]
    if xdelta := made.get("xdelta3 -9"):
        bench.row("delta: size / xdelta3 -9", f"{ours[1] / xdelta[1]:.2f}x", "<= 1x", ours[1] <= xdelta[1])
        bench.row("delta: xdelta3 -9 / time to make", f"{xdelta[0] / ours[0]:.1f}x", ">= 8x",
                  xdelta[0] >= 8 * ours[0])
        bench.row("delta: memory / xdelta3 -9", f"{ours[2] / xdelta[2]:.2f}x", "<= 0.25x",
                  ours[2] <= xdelta[2] / 4)
    if casync := made.get("casync"):
        bench.row("delta: size / casync", f"{ours[1] / casync[1]:.2f}x", "<= 0.2x",
                  ours[1] <= casync[1] / 5)


def applied(bench, one, two, delta):
    """Against the first apply of the whole bundle, on a site that has nothing."""
    def with_delta():
        bench.fresh_site()
        bench.installer("apply", one, "--yes")
        return bench.installer("apply", delta, "--yes")

    def first():
        bench.fresh_site()
        return bench.installer("apply", two, "--yes")
    bench.ratio("apply of a delta / first apply", with_delta, first, 2)
