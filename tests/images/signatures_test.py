#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images that another project signed with cosign: verified at build, refused, carried."""

import base64
import json
import os
import shutil
import subprocess
import urllib.request

import registry_test
from cosign import (BUNDLE, CERTIFICATE, CYCLONEDX, LOG, SIGNED, SIGNATURE, SIMPLE, SLSA, Identity, Key,
                    Paper, attestations, bundle, named, referring, row_of, signature,
                    simple_signing, tag, write_signed)
from made_image import INDEX, Image, Platforms, tar_of
from shop import BUILDER, SERVER, ShopTest
from road import errors, main, need, run

KEY = "keys/cosign.pub"


class Signed(ShopTest):
    def setUp(self):
        super().setUp()
        need("openssl")
        self.key = Key(self.path("keys"))
        self.other = Key(os.path.join(self.shop.root, "other"))
        self.image = Image("hello")

    def path(self, name):
        return os.path.join(self.shop.project, name)

    def write(self, image, *papers):
        shutil.rmtree(self.path("image"), ignore_errors=True)
        write_signed(self.path("image"), image, papers)

    def row(self, origin="oci:image", key=KEY, attestations=None, **more):
        verify = {"cosign": key, **({"attestations": attestations} if attestations else {})}
        return {"name": SERVER, "from": origin, "verify": verify, **more}

    def take(self, **more):
        return self.shop.images_in(self.shop.build("1.0.0", [self.row(**more)]))[SERVER]

    def refused(self, status=4, command="build", **more):
        """Nothing is written by a build that is refused."""
        path = self.shop.write_release("1.0.0", [self.row(**more)])
        folder = os.path.join(self.shop.root, "refused")
        words = ["--output", folder] if command == "build" else []
        said = errors(BUILDER, command, path, *words, status=status)
        self.assertFalse(os.path.exists(folder) and os.listdir(folder), said)
        return said

    def files_in(self, path):
        """The blobs of a bundle, by their digests."""
        folder = os.path.join(self.shop.root, "unpacked")
        os.makedirs(folder, exist_ok=True)
        subprocess.run(["tar", "--zstd", "-xf", path, "-C", folder], check=True)
        blobs = os.path.join(folder, "blobs/sha256")
        contents = {}
        for name in os.listdir(blobs):
            with open(os.path.join(blobs, name), "rb") as file:
                contents["sha256:" + name] = file.read()
        return contents


class Accepted(Signed):
    def test_every_place_where_a_layout_has_a_signature(self):
        paper = signature(self.key, self.image)
        other = signature(self.other, self.image)
        both = Paper([row_of(self.other, self.image.digest), row_of(self.key, self.image.digest)])
        kind = {"annotations": {"kind": "dev.cosignproject.cosign/sigs"}}
        for name, papers in {
                "a tag": [named(self.image, paper)],
                "a full name": [(paper, {"annotations": {
                    "org.opencontainers.image.ref.name": "a.example/b:" + tag(self.image)}})],
                "cosign save": [(paper, kind)],
                "a bundle": [referring(bundle(self.key, self.image, SIGNED))],
                "beside another's": [named(self.image, both)],
                "two manifests": [named(self.image, other),
                                  referring(bundle(self.key, self.image, SIGNED))]}.items():
            with self.subTest(name):
                self.write(self.image, *papers)
                signatures = self.take()["signatures"]
                self.assertEqual([each["claims"] for each in signatures], [["signature"]])
                self.assertEqual(signatures[0]["by"], "key " + self.key.fingerprint)

    def test_in_an_archive(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)))
        files = {}
        for folder, _, names in os.walk(self.path("image")):
            for name in names:
                full = os.path.join(folder, name)
                with open(full, "rb") as file:
                    files[os.path.relpath(full, self.path("image"))] = (file.read(), 0o644)
        with open(self.path("image.tar"), "wb") as out:
            out.write(tar_of(files))
        self.assertEqual(len(self.take(origin="oci-archive:image.tar")["signatures"]), 1)

    def test_attestations_that_are_asked_for(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)),
                   named(self.image, attestations(self.key, self.image, CYCLONEDX), "att"),
                   referring(bundle(self.key, self.image, SLSA)))
        signatures = self.take(attestations=["cyclonedx", SLSA])["signatures"]
        self.assertEqual(sorted(claim for each in signatures for claim in each["claims"]),
                         [CYCLONEDX, SLSA, "signature"])
        said = self.refused(attestations=["spdx", "cyclonedx"])
        self.assertIn("found no attestation https://spdx.dev/Document", said)
        self.assertNotIn("found no attestation " + CYCLONEDX, said)

    def test_anybody_can_verify_again(self):
        """With openssl alone, by what the bundle carries; of a subset the whole index is there."""
        both = Platforms(Image("amd"), Image("arm", architecture="arm64"))
        self.write(both, named(both, signature(self.key, both)))
        built = self.shop.build("1.0.0", [self.row(platforms=["linux/arm64"])])
        found = self.shop.images_in(built)[SERVER]
        self.assertEqual(found["whole"], both.digest)
        blobs = self.files_in(built)
        index = json.loads(blobs[both.digest])
        carried = json.loads(blobs[found["digest"]])["manifests"][0]["digest"]
        self.assertIn(carried, [row["digest"] for row in index["manifests"]])
        layer = json.loads(blobs[found["signatures"][0]["manifest"]])["layers"][0]
        payload = os.path.join(self.shop.root, "payload")
        with open(payload, "wb") as out:
            out.write(blobs[layer["digest"]])
        with open(payload + ".sig", "wb") as out:
            out.write(base64.b64decode(layer["annotations"][SIGNATURE]))
        run("openssl", "dgst", "-sha256", "-verify", self.key.public, "-signature",
            payload + ".sig", payload)
        self.assertIn(both.digest, blobs[layer["digest"]].decode())
        run(BUILDER, "verify", built, "--root", self.shop.trust)

    def test_a_bundle_is_a_signed_source_too(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)))
        os.rename(self.shop.build("1.0.0", [self.row()]), self.path("old.bundle.tar.zst"))
        found = self.take(origin=f"oci-archive:old.bundle.tar.zst:{SERVER}")
        self.assertEqual(found["signatures"][0]["claims"], ["signature"])

    def test_approvers_read_who_signed(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)))
        built = self.shop.build("1.0.0", [self.row()])
        self.assertIn(f"signature by key {self.key.fingerprint}",
                      run(BUILDER, "statement", built).decode())
        self.assertIn(f"by key {self.key.fingerprint}", run(BUILDER, "inspect", built).decode())


class Locked(Signed):
    def lock(self):
        path = self.shop.write_release("1.0.0", [self.row()])
        run(BUILDER, "lock", path)
        with open(self.path("release.lock.yaml"), encoding="utf-8") as file:
            return file.read()

    def test_what_was_verified_must_be_verified_again(self):
        self.write(self.image, named(self.image, Paper([row_of(self.key, self.image.digest),
                                                        row_of(self.other, self.image.digest)])))
        before = self.key.fingerprint
        self.assertIn(f"signature by key {before}", self.lock())
        self.take()
        shutil.copy(self.other.public, self.path(KEY))
        said = self.refused()
        self.assertIn(f"found signature by key {self.other.fingerprint}", said)
        self.assertIn(f"release.lock.yaml says signature by key {before}", said)
        path = self.shop.write_release("1.0.0", [{"name": SERVER, "from": "oci:image"}])
        self.assertIn("found nothing verified", errors(BUILDER, "validate", path, status=4))
        self.lock()
        self.take()

    def test_nothing_is_locked_that_is_not_signed(self):
        self.write(self.image)
        path = self.shop.write_release("1.0.0", [self.row()])
        self.assertIn("found no signature", errors(BUILDER, "lock", path, status=4))
        self.assertFalse(os.path.exists(self.path("release.lock.yaml")))


class Refused(Signed):
    def test_what_does_not_count(self):
        image, digest = self.image, self.image.digest
        good = row_of(self.key, digest)
        altered = (simple_signing(digest) + b" ", SIMPLE, good[2])
        garbled = (good[0], SIMPLE, {SIGNATURE: "A" + good[2][SIGNATURE][1:]})
        words = (good[0], SIMPLE, {SIGNATURE: "no base64"})
        for name, rows, expected in [
                ("another key", [row_of(self.other, digest)], "made by another key"),
                ("another image", [row_of(self.key, Image("other").digest)],
                 f"is about {Image('other').digest}, expected {digest}"),
                ("another type", [row_of(self.key, digest, kind="atomic container signature")],
                 "critical.type"),
                ("an altered payload", [altered], "made by another key, or altered since"),
                ("a garbled annotation", [garbled], "signature"),
                ("no base64", [words], "signature"),
                ("no annotation", [(good[0], SIMPLE, {})], "found no signature in its annotations"),
                ("another media type", [(good[0], "text/plain", good[2])], "text/plain"),
                ("too large", [(b"x" * (1 << 20) + b"x", SIMPLE, {SIGNATURE: "AAAA"})],
                 "found 1048577 bytes, expected at most 1048576"),
                ("too many", [(b"%d" % number, SIMPLE, {}) for number in range(65)],
                 "more than 64 signatures")]:
            with self.subTest(name):
                self.write(image, named(image, Paper(rows)))
                said = self.refused()
                self.assertIn(expected, said)
                self.assertIn("components.server: " + SERVER, said)
                self.assertIn("hint:", said)

    def test_no_signature_at_all(self):
        self.write(self.image)
        said = self.refused()
        self.assertIn(f"found no signature of {self.image.digest}", said)
        self.assertIn(tag(self.image), said)
        self.refused(command="validate")

    def test_bundles(self):
        image = self.image
        foreign = bundle(self.key, Image("other"), SIGNED)
        foreign = Paper([(foreign.blobs[digest[7:]], BUNDLE, {}) for digest in [
            row["digest"] for row in json.loads(foreign.blobs[foreign.digest[7:]])["layers"]]],
            subject=image.root, artifact=BUNDLE)
        for name, paper, expected in [
                ("another key", bundle(self.other, image, SIGNED), "made by another key"),
                ("another image", foreign, "is about"),
                ("only attested", bundle(self.key, image, SLSA), f"{SLSA}: good"),
                ("no bundle", Paper([(b"{}", BUNDLE, {})], image.root, BUNDLE), "mediaType")]:
            with self.subTest(name):
                self.write(image, referring(paper))
                self.assertIn(expected, self.refused())

    def test_an_altered_image(self):
        """The signature is of the image before somebody put another layer in."""
        self.write(Image("bad"), named(Image("bad"), signature(self.key, self.image)))
        self.assertIn("is about", self.refused())

    def test_a_key_that_is_none(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)))
        said = self.refused(status=3, key="keys/cosign.key.pem")
        self.assertIn("found a private key", said)
        self.assertIn("keys/none.pub", self.refused(status=3, key="keys/none.pub"))
        said = self.refused(status=3, key="../cosign.pub", command="validate")
        self.assertIn("verify.cosign", said)

    def test_sources_without_signatures(self):
        for origin in ("docker-archive:image.tar", "docker-daemon:server:1",
                       "containers-storage:server:1"):
            said = self.refused(status=3, origin=origin, command="validate")
            self.assertIn("which has no signatures", said)
            self.assertIn("docker://", said)
        said = self.refused(status=3, attestations=["cyclondx"], command="validate")
        self.assertIn("cyclonedx", said)


class ByIdentity(Signed):
    def setUp(self):
        super().setUp()
        self.signer = Identity(self.path("trusted"))

    def row(self, **more):
        wanted = {"identity": Identity.SUBJECT, "issuer": Identity.ISSUER,
                  "roots": "trusted/roots.pem", "rekor": "trusted/rekor.pub", **more.pop("cosign", {})}
        return super().row(key=wanted, **more)

    def test_a_signature_and_an_attestation(self):
        self.write(self.image, named(self.image, Paper([self.signer.row(self.image.digest)])),
                   referring(self.signer.bundle(self.image, SLSA)))
        signatures = self.take(attestations=["slsaprovenance1"])["signatures"]
        self.assertEqual([each["claims"] for each in signatures], [["signature"], [SLSA]])
        self.assertEqual(signatures[0]["by"], f"{Identity.SUBJECT} of {Identity.ISSUER}")

    def test_what_does_not_count(self):
        digest, signer = self.image.digest, self.signer
        place = os.path.join(self.shop.root, "others")
        payload, kind, notes = signer.row(digest)

        def without(*keys):
            return payload, kind, {key: notes[key] for key in notes if key not in keys}

        def also(name, **more):
            return Identity(os.path.join(place, name), **more)

        for name, row, expected in [
                ("no certificate", without(CERTIFICATE), "has no certificate"),
                ("no log", without(LOG), "has no promise of a transparency log"),
                ("another log", signer.row(digest, log=self.other), "by another key than rekor"),
                ("another entry", signer.row(digest, logged=b"x"), "about another signature"),
                ("too late", signer.row(digest, time=Identity.TIME + 600), "has expired"),
                ("too early", signer.row(digest, time=Identity.TIME - 600), "not yet valid"),
                ("another root", also("a", roots=None).row(digest, log=signer.log),
                 "does not lead to a root"),
                ("another identity", also("b", subject="https://evil.example", roots=signer).row(digest),
                 "was signed by https://evil.example"),
                ("another issuer", also("c", issuer="https://evil.example", roots=signer).row(digest),
                 'was confirmed by "https://evil.example"'),
                ("another use", also("d", usage="serverAuth", roots=signer).row(digest),
                 "is not one for code signing"),
                ("another image", signer.row(Image("other").digest), "is about")]:
            with self.subTest(name):
                self.write(self.image, named(self.image, Paper([row])))
                self.assertIn(expected, self.refused())

    def test_a_key_proves_no_identity(self):
        self.write(self.image, named(self.image, signature(self.key, self.image)))
        self.assertIn("has no certificate", self.refused())

    def test_what_is_missing_in_release_yaml(self):
        self.write(self.image)
        path = self.shop.write_release("1.0.0", [{
            "name": SERVER, "from": "oci:image", "verify": {"cosign": {"identity": "a@b.example"}}}])
        said = errors(BUILDER, "validate", path, status=3)
        for key in ("issuer", "roots", "rekor"):
            self.assertIn(key, said)


class IntoALayout(Signed):
    """A target that is a layout keeps what travels with an image, and is a source of it again."""

    def test_signatures_come_and_go_with_their_image(self):
        folder = os.path.join(self.shop.root, "layout")
        self.shop.new_site({"driver": "oci-layout", "path": folder})
        signed, referrer = signature(self.key, self.image), bundle(self.key, self.image, SIGNED)
        self.write(self.image, named(self.image, signed), referring(referrer))
        self.shop.installer("apply", self.shop.build("1.0.0", [self.row()]), "--yes")
        place = SERVER.rsplit(":", 1)[0]
        rows = self.rows(folder)
        self.assertIn({**signed.root, "annotations": {
            "org.opencontainers.image.ref.name": f"{place}:{tag(self.image)}"}}, rows)
        self.assertIn({**referrer.root, "artifactType": BUNDLE}, rows)
        shutil.copytree(folder, self.path("carried"))
        found = self.take(origin=f"oci:carried:{SERVER}")["signatures"]
        self.assertEqual({each["manifest"] for each in found}, {signed.digest, referrer.digest})
        # Those of others stay, with their blobs; ours go.
        theirs = attestations(self.other, self.image, CYCLONEDX)
        for name, data in theirs.blobs.items():
            with open(os.path.join(folder, "blobs/sha256", name), "wb") as blob:
                blob.write(data)
        index = {"schemaVersion": 2, "mediaType": INDEX,
                 "manifests": [*rows, {**theirs.root, "annotations": {
                     "org.opencontainers.image.ref.name": "theirs"}}]}
        with open(os.path.join(folder, "index.json"), "w", encoding="utf-8") as file:
            json.dump(index, file)
        for number in range(1, 4):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        left = {row["digest"] for row in self.rows(folder)}
        self.assertIn(theirs.digest, left)
        self.assertFalse(left & {signed.digest, referrer.digest, self.image.digest})
        blobs = os.listdir(os.path.join(folder, "blobs/sha256"))
        self.assertLessEqual(set(theirs.blobs), set(blobs))
        self.assertNotIn(signed.digest[7:], blobs)
        self.assertNotIn(referrer.digest[7:], blobs)

    @staticmethod
    def rows(folder):
        with open(os.path.join(folder, "index.json"), encoding="utf-8") as file:
            return json.load(file)["manifests"]


class FromARegistry(registry_test.RegistryTest):
    def setUp(self):
        super().setUp()
        need("skopeo")
        need("openssl")
        self.key = Key(os.path.join(self.shop.project, "keys"))
        self.image = Image("hello")
        self.push(self.image, "team/server:1")
        self.row = {"name": SERVER, "from": f"docker://{self.registry.host}/team/server:1",
                    "verify": {"cosign": KEY}}

    def test_by_the_tag_of_its_digest(self):
        path = self.shop.write_release("1.0.0", [self.row])
        build = (BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"))
        self.assertIn("found no signature", errors(*build, status=4))
        self.push(signature(self.key, self.image), "team/server:" + tag(self.image))
        self.push(attestations(self.key, self.image, CYCLONEDX),
                  "team/server:" + tag(self.image, "att"))
        self.row["verify"]["attestations"] = ["cyclonedx"]
        signatures = self.shop.images_in(self.shop.build("1.0.0", [self.row]))[SERVER]["signatures"]
        self.assertEqual([each["claims"] for each in signatures], [["signature"], [CYCLONEDX]])

    def test_by_a_referrer(self):
        """Debian's registry has no API of referrers: the index stands at a tag."""
        paper = bundle(self.key, self.image, SIGNED)
        self.push(paper, "team/server:anything")
        index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            {**paper.root, "artifactType": BUNDLE}]}).encode()
        urllib.request.urlopen(urllib.request.Request(
            f"http://{self.registry.host}/v2/team/server/manifests/"
            + self.image.digest.replace(":", "-"), index, {"Content-Type": INDEX}, method="PUT"))
        signatures = self.shop.images_in(self.shop.build("1.0.0", [self.row]))[SERVER]["signatures"]
        self.assertEqual(signatures[0]["manifest"], paper.digest)

    def signed(self):
        paper = signature(self.key, self.image)
        self.push(paper, "team/server:" + tag(self.image))
        return paper, self.shop.build("1.0.0", [self.row])

    def test_the_registry_of_the_site_can_be_asked_again(self):
        """The signature goes where cosign looks for it, and away with its image."""
        paper, built = self.signed()
        self.shop.installer("apply", built, "--yes")
        self.assertEqual(self.digest_of(f"{registry_test.PLACE}:{tag(self.image)}"), paper.digest)
        for number in range(1, 5):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        self.assertEqual(self.tags(), ["1.0.0"])

    def test_a_referrer_is_listed_in_the_registry_of_the_site(self):
        """Debian's registry leaves the list to its clients."""
        paper = bundle(self.key, self.image, SIGNED)
        write_signed(os.path.join(self.shop.project, "image"), self.image, [referring(paper)])
        self.row["from"] = "oci:image"
        self.shop.installer("apply", self.shop.build("1.0.0", [self.row]), "--yes")
        place = f"{self.registry.host}/{registry_test.PLACE}"
        listed = f"docker://{place}:{self.image.digest.replace(':', '-')}"
        index = json.loads(self.skopeo("inspect", "--raw", "--tls-verify=false", listed))
        self.assertEqual(index["manifests"], [{**paper.root, "artifactType": BUNDLE}])
        self.row["from"] = f"docker://{place}:1.0.0"
        found = self.shop.images_in(self.shop.build("1.1.0", [self.row]))[SERVER]["signatures"]
        self.assertEqual(found[0]["manifest"], paper.digest)
        for number in range(2, 6):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        self.assertEqual(self.tags(), ["1.0.0"])

    def test_what_others_put_on_a_pruned_image_stays(self):
        """Ours goes with the image; a signature, an SBOM and a referrer of others do not."""
        paper, built = self.signed()
        place = registry_test.PLACE
        theirs = attestations(Key(os.path.join(self.shop.root, "theirs")), self.image, CYCLONEDX)
        self.shop.installer("apply", built, "--yes")
        self.assertEqual(self.digest_of(f"{place}:{tag(self.image)}"), paper.digest)
        self.push(theirs, f"{place}:{tag(self.image, 'att')}")
        referrer = bundle(self.key, self.image, SIGNED)
        self.push(referrer, f"{place}:theirs")
        for number in range(1, 5):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        self.assertEqual(sorted(self.tags()), sorted(["1.0.0", "theirs", tag(self.image, "att")]))

    def test_a_signature_that_others_had_pushed_before_stays(self):
        place = registry_test.PLACE
        paper, built = self.signed()
        self.push(paper, f"{place}:{tag(self.image)}")
        self.shop.installer("apply", built, "--yes")
        for number in range(1, 5):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        self.assertEqual(sorted(self.tags()), sorted(["1.0.0", tag(self.image)]))

    def test_what_somebody_else_signed_there_stays(self):
        theirs = signature(Key(os.path.join(self.shop.root, "theirs")), self.image)
        self.push(theirs, f"{registry_test.PLACE}:{tag(self.image)}")
        _, built = self.signed()
        said = self.shop.refused("apply", built, "--yes", status=0)
        self.assertIn("has other signatures", said)
        self.assertEqual(self.digest_of(f"{registry_test.PLACE}:{tag(self.image)}"), theirs.digest)


if __name__ == "__main__":
    main()
