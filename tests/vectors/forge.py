# SPDX-License-Identifier: Apache-2.0
"""Writes bundles, honest or not: an implementation of docs/bundle-format.md that shares nothing with
the programs. A Bundle is made step by step, and a recipe's edits change what a step produces before
the next step names it by digest or signs it."""

import base64
import hashlib
import json
import struct

import nacl.signing
import xxhash
import zstandard

OCI_INDEX = "application/vnd.oci.image.index.v1+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
SEALIFT = "application/vnd.sealift."
IN_TOTO = "application/vnd.in-toto+json"
EMPTY = {"mediaType": "application/vnd.oci.empty.v1+json", "data": b"{}"}
LEVEL = 3


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def pretty(value):
    return (json.dumps(value, sort_keys=True, indent=2, ensure_ascii=False) + "\n").encode()


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def describe(media_type, data, **more):
    return {"mediaType": media_type, "digest": "sha256:" + sha256(data), "size": len(data), **more}


class Key:
    """The same key for the same name, each time."""

    def __init__(self, name):
        self.name = name
        self.secret = nacl.signing.SigningKey(hashlib.sha256(name.encode()).digest())
        self.public = {"keytype": "ed25519", "scheme": "ed25519",
                       "keyval": {"public": self.secret.verify_key.encode().hex()}}
        self.id = sha256(canonical(self.public))

    def sign(self, message):
        return self.secret.sign(message).signature


class Root:
    """A trust root. Two of three root keys change it; two of three approvers approve."""

    def __init__(self, version, root=("root1", "root2", "root3"), approvers=("ci", "security", "ops"),
                 threshold=2, expires="2090-01-01T00:00:00Z"):
        keys = [Key(name) for name in sorted({*root, *approvers})]
        role = {"keyids": sorted(Key(n).id for n in approvers), "threshold": threshold}
        self.signed = {
            "_type": "root", "spec_version": "1.0.34", "consistent_snapshot": False,
            "version": version, "expires": expires, "keys": {k.id: k.public for k in keys},
            "roles": {"root": {"keyids": sorted(Key(n).id for n in root), "threshold": 2},
                      "targets": role, "snapshot": role, "timestamp": role},
            "x-sealift-names": {k.id: k.name for k in keys}}
        self.signers = ["root1", "root2"]

    def text(self):
        body = canonical(self.signed)
        signatures = [{"keyid": Key(n).id, "sig": Key(n).sign(body).hex()} for n in self.signers]
        return pretty({"signed": self.signed, "signatures": signatures})


def pax_record(key, value):
    body = b" " + key + b"=" + value + b"\n"
    size = len(body) + 1
    while len(str(size)) + len(body) != size:
        size += 1
    return str(size).encode() + body


def ustar(name, size, mode=0o644, kind=b"0", link=b"", uid=0):
    """One header block; names of more than 100 bytes are cut, as pax demands."""
    prefix = b""
    if len(name) > 100:
        slash = name.find(b"/", len(name) - 101)
        prefix, name = (name[:slash], name[slash + 1:]) if 0 < slash <= 155 else (b"", name[:100])
    block = struct.pack("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x", name, b"%07o" % mode,
                        b"%07o" % uid, b"%07o" % 0, b"%011o" % size, b"%011o" % 0, b" " * 8, kind,
                        link, b"ustar\x0000", b"", b"", b"%07o" % 0, b"%07o" % 0, prefix)
    return block[:148] + b"%06o\0 " % sum(block) + block[156:]


def padded(data):
    return data + b"\0" * (-len(data) % 512)


def tar_entry(name, data=b"", mode=0o644, kind=b"0", link=b"", pax=()):
    head = b""
    if pax:
        records = b"".join(pax_record(k, v) for k, v in pax)
        head = ustar(b"././@PaxHeader", len(records), kind=b"x") + padded(records)
    return head + ustar(name, len(data), mode, kind, link) + padded(data)


TAR_END = b"\0" * 1024


def table_line(name, data=None, link=None):
    if link is not None:
        return {"path": name, "target": link, "type": "symlink"}
    if data is None:
        return {"mode": "0755", "path": name, "type": "directory"}
    return {"mode": "0644", "path": name, "sha256": sha256(data), "size": len(data), "type": "file"}


def tree_entry(line, data=b""):
    name = line["path"].encode()
    if line["type"] == "symlink":
        return tar_entry(name, kind=b"2", mode=0o777, link=line["target"].encode())
    if line["type"] == "directory":
        return tar_entry(name + b"/", kind=b"5", mode=0o755)
    mode = line["mode"]
    return tar_entry(name, data, mode=int(mode, 8) & 0o7777 if mode.isdigit() else 0o644)


def frame(data):
    return zstandard.ZstdCompressor(level=LEVEL, write_content_size=True,
                                    write_checksum=False).compress(data)


def skippable(magic, data):
    return struct.pack("<II", magic, len(data)) + data


def seek_table(frames):
    """`frames`: (compressed size, content size) of each."""
    rows = b"".join(struct.pack("<II", *row) for row in frames)
    return skippable(0x184D2A5E, rows + struct.pack("<IBI", len(frames), 0, 0x8F92EAB1))


def with_trailer(frames):
    """`frames`: the bytes of each and what it holds."""
    body = b"".join(data for data, _ in frames)
    hashed = skippable(0x184D2A5D, struct.pack("<Q", xxhash.xxh64(body).intdigest()))
    return body + hashed + seek_table([(len(data), size) for data, size in frames])


class Bundle:
    FILES = {"index.html": b"<p>two</p>\n", "assets/app.js": b"let a = 2;\n"}

    IMAGE = "docker.io/chanuka/server:2.0.0"

    def __init__(self, edits, roots, chain, approvals, version="2.0.0", compression="zstd",
                 image=False):
        self.image = image          # a second component, with one image
        self.edits = edits          # document name -> list of functions on its bytes or value
        self.roots = roots          # version -> Root
        self.chain = chain          # versions that travel in the bundle
        self.approvals = approvals  # of dicts: see approval()
        self.version = version
        self.compression = compression
        self.entries = []           # of the tar: (name, bytes of header and content)

    def edited(self, name, value):
        for edit in self.edits.get(name, ()):
            value = edit(value)
        return value

    # A document that is a value first (edits "NAME" work on the value), then bytes ("NAME!").
    def document(self, name, value, form=canonical):
        return self.edited(name + "!", form(self.edited(name, value)))

    def tree(self):
        files = self.edited("files", dict(self.FILES))
        folders = {path.rsplit("/", 1)[0] for path in files if "/" in path}
        lines = [table_line(f) for f in folders] + [table_line(p, d) for p, d in files.items()]
        lines.sort(key=lambda l: l["path"] + ("/" if l["type"] == "directory" else ""))
        lines = self.edited("table", lines)
        tree = b"".join(tree_entry(line, files.get(line["path"], b"")) for line in lines)
        table = b"".join(canonical(line) + b"\n" for line in lines)
        count = {kind: sum(l["type"] == kind for l in lines)
                 for kind in ("file", "directory", "symlink")}
        totals = {"format": 1, "name": "web", "files": count["file"],
                  "directories": count["directory"], "symlinks": count["symlink"],
                  "bytes": sum(l.get("size", 0) for l in lines)}
        return self.edited("table!", table), self.edited("tree!", tree + TAR_END), totals

    def manifest(self, kind, config, layers, **more):
        return {"schemaVersion": 2, "mediaType": OCI_MANIFEST, "artifactType": SEALIFT + kind,
                "config": config, "layers": layers, **more}

    def sealed_image(self):
        """The documents of the component of images and of its image, and the image's layer."""
        layer = self.edited("image-layer!", b"not looked into by a site")
        config = self.document("image-config", {
            "architecture": "amd64", "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": ["sha256:" + sha256(layer)]}})
        manifest = self.document("image-manifest", {
            "schemaVersion": 2, "mediaType": OCI_MANIFEST,
            "config": describe("application/vnd.oci.image.config.v1+json", config),
            "layers": [describe("application/vnd.oci.image.layer.v1.tar", layer)]})
        self.root = describe(OCI_MANIFEST, manifest)
        self.table = canonical([{"Config": "blobs/sha256/" + sha256(config), "RepoTags": [self.IMAGE],
                                 "Layers": ["blobs/sha256/" + sha256(layer)]}])
        component = self.document("images", {
            "format": 1, "name": "server", "bytes": len(layer),
            "images": [{"name": self.IMAGE, "digest": self.root["digest"]}]})
        head = self.document("images-manifest", self.manifest(
            "images.v1+json", describe(SEALIFT + "component.config.v1+json", component),
            [describe(EMPTY["mediaType"], EMPTY["data"])]))
        return [head, component, EMPTY["data"], manifest, config], layer

    def seal(self):
        """The release's documents in order, its payload, D's descriptor, and the statement."""
        table, tree, totals = self.tree()
        images, layer = self.sealed_image() if self.image else ([], None)
        component = self.document("component", totals)
        rows = [{"name": "web", "target": "web", "artifactType": SEALIFT + "assets.v1+json"}]
        if images:
            rows.append({"name": "server", "target": "images",
                         "artifactType": SEALIFT + "images.v1+json"})
        release = self.document("release", {
            "format": 1, "name": "chanuka", "version": self.version,
            "created": "2026-01-01T00:00:00Z", "environments": {"production": {}},
            "components": rows})
        notes = self.edited("notes!", b"# Two\n")
        manifest = self.document("manifest", self.manifest(
            "assets.v1+json", describe(SEALIFT + "component.config.v1+json", component),
            [describe(SEALIFT + "filetable.v1+jsonl", table),
             describe(SEALIFT + "tree.v1.tar", tree)]))
        head = self.document("head", self.manifest(
            "release.v1+json", describe(SEALIFT + "release.config.v1+json", release),
            [describe("text/markdown", notes)]))
        index = self.document("D", {
            "schemaVersion": 2, "mediaType": OCI_INDEX, "artifactType": SEALIFT + "release.v1+json",
            "manifests": [
                describe(OCI_MANIFEST, head, artifactType=SEALIFT + "release.v1+json"),
                describe(OCI_MANIFEST, manifest, artifactType=SEALIFT + "assets.v1+json",
                         annotations={"org.opencontainers.image.title": "web"})] + ([
                describe(OCI_MANIFEST, images[0], artifactType=SEALIFT + "images.v1+json",
                         annotations={"org.opencontainers.image.title": "server"}),
                self.root] if images else [])})
        d = describe(OCI_INDEX, index, artifactType=SEALIFT + "release.v1+json")
        statement = self.document("statement", self.statement(d, totals, layer), pretty)
        return ([index, head, release, notes, manifest, component, *images],
                [table, tree] + ([layer] if images else []), d, statement)

    def statement(self, d, totals, layer):
        images = [] if layer is None else [
            f"server (images) to images: 1 images, {len(layer)} bytes",
            f"  {self.IMAGE}@{self.root['digest']}"]
        return {"_type": "https://in-toto.io/Statement/v1",
                "subject": [{"name": "chanuka", "digest": {"sha256": d["digest"][7:]}}],
                "predicateType": "https://sealift.dev/release/v1",
                "predicate": {"name": "chanuka", "version": self.version,
                              "environments": ["production"], "created": "2026-01-01T00:00:00Z",
                              "summary": [f"chanuka {self.version} of 2026-01-01T00:00:00Z",
                                          "for production",
                                          f"web (assets) to web: {totals['files']} files, "
                                          f"{totals['bytes']} bytes", *images]}}

    def approval(self, statement, by, claims=None, payload_type=IN_TOTO, signed_type=None, signs=None):
        """An envelope by the key `by`. It may claim another key's id, be relabelled after signing
        (`signed_type`), or be signed over other bytes (`signs`)."""
        said = (signed_type or payload_type).encode()
        pae = b"DSSEv1 %d %s %d %s" % (len(said), said, len(statement), statement)
        signature = Key(by).sign(pae if signs is None else signs)
        return {"payloadType": payload_type, "payload": base64.b64encode(statement).decode(),
                "signatures": [{"keyid": Key(claims or by).id,
                                "sig": base64.b64encode(signature).decode()}]}

    def referrers(self, d, statement):
        """(manifest bytes, layers) in the order of the format."""
        subject = {k: d[k] for k in ("mediaType", "digest", "size", "artifactType")}

        def one(kind, layer_type, layers):
            manifest = self.manifest(kind, describe(EMPTY["mediaType"], EMPTY["data"]),
                                     [describe(layer_type, layer) for layer in layers],
                                     subject=subject)
            return kind, self.document("referrer:" + kind.split(".")[0], manifest), layers

        approvals = []
        for number, wanted in enumerate(self.approvals):
            envelope = self.approval(statement, **wanted)
            text = self.document(f"envelope:{number}", envelope)
            approvals.append(one("approval.v1+json", "application/vnd.dsse.envelope.v1+json", [text]))
        approvals.sort(key=lambda each: sha256(each[1]))
        texts = [self.edited(f"root:{v}!", self.roots[v].text()) for v in self.chain]
        chain = [one("rootchain.v1+json", SEALIFT + "tuf.root.v1+json", texts)] if texts else []
        said = [one("statement.v1+json", IN_TOTO, [statement])]
        return self.edited("referrers", said + chain + approvals)

    def tar(self):
        documents, payload, d, statement = self.seal()
        referrers = self.referrers(d, statement)
        listed = [{**d, "annotations": {"org.opencontainers.image.ref.name":
                                        f"chanuka:{self.version}"}}]
        listed += [describe(OCI_MANIFEST, data, artifactType=SEALIFT + kind)
                   for kind, data, _ in referrers]
        if self.image:
            listed.append({**self.root, "annotations": {
                "org.opencontainers.image.ref.name": self.IMAGE,
                "io.containerd.image.name": self.IMAGE}})
        index = {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": listed}
        if self.compression == "zstd":
            index["annotations"] = {"dev.sealift.compression": "zstd 1.5.4 level 3"}
        self.entries = []
        seen = set()

        def put(data):
            if sha256(data) not in seen:
                seen.add(sha256(data))
                name = b"blobs/sha256/" + sha256(data).encode()
                self.entries.append((name, tar_entry(name, data)))

        tables = [("manifest.json", self.edited("table.json!", self.table))] if self.image else []
        for name, data in (("oci-layout", self.edited("layout!", b'{"imageLayoutVersion":"1.0.0"}')),
                           ("index.json", self.document("index", index)), *tables):
            self.entries.append((name.encode(), tar_entry(name.encode(), data)))
        for _, data, layers in referrers:
            for each in [data, EMPTY["data"], *layers]:
                put(each)
        for each in documents:
            put(each)
        boundary = len(self.entries)
        for each in payload:
            put(each)
        self.entries = self.edited("entries", self.entries)
        first = b"".join(data for _, data in self.entries[:boundary])
        return first, b"".join(data for _, data in self.entries[boundary:]) + TAR_END

    def file(self):
        documents, payload = self.tar()
        if self.compression != "zstd":
            return self.edited("file!", documents + payload)
        documents, payload = self.edited("tar", (documents, payload))
        frames = self.edited("frames", [(frame(part), len(part)) for part in (documents, payload)])
        return self.edited("file!", self.edited("trailer", with_trailer(frames)))
