#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images from every source, bit for bit, and those that are refused."""

import json
import os
import subprocess

from made_image import (CONFIG, INDEX, LAYER, MANIFEST, Image, Platforms, sha, tar_of, write_archive,
                        write_docker_archive, write_files, write_layout)
from cosign import Paper
from shop import BUILDER, SERVER, WORKER, ShopTest, run
from road import errors, main, need


class Sources(ShopTest):
    def digest_from(self, origin, name=SERVER, **more):
        bundle = self.shop.build("1.0.0", [{"name": name, "from": origin, **more}])
        return self.shop.images_in(bundle)[name]

    def path(self, name):
        return os.path.join(self.shop.project, name)

    def test_a_layout_keeps_every_digest(self):
        for packing in ("none", "gzip", "zstd"):
            image = Image("hello", packing)
            write_layout(self.path("image"), {"1.0.0": image})
            self.assertEqual(self.digest_from("oci:image")["digest"], image.digest)

    def test_archives_in_every_packing(self):
        image = Image("hello")
        for packing in ("none", "gzip", "zstd"):
            write_archive(self.path("image.tar"), {SERVER: image}, packing)
            self.assertEqual(self.digest_from("oci-archive:image.tar")["digest"], image.digest)

    def test_an_archive_of_docker_save_is_converted_the_same_way_each_time(self):
        image = Image("hello")
        write_docker_archive(self.path("image.tar"), {SERVER: image})
        first = self.digest_from("docker-archive:image.tar")
        self.assertTrue(first["converted"])
        self.assertEqual(self.digest_from("docker-archive:image.tar")["digest"], first["digest"])
        self.assertIn("write docker-archive:",
                      self.shop.refuse([{"name": SERVER, "from": "oci-archive:image.tar"}]))

    def test_one_of_several_images_must_be_named(self):
        one, two = Image("one"), Image("two")
        write_archive(self.path("both.tar"), {SERVER: one, WORKER: two})
        self.assertIn("more than one image",
                      self.shop.refuse([{"name": SERVER, "from": "oci-archive:both.tar"}]))
        self.assertIn("no image named",
                      self.shop.refuse([{"name": SERVER, "from": "oci-archive:both.tar:other:1"}]))
        found = self.digest_from(f"oci-archive:both.tar:{WORKER}", WORKER)
        self.assertEqual(found["digest"], two.digest)

    def test_a_bundle_is_a_source_too(self):
        image = Image("hello")
        bundle = self.shop.build("1.0.0", {SERVER: image})
        os.rename(bundle, self.path("old.bundle.tar.zst"))
        found = self.digest_from(f"oci-archive:old.bundle.tar.zst:{SERVER}")
        self.assertEqual(found["digest"], image.digest)

    def test_chosen_platforms_get_an_index_of_their_own(self):
        amd, arm = Image("amd"), Image("arm", architecture="arm64")
        both = Platforms(amd, arm, Image("s390x", architecture="s390x"))
        write_layout(self.path("image"), {"1": both})
        whole = self.digest_from("oci:image")
        self.assertEqual(whole["digest"], both.digest)
        self.assertNotIn("whole", whole)
        wanted = {"platforms": ["linux/arm64", "linux/amd64"]}
        part = self.digest_from("oci:image", **wanted)
        self.assertEqual(part["whole"], both.digest)
        self.assertEqual(part["platforms"], ["linux/amd64", "linux/arm64"])
        self.assertEqual(self.digest_from("oci:image", **wanted)["digest"], part["digest"])
        self.assertIn("expected all of platforms", self.shop.refuse(
            [{"name": SERVER, "from": "oci:image", "platforms": ["linux/riscv64"]}]))

    def test_rows_that_are_no_images_are_carried(self):
        """What BuildKit and others put beside an image: provenance, a parts list, one without layers."""
        amd = Image("amd")
        unknown = {"os": "unknown", "architecture": "unknown"}
        provenance = Paper([(b'{"score": 0.5}', "application/vnd.in-toto+json", {})])
        parts = Paper([(b"{}", "application/spdx+json", {})], amd.root, "application/spdx+json")
        nothing = Paper([], amd.root, "application/vnd.example")
        both = Platforms(amd, Image("arm", architecture="arm64"), others=[
            (provenance, {"platform": unknown, "annotations": {
                "vnd.docker.reference.digest": amd.digest,
                "vnd.docker.reference.type": "attestation-manifest"}}),
            (parts, {"artifactType": "application/spdx+json"}),
            (nothing, {"platform": unknown})])
        write_layout(self.path("image"), {"1": both})
        bundle = self.shop.build("1.0.0", [{"name": SERVER, "from": "oci:image"}])
        found = self.shop.images_in(bundle)[SERVER]
        self.assertEqual(found["digest"], both.digest)
        self.assertEqual(found["platforms"], ["linux/amd64", "linux/arm64"])
        names = subprocess.run(["tar", "--zstd", "-tf", bundle], check=True,
                               stdout=subprocess.PIPE).stdout.decode().split()
        for paper in (provenance, parts, nothing):
            for digest in paper.blobs:
                self.assertIn("blobs/sha256/" + digest, names)

    def test_shared_layers_are_stored_once(self):
        self.shop.build("1.0.0", {SERVER: Image("one")})
        alone = os.path.getsize(self.shop.build("1.0.0", {SERVER: Image("one")}))
        both = os.path.getsize(
            self.shop.build("1.0.0", {SERVER: Image("one"), WORKER: Image("two")}))
        self.assertLess(both - alone, 20_000)

    def test_names_are_short_or_full_but_have_a_tag(self):
        image = Image("hello")
        write_layout(self.path("image"), {"1": image})
        bundle = self.shop.build("1.0.0", [{"name": "postgres:16", "from": "oci:image"}])
        self.assertIn("docker.io/library/postgres:16", self.shop.images_in(bundle))
        for name in ("postgres", "Post gres:1", "postgres:16@" + image.digest):
            self.shop.refuse([{"name": name, "from": "oci:image"}])
        self.assertIn("two images are named", self.shop.refuse(
            [{"name": "postgres:16", "from": "oci:image"},
             {"name": "docker.io/library/postgres:16", "from": "oci:image"}]))


class Refusals(ShopTest):
    def refused(self, image, expected, **more):
        write_layout(os.path.join(self.shop.project, "image"), {"1": image})
        row = {"name": SERVER, "from": "oci:image", **more}
        self.assertIn(expected, self.shop.refuse([row]))

    def test_an_image_that_lies_about_its_layers(self):
        honest = Image("hello")
        self.refused(Image("hello", diff_ids=["sha256:" + "0" * 64] * len(honest.layers)),
                     "the configuration says")

    def test_a_layer_too_many(self):
        self.refused(Image("hello", diff_ids=["sha256:" + "0" * 64]), "its configuration says 1")

    def test_a_missing_blob(self):
        image = Image("hello")
        del image.blobs[sha(image.config)]
        self.refused(image, "found no such blob")

    def test_a_blob_with_other_content(self):
        image = Image("hello")
        image.blobs[sha(image.config)] = image.config.replace(b"amd64", b"arm64")
        self.refused(image, "the image is damaged")

    def test_a_layer_that_is_no_archive(self):
        image = Image("hello")
        row = json.loads(image.manifest)["layers"][0]
        broken = image.blobs[row["digest"][7:]][:-40]
        manifest = json.loads(image.manifest)
        manifest["layers"][0] = image.put(broken, row["mediaType"])
        image.root = image.put(json.dumps(manifest).encode(), MANIFEST)
        self.refused(image, "cannot be read as an archive")

    def test_foreign_layers(self):
        for change in ({"mediaType": "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"},
                       {"urls": ["https://example.com/layer"]}):
            image = Image("hello")
            manifest = json.loads(image.manifest)
            manifest["layers"][0].update(change)
            image.root = image.put(json.dumps(manifest).encode(), MANIFEST)
            self.refused(image, "foreign layer")

    def test_schema_1(self):
        image = Image("hello")
        image.root = image.put(b'{"schemaVersion": 1}',
                               "application/vnd.docker.distribution.manifest.v1+prettyjws")
        self.refused(image, "schema 1")

    def test_another_platform_than_the_index_says(self):
        image = Image("hello", architecture="arm64")
        image.platform = {"os": "linux", "architecture": "amd64"}
        self.refused(Platforms(image), "its index says linux/amd64")

    def test_another_platform_than_is_wanted(self):
        self.refused(Image("hello"), "expected linux/arm64", platforms=["linux/arm64"])

    def test_all_mistakes_of_release_yaml_at_once(self):
        said = self.shop.refuse([{"name": "x", "from": "ftp:image"},
                                 {"name": "y:1", "from": "oci:../image", "platforms": ["linux"]}])
        for expected in ("a name with a tag", "expected oci:", '".."', "the platform"):
            self.assertIn(expected, said)

    def test_kinds_have_keys_of_their_own(self):
        path = self.shop.write_release("1.0.0", [])
        with open(path, encoding="utf-8") as file:
            release = json.load(file)
        release["components"] = [{"name": "a", "kind": "assets", "images": [
            {"name": "x:1", "from": "oci:image"}]}, {"name": "b", "kind": "images", "source": "b"}]
        with open(path, "w", encoding="utf-8") as file:
            json.dump(release, file)
        said = errors(BUILDER, "build", path, status=3)
        for expected in ("found no source", "found no target", "found images", "found no images",
                         "found source"):
            self.assertIn(expected, said)


class Rules(ShopTest):
    """What an image should not be: a warning, an error, or waived with a reason that is signed."""

    def look(self, image, status=0, waive=None, **more):
        write_layout(os.path.join(self.shop.project, "image"), {"1": image})
        row = {"name": SERVER, "from": "oci:image", **({"waive": waive} if waive else {})}
        path = self.shop.write_release("1.0.0", [row], **more)
        return errors(BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"),
                      "--key", self.shop.key, status=status)

    def test_an_image_without_faults_says_nothing(self):
        self.assertEqual(self.look(Image("hello")), "")

    def test_root(self):
        for user in ("", "root", "0:0"):
            self.assertIn("root-user: runs as root", self.look(Image("hello", user=user)))
        said = self.look(Image("hello", user=""), status=3, image_rules={"root-user": "error"})
        self.assertIn("waive: {root-user: REASON}", said)
        self.assertEqual(self.look(Image("hello", user=""), image_rules={"root-user": "off"}), "")

    def test_secrets(self):
        for name in ("root/.ssh/id_rsa", "app/.env", "app/.npmrc", "etc/server.pem"):
            image = Image("hello", files={name: (b"-----BEGIN RSA PRIVATE KEY-----\nx", 0o600)})
            self.assertIn(f"looks like a secret: {name}", self.look(image, status=3))
        harmless = {"etc/ca.pem": (b"-----BEGIN CERTIFICATE-----\nx", 0o644),
                    "app/environment": (b"", 0o644)}
        self.assertEqual(self.look(Image("hello", files=harmless)), "")

    def test_rules_that_there_are_not(self):
        self.assertIn('did you mean "root-user"', self.look(Image("hello"), status=3,
                                                            waive={"rot-user": "because"}))
        self.assertIn('unknown rule "none"', self.look(Image("hello"), status=3,
                                                       image_rules={"none": "off"}))
        self.assertIn('unknown rule "CVE-1-1"', self.look(Image("hello"), status=3,
                                                          image_rules={"CVE-1-1": "off"}))

    def test_setuid(self):
        image = Image("hello", files={"bin/su": (b"x", 0o4755)})
        self.assertIn("setuid or setgid files: bin/su", self.look(image))

    def test_platforms(self):
        requires = {"requires": {"arch": ["amd64", "arm64"]}}
        self.assertIn("has nothing for linux/arm64", self.look(Image("hello"), status=3, **requires))
        both = Platforms(Image("hello"), Image("hello arm", architecture="arm64"))
        self.assertEqual(self.look(both, **requires), "")

    def test_a_waiver_is_part_of_what_is_signed(self):
        reason = "the upstream image binds port 80"
        said = self.look(Image("hello", user=""), waive={"root-user": reason},
                         image_rules={"root-user": "error"})
        self.assertEqual(said, "")
        bundle = os.path.join(self.shop.root, "dist/chanuka-1.0.0.bundle.tar.zst")
        self.assertIn(f"accepted root-user: {reason}",
                      run(BUILDER, "statement", bundle).decode())
        said = self.look(Image("hello"), waive={"root-user": reason})
        self.assertIn("root-user is not broken", said)


def cyclonedx(found=(), **component):
    """A report as Trivy writes it: {id: severity}, and what it says of the image."""
    return {"bomFormat": "CycloneDX", "specVersion": "1.5",
            "metadata": {"tools": {"components": [{"name": "trivy", "version": "0.50.1"}]},
                         "component": {"type": "container", **component}},
            "vulnerabilities": [{"id": name, "ratings": [{"severity": severity}]}
                                for name, severity in dict(found).items()]}


class Scans(ShopTest):
    """Reports about the image that is carried, judged, kept, and signed for."""

    def look(self, image, *reports, status=0, scan=None, waive=None, **more):
        write_layout(os.path.join(self.shop.project, "image"), {"1": image})
        paths = [f"reports/{i}.json" for i in range(len(reports))]
        write_files(self.shop.project, {path: report if isinstance(report, bytes) else
                                        json.dumps(report).encode()
                                        for path, report in zip(paths, reports)})
        row = {"name": SERVER, "from": "oci:image", "scan": scan or paths}
        if waive:
            row["waive"] = waive
        path = self.shop.write_release("1.0.0", [row], **more)
        return errors(BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"),
                      "--key", self.shop.key, status=status)

    @property
    def bundle(self):
        return os.path.join(self.shop.root, "dist/chanuka-1.0.0.bundle.tar.zst")

    def test_a_report_travels_with_its_image(self):
        image = Image("hello")
        report = json.dumps(cyclonedx({"CVE-1-1": "low"}, version=image.digest)).encode()
        self.assertEqual(self.look(image, report), "")
        statement = run(BUILDER, "statement", self.bundle).decode()
        self.assertIn("scanned by trivy 0.50.1: 1 low", statement)
        shown = self.shop.images_in(self.bundle)[SERVER]["scans"]
        self.assertEqual(shown, [{"found": {"low": 1}, "report": "sha256:" + sha(report),
                                  "tool": "trivy 0.50.1"}])
        unpacked = subprocess.run(["tar", "--zstd", "-xOf", self.bundle, "blobs/sha256/" + sha(report)],
                                  stdout=subprocess.PIPE, check=True)
        self.assertEqual(unpacked.stdout, report)
        run(BUILDER, "verify", self.bundle, "--root", self.shop.trust)

    def test_one_report_may_serve_two_names(self):
        image = Image("hello")
        write_layout(os.path.join(self.shop.project, "image"), {"1": image})
        report = json.dumps(cyclonedx(version=image.digest)).encode()
        write_files(self.shop.project, {"report.json": report})
        bundle = self.shop.build("1.0.0", [{"name": name, "from": "oci:image",
                                            "scan": "report.json"} for name in (SERVER, WORKER)])
        run(BUILDER, "verify", bundle, "--root", self.shop.trust)
        self.assertEqual([image["scans"][0]["found"]
                          for image in self.shop.images_in(bundle).values()], [{}, {}])

    def test_grave_vulnerabilities_are_refused_or_accepted_by_name(self):
        image = Image("hello")
        report = cyclonedx({"CVE-1-1": "critical", "CVE-1-2": "high", "CVE-1-3": "medium"},
                           version=image.digest)
        said = self.look(image, report, status=3)
        self.assertIn("critical-vulnerability: has CVE-1-1", said)
        self.assertIn("high-vulnerability: has CVE-1-2", said)
        self.assertIn("waive: {CVE-1-2: REASON}", said)
        accepted = {"CVE-1-1": "that code is not reached", "CVE-1-2": "mended by our patch"}
        said = self.look(image, report, waive=accepted)
        self.assertIn("medium-vulnerability: has CVE-1-3", said)
        self.assertIn("accepted CVE-1-1: that code is not reached",
                      run(BUILDER, "statement", self.bundle).decode())
        said = self.look(image, report, waive={**accepted, "CVE-1-9": "gone"},
                         image_rules={"medium-vulnerability": "off"})
        self.assertIn("CVE-1-9 is not broken", said)
        self.assertNotIn("CVE-1-3", said)

    def test_a_report_of_another_image_is_refused(self):
        image = Image("hello")
        other = "sha256:" + sha(b"other")
        self.assertIn(f"is about {other}", self.look(image, cyclonedx(version=other), status=3))
        said = self.look(image, cyclonedx(name="server"), status=3)
        self.assertIn("does not say by a digest", said)
        self.look(image, cyclonedx(name="server"),
                  scan=[{"report": "reports/0.json", "of": image.config_digest}])
        said = self.look(image, cyclonedx(name="server"),
                         scan=[{"report": "reports/0.json", "of": other}], status=3)
        self.assertIn(f"is about {other}", said)

    def test_every_platform_may_need_a_report(self):
        both = Platforms(Image("hello"), Image("hello arm", architecture="arm64"))
        one = cyclonedx(version=both.images[0].digest)
        strict = {"image_rules": {"unscanned": "error"}}
        self.assertEqual(self.look(both, one), "")
        self.assertIn("unscanned: no report is about linux/arm64",
                      self.look(both, one, status=3, **strict))
        two = cyclonedx(properties=[{"name": "aquasecurity:trivy:ImageID",
                                     "value": both.images[1].config_digest}])
        self.assertEqual(self.look(both, one, two, **strict), "")
        self.assertEqual(self.look(both, cyclonedx(version=both.digest), **strict), "")

    def test_what_is_no_report(self):
        image = Image("hello")
        self.assertIn("another sort of document", self.look(image, {"hello": 1}, status=3))
        self.assertIn("no-such.json", self.look(image, {}, scan="no-such.json", status=3))
        self.assertIn("paths are relative", self.look(image, {}, scan="../x.json", status=3))
        self.assertIn("found an empty list, expected the path",
                      self.look(image, {}, scan=[[]], status=3))


class Age(ShopTest):
    def look(self, image, *options, epoch="1800000000", **more):
        path = self.shop.write_release("1.0.0", {SERVER: image}, **more)
        env = {**os.environ, "SOURCE_DATE_EPOCH": epoch}
        done = subprocess.run([BUILDER, "build", path, "--output",
                               os.path.join(self.shop.root, "dist"), *options],
                              stderr=subprocess.PIPE, stdout=subprocess.PIPE, env=env, check=False)
        return done.returncode, done.stderr.decode()

    def test_old_images(self):
        # Made on 2026-01-01; the sources are of 2027-01-15.
        status, said = self.look(Image("hello"))
        self.assertEqual(status, 0)
        self.assertIn("old-image: was made on 2026-01-01, 379 days before", said)
        self.assertEqual(self.look(Image("hello"), image_limits={"age_days": 379}), (0, ""))
        self.assertEqual(self.look(Image("hello"), epoch="1768000000"), (0, ""))
        self.assertEqual(self.look(Image("hello"), image_rules={"old-image": "error"})[0], 3)

    def test_images_that_grow(self):
        previous = self.shop.build("0.9.0", {SERVER: Image("hello")})
        large = Image("hello", files={"large": (os.urandom(4 << 20), 0o644)})
        calm = {"image_rules": {"old-image": "off"}}
        self.assertEqual(self.look(large, **calm), (0, ""))
        status, said = self.look(large, "--previous", previous, **calm)
        self.assertEqual(status, 0)
        self.assertIn("size-jump: has", said)
        self.assertEqual(self.look(Image("hello!"), "--previous", previous, **calm), (0, ""))
        more = {**calm, "image_limits": {"growth_percent": 5000}}
        self.assertEqual(self.look(large, "--previous", previous, **more), (0, ""))


class References(ShopTest):
    def validate(self, text, status=0):
        path = self.shop.write_release("1.0.0", {SERVER: Image("a"), WORKER: Image("b")},
                                       "{{image.worker}}")
        folder = os.path.join(self.shop.project, "settings")
        with open(os.path.join(folder, "compose.yaml"), "w", encoding="utf-8") as out:
            out.write(text)
        return errors(BUILDER, "validate", path, status=status)

    def test_all_are_carried_and_named(self):
        self.assertEqual(self.validate("services:\n  a:\n    image: chanuka/server:1.0.0\n"), "")
        self.assertEqual(self.validate("containers:\n- image: '{{image.server}}' # ours\n"), "")
        self.assertEqual(self.validate('- image: "docker.io/chanuka/server:1.0.0"\n'), "")

    def test_one_that_nobody_carries(self):
        said = self.validate("services:\n  db:\n    image: postgres\n", status=3)
        self.assertIn("compose.yaml:3: names the image docker.io/library/postgres:latest", said)
        self.assertIn("found", self.validate("image: Not/A:::name\n", status=3))

    def test_one_that_nobody_names(self):
        self.assertIn(f"the image {SERVER} is named by nothing", self.validate("services: {}\n"))


class Lock(ShopTest):
    def build(self, status=0):
        path = os.path.join(self.shop.project, "release.yaml")
        return errors(BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"),
                      status=status)

    def test_a_build_takes_what_was_locked(self):
        folder = os.path.join(self.shop.project, "image")
        write_layout(folder, {"1": Image("old")})
        path = self.shop.write_release("1.0.0", [{"name": SERVER, "from": "oci:image"}])
        locked = json.loads(run(BUILDER, "--json", "lock", path))
        self.assertEqual(locked["images"], {"oci:image": Image("old").digest})
        self.build()
        write_layout(folder, {"1": Image("new")})
        self.assertIn("release.lock.yaml says", self.build(status=3))
        run(BUILDER, "lock", path)
        self.build()
        self.shop.write_release("1.0.0", [{"name": SERVER, "from": "oci:image:1"}])
        self.assertIn("no digest for it", self.build(status=3))

    def test_a_bad_lock_is_refused(self):
        write_layout(os.path.join(self.shop.project, "image"), {"1": Image("old")})
        self.shop.write_release("1.0.0", [{"name": SERVER, "from": "oci:image"}])
        with open(os.path.join(self.shop.project, "release.lock.yaml"), "w", encoding="utf-8") as out:
            out.write("schema: 1\nimages: {'oci:image': sha256:1}\n")
        self.assertIn("64 lower-case hex digits", self.build(status=3))


class ForeignTools(ShopTest):
    def test_skopeo_finds_images_by_name(self):
        need("skopeo")
        one, two = Image("one"), Image("two", packing="zstd")
        plain = os.path.join(self.shop.root, "plain.tar")
        run("zstd", "-q", "-d", self.shop.build("1.0.0", {SERVER: one, WORKER: two}), "-o", plain)
        for name, image in ((SERVER, one), (WORKER, two)):
            raw = run("skopeo", "inspect", "--raw", f"oci-archive:{plain}:{name}")
            self.assertEqual("sha256:" + sha(raw), image.digest)


if __name__ == "__main__":
    main()
