# SPDX-License-Identifier: Apache-2.0
"""As much of Sentry's API 0 as an upload of source maps uses, in this process, strict about what it is
sent. It is written from the sources of Sentry's own tool; Sentry itself was never asked."""

import email.parser
import email.policy
import hashlib
import io
import json
import zipfile

from loopback import JsonHandler, Loopback, cut

TOKEN = "sntrys_0123456789abcdef0123456789abcdef"
PIECE = 256
REQUEST = 3 * PIECE


class Sentry(Loopback):
    """`fault(method, path)` says what becomes of a request: nothing (None), a status, or "cut". `seen`
    are requests, `bundles` those that were put together, by their SHA-1."""

    def __init__(self):
        self.pieces = {}
        self.bundles = {}
        self.asked = {}
        self.seen = []
        self.polls = 1  # answers before a bundle is put together
        self.refusal = None
        self.relative = False
        self.fault = lambda method, path: None
        sentry = self

        class Handler(JsonHandler):
            def serve(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sentry.seen.append((self.command, self.path))
                fault = sentry.fault(self.command, self.path)
                if fault == "cut":
                    return cut(self)
                status, answer = (fault, {"detail": "not now"}) if fault else \
                    sentry.judge(self.command, self.path, self.headers, body)
                return self.answer(status, answer)

        self.listen(Handler)

    def judge(self, method, path, headers, body):
        if headers.get("authorization") != f"Bearer {TOKEN}":
            # Some repeat what they were sent.
            return 401, {"detail": f"Invalid token {headers.get('authorization')}"}
        begin = "/api/0/organizations/shop/"
        if not path.startswith(begin):
            return 404, {"detail": "The requested resource does not exist"}
        what = path[len(begin):]
        if (method, what) == ("GET", "chunk-upload/"):
            url = "/organizations/shop/chunk-upload/" if self.relative else self.endpoint + path
            return 200, {"url": url, "chunkSize": PIECE, "chunksPerRequest": 2,
                         "maxFileSize": 1 << 20, "maxRequestSize": REQUEST, "concurrency": 8,
                         "hashAlgorithm": "sha1", "compression": ["gzip"], "accept": ["artifact_bundles_v2"]}
        if (method, what) == ("POST", "chunk-upload/"):
            return self.take(headers, body)
        if (method, what) == ("POST", "artifactbundle/assemble/"):
            return self.assemble(json.loads(body))
        return 405, {"detail": "Method not allowed"}

    def take(self, headers, body):
        parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(
            b"Content-Type: " + headers["content-type"].encode() + b"\r\n\r\n" + body)
        total, count = 0, 0
        for part in parts.iter_parts():
            data = part.get_payload(decode=True)
            name = part.get_param("name", header="content-disposition")
            if name != "file" or hashlib.sha1(data).hexdigest() != part.get_filename() or len(data) > PIECE:
                return 400, {"detail": f"bad part {name} {part.get_filename()}"}
            self.pieces[part.get_filename()] = data
            total, count = total + len(data), count + 1
        if not 1 <= count <= 2 or total > REQUEST:
            return 400, {"detail": f"{count} parts"}
        return 200, {}

    def assemble(self, asked):
        if self.refusal:
            return 200, {"state": "error", "missingChunks": [], "detail": self.refusal}
        if "unknown" in asked["projects"]:
            return 400, {"detail": "One or more projects are invalid"}
        missing = [each for each in asked["chunks"] if each not in self.pieces]
        if missing:
            return 200, {"state": "not_found", "missingChunks": missing}
        self.asked.setdefault(asked["checksum"], []).append(asked)
        if len(self.asked[asked["checksum"]]) <= self.polls:
            return 200, {"state": "assembling", "missingChunks": []}
        data = b"".join(self.pieces[each] for each in asked["chunks"])
        if hashlib.sha1(data).hexdigest() != asked["checksum"]:
            return 200, {"state": "error", "missingChunks": [], "detail": "Reported checksum mismatch"}
        self.bundles[asked["checksum"]] = data
        return 200, {"state": "ok", "missingChunks": []}

    # What tests ask.

    def opened(self):
        """The manifest of the only bundle, and its files."""
        (data,) = self.bundles.values()
        assert data[:8] == b"SYSB\x02\0\0\0", data[:8]
        # As Sentry opens it: the bytes in front count in the offsets.
        with zipfile.ZipFile(io.BytesIO(data)) as opened:
            assert opened.testzip() is None
            files = {name: opened.read(name).decode() for name in opened.namelist()}
        return json.loads(files.pop("manifest.json")), files
