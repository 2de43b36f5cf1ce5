# SPDX-License-Identifier: Apache-2.0
"""Figures of a bucket for scripts/bench: a client of 8,700 files whose names have a hash, as builds make
them, sent to the store of the tests, new and with two thirds unchanged, by us and by the programs that
people use. The store is one process, and most of what each of them waits for."""

import hashlib
import json
import os
import shutil
import sys

SOURCE = os.environ["SEALIFT_SOURCE"]
for folder in ("tests/cli", "tests/s3"):
    sys.path.insert(0, os.path.join(SOURCE, folder))

from store import BUCKET, KEY_ID, SECRET, Store  # noqa: E402

VERSIONS = {"s3-1": "1.0.0", "s3-2": "2.0.0"}


def make_clients(bench):
    """Every third file of the second client is another one."""
    bench.make_projects()
    source = bench.path("v1", "client")
    for name, version in VERSIONS.items():
        assets = bench.path("assets-" + name)
        for folder, _, files in os.walk(source):
            for number, file in enumerate(sorted(files)):
                with open(os.path.join(folder, file), "rb") as text:
                    content = text.read()
                if name == "s3-2" and number % 3 == 0:
                    content += b"\n"
                place = os.path.join(assets, os.path.relpath(folder, source))
                os.makedirs(place, exist_ok=True)
                stem, ending = os.path.splitext(file)
                digest = hashlib.sha256(content).hexdigest()[:8]
                with open(os.path.join(place, f"{stem}-{digest}{ending}"), "wb") as out:
                    out.write(content)
        with open(os.path.join(assets, "index.html"), "w", encoding="ascii") as out:
            out.write(version)
        bench.project(name, version, assets)
        bench.build(name)


class Ours:
    def __init__(self, bench, store):
        self.bench = bench
        bench.fresh_site()
        self.site = bench.site
        with open(os.path.join(self.site, "site.yaml"), "w", encoding="utf-8") as out:
            json.dump({"schema": 1, "release": "bench", "environment": "production",
                       "targets": {"web": {"driver": "s3", "endpoint": store.endpoint, "bucket": BUCKET,
                                           "prefix": "ours/"}}}, out)

    def send(self, name):
        self.bench.site = self.site
        return self.bench.installer("apply", self.bench.bundle(VERSIONS[name][0]), "--yes")


class Rclone:
    """As its own manual advises for stores of this kind; four at a time, as ours. A bundle of certificates
    for AWS, which a host may have, it does not get along with."""

    def __init__(self, bench, store):
        self.bench = bench
        self.command = (f"env -u AWS_CA_BUNDLE rclone copy --config /dev/null --s3-provider Other --s3-endpoint {store.endpoint} "
                        f"--s3-access-key-id {KEY_ID} --s3-secret-access-key {SECRET} --s3-region us-east-1 "
                        "--s3-no-check-bucket --checksum --fast-list --transfers 4")

    def send(self, name):
        return self.bench.call(f"{self.command} {self.bench.path(name, 'client')} :s3:{BUCKET}/rclone/")


class S3cmd:
    def __init__(self, bench, store):
        self.bench = bench
        host = store.endpoint.split("://")[1]
        self.command = (f"s3cmd -c /dev/null --no-ssl --host {host} --host-bucket {host} --no-progress -q "
                        f"--access_key {KEY_ID} --secret_key {SECRET} --no-preserve sync")

    def send(self, name):
        return self.bench.call(f"{self.command} {self.bench.path(name, 'client')}/ s3://{BUCKET}/s3cmd/")


def measure(bench):
    os.environ.update(AWS_ACCESS_KEY_ID=KEY_ID, AWS_SECRET_ACCESS_KEY=SECRET)
    make_clients(bench)
    figures, store = {}, None
    for _ in range(bench.repeat):
        if store:
            store.stop()
        store = Store()
        for kind in (Ours, Rclone, S3cmd):
            if kind is not Ours and not shutil.which(kind.__name__.lower()):
                continue
            sender = kind(bench, store)
            for name in VERSIONS:
                figures.setdefault((kind, name), []).append(sender.send(name))
    store.stop()
    for name, what in (("s3-1", "new"), ("s3-2", "two thirds unchanged")):
        ours = figures[(Ours, name)]
        for kind in (Rclone, S3cmd):
            program = kind.__name__.lower()
            what_of = f"8,700 files to a bucket, {what}: apply / {program}"
            if (kind, name) in figures:
                bench.compare(what_of, list(zip(ours, figures[(kind, name)])), 0.7)
            else:
                bench.row(what_of, f"SKIPPED: {program} is not installed", "", True)
