#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tools that are not ours open a bundle and verify it."""

import json
import os
import subprocess

from road import BUILDER, RoadTest, main, need, run

VERIFY_SIGNATURE = r"""
set -eu
index=index.json
blob() { printf 'blobs/sha256/%s' "${1#sha256:}"; }
approval=$(jq -r '.manifests[] | select(.artifactType == "application/vnd.sealift.approval.v1+json") | .digest' $index)
envelope=$(blob "$(jq -r '.layers[0].digest' "$(blob "$approval")")")
jq -r .payload "$envelope" | base64 -d > payload
type=$(jq -r .payloadType "$envelope")
{ printf 'DSSEv1 %d %s %d ' ${#type} "$type" "$(stat -c %s payload)"; cat payload; } > signed
jq -r '.signatures[0].sig' "$envelope" | base64 -d > signature
keyid=$(jq -r '.signatures[0].keyid' "$envelope")
{ printf '302a300506032b6570032100'; jq -r --arg id "$keyid" '.signed.keys[$id].keyval.public' "$1"; } | tr -d '\n' | xxd -r -p > key.der
openssl pkeyutl -verify -pubin -keyform DER -inkey key.der -rawin -in signed -sigfile signature
[ "$(jq -r '.subject[0].digest.sha256' payload)" = "$(jq -r '.manifests[0].digest' $index | cut -d: -f2)" ]
"""


class ForeignTools(RoadTest):
    def setUp(self):
        super().setUp()
        self.bundle = self.road.release("1.0.0")
        self.out = os.path.join(self.road.root, "out")
        os.makedirs(self.out)

    def check_blobs(self):
        names = os.listdir(os.path.join(self.out, "blobs/sha256"))
        self.assertGreater(len(names), 10)
        lines = "".join(f"{name}  blobs/sha256/{name}\n" for name in names)
        run("sha256sum", "--strict", "-c", stdin=lines.encode(), cwd=self.out)

    def test_tar(self):
        need("zstd")
        run("tar", "--zstd", "-xf", self.bundle, cwd=self.out)
        self.check_blobs()

    def test_bsdtar(self):
        need("bsdtar")
        run("bsdtar", "-xf", self.bundle, cwd=self.out)
        self.check_blobs()

    def test_zstd_and_the_same_plain_tar(self):
        need("zstd")
        plain = os.path.join(self.road.root, "plain.tar")
        run("zstd", "-q", "-d", self.bundle, "-o", plain)
        run("tar", "-xf", plain, cwd=self.out)
        self.check_blobs()
        none = json.loads(run(BUILDER, "--json", "build",
                              os.path.join(self.road.project, "release.yaml"), "--output",
                              os.path.join(self.road.root, "none"), "--compression", "none"))
        packed = json.loads(run(BUILDER, "--json", "inspect", self.bundle))
        self.assertEqual(none["digest"], packed["digest"])
        run("tar", "-tf", none["bundle"])

    def test_skopeo(self):
        need("skopeo")
        raw = run("skopeo", "inspect", "--raw", f"oci-archive:{self.bundle}:chanuka:1.0.0")
        packed = json.loads(run(BUILDER, "--json", "inspect", self.bundle))
        digest = subprocess.run(["sha256sum"], input=raw, stdout=subprocess.PIPE, check=True)
        self.assertEqual("sha256:" + digest.stdout.split()[0].decode(), packed["digest"])

    def test_signature_with_jq_and_openssl(self):
        for program in ("jq", "openssl", "xxd"):
            need(program)
        run("tar", "--zstd", "-xf", self.bundle, cwd=self.out)
        said = run("bash", "-c", VERIFY_SIGNATURE, "verify", self.road.trust, cwd=self.out)
        self.assertIn(b"Signature Verified Successfully", said)

    def test_fingerprint_with_jq(self):
        need("jq")
        body = run("jq", "-cSj", ".signed", self.road.trust)
        digest = subprocess.run(["sha256sum"], input=body, stdout=subprocess.PIPE, check=True)
        self.assertEqual(digest.stdout.split()[0].decode(), self.road.fingerprint)

    def test_minisign_keys_both_ways(self):
        need("minisign")
        root = self.road.root
        run("minisign", "-G", "-W", "-p", os.path.join(root, "mini.pub"), "-s",
            os.path.join(root, "mini.key"))
        trust = os.path.dirname(self.road.trust)
        run(BUILDER, "trust", "add-key", trust, "--approver", os.path.join(root, "mini.pub"))
        draft = os.path.join(trust, "2.root.draft.json")
        run(BUILDER, "trust", "sign", draft, "--key", self.road.key)
        run(BUILDER, "trust", "publish", draft)
        run(BUILDER, "attach", self.bundle, os.path.join(trust, "2.root.json"))
        run(BUILDER, "sign", self.bundle, "--key", os.path.join(root, "mini.key"))
        self.assertEqual(len(json.loads(run(BUILDER, "--json", "inspect", self.bundle))["signatures"]), 2)
        message = os.path.join(root, "message")
        with open(message, "w", encoding="utf-8") as out:
            out.write("hello\n")
        run("minisign", "-S", "-W", "-s", self.road.key, "-m", message)
        run("minisign", "-V", "-p", os.path.join(root, "dev.pub"), "-m", message)


if __name__ == "__main__":
    main()
