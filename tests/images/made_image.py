# SPDX-License-Identifier: Apache-2.0
"""Container images made by the tests: busybox and a file, in every form that an image comes in."""

import gzip
import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile

OCI = "application/vnd.oci.image."
INDEX, MANIFEST, CONFIG = OCI + "index.v1+json", OCI + "manifest.v1+json", OCI + "config.v1+json"
LAYER = OCI + "layer.v1.tar"
BUSYBOX = "/bin/busybox"


def sha(data):
    return hashlib.sha256(data).hexdigest()


def tar_of(files):
    """A tar of {name: (content, mode)}."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for folder in sorted({os.path.dirname(name) for name in files} - {""}):
            row = tarfile.TarInfo(folder)
            row.type, row.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(row)
        for name, (content, mode) in sorted(files.items()):
            row = tarfile.TarInfo(name)
            row.size, row.mode = len(content), mode
            tar.addfile(row, io.BytesIO(content))
    return out.getvalue()


def pack(data, packing):
    if packing == "gzip":
        return gzip.compress(data, mtime=0), LAYER + "+gzip"
    if packing == "zstd":
        done = subprocess.run(["zstd", "-q", "-c"], input=data, stdout=subprocess.PIPE, check=True)
        return done.stdout, LAYER + "+zstd"
    return data, LAYER


class Image:
    """An image of one platform; `says` is what its container prints."""

    def __init__(self, says, packing="gzip", architecture="amd64", files=None, user="1000",
                 diff_ids=None, busybox=True, more=()):  # more: tars, each a layer
        self.blobs = {}
        base = {}
        if busybox:
            with open(BUSYBOX, "rb") as program:
                base = {"bin/busybox": (program.read(), 0o755)}
        layers = [tar_of(base)] if base else []
        layers.append(tar_of({"etc/says": (says.encode() + b"\n", 0o644), **(files or {})}))
        layers += more
        packed = [pack(layer, packing) for layer in layers]
        self.layers = layers
        self.config = json.dumps({
            "architecture": architecture, "os": "linux", "created": "2026-01-01T00:00:00Z",
            "config": {"Entrypoint": ["/bin/busybox"], "Cmd": ["cat", "/etc/says"], "User": user},
            "rootfs": {"type": "layers",
                       "diff_ids": diff_ids or ["sha256:" + sha(layer) for layer in layers]},
            "history": []}).encode()
        rows = [self.put(data, kind) for data, kind in packed]
        self.manifest = json.dumps({"schemaVersion": 2, "mediaType": MANIFEST,
                                    "config": self.put(self.config, CONFIG), "layers": rows}).encode()
        self.root = self.put(self.manifest, MANIFEST)
        self.platform = {"os": "linux", "architecture": architecture}

    def put(self, data, kind):
        self.blobs[sha(data)] = data
        return {"mediaType": kind, "digest": "sha256:" + sha(data), "size": len(data)}

    @property
    def digest(self):
        return self.root["digest"]

    @property
    def config_digest(self):
        return "sha256:" + sha(self.config)


class Platforms(Image):
    """An index over images of several platforms; `others` are (manifest, what its row adds)."""

    def __init__(self, *images, others=()):
        self.blobs = {}
        for image in [*images, *(other for other, _ in others)]:
            self.blobs.update(image.blobs)
        self.images = images
        self.index = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
            *({**image.root, "platform": image.platform} for image in images),
            *({**other.root, **more} for other, more in others)]}).encode()
        self.root = self.put(self.index, INDEX)


def index_json(images):
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [
        {**image.root, "annotations": {"org.opencontainers.image.ref.name": name}}
        for name, image in images.items()]}).encode()


def files_of(images):
    files = {"oci-layout": b'{"imageLayoutVersion":"1.0.0"}', "index.json": index_json(images)}
    for image in images.values():
        for name, data in image.blobs.items():
            files["blobs/sha256/" + name] = data
    return files


def write_files(folder, files):
    for name, data in files.items():
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as out:
            out.write(data)


def write_layout(folder, images):
    shutil.rmtree(folder, ignore_errors=True)
    write_files(folder, files_of(images))


def write_archive(path, images, packing="none"):
    """An OCI archive, its blobs before its index.json: the order that is hardest to read."""
    files = files_of(images)
    data = tar_of({name: (content, 0o644) for name, content in files.items()})
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(pack(data, packing)[0])


def write_docker_archive(path, images):
    """What `docker save` before 25 wrote: plain layers, a configuration, no manifest."""
    files, table = {}, []
    for name, image in images.items():
        names = []
        for layer in image.layers:
            files[f"{sha(layer)}/layer.tar"] = layer
            names.append(f"{sha(layer)}/layer.tar")
        files[sha(image.config) + ".json"] = image.config
        table.append({"Config": sha(image.config) + ".json", "RepoTags": [name], "Layers": names})
    files["manifest.json"] = json.dumps(table).encode()
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as out:
        out.write(tar_of({name: (content, 0o644) for name, content in files.items()}))
