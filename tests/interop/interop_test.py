#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Roots, approvals, checksums and sealed secrets against programs that we did not write: TUF's,
Sigstore's and age's libraries from npm, openssl, ssh-keygen and its agent, minisign, and an HSM in
software."""

import base64
import hashlib
import json
import os
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "cli"))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "images"))
from cosign import (BUNDLE, SIGNED, SLSA, Key, Paper, referring, statement,  # noqa: E402
                    write_signed)
from made_image import Image  # noqa: E402
from flags_project import add_flags  # noqa: E402
from road import BIN, BUILDER, Road, errors, need, npm_packages, run, write  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
NODE = os.path.join(os.path.dirname(BIN), "interop")


def node(script, *arguments, status=0, stdin=None):
    return run("node", os.path.join(NODE, script), *arguments, status=status, stdin=stdin)


def ssh_string(data):
    return struct.pack(">I", len(data)) + data


class Desk(unittest.TestCase):
    """The example project; whose keys approve is each test's matter."""

    def setUp(self):
        self.road = Road()
        self.addCleanup(self.road.close)
        self.root = self.road.root
        self.trust = os.path.dirname(self.road.trust)

    def path(self, name):
        return os.path.join(self.root, name)

    def sealift(self, *command, status=0):
        return json.loads(run(BUILDER, "--json", *command, status=status))

    def trust_keys(self, *approvers, threshold=1):
        """A chain whose second root lists these approvers instead of the first."""
        self.sealift("trust", "add-key", self.trust, *(w for a in approvers for w in ("--approver", a)))
        if self.path("dev.pub") not in approvers:
            self.sealift("trust", "remove-key", self.trust, "dev", "--environment", "production")
        draft = self.sealift("trust", "set-threshold", self.trust, str(threshold), "--environment",
                             "production")["file"]
        self.sealift("trust", "sign", draft, "--key", self.road.key)
        return self.sealift("trust", "publish", draft)

    def statement(self, bundle):
        path = self.path("release.statement")
        with open(path, "wb") as out:
            out.write(run(BUILDER, "statement", bundle))
        return path

    def approved_by(self, bundle, status=0):
        answer = self.sealift("verify", bundle, "--root", self.road.trust, "--environment",
                              "production", status=status)
        return sorted(answer["approvedBy"]) if status == 0 else answer["error"]["message"]

    def p256(self, name):
        """A P-256 key pair of openssl, and how to sign with it."""
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
            self.path(name + ".pem"))
        run("openssl", "ec", "-in", self.path(name + ".pem"), "-pubout", "-out",
            self.path(name + ".pub"))
        return ("--signer-cmd", f"openssl dgst -sha256 -sign {self.path(name + '.pem')}",
                "--signer-key", self.path(name + ".pub"))


class Tuf(Desk):
    @classmethod
    def setUpClass(cls):
        npm_packages(HERE, NODE)

    def test_the_chain_with_a_library_of_tuf(self):
        signer = self.p256("hsm")
        folder = self.path("chain")
        first = os.path.join(folder, "1.root.json")
        run(BUILDER, "trust", "create", "--root-key", self.road.key, "--root-threshold", "2",
            *signer, "--approver", self.path("dev.pub"), "--out", first)
        run(BUILDER, "keygen", self.path("new.key"), "--no-passphrase")
        draft = self.sealift("trust", "add-key", folder, "--root-key", self.path("new.pub"),
                             "--approver", self.path("new.pub"), "--environment", "production")["file"]
        run(BUILDER, "trust", "sign", draft, "--key", self.road.key)
        under_signed = shutil.copy(draft, self.path("under.json"))
        self.assertNotEqual(subprocess.run(["node", os.path.join(NODE, "root_chain.mjs"), first,
                                            under_signed], capture_output=True).returncode, 0)
        run(BUILDER, "trust", "sign", draft, *signer)
        run(BUILDER, "trust", "publish", draft)
        second = os.path.join(folder, "2.root.json")
        self.assertEqual(node("root_chain.mjs", first, second), b"2\n")
        with open(second, encoding="utf-8") as source:
            text = source.read()
        write(self.path("altered.json"), text.replace('"version": 2', '"version": 3'))
        node("root_chain.mjs", first, self.path("altered.json"), status=1)
        third = self.sealift("trust", "renew", folder)["file"]
        for keys in (("--key", self.road.key), signer):
            run(BUILDER, "trust", "sign", third, *keys)
        run(BUILDER, "trust", "publish", third)
        self.assertEqual(node("root_chain.mjs", first, second, os.path.join(folder, "3.root.json")),
                         b"3\n")
        node("root_chain.mjs", first, os.path.join(folder, "3.root.json"), status=1)

    def test_fingerprint_and_signature_of_a_p256_root_with_jq_and_openssl(self):
        for program in ("jq", "openssl", "xxd"):
            need(program)
        signer = self.p256("hsm")
        root = self.path("p256/1.root.json")
        created = self.sealift("trust", "create", *signer, "--approver", self.path("dev.pub"),
                               "--out", root)
        script = r"""set -e -o pipefail; cd "$1"
            jq -cSj .signed 1.root.json | sed 's/\\n/\n/g' > signed
            jq -r '.signatures[0].sig' 1.root.json | xxd -r -p > sig
            openssl dgst -sha256 -verify ../hsm.pub -signature sig signed >&2
            sha256sum signed | cut -c 1-64"""
        said = run("bash", "-c", script, "script", os.path.dirname(root))
        self.assertEqual(said.decode().strip(), created["fingerprint"])


class Flagd(Desk):
    """The file of flags as applications read it."""

    @classmethod
    def setUpClass(cls):
        npm_packages(HERE, NODE)

    def setUp(self):
        super().setUp()
        bundle = self.road.release("1.0.0", add_flags)
        self.road.init_site("--target", f"flags={self.road.target('flags')}")
        self.road.installer("apply", bundle, "--yes")
        self.file = os.path.join(self.road.target("flags"), "current/flags.json")

    def ask(self, *requests, file=None):
        return json.loads(node("flags.mjs", file or self.file, json.dumps(requests)))

    def test_published_schemas_take_the_file_and_refuse_altered_ones(self):
        with open(self.file, encoding="utf-8") as source:
            text = source.read()
        self.ask()
        for old, new in (('"ENABLED"', '"on"'), ('"variants": {', '"variants": {"x": [],'),
                         ('"in"', '"inn"')):
            self.assertIn(old, text)
            write(self.path("altered.json"), text.replace(old, new))
            node("flags.mjs", self.path("altered.json"), "[]", status=1)

    def test_applications_get_what_was_written(self):
        search = {"type": "boolean", "flag": "new-search", "otherwise": False}
        answers = self.ask(
            {**search, "context": {"country": "LK"}},
            {**search, "context": {"country": "FR"}},
            {"type": "number", "flag": "petitions-per-page", "otherwise": 1},
            {"type": "number", "flag": "sampling", "otherwise": 0},
            {"type": "object", "flag": "limits", "otherwise": {}},
            {"type": "boolean", "flag": "staff-only", "otherwise": False,
             "context": {"email": "a@chanuka.example"}},
            {"type": "boolean", "flag": "staff-only", "otherwise": False,
             "context": {"email": "a@elsewhere.example"}},
            {"type": "boolean", "flag": "beta", "otherwise": False})
        self.assertEqual([(a.get("value"), a.get("variant"), a["reason"]) for a in answers], [
            (True, "on", "TARGETING_MATCH"), (False, "off", "TARGETING_MATCH"),
            (50, "many", "STATIC"), (0.25, "low", "STATIC"), ({"size": 10}, "normal", "STATIC"),
            (True, "on", "TARGETING_MATCH"), (False, "off", "DEFAULT"),
            (False, None, "DISABLED")])
        self.assertEqual(answers[0]["metadata"]["description"], "the search that ranks by date")
        self.assertEqual(answers[2]["metadata"]["nextRelease"], "reset")
        self.assertEqual(answers[0]["metadata"]["flagSetId"], "chanuka")

    def test_a_share_of_users_gets_a_variant(self):
        seen, = self.ask({"type": "string", "flag": "theme", "otherwise": "", "times": 4000})
        self.assertEqual(set(seen), {"light", "dark"})
        self.assertAlmostEqual(seen["dark"] / 4000, 0.25, delta=0.03)

    def test_a_change_of_the_site_reaches_them(self):
        search = {"type": "boolean", "flag": "new-search", "otherwise": True,
                  "context": {"country": "LK"}}
        self.road.installer("flags", "set", "new-search", "off", "--yes")
        self.road.installer("flags", "set", "theme", "dark", "--keep-rules", "--yes")
        answer, shares = self.ask(
            search, {"type": "string", "flag": "theme", "otherwise": "", "times": 100})
        self.assertEqual((answer["value"], answer["reason"]), (False, "STATIC"))
        self.assertEqual(set(shares), {"light", "dark"})
        self.road.installer("flags", "set", "new-search", "--disable", "--yes")
        answer, = self.ask(search)
        self.assertEqual((answer["value"], answer["reason"]), (True, "DISABLED"))


class Sigstore(Desk):
    @classmethod
    def setUpClass(cls):
        npm_packages(HERE, NODE)

    def der_of(self, key_id, root):
        with open(root, encoding="utf-8") as source:
            key = json.load(source)["signed"]["keys"][key_id]
        public = key["keyval"]["public"]
        if key["keytype"] == "ecdsa":
            return base64.b64decode("".join(public.splitlines()[1:-1]))
        return bytes.fromhex("302a300506032b6570032100" + public)

    def test_exported_approvals_with_a_library_of_sigstore(self):
        signer = self.p256("kms")
        published = self.trust_keys(self.path("kms.pub"), self.path("dev.pub"), threshold=2)
        bundle = self.road.release("1.0.0")
        run(BUILDER, "sign", bundle, *signer)
        self.assertEqual(self.approved_by(bundle), ["dev", "kms"])
        files = [f for f in self.sealift("export", bundle, "--output", self.path("out"))["files"]
                 if f.endswith(".sigstore.json")]
        self.assertEqual(len(files), 2)
        for file in files:
            with open(file, encoding="utf-8") as source:
                exported = json.load(source)
            hint = exported["verificationMaterial"]["publicKey"]["hint"]
            with open(self.path("key.der"), "wb") as out:
                out.write(self.der_of(hint, published["file"]))
            self.assertEqual(node("sigstore.mjs", file, self.path("key.der")), b"verified\n")
            payload = bytearray(base64.b64decode(exported["dsseEnvelope"]["payload"]))
            payload[10] ^= 1
            exported["dsseEnvelope"]["payload"] = base64.b64encode(payload).decode()
            write(self.path("altered.json"), json.dumps(exported))
            node("sigstore.mjs", self.path("altered.json"), self.path("key.der"), status=1)

    def test_an_image_that_sigstore_signed(self):
        """A bundle that Sigstore's library wrote beside an image: signature and attestation."""
        image, key = Image("hello"), Key(os.path.join(self.road.project, "keys"))
        papers = []
        for kind in (SIGNED, SLSA):
            with open(self.path("statement"), "wb") as out:
                out.write(statement(image.digest, kind))
            data = node("sigstore_bundle.mjs", self.path("statement"), key.private)
            papers.append(referring(Paper([(data, BUNDLE, {})], image.root, BUNDLE)))
            write(self.path("bundle.json"), data.decode())
            with open(self.path("key.der"), "wb") as out:
                out.write(Key.openssl("pkey", "-pubin", "-in", key.public, "-outform", "DER"))
            self.assertEqual(node("sigstore.mjs", self.path("bundle.json"), self.path("key.der")),
                             b"verified\n")
        write_signed(os.path.join(self.road.project, "image"), image, papers)
        write(os.path.join(self.road.project, "environments/production.yaml"),
              "schema: 1\nvalues: {}\n")
        path = os.path.join(self.road.project, "release.yaml")
        write(path, json.dumps({
            "schema": 1, "name": "chanuka", "version": "1.0.0", "environments": ["production"],
            "trust": "trust", "components": [{"name": "server", "kind": "images", "images": [{
                "name": "docker.io/chanuka/server:1.0.0", "from": "oci:image",
                "verify": {"cosign": "keys/cosign.pub", "attestations": ["slsaprovenance1"]}}]}]}))
        built = self.sealift("build", path, "--output", self.path("signed"))["bundle"]
        shown = self.sealift("inspect", built)["components"][0]["images"][0]["signatures"]
        self.assertEqual(sorted(claim for signature in shown for claim in signature["claims"]),
                         [SLSA, "signature"])

    def test_an_envelope_that_a_stranger_made_is_attached_and_counts(self):
        self.p256("theirs")
        self.trust_keys(self.path("theirs.pub"))
        bundle = self.road.release("1.0.0")
        self.assertIn("approved by 0 of the 1", self.approved_by(bundle, status=4))
        with open(self.statement(bundle), "rb") as source:
            payload = source.read()
        kind = b"application/vnd.in-toto+json"
        write(self.path("pae"), "")
        with open(self.path("pae"), "wb") as out:
            out.write(b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload))
        signature = run("openssl", "dgst", "-sha256", "-sign", self.path("theirs.pem"),
                        self.path("pae"))
        envelope = {"payloadType": kind.decode(), "payload": base64.b64encode(payload).decode(),
                    "signatures": [{"sig": base64.b64encode(signature).decode()}]}
        write(self.path("theirs.dsse"), json.dumps(envelope, indent=1))
        run(BUILDER, "attach", bundle, self.path("theirs.dsse"))
        self.assertEqual(self.approved_by(bundle), ["theirs"])
        # The same as a Sigstore bundle changes nothing more.
        (file,) = [f for f in self.sealift("export", bundle, "--output", self.path("out"))["files"]
                   if "theirs" in f]
        before = self.sealift("sheet", bundle)["sha256"]
        run(BUILDER, "attach", bundle, file)
        self.assertEqual(self.sealift("sheet", bundle)["sha256"], before)


class Age(unittest.TestCase):
    """Sealed secrets and the library of age from npm; age itself is tests/cli/secrets_test.py."""

    @classmethod
    def setUpClass(cls):
        npm_packages(HERE, NODE)

    def setUp(self):
        need("age-keygen")
        self.root = tempfile.mkdtemp(prefix="sealift-test-")
        self.addCleanup(shutil.rmtree, self.root)
        self.sealed = os.path.join(self.root, "environments/production.sealed.yaml")

    def identity(self, name):
        path = os.path.join(self.root, name + ".age")
        run("age-keygen", "-o", path)
        return run("age-keygen", "-y", path).decode().strip()

    def armor(self):
        with open(self.sealed, encoding="utf-8") as source:
            lines = [line[6:] for line in source if line.startswith("      ")]
        write(os.path.join(self.root, "armor"), "".join(lines))
        return "".join(lines)

    def opened(self):
        self.armor()
        return json.loads(node("age.mjs", "open", os.path.join(self.root, "recovery.age"),
                               os.path.join(self.root, "armor")))

    def secret(self, *command, stdin=None):
        run(BUILDER, "secret", *command, "--project", self.root, stdin=stdin)

    def test_it_opens_ours_and_ours_opens_its(self):
        recovery, a, b = (self.identity(name) for name in ("recovery", "a", "b"))
        recipients = os.path.join(self.root, "environments/recipients.yaml")
        head = f"schema: 1\nrecovery: {recovery}\nenvironments:\n"
        write(recipients, head + f"  production: {{a: {a}}}\n")
        self.secret("set", "production", "KEY", "--value-file", "-", stdin=b"ours\n")
        self.assertEqual(self.opened(),
                         {"environment": "production", "key": "KEY", "value": "ours"})
        content = json.dumps({"environment": "production", "key": "KEY", "value": "theirs"})
        theirs = node("age.mjs", "seal", recovery, a, stdin=content.encode()).decode()
        with open(self.sealed, encoding="utf-8") as source:
            text = source.read()
        indent = ("".join("      " + line + "\n" for line in each.splitlines())
                  for each in (self.armor(), theirs))
        write(self.sealed, text.replace(*indent))
        write(recipients, head + f"  production: {{a: {a}, b: {b}}}\n")
        self.secret("rekey", "--identity", os.path.join(self.root, "recovery.age"))
        self.assertEqual(self.opened()["value"], "theirs")
        self.assertEqual(self.armor().count("BEGIN AGE"), 1)


class OpenSsh(Desk):
    def setUp(self):
        super().setUp()
        need("ssh-keygen")

    def keygen(self, kind):
        path = self.path("id_" + kind)
        run("ssh-keygen", "-q", "-t", kind, "-N", "", "-C", "anna@example", "-f", path)
        return path

    def test_files_and_agent(self):
        need("ssh-agent")
        keys = [self.keygen("ed25519"), self.keygen("ecdsa")]
        self.trust_keys(*(k + ".pub" for k in keys), threshold=2)
        bundle = self.road.release("1.0.0")
        statement = self.statement(bundle)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "sealift-release", "-f", keys[0], statement)
        run(BUILDER, "attach", bundle, statement + ".sig")
        self.assertIn("1 of the 2", self.approved_by(bundle, status=4))
        os.remove(statement + ".sig")
        # The second key is held by an agent: only its public half is at hand.
        script = ('eval "$(ssh-agent -s)" >/dev/null; trap "ssh-agent -k >/dev/null" EXIT; '
                  'ssh-add -q "$1" && rm "$1" && '
                  'ssh-keygen -q -Y sign -n sealift-release -f "$1.pub" "$2"')
        run("bash", "-c", script, "script", keys[1], statement)
        run(BUILDER, "attach", bundle, statement + ".sig")
        self.assertEqual(self.approved_by(bundle), ["id_ecdsa", "id_ed25519"])
        # What the bundle carries, verified by ssh-keygen.
        allowed = self.path("allowed")
        lines = [f"anna {open_text(k + '.pub')}" for k in keys]
        write(allowed, "".join(lines))
        out = self.path("out")
        run(BUILDER, "export", bundle, "--output", out)
        for name in ("id_ecdsa", "id_ed25519"):
            said = run("bash", "-c", 'ssh-keygen -Y verify -f "$1" -I anna -n sealift-release -s "$2" '
                       '< "$3"', "script", allowed, os.path.join(out, f"chanuka-1.0.0.{name}.sig"),
                       os.path.join(out, "chanuka-1.0.0.statement"))
            self.assertIn(b"Good", said)

    def test_another_namespace_or_file_is_refused(self):
        key = self.keygen("ed25519")
        self.trust_keys(key + ".pub")
        bundle = self.road.release("1.0.0")
        statement = self.statement(bundle)
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "file", "-f", key, statement)
        self.assertIn("found the namespace \"file\"",
                      errors(BUILDER, "attach", bundle, statement + ".sig", status=5))
        os.remove(statement + ".sig")
        with open(statement, "ab") as out:
            out.write(b"\n")
        run("ssh-keygen", "-q", "-Y", "sign", "-n", "sealift-release", "-f", key, statement)
        self.assertIn("no good signature",
                      errors(BUILDER, "attach", bundle, statement + ".sig", status=4))

    def token(self, statement, flags=1, application=b"ssh:", signed_application=None):
        """A signature of a FIDO2 token by the specification, and its public key's line."""
        import nacl.signing
        secret = nacl.signing.SigningKey(hashlib.sha256(b"token").digest())
        kind = ssh_string(b"sk-ssh-ed25519@openssh.com")
        key = kind + ssh_string(secret.verify_key.encode()) + ssh_string(application)
        with open(statement, "rb") as source:
            digest = hashlib.sha512(source.read()).digest()
        said = b"SSHSIG" + b"".join(map(ssh_string, (b"sealift-release", b"", b"sha512", digest)))
        tail = bytes([flags]) + struct.pack(">I", 41)
        body = hashlib.sha256(signed_application or application).digest() + tail + \
            hashlib.sha256(said).digest()
        signature = kind + ssh_string(secret.sign(body).signature) + tail
        blob = b"SSHSIG" + struct.pack(">I", 1) + b"".join(map(
            ssh_string, (key, b"sealift-release", b"", b"sha512", signature)))
        text = base64.b64encode(blob).decode()
        write(self.path("token.sig"), "-----BEGIN SSH SIGNATURE-----\n" + "".join(
            text[i:i + 70] + "\n" for i in range(0, len(text), 70)) +
            "-----END SSH SIGNATURE-----\n")
        return f"sk-ssh-ed25519@openssh.com {base64.b64encode(key).decode()} token\n"

    def ssh_keygen_says(self, line, statement):
        write(self.path("allowed"), "anna " + line)
        with open(statement, "rb") as source:
            return subprocess.run(["ssh-keygen", "-Y", "verify", "-f", self.path("allowed"), "-I",
                                   "anna", "-n", "sealift-release", "-s", self.path("token.sig")],
                                  stdin=source, capture_output=True).returncode == 0

    def test_a_fido2_token(self):
        write(self.path("empty"), "")
        write(self.path("token.pub"), self.token(self.path("empty")))
        self.trust_keys(self.path("token.pub"))
        bundle = self.road.release("1.0.0")
        statement = self.statement(bundle)
        for wrong in ({"flags": 0}, {"flags": 4}, {"signed_application": b"ssh:other"},
                      {"application": b"ssh:other"}):
            line = self.token(statement, **wrong)
            self.assertIn("no good signature",
                          errors(BUILDER, "attach", bundle, self.path("token.sig"), status=4))
            if "signed_application" in wrong:
                self.assertFalse(self.ssh_keygen_says(line, statement))
        line = self.token(statement)
        self.assertTrue(self.ssh_keygen_says(line, statement))
        run(BUILDER, "attach", bundle, self.path("token.sig"))
        self.assertEqual(self.approved_by(bundle), ["token"])


class Minisign(Desk):
    def test_sums(self):
        need("minisign")
        bundle = self.road.release("1.0.0")
        folder = os.path.dirname(bundle)
        run(BUILDER, "sums", bundle, "--key", self.road.key)
        check = ("minisign", "-V", "-q", "-p", self.path("dev.pub"), "-m", "SHA256SUMS")
        run(*check, cwd=folder)
        run("sha256sum", "--quiet", "-c", "SHA256SUMS", cwd=folder)
        with open(os.path.join(folder, "SHA256SUMS"), "a", encoding="utf-8") as sums:
            sums.write("0" * 64 + "  more\n")
        self.assertNotEqual(subprocess.run(check, cwd=folder, capture_output=True).returncode, 0)


class Hsm(Desk):
    def setUp(self):
        super().setUp()
        for program in ("softhsm2-util", "pkcs11-tool", "openssl"):
            need(program)
        self.module = next(path for path in ("/usr/lib/softhsm/libsofthsm2.so",
                                             "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so")
                           if os.path.exists(path))
        os.makedirs(self.path("tokens"))
        write(self.path("softhsm2.conf"), f"directories.tokendir = {self.path('tokens')}\n"
              "objectstore.backend = file\nlog.level = ERROR\n")
        os.environ["SOFTHSM2_CONF"] = self.path("softhsm2.conf")
        self.addCleanup(os.environ.pop, "SOFTHSM2_CONF")
        run("softhsm2-util", "--init-token", "--free", "--label", "t", "--pin", "1234", "--so-pin",
            "1234")

    def tool(self, *words):
        return run("pkcs11-tool", "--module", self.module, "--login", "--pin", "1234", *words)

    def public_key(self, number, name):
        self.tool("--read-object", "--type", "pubkey", "--id", number, "-o", self.path(name + ".der"))
        run("openssl", "pkey", "-pubin", "-inform", "DER", "-in", self.path(name + ".der"), "-out",
            self.path(name + ".pub"))

    def signer(self, name, command):
        pkcs11 = f"pkcs11-tool --module {self.module} --login --pin 1234 --sign"
        return ("--signer-cmd", command.format(tool=pkcs11, folder=self.root),
                "--signer-key", self.path(name + ".pub"))

    def test_keys_in_an_hsm_approve_and_hold_roots(self):
        self.tool("--keypairgen", "--key-type", "EC:prime256v1", "--id", "01")
        self.public_key("01", "p256")
        signer = self.signer("p256", "openssl dgst -sha256 -binary > {folder}/d && {tool} --mechanism "
                             "ECDSA --id 01 -i {folder}/d -o {folder}/s >/dev/null 2>&1 && "
                             "cat {folder}/s")
        self.trust_keys(self.path("p256.pub"))
        bundle = self.road.release("1.0.0")
        run(BUILDER, "sign", bundle, *signer)
        self.assertEqual(self.approved_by(bundle), ["p256"])
        root = self.path("hsm/1.root.json")
        self.assertTrue(self.sealift("trust", "create", *signer, "--approver", self.path("dev.pub"),
                                     "--out", root)["complete"])

    def test_a_signer_that_does_not_sign_changes_nothing(self):
        bundle = self.road.release("1.0.0")
        before = self.sealift("sheet", bundle)["sha256"]
        for command, status in (("exit 1", 8), ("true", 4), ("head -c 64 /dev/zero", 4),
                                ("yes | head -c 5000000", 4)):
            errors(BUILDER, "sign", bundle, "--signer-cmd", command, "--signer-key",
                   self.path("dev.pub"), status=status)
            self.assertEqual(self.sealift("sheet", bundle)["sha256"], before)


class OneKey(Desk):
    def test_one_key_in_three_files_is_one_key(self):
        for program in ("ssh-keygen", "openssl"):
            need(program)
        with open(self.path("dev.pub"), encoding="utf-8") as source:
            public = base64.b64decode(source.read().splitlines()[1])[10:]
        blob = ssh_string(b"ssh-ed25519") + ssh_string(public)
        write(self.path("ssh.pub"), "ssh-ed25519 " + base64.b64encode(blob).decode() + "\n")
        der = bytes.fromhex("302a300506032b6570032100") + public
        write(self.path("pem.pub"), "-----BEGIN PUBLIC KEY-----\n" + base64.b64encode(der).decode() +
              "\n-----END PUBLIC KEY-----\n")
        run("openssl", "pkey", "-pubin", "-in", self.path("pem.pub"), "-noout")
        run("ssh-keygen", "-l", "-f", self.path("ssh.pub"))
        keys = [w for name in ("dev", "ssh", "pem") for w in ("--approver", self.path(name + ".pub"))]
        command = ("trust", "create", "--root-key", self.road.key, *keys, "--out",
                   self.path("one/1.root.json"))
        self.assertIn("1 to the number of keys, 1",
                      errors(BUILDER, *command, "--threshold", "2", status=3))
        created = self.sealift(*command)
        self.assertEqual(len(created["roles"]["targets"]["keys"]), 1)


def open_text(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
