#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/verify-by-hand.md, run as it stands: it accepts a good bundle and refuses forged ones."""

import base64
import hashlib
import json
import os
import shutil
import struct
import tempfile
import textwrap

import nacl.signing

from pages import SOURCE, STOP_AT_FAILURE, Scratch, main, need, script_of


def ssh_string(value):
    return struct.pack(">I", len(value)) + value


class Token:
    """A FIDO2 token in software, as ssh-keygen would speak to one (OpenSSH's PROTOCOL.u2f)."""

    TYPE, APPLICATION = b"sk-ssh-ed25519@openssh.com", b"ssh:"

    def __init__(self, public_file):
        self.key = nacl.signing.SigningKey.generate()
        self.public = (ssh_string(self.TYPE) + ssh_string(bytes(self.key.verify_key)) +
                       ssh_string(self.APPLICATION))
        with open(public_file, "wb") as out:
            out.write(self.TYPE + b" " + base64.b64encode(self.public) + b" token\n")

    def sign(self, file, signature_file):
        said = (ssh_string(b"sealift-release") + ssh_string(b"") + ssh_string(b"sha512"))
        message = b"SSHSIG" + said + ssh_string(hashlib.sha512(content(file)).digest())
        seen = b"\x01" + struct.pack(">I", 7)  # a person was present; the token's counter
        signature = self.key.sign(hashlib.sha256(self.APPLICATION).digest() + seen +
                                  hashlib.sha256(message).digest()).signature
        blob = (b"SSHSIG" + struct.pack(">I", 1) + ssh_string(self.public) + said +
                ssh_string(ssh_string(self.TYPE) + ssh_string(signature) + seen))
        lines = base64.b64encode(blob).decode()
        with open(signature_file, "w", encoding="utf-8") as out:
            out.write("-----BEGIN SSH SIGNATURE-----\n" + "\n".join(textwrap.wrap(lines, 70)) +
                      "\n-----END SSH SIGNATURE-----\n")


class ByHand(Scratch):
    """docs/verify-by-hand.md on a release of four approvers, each with another kind of key."""

    def setUp(self):
        super().setUp()
        for program in ("jq", "minisign", "openssl", "ssh-keygen", "zstd"):
            need(program)
        self.project = os.path.join(self.root, "project")
        shutil.copytree(os.path.join(SOURCE, "examples/chanuka"), self.project)
        for name in ("desk", "ana", "ci", "stranger"):
            self.sealift("keygen", name + ".key", "--no-passphrase")
        self.here("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "security")
        self.here("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                  "hsm.key")
        self.here("openssl", "pkey", "-in", "hsm.key", "-pubout", "-out", "hsm.pub")
        self.token = Token(os.path.join(self.root, "token.pub"))
        self.hsm = ("--signer-cmd", f"openssl dgst -sha256 -sign {self.root}/hsm.key",
                    "--signer-key", "hsm.pub")
        self.sealift("trust", "create", "--root-key", "ana.key", *self.hsm, "--root-threshold", "2",
                     "--approver", "ci.pub", "--approver", "hsm.pub", "--approver", "security.pub",
                     "--approver", "token.pub", "--environment", "production=4", "--out",
                     "project/trust/1.root.json")
        self.sealift("trust", "renew", "project/trust")
        self.sealift("trust", "sign", "project/trust/2.root.draft.json", "--key", "ana.key",
                     *self.hsm)
        self.sealift("trust", "publish", "project/trust/2.root.draft.json")
        self.bundle = self.release()

    def here(self, *command):
        return self.run_in(self.root, *command)

    def sealift(self, *command):
        return self.here("sealift", *command)

    def release(self):
        self.sealift("build", "project/release.yaml", "--output", "dist", "--key", "ci.key",
                     *self.hsm)
        bundle = os.path.join(self.root, "dist/chanuka-1.0.0.bundle.tar.zst")
        with open(os.path.join(self.root, "statement"), "w", encoding="utf-8") as out:
            out.write(self.sealift("statement", bundle))
        self.here("ssh-keygen", "-q", "-Y", "sign", "-n", "sealift-release", "-f", "security",
                  "statement")
        self.token.sign(os.path.join(self.root, "statement"), os.path.join(self.root, "token.sig"))
        self.sealift("attach", bundle, "statement.sig", "token.sig")
        return bundle

    def by_hand(self, bundle, status=0, shell="bash -e"):
        """Puts the files of the page's table into a folder and runs the page there."""
        folder = tempfile.mkdtemp(dir=self.root)
        shutil.copy(bundle, folder)
        shutil.copy(os.path.join(self.project, "trust/1.root.json"), folder)
        shutil.copy(os.path.join(self.root, "desk.pub"), folder)
        self.sealift("sums", os.path.join(folder, os.path.basename(bundle)), "--key", "desk.key")
        return self.run_in(folder, *shell.split(), "-c", self.page(), status=status)

    def page(self):
        return script_of("docs/verify-by-hand.md").removeprefix(STOP_AT_FAILURE)

    def forged(self, change):
        """The bundle, unpacked, changed by `change`, and packed again by somebody with tar."""
        tree = tempfile.mkdtemp(dir=self.root)
        self.run_in(tree, "tar", "--zstd", "-xf", self.bundle)
        change(tree)
        bundle = os.path.join(tempfile.mkdtemp(dir=self.root), os.path.basename(self.bundle))
        self.run_in(tree, "tar", "--zstd", "-cf", bundle, "oci-layout", "index.json",
                    *(os.path.join("blobs/sha256", name)
                      for name in sorted(os.listdir(os.path.join(tree, "blobs/sha256")))))
        return bundle

    def test_a_good_bundle(self):
        said = self.by_hand(self.bundle)
        for name in ("ci", "hsm", "security", "token"):
            self.assertRegex(said, rf"approved by [0-9a-f]{{64}} {name}\n")
        self.assertIn("root 2: signed by 2 keys of root 1, which needs 2; by 2 of its own, needs 2",
                      said)
        self.assertIn("4 approvals, 4 needed for production", said)
        self.assertIn("every file is what they approved", said)

    def test_a_file_changed_on_the_way(self):
        bundle = shutil.copy(self.bundle, os.path.join(self.root, os.path.basename(self.bundle)))
        with open(bundle, "r+b") as file:
            file.seek(-100, os.SEEK_END)
            was = file.read(1)
            file.seek(-1, os.SEEK_CUR)
            file.write(bytes([was[0] ^ 1]))
        folder = os.path.join(self.root, "arrived")
        os.makedirs(folder)
        shutil.copy(bundle, folder)
        shutil.copy(os.path.join(self.root, "desk.pub"), folder)
        sums = os.path.join(os.path.dirname(self.bundle), "SHA256SUMS")
        self.sealift("sums", self.bundle, "--key", "desk.key")
        for name in (sums, sums + ".minisig"):
            shutil.copy(name, folder)
        said = self.run_in(folder, "bash", "-e", "-c", self.page(), status=1)
        self.assertIn("chanuka-1.0.0.bundle.tar.zst: FAILED", said)

    def test_a_blob_that_is_not_what_its_name_says(self):
        said = self.by_hand(self.forged(change_a_page), status=1)
        self.assertRegex(said, "[0-9a-f]{64}: FAILED")

    def test_another_release_under_the_same_approvals(self):
        """Every digest fits, but what was approved is another D."""
        with open(os.path.join(self.project, "client/dist/index.html"), "a",
                  encoding="utf-8") as page:
            page.write("<script src='https://elsewhere.example/'></script>")
        other = tempfile.mkdtemp(dir=self.root)
        self.sealift("build", "project/release.yaml", "--output", "other")
        self.run_in(other, "tar", "--zstd", "-xf",
                    os.path.join(self.root, "other", os.path.basename(self.bundle)))

        def change(tree):
            shutil.copytree(os.path.join(other, "blobs"), os.path.join(tree, "blobs"),
                            dirs_exist_ok=True)
            index = read_json(os.path.join(tree, "index.json"))
            index["manifests"][0] = read_json(os.path.join(other, "index.json"))["manifests"][0]
            write_json(os.path.join(tree, "index.json"), index)

        self.assertIn("REFUSED: the bundle is about another release",
                      self.by_hand(self.forged(change), status=1))

    def test_an_approval_is_missing(self):
        for name in ("ci", "hsm", "security", "token"):
            with self.subTest(name):
                bundle = self.forged(lambda tree, name=name: self.drop(tree, name))
                said = self.by_hand(bundle, status=1)
                self.assertIn("3 approvals, 4 needed", said)
                self.assertIn("REFUSED: too few approvals", said)

    def test_one_approver_signs_twice(self):
        os.remove(os.path.join(self.root, "statement.sig"))
        self.here("ssh-keygen", "-q", "-Y", "sign", "-O", "hashalg=sha256", "-n",
                  "sealift-release", "-f", "security", "statement")
        self.sealift("attach", self.bundle, "statement.sig")
        said = self.by_hand(self.forged(lambda tree: self.drop(tree, "token")), status=1)
        self.assertIn("3 approvals, 4 needed", said)

    def drop(self, tree, name):
        """Takes one approval out of index.json: the one that `name` made."""
        root = read_json(os.path.join(self.project, "trust/1.root.json"))["signed"]
        key = next(id for id, each in root["x-sealift-names"].items() if each == name)
        public = root["keys"][key]["keyval"]["public"]
        index = read_json(os.path.join(tree, "index.json"))
        before = len(index["manifests"])
        for entry in list(index["manifests"]):
            if entry["artifactType"] != "application/vnd.sealift.approval.v1+json":
                continue
            layer = read_json(blob_of(tree, entry["digest"]))["layers"][0]["digest"]
            text = content(blob_of(tree, layer))
            if text.startswith(b"-----BEGIN SSH"):
                text = base64.b64decode(b"".join(text.splitlines()[1:-1])).hex().encode()
            if key.encode() in text or public.encode() in text:
                index["manifests"].remove(entry)
        self.assertEqual(len(index["manifests"]), before - 1)
        write_json(os.path.join(tree, "index.json"), index)

    def test_a_statement_that_nobody_signed(self):
        def change(tree):
            digest, text = blob_with(tree, b'{\n  "_type": "https://in-toto.io')
            replace_layer(tree, digest, text.replace(b"chanuka 1.0.0", b"chanuka 1.0.1"))

        said = self.by_hand(self.forged(change), status=1)
        self.assertIn("0 approvals, 4 needed", said)

    def test_a_root_that_its_holders_did_not_sign(self):
        """A stranger puts his own key into root 2 and signs it with it."""
        root = read_json(os.path.join(self.project, "trust/2.root.json"))
        self.sealift("trust", "create", "--root-key", "stranger.key", "--approver", "stranger.pub",
                     "--out", "his/1.root.json")
        his = read_json(os.path.join(self.root, "his/1.root.json"))["signed"]
        root["signed"]["keys"] = his["keys"]
        root["signed"]["roles"] = his["roles"]
        root["signed"].pop("x-sealift-names")
        root["signatures"] = []
        write_json(os.path.join(self.root, "his/2.root.draft.json"), root)
        self.sealift("trust", "sign", "his/2.root.draft.json", "--key", "stranger.key")
        forged = content(os.path.join(self.root, "his/2.root.draft.json"))

        def change(tree):
            digest, _ = blob_with(tree, b'"version": 2')
            replace_layer(tree, digest, forged)

        bundle = self.forged(change)
        for shell in ("bash -e", "bash"):  # as a script, and as typed by somebody who goes on
            said = self.by_hand(bundle, status=1, shell=shell)
            self.assertIn("root 2: signed by 0 keys of root 1, which needs 2; by 1 of its own, "
                          "needs 1", said)
            self.assertIn("REFUSED: root 2 may not follow root 1", said)
            self.assertNotIn("every file is what they approved", said)


def read_json(path):
    with open(path, encoding="utf-8") as source:
        return json.load(source)


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as out:
        json.dump(value, out)


def content(path):
    with open(path, "rb") as source:
        return source.read()


def blob_of(tree, digest):
    return os.path.join(tree, "blobs/sha256", digest.removeprefix("sha256:"))


def blob_with(tree, part):
    """Digest and bytes of the one blob that holds `part`."""
    found = [(name, text) for name in os.listdir(os.path.join(tree, "blobs/sha256"))
             if part in (text := content(blob_of(tree, name)))]
    assert len(found) == 1, found
    return found[0]


def change_a_page(tree):
    """Changes a byte of the client's files and keeps the name of their blob."""
    digest, text = blob_with(tree, b"Loading petitions")
    with open(blob_of(tree, digest), "wb") as out:
        out.write(text.replace(b"Loading petitions", b"Leading petitions"))


def put_blob(tree, text):
    digest = hashlib.sha256(text).hexdigest()
    with open(blob_of(tree, digest), "wb") as out:
        out.write(text)
    return digest


def replace_layer(tree, digest, text):
    """Puts `text` in the place of a referrer's layer, so that every digest fits again."""
    changed = put_blob(tree, text)
    os.remove(blob_of(tree, digest))
    index = read_json(os.path.join(tree, "index.json"))
    for entry in index["manifests"]:
        manifest = content(blob_of(tree, entry["digest"]))
        if digest.encode() in manifest:
            os.remove(blob_of(tree, entry["digest"]))
            manifest = manifest.replace(digest.encode(), changed.encode())
            entry["digest"] = "sha256:" + put_blob(tree, manifest)
    write_json(os.path.join(tree, "index.json"), index)


main()
