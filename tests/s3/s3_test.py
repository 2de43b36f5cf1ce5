#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Assets in a bucket, with a store that verifies every signature."""

import json
import os
import re
import subprocess
import unittest

from store import BUCKET, KEY_ID, SECRET, Front, Shop, Store, StoreTest, Way, need_python
from road import BUILDER, INSTALLER, SOURCE, main, run, write
from sweep import ALL, journal_records, killed_before_record

HASHED = "assets/app-3f9a1c2e.js"
NEWER = "assets/app-4a8b2d3f.js"
FIRST = {"index.html": f"<script src={HASHED}>", HASHED: "one", "robots.txt": "all",
         "docs/index.html": "docs", "sw.js": "v1"}
SECOND = {"index.html": f"<script src={NEWER}>", NEWER: "two", "robots.txt": "all",
          "about.html": "us", "sw.js": "v2"}


class Released(StoreTest):
    def setUp(self):
        super().setUp()
        self.shop.new_site(self.target())

    def apply(self, version, files, **component):
        return self.shop.installer("apply", self.shop.build(version, files, **component), "--yes")

    def shown(self):
        return self.shop.shown(self.store, "web/")

    def test_apply_upgrade_roll_back(self):
        self.apply("1.0.0", FIRST)
        self.assertEqual(self.shown(), FIRST)
        page = self.store.get("web/index.html")
        self.assertEqual((page["ContentType"], page["CacheControl"]), ("text/html", "no-cache"))
        script = self.store.get("web/" + HASHED)
        self.assertEqual(script["CacheControl"], "public, max-age=31536000, immutable")
        self.assertEqual(script["ContentType"], "text/javascript")
        self.assertEqual(len(script["Metadata"]["sha256"]), 64)
        self.apply("1.1.0", SECOND)
        both = {**SECOND, HASHED: "one"}
        self.assertEqual(self.shown(), both)
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.shown(), {**FIRST, NEWER: "two"})
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        self.assertEqual(self.shop.answer("status")["current"]["version"], "1.0.0")

    def test_what_is_there_is_not_sent_again(self):
        files = {**FIRST, **{f"assets/part{i}-3f9a1c2e.js": str(i) for i in range(300)}}
        way = Way(self.store.port)
        self.addCleanup(way.stop)
        self.shop.write_site(self.target(endpoint=way.endpoint))
        self.apply("1.0.0", files)
        self.assertEqual(self.shown(), files)
        way.seen.clear()
        self.apply("1.1.0", {**files, NEWER: "two", "index.html": "second"})
        puts = [path for method, path in way.seen if method == "PUT" and "part" in path]
        heads = [path for method, path in way.seen if method == "HEAD" and "part" in path]
        self.assertEqual((puts, heads), ([], []))
        self.assertLess(len(way.seen), 80)

    def test_pages_come_behind_what_they_name(self):
        way = Way(self.store.port)
        self.addCleanup(way.stop)
        self.shop.write_site(self.target(endpoint=way.endpoint))
        self.apply("1.0.0", {**FIRST, "logo.svg": "<svg/>"})
        puts = [path for method, path in way.seen if method == "PUT"]
        public = [path for path in puts if ".sealift" not in path]
        names = [path.split("/web/")[1] for path in public]
        self.assertEqual(names[0], HASHED)
        self.assertEqual(names[-1], "index.html")
        self.assertEqual(set(names[1:3]), {"logo.svg", "robots.txt"})
        self.assertEqual(set(names[3:5]), {"docs/index.html", "sw.js"})

    def test_drift_and_repair(self):
        self.apply("1.0.0", FIRST)
        self.store.put("web/index.html", "by hand")
        self.store.client.delete_object(Bucket=BUCKET, Key="web/" + HASHED)
        self.store.put("web/notes.txt", "of somebody")
        self.store.put("web/robots.txt", "all", ContentType="text/plain", CacheControl="max-age=9",
                       Metadata={"sha256": "0" * 64})
        found = self.shop.answer("drift", status=20)["differences"]
        self.assertEqual({(each["path"], each["found"]) for each in found},
                         {("index.html", "content differs"), (HASHED, "missing"),
                          ("robots.txt", 'Cache-Control "max-age=9"'),
                          ("notes.txt", "not part of the release")})
        full = self.shop.answer("doctor", "--full", status=20)
        self.assertTrue(any("max-age=9" in each["found"] for each in full), full)
        self.shop.installer("apply", "--repair", "--yes")
        self.assertEqual(self.shown(), {**FIRST, "notes.txt": "of somebody"})
        self.assertEqual(self.store.get("web/robots.txt")["CacheControl"], "no-cache")
        left = self.shop.answer("drift", status=20)["differences"]
        self.assertEqual([each["path"] for each in left], ["notes.txt"])

    def test_a_bucket_that_was_emptied_is_filled_again(self):
        self.apply("1.0.0", FIRST)
        self.store.clear()
        self.shop.refused("apply", self.shop.build("1.1.0", SECOND), "--yes", status=6)
        self.shop.installer("apply", "--repair", "--yes")
        self.assertEqual(self.shown(), FIRST)
        for key in self.store.keys("web/.sealift/releases"):
            self.store.client.delete_object(Bucket=BUCKET, Key=key)
        self.shop.installer("apply", "--repair", "--yes")
        self.assertEqual(self.shop.answer("drift")["differences"], [])

    def test_a_prune_removes_what_only_old_releases_had(self):
        names = [f"assets/v{i}-3f9a1c2{i}.js" for i in range(4)]
        for number, name in enumerate(names):
            self.apply(f"1.{number}.0", {"index.html": name, name: name}, keep_previous=0)
        # Installed, the one before, and one more.
        self.assertEqual(sorted(self.shown()), sorted(names[1:] + ["index.html"]))
        for number in range(4, 6):
            name = f"assets/v{number}-3f9a1c2{number}.js"
            names.append(name)
            self.store.put("web/theirs.txt", "stays")
            self.apply(f"1.{number}.0", {"index.html": name, name: name}, keep_previous=3)
        self.assertEqual(sorted(self.shown()),
                         sorted(names[1:] + ["index.html", "theirs.txt"]))
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.shown()["index.html"], names[4])

    def test_an_unchanging_file_that_changes_is_put_back(self):
        self.apply("1.0.0", {"index.html": "1", HASHED: "old"})
        said = self.shop.refused("apply", self.shop.build("1.1.0", {"index.html": "2", HASHED: "new"},
                                                          keep_previous=1), "--yes", status=0)
        self.assertIn("has other content", said)
        self.assertEqual(self.shown(), {"index.html": "2", HASHED: "new"})
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.shown(), {"index.html": "1", HASHED: "old"})
        self.assertEqual(self.shop.answer("drift")["differences"], [])

    def test_compressed_files_say_so(self):
        text = "let a = 1;\n" * 500
        self.apply("1.0.0", {"index.html": "x", HASHED: text, "down/load.gz": "no original"},
                   compress=["gzip", "brotli"])
        packed = self.store.get(f"web/{HASHED}.br")
        self.assertEqual((packed["ContentType"], packed["ContentEncoding"]),
                         ("text/javascript", "br"))
        self.assertIn("immutable", packed["CacheControl"])
        self.assertEqual(self.store.get(f"web/{HASHED}.gz")["ContentEncoding"], "gzip")
        self.assertNotIn("ContentEncoding", self.store.get("web/down/load.gz"))

    def test_other_cache_rules_alone_are_a_change(self):
        self.apply("1.0.0", FIRST)
        self.apply("1.1.0", FIRST, serve=[{"match": "robots.txt", "cache": 60}])
        self.assertEqual(self.store.get("web/robots.txt")["CacheControl"], "public, max-age=60")
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.store.get("web/robots.txt")["CacheControl"], "no-cache")

    def test_staged_days_ahead(self):
        self.apply("1.0.0", FIRST)
        second = self.shop.build("1.1.0", SECOND)
        self.shop.installer("stage", second, "--yes")
        self.assertEqual(self.shown(), {**FIRST, NEWER: "two"})
        self.shop.installer("apply", second, "--yes")
        self.assertEqual(self.shown(), {**SECOND, HASHED: "one"})

    def test_two_sites_in_one_bucket_never_meet(self):
        self.apply("1.0.0", FIRST)
        other = Shop()
        self.addCleanup(other.close)
        other.new_site(self.target())
        bundle = other.build("1.0.0", FIRST)
        for prefix in ("web/", "web/below/", None):
            target = self.target(prefix=prefix)
            if prefix is None:
                del target["prefix"]
            other.write_site(target)
            said = other.refused("apply", bundle, "--yes", status=6)
            self.assertIn("managed by the site" if prefix else "did not put there", said)
        other.write_site(self.target(prefix="other/"))
        other.installer("apply", other.build("1.1.0", SECOND), "--yes")
        self.assertEqual(other.shown(self.store, "other/"), SECOND)
        self.assertEqual(self.shown(), FIRST)

    def test_a_component_that_goes(self):
        self.apply("1.0.0", FIRST)
        path = os.path.join(self.shop.project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            release = json.load(source)
        write(os.path.join(self.shop.project, "etc/a.txt"), "a")
        release["version"] = "1.1.0"
        release["components"] = [{"name": "etc", "kind": "config", "source": "etc", "target": "etc"}]
        write(path, json.dumps(release))
        bundle = json.loads(run(BUILDER, "--json", "build",
                                path, "--output", os.path.join(self.shop.root, "dist"), "--key",
                                self.shop.key))["bundle"]
        site = os.path.join(self.shop.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = json.load(source)
        text["targets"]["etc"] = {"driver": "directory", "path": self.shop.target("etc")}
        write(site, json.dumps(text))
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.shown(), {HASHED: "one"})
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.shown(), FIRST)


class Refused(StoreTest):
    def refused(self, target, **env):
        shop = self.shop
        shop.new_site(target)
        os.environ.update(env)
        said = shop.refused("apply", shop.build("1.0.0", FIRST), "--yes", status=6)
        self.assertEqual(self.store.keys(), [])
        self.assertNotIn(SECRET, said)
        doctor = shop.answer("doctor", status=20)
        rows = [each["found"] for each in doctor if each["what"] == "target cdn"]
        self.assertIn(rows[0].split(":")[-1].strip()[:30], said)
        return said

    def test_a_wrong_secret(self):
        said = self.refused(self.target(), AWS_SECRET_ACCESS_KEY="x" * 40)
        self.assertIn("the secret key is another one", said)
        self.assertIn("correct credentials", said)

    def test_no_credentials(self):
        self.assertIn("are not set", self.refused(self.target(), AWS_ACCESS_KEY_ID=""))

    def test_a_bucket_that_is_not_there(self):
        self.assertIn("no such bucket", self.refused(self.target(bucket="nobody-s")))

    def test_another_region(self):
        said = self.refused(self.target(region="eu-central-1"))
        self.assertIn("the bucket is in us-east-1", said)
    def test_a_clock_that_is_wrong(self):
        other = Store(ahead=3600)
        self.addCleanup(other.stop)
        said = self.refused(self.target(endpoint=other.endpoint))
        self.assertIn("the clock of this host", said)
        self.assertIn("correct the clock", said)

    def test_a_program_that_is_not_there(self):
        self.shop.new_site(self.target(cdn={"exec": ["/nowhere/purge"]}))
        said = self.shop.refused("apply", self.shop.build("1.0.0", FIRST), "--yes", status=6)
        self.assertIn("this host has no program /nowhere/purge", said)


class Hosts(StoreTest):
    def test_a_bucket_that_is_a_host(self):
        way = Way(self.store.port)
        self.addCleanup(way.stop)
        os.environ["http_proxy"] = way.endpoint
        self.addCleanup(os.environ.pop, "http_proxy")
        self.shop.new_site(self.target(endpoint="http://s3.test", style="host", insecure=True))
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)
        self.assertTrue(all(path.startswith(f"http://{BUCKET}.s3.test/") for _, path in way.seen))


class OverTls(StoreTest):
    def make_certificate(self, name):
        """One of its own for this host, with its key."""
        path = os.path.join(self.shop.root, name)
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
            "-keyout", path, "-out", path + ".crt", "-days", "2", "-subj", "/CN=store",
            "-addext", "subjectAltName=IP:127.0.0.1")
        with open(path, "ab") as out, open(path + ".crt", "rb") as certificate:
            out.write(certificate.read())
        return path

    def test_a_certificate_of_the_site_s_own(self):
        own = self.make_certificate("own.pem")
        way = Way(self.store.port, certificate=own)
        self.addCleanup(way.stop)
        self.shop.new_site(self.target(endpoint=way.endpoint))
        bundle = self.shop.build("1.0.0", FIRST)
        for more in ({}, {"ca": self.make_certificate("other.pem") + ".crt"}):
            self.shop.write_site(self.target(endpoint=way.endpoint, **more))
            self.assertIn("its certificate is not trusted", self.shop.refused("apply", bundle, "--yes", status=8))
            self.assertEqual(self.store.keys(), [])
        self.shop.write_site(self.target(endpoint=way.endpoint, ca=own + ".crt"))
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)


class Keys(StoreTest):
    """Where credentials come from, and where they never go."""

    def everything_kept(self):
        """Every byte that the site has written, but for what a person wrote there."""
        found = b""
        for folder, _, names in os.walk(os.path.join(self.shop.site, "state")):
            for name in names:
                with open(os.path.join(folder, name), "rb") as content:
                    found += content.read()
        return found

    def lives(self, credentials, **more):
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(name)
        self.shop.new_site(self.target(credentials=credentials), **more)
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        second = self.shop.build("1.1.0", SECOND)
        plan = self.shop.installer("--json", "plan", second)
        self.shop.installer("apply", second, "--yes")
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), {**FIRST, NEWER: "two"})
        # Both open the key for themselves.
        left = "web/.sealift/releases/left/files"
        self.store.put(left, "")
        self.assertTrue(any("releases/left" in each["found"]
                            for each in self.shop.answer("doctor", status=20)))
        self.shop.installer("prune")
        self.assertNotIn(left, self.store.keys())
        self.shop.installer("doctor")
        support = os.path.join(self.shop.root, "support")
        self.shop.installer("support-bundle", "--output", support)
        with open(support, "rb") as content:
            for text in (plan, self.everything_kept(), content.read()):
                self.assertNotIn(SECRET.encode(), text)

    def test_a_secret(self):
        path = os.path.join(self.shop.root, "secret")
        write(path, SECRET + "\n")
        os.chmod(path, 0o600)
        self.lives({"key_id": KEY_ID, "secret": "S3_SECRET"},
                   secrets={"S3_SECRET": {"file": path}})

    def test_a_program(self):
        path = os.path.join(self.shop.root, "credentials")
        said = json.dumps({"Version": 1, "AccessKeyId": KEY_ID, "SecretAccessKey": SECRET})
        write(path, f"#!/bin/sh\ncat <<X\n{said}\nX\n")
        os.chmod(path, 0o700)
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            os.environ.pop(name)
        self.shop.new_site(self.target(credentials={"process": [path]}))
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)
        self.assertNotIn(SECRET.encode(), self.everything_kept())
        write(path, f"#!/bin/sh\necho {SECRET}; exit 3\n")
        said = self.shop.refused("apply", self.shop.build("1.2.0", SECOND), "--yes", status=6)
        self.assertIn("ended with status 3", said)
        self.assertNotIn(SECRET, said)
        [damage] = self.shop.answer("status")["damage"]
        self.assertEqual(damage["mend"], "run it by hand to see what it says")


class Cdn(StoreTest):
    def test_cloudfront_is_told_what_has_changed(self):
        front = Front()
        self.addCleanup(front.stop)
        self.shop.new_site(self.target(cdn={"cloudfront": "E2EXAMPLE", "endpoint": front.endpoint}))
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        self.assertEqual(front.seen[0][1],
                         ["/", "/docs/", "/docs/index.html", "/index.html", "/robots.txt", "/sw.js"])
        second = self.shop.build("1.1.0", SECOND)
        self.shop.installer("apply", second, "--yes")
        changed = ["/", "/about.html", "/docs/", "/docs/index.html", "/index.html", "/sw.js"]
        self.assertEqual(front.seen[1][1], changed)
        self.shop.installer("rollback", "--yes")
        self.assertEqual(front.seen[2][1], changed)
        self.assertEqual(len({reference for reference, _ in front.seen}), 3)
        front.status = 403
        said = self.shop.refused("apply", second, "--yes", status=10)
        self.assertIn("CloudFront E2EXAMPLE", said)
        self.assertEqual(self.shop.shown(self.store, "web/")["index.html"], FIRST["index.html"])
        front.status = 201
        self.shop.installer("recover")
        self.assertEqual(front.seen[-1][1], changed)
        self.assertEqual(self.shop.answer("status")["current"]["version"], "1.0.0")

    def test_another_cdn_reads_paths(self):
        script, told = (os.path.join(self.shop.root, name) for name in ("purge", "told"))
        write(script, f"#!/bin/sh\n(echo \"$TOKEN $1\"; cat) >> {told}\n")
        os.chmod(script, 0o700)
        token = os.path.join(self.shop.root, "token")
        write(token, "hidden-token")
        os.chmod(token, 0o600)
        self.shop.new_site(
            self.target(cdn={"exec": [script, "--zone"], "secrets": ["TOKEN"], "base": "/shop"}),
            secrets={"TOKEN": {"file": token}})
        self.shop.installer("apply", self.shop.build("1.0.0", {"index.html": "a", "b c.txt": "b"}),
                            "--yes")
        with open(told, encoding="utf-8") as lines:
            self.assertEqual(lines.read(), "hidden-token --zone\n/shop/\n/shop/b%20c.txt\n"
                                           "/shop/index.html\n")
        write(script, "#!/bin/sh\ncat > /dev/null\n[ ! -e " + told + " ] || { rm " + told +
              "; exit 7; }\n")
        said = self.shop.refused("apply", self.shop.build("1.1.0", {"index.html": "c"}), "--yes",
                                 status=9)
        self.assertIn("ended with status 7", said)
        self.assertEqual(self.shop.shown(self.store, "web/"), {"index.html": "a", "b c.txt": "b"})


class Faults(StoreTest):
    """The same store behind a road that is none."""

    def setUp(self):
        super().setUp()
        self.way = Way(self.store.port)
        self.addCleanup(self.way.stop)
        self.shop.new_site(self.target(endpoint=self.way.endpoint))

    def test_what_passes_is_sent_again(self):
        asked = {}

        def fault(method, path):
            count = asked[method, path] = asked.get((method, path), 0) + 1
            turn = sum(path.encode()) % 4
            return ["slow", 503, "cut", 429][turn] if count == 1 else None

        self.way.fault = fault
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)

    def test_a_store_that_fails_for_good_is_undone(self):
        self.shop.installer("apply", self.shop.build("1.0.0", FIRST), "--yes")
        second = self.shop.build("1.1.0", SECOND)
        for place in (NEWER, "web/sw.js"):
            self.way.fault = lambda method, path: (
                400 if method == "PUT" and path.endswith(place) and len(failed) == 0 and
                not failed.append(1) else None)
            failed = []
            self.shop.refused("apply", second, "--yes", status=9)
            self.assertEqual({**self.shop.shown(self.store, "web/"), NEWER: "two"},
                             {**FIRST, NEWER: "two"})
            self.assertEqual(self.shop.answer("status")["current"]["version"], "1.0.0")
        self.shop.installer("apply", second, "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), {**SECOND, HASHED: "one"})

    def test_what_comes_otherwise_than_it_was_sent_is_refused(self):
        bundle = self.shop.build("1.0.0", FIRST)
        self.way.fault = lambda method, path: (
            "spoil" if method == "PUT" and path.endswith(HASHED) else None)
        said = self.shop.refused("apply", bundle, "--yes", status=9)
        self.assertIn("BadDigest", said)
        self.assertEqual(self.shop.shown(self.store, "web/"), {})
        self.way.fault = lambda method, path: None
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)

    def test_a_prefix_that_is_taken_meanwhile_and_a_store_without_conditions(self):
        bundle = self.shop.build("1.0.0", FIRST)

        def fault(method, path):
            if method == "PUT" and path.endswith("/target") and not self.store.keys("web/"):
                self.store.put("web/.sealift/target", '{"schema":1,"site":"x","target":"y"}')

        self.way.fault = fault
        said = self.shop.refused("apply", bundle, "--yes", status=9)
        self.assertIn("another site has taken it", said)
        said = self.shop.refused("apply", bundle, "--yes", status=6)
        self.assertIn("managed by the site x as its target y", said)
        self.store.clear()
        self.way.fault = lambda method, path: None
        self.way.is_simple = True
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), FIRST)

    def test_large_files_go_in_parts(self):
        large = "0123456789abcdef" * (17 << 16)  # 17 MiB
        name = "assets/video-3f9a1c2e.bin"
        files = {**FIRST, name: large, "big.bin": large[:9 << 20]}
        self.way.fault = lambda method, path: (
            503 if "partNumber=2" in path and not failed and not failed.append(1) else None)
        failed = []
        first = self.shop.build("1.0.0", files)
        self.shop.installer("apply", first, "--yes")
        self.assertTrue(failed)
        self.assertEqual(self.store.text("web/" + name), large)
        self.assertEqual(self.store.text("web/big.bin"), files["big.bin"])
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        name = "assets/other-4a8b2d3f.bin"
        self.way.fault = lambda method, path: 400 if "partNumber=3" in path else None
        self.shop.refused("apply", self.shop.build("1.1.0", {**SECOND, name: large}), "--yes",
                          status=9)
        self.assertEqual(self.store.uploads(), [])
        self.assertEqual(self.shop.answer("status")["current"]["version"], "1.0.0")

    def test_killed_before_records(self):
        first = self.shop.build("1.0.0", FIRST)
        self.shop.installer("apply", first, "--yes")
        second = self.shop.build("1.1.0", SECOND)
        records = journal_records(self.shop, ["apply", second, "--yes"])
        self.assertGreater(records, 5)
        self.shop.installer("rollback", "--yes")
        for record in range(1, records + 1, 1 if ALL else 4):
            killed_before_record(self.shop, ["apply", second, "--yes"], record)
            self.shop.installer("recover")
            version = self.shop.answer("status")["current"]["version"]
            wanted = {"1.0.0": FIRST, "1.1.0": SECOND}[version]
            both = {HASHED: "one", NEWER: "two"}
            with self.subTest(record=record):
                self.assertEqual({**self.shop.shown(self.store, "web/"), **both},
                                 {**wanted, **both})
                self.assertEqual(self.store.text("web/" + HASHED), "one")
                self.assertEqual(self.shop.answer("drift")["differences"], [])
            if version == "1.1.0":
                self.shop.installer("rollback", "--yes")

    def test_killed_while_it_sends(self):
        files = {**FIRST, **{f"assets/p{i}-3f9a1c2e.js": str(i) for i in range(60)}}
        bundle = self.shop.build("1.0.0", files)
        sent = []

        def fault(method, path):
            if method == "PUT" and "/web/assets/p" in path:
                sent.append(path)
                if len(sent) == 30:
                    running[0].kill()
            return None

        self.way.fault = fault
        running = [subprocess.Popen([INSTALLER, "--site", self.shop.site, "apply", bundle, "--yes"],
                                    stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                    stderr=subprocess.DEVNULL)]
        running[0].wait()
        self.shop.installer("recover", "--lock-timeout", "5")
        before = len(set(sent))
        sent.clear()
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.shop.shown(self.store, "web/"), files)
        self.assertLessEqual(len(sent), 60 - before + 6)


class Templates(unittest.TestCase):
    def test_the_distribution_names_what_is_there(self):
        need_python("yaml")
        import yaml
        with open(os.path.join(SOURCE, "templates/cdn/cloudfront.yaml"), encoding="utf-8") as source:
            template = yaml.safe_load(source)
        known = {*template["Resources"], *template["Parameters"], "AWS::Region", "AWS::AccountId"}
        named = set()

        def walk(value):
            if isinstance(value, list):
                for each in value:
                    walk(each)
            elif isinstance(value, dict):
                for key, each in value.items():
                    if key == "Ref":
                        named.add(each)
                    elif key == "Fn::GetAtt":
                        named.add(each[0])
                    elif key == "Fn::Sub":
                        named.update(re.findall(r"[$]{([^}]+)}", each))
                    else:
                        walk(each)

        walk(template)
        self.assertEqual(named - known, set())
        keys = set(template["Outputs"]) - {"cloudfront", "policy"}
        with open(os.path.join(SOURCE, "schemas/site.schema.json"), encoding="utf-8") as schema:
            target = json.load(schema)["properties"]["targets"]["additionalProperties"]
        self.assertLessEqual(keys, set(target["properties"]))


if __name__ == "__main__":
    main()
