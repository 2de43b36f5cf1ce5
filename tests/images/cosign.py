# SPDX-License-Identifier: Apache-2.0
"""What cosign makes, made by openssl: keys, signatures of simple signing, attestations in DSSE, and
Sigstore bundles, each as a manifest beside an image."""

import base64
import json
import os
import subprocess

from made_image import CONFIG, INDEX, MANIFEST, sha, write_files

SIMPLE = "application/vnd.dev.cosign.simplesigning.v1+json"
DSSE = "application/vnd.dsse.envelope.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
IN_TOTO = "application/vnd.in-toto+json"
EMPTY = "application/vnd.oci.empty.v1+json"
NAME = "org.opencontainers.image.ref.name"
SIGNATURE = "dev.cosignproject.cosign/signature"
CERTIFICATE = "dev.sigstore.cosign/certificate"
CHAIN = "dev.sigstore.cosign/chain"
LOG = "dev.sigstore.cosign/bundle"
SIGNED = "https://sigstore.dev/cosign/sign/v1"
CYCLONEDX = "https://cyclonedx.org/bom"
SLSA = "https://slsa.dev/provenance/v1"


class Key:
    """A pair of keys as `cosign generate-key-pair` has it: ECDSA over P-256."""

    def __init__(self, folder, name="cosign"):
        self.private = os.path.join(folder, f"{name}.key.pem")
        self.public = os.path.join(folder, f"{name}.pub")
        os.makedirs(folder, exist_ok=True)
        self.openssl("genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256", "-out",
                     self.private)
        self.openssl("pkey", "-in", self.private, "-pubout", "-out", self.public)

    @staticmethod
    def openssl(*words, data=None):
        return subprocess.run(["openssl", *words], input=data, check=True, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL).stdout

    def sign(self, message):
        """Base64 of a signature."""
        return base64.b64encode(self.openssl("dgst", "-sha256", "-sign", self.private,
                                             data=message)).decode()

    @property
    def fingerprint(self):
        return "sha256:" + sha(self.openssl("pkey", "-pubin", "-in", self.public, "-outform", "DER"))


class Identity:
    """A certificate as Fulcio issues it, good for ten minutes of 2026, and a log as Rekor keeps it."""

    SUBJECT = "https://github.com/team/server/.github/workflows/release.yml@refs/tags/v1"
    ISSUER = "https://token.actions.githubusercontent.com"
    TIME = 1767225900  # five minutes after the certificate begins

    def __init__(self, folder, subject=SUBJECT, issuer=ISSUER, usage="codeSigning", roots=None):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.key = Key(folder, "leaf")
        if roots is None:
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
                         "-nodes", "-keyout", "ca.key", "-out", "roots.pem", "-subj", "/CN=fulcio",
                         "-days", "3650", "-addext", "basicConstraints=critical,CA:TRUE",
                         "-addext", "keyUsage=critical,keyCertSign")
            # Valid long before the leaf is.
            self.issue("roots", "ca.key", "20250101000000Z", "20350101000000Z", "authority", "/CN=fulcio",
                       "-selfsign")
            self.log = Key(folder, "rekor")
            roots = self
        self.roots, self.log = roots, roots.log
        self.config = f"""
[leaf]
keyUsage = critical, digitalSignature
extendedKeyUsage = {usage}
subjectAltName = critical, URI:{subject}
1.3.6.1.4.1.57264.1.1 = DER:{issuer.encode().hex()}
1.3.6.1.4.1.57264.1.8 = ASN1:UTF8String:{issuer}
"""
        self.issue("leaf", self.key.private, "20260101000000Z", "20260101001000Z", "leaf", "/")
        with open(os.path.join(folder, "leaf.pem"), encoding="ascii") as file:
            self.certificate = file.read()

    def openssl(self, *words):
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)

    def issue(self, name, key, begin, end, section, subject, *words):
        roots = self.folder if words else self.roots.folder
        with open(os.path.join(self.folder, "ca.cnf"), "w", encoding="ascii") as out:
            out.write(f"""
[ca]
default_ca = here
[here]
database = index.txt
new_certs_dir = .
rand_serial = yes
default_md = sha256
policy = any
unique_subject = no
[any]
commonName = optional
[authority]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
{getattr(self, "config", "")}
""")
        open(os.path.join(self.folder, "index.txt"), "w", encoding="ascii").close()
        self.openssl("req", "-new", "-key", key, "-subj", subject, "-out", name + ".csr")
        self.openssl("ca", "-batch", "-config", "ca.cnf", "-in", name + ".csr", "-out", name + ".pem",
                     "-startdate", begin, "-enddate", end, "-extensions", section, "-notext",
                     "-preserveDN", "-keyfile", os.path.join(roots, "ca.key"),
                     *(words or ["-cert", os.path.join(roots, "roots.pem")]))

    def entry(self, payload, signature, time=TIME, log=None, kind="hashedrekord"):
        """What the log says, as the annotation of cosign 2 has it."""
        verifier = base64.b64encode(self.certificate.encode()).decode()
        digest = {"algorithm": "sha256", "value": sha(payload)}
        spec = {"hashedrekord": {"data": {"hash": digest}, "signature": {
                    "content": signature, "publicKey": {"content": verifier}}},
                "dsse": {"payloadHash": digest, "signatures": [
                    {"signature": signature, "verifier": verifier}]}}[kind]
        body = base64.b64encode(json.dumps({"apiVersion": "0.0.1", "kind": kind,
                                            "spec": spec}).encode()).decode()
        said = {"body": body, "integratedTime": time, "logID": "c0d23d6a", "logIndex": 7}
        text = json.dumps(said, sort_keys=True, separators=(",", ":")).encode()
        return {"SignedEntryTimestamp": (log or self.log).sign(text), "Payload": said}

    def row(self, digest, **more):
        payload = simple_signing(digest)
        signature = self.key.sign(payload)
        entry = self.entry(more.pop("logged", payload), signature, **more)
        return payload, SIMPLE, {SIGNATURE: signature, CERTIFICATE: self.certificate,
                                 CHAIN: "", LOG: json.dumps(entry)}

    def bundle(self, image, kind):
        payload = statement(image.digest, kind)
        signed = envelope(self.key, payload)
        entry = self.entry(payload, signed["signatures"][0]["sig"], kind="dsse")
        der = self.certificate.replace("\n", "").split("-----")[2]
        data = json.dumps({"mediaType": BUNDLE, "dsseEnvelope": signed, "verificationMaterial": {
            "certificate": {"rawBytes": der}, "tlogEntries": [{
                "logIndex": "7", "logId": {"keyId": base64.b64encode(bytes.fromhex(
                    entry["Payload"]["logID"])).decode()},
                "kindVersion": {"kind": "dsse", "version": "0.0.1"},
                "integratedTime": str(entry["Payload"]["integratedTime"]),
                "inclusionPromise": {"signedEntryTimestamp": entry["SignedEntryTimestamp"]},
                "canonicalizedBody": entry["Payload"]["body"]}]}}).encode()
        return Paper([(data, BUNDLE, {})], subject=image.root, artifact=BUNDLE)


def simple_signing(digest, kind="cosign container image signature"):
    return json.dumps({"critical": {"identity": {"docker-reference": "registry.example/server"},
                                    "image": {"docker-manifest-digest": digest}, "type": kind},
                       "optional": {"weight": 1.5}}).encode()


def statement(digest, kind):
    return json.dumps({"_type": "https://in-toto.io/Statement/v1", "predicateType": kind,
                       "subject": [{"name": "server", "digest": {"sha256": digest.split(":")[1]}}],
                       "predicate": {"score": 0.5}}).encode()


def envelope(key, payload, kind=IN_TOTO):
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    return {"payloadType": kind, "payload": base64.b64encode(payload).decode(),
            "signatures": [{"keyid": "", "sig": key.sign(message)}]}


class Paper:
    """A manifest of layers that are about an image; `rows` are (bytes, media type, annotations)."""

    def __init__(self, rows, subject=None, artifact=None):
        self.blobs = {}
        config = self.put(b"{}", EMPTY) if subject else self.put(b'{"rootfs":{}}', CONFIG)
        layers = [{**self.put(data, kind), **({"annotations": notes} if notes else {})}
                  for data, kind, notes in rows]
        manifest = {"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": layers}
        if subject:
            manifest.update(artifactType=artifact, subject=subject)
        self.artifact = artifact
        self.root = self.put(json.dumps(manifest).encode(), MANIFEST)

    def put(self, data, kind):
        self.blobs[sha(data)] = data
        return {"mediaType": kind, "digest": "sha256:" + sha(data), "size": len(data)}

    @property
    def digest(self):
        return self.root["digest"]


def row_of(key, digest, **more):
    """One signature as a layer."""
    payload = simple_signing(digest, **more)
    return payload, SIMPLE, {SIGNATURE: key.sign(payload)}


def signature(key, image, **more):
    return Paper([row_of(key, image.digest, **more)])


def attestations(key, image, *kinds):
    return Paper([(json.dumps(envelope(key, statement(image.digest, kind))).encode(), DSSE,
                   {"predicateType": kind}) for kind in kinds])


def bundle(key, image, kind):
    """The form of cosign 3: a referrer."""
    data = json.dumps({
        "mediaType": BUNDLE,
        "verificationMaterial": {"publicKey": {"hint": "k"}, "tlogEntries": []},
        "dsseEnvelope": envelope(key, statement(image.digest, kind))}).encode()
    return Paper([(data, BUNDLE, {})], subject=image.root, artifact=BUNDLE)


def tag(image, what="sig"):
    return f"{image.digest.replace(':', '-')}.{what}"


def write_signed(folder, image, papers):
    """A layout of an image named 1 and what is about it; `papers`: [(paper, row's additions)]."""
    rows = [{**image.root, "annotations": {NAME: "1"}}]
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}'}
    for each, more in [(image, None), *papers]:
        files.update({"blobs/sha256/" + name: data for name, data in each.blobs.items()})
        if more is not None:
            rows.append({**each.root, **more})
    files["index.json"] = json.dumps({"schemaVersion": 2, "mediaType": INDEX,
                                      "manifests": rows}).encode()
    write_files(folder, files)


def named(image, paper, what="sig"):
    return paper, {"annotations": {NAME: tag(image, what)}}


def referring(paper):
    return paper, {"artifactType": paper.artifact}
