# SPDX-License-Identifier: Apache-2.0
"""Figures of site archives for scripts/bench: a site with assets and a database of 500 MB."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time


def measure(bench, server):
    bench.make_projects()
    bench.fresh_site()
    place = os.path.dirname(bench.site)
    identity = os.path.join(place, "recovery.age")
    subprocess.run(["age-keygen", "-o", identity], check=True, stderr=subprocess.DEVNULL)
    recovery = subprocess.run(["age-keygen", "-y", identity], check=True,
                              stdout=subprocess.PIPE).stdout.decode().strip()
    target = os.path.join(place, "srv")
    with open(os.path.join(bench.site, "site.yaml"), "w", encoding="utf-8") as out:
        json.dump({"schema": 1, "release": "bench", "environment": "production",
                   "targets": {"web": {"driver": "directory", "path": target}},
                   "databases": {"main": {"driver": "postgresql", "url": server.url("app")}}}, out)
    for number in (1, 2):
        bench.installer("apply", bench.bundle(number), "--yes")
    bench.installer("backup", "create", "main")
    folder = os.path.join(place, "archives")
    options = ("--newest-backups", "--recovery", recovery)

    def export():
        return bench.installer("site", "export", "--to", bench.new_place(), *options)

    # The same content: bundles, backups and the rest of the state.
    def by_hand():
        archive = os.path.join(bench.new_place(), "a.tar.zst")
        return bench.call(f"tar -cf - -C {bench.site} --exclude=receipts . | zstd -q -3 -T0 -o {archive} "
                          f"&& sync -d {archive}")
    bench.ratio("site export of backups that are there / tar | zstd -3 -T0", export, by_hand, 1.1)
    bench.installer("site", "export", "--to", folder, *options)
    (full,) = os.listdir(folder)
    increments(bench, os.path.join(folder, full), options)
    answer = subprocess.run([os.path.join(bench.bin, "sealift-installer"), "--json", "--site", bench.site,
                             "site", "export", "--to", folder, *options], check=True,
                            stdout=subprocess.PIPE).stdout
    restores(bench, server, json.loads(answer), identity, target)


def increments(bench, full, options):
    times, sizes = [], []
    for _ in range(bench.repeat):
        time.sleep(1)  # its name has its second
        before = set(os.listdir(os.path.dirname(full)))
        times.append(bench.installer("site", "export", "--to", os.path.dirname(full), "--since", full,
                                     *options)[0])
        (name,) = set(os.listdir(os.path.dirname(full))) - before
        sizes.append(os.path.getsize(os.path.join(os.path.dirname(full), name)))
    bench.row("export of an unchanged site, --since", f"{statistics.median(times):.2f} s", "< 2 s",
              statistics.median(times) < 2)
    bench.row("  size", f"{max(sizes) / 1e6:.2f} MB", "< 1 MB", max(sizes) < 1e6)


def restores(bench, server, made, identity, target):
    old, dump = bench.site, os.path.join(bench.new_place(), "app.dump")
    subprocess.run(["pg_dump", "-Fc", "-Z0", "-d", server.url("app"), "-f", dump], check=True)
    packed = os.path.join(bench.new_place(), "web.tar.zst")
    subprocess.run(f"tar -cf - -C {target}/current . | zstd -q -3 -T0 -o {packed}", shell=True,
                   check=True)

    def restore():
        bench.site = os.path.join(bench.new_place(), "site")
        shutil.rmtree(target)
        server.sql("postgres", "DROP DATABASE app;")
        return bench.installer("site", "restore", made["archive"], "--identity", identity, "--key",
                               made["key"], "--again", "--yes")

    def unpack():
        place = bench.new_place()
        server.sql("postgres", "DROP DATABASE IF EXISTS theirs;\nCREATE DATABASE theirs;")
        return bench.call(f"tar -xf {made['archive']} -C {place} && tar --zstd -xf {packed} -C {place} && "
                          f"sync -f {place} && pg_restore -1 -d '{server.url('theirs')}' {dump} && "
                          f"psql -qXd '{server.url('theirs')}' -c ANALYZE")
    bench.ratio("site restore / unpacking, pg_restore -1 and ANALYZE", restore, unpack, 1.2)
    bench.site = old


if __name__ == "__main__":
    sys.exit("run it with: scripts/bench --archives")
