# SPDX-License-Identifier: Apache-2.0
"""What the tests of s3 share: a store, a road that misbehaves to it, a CDN, and a site that releases
into a bucket."""

import http.client
import http.server
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
# Of a project in no repository of git: without it each build warns that it says 1970.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

from loopback import cut  # noqa: E402
from road import BUILDER, INSTALLER, SOURCE, Road, run, write  # noqa: E402

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
BUCKET = "shop-assets"


def need_python(module):
    """Skips a test whose library is absent; in CI nothing may be absent."""
    done = subprocess.run(["/usr/bin/python3", "-c", f"import {module}"], stderr=subprocess.DEVNULL,
                          check=False)
    if done.returncode == 0:
        return
    if os.environ.get("CI"):
        raise AssertionError(f"{module} is not installed, and in CI nothing is skipped")
    raise unittest.SkipTest(f"SKIPPED: {module} is not installed")


class Store:
    """Swift, and a stranger's client of it (botocore)."""

    def __init__(self, ahead=0):
        need_python("swift")
        need_python("botocore")
        self.folder = tempfile.mkdtemp(prefix="sealift-s3-", dir=os.environ.get("TMPDIR"))
        with open(os.path.join(self.folder, "log"), "wb") as log:
            self.process = subprocess.Popen(
                ["/usr/bin/python3", os.path.join(SOURCE, "tests/s3/swift_s3.py"), self.folder,
                 *([str(ahead)] if ahead else [])],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        said = self.process.stdout.readline().decode()
        if not said.startswith("ready "):
            with open(os.path.join(self.folder, "log"), encoding="utf-8") as log:
                raise AssertionError(f"the store did not start: {log.read()[-2000:]}")
        self.endpoint = said.split()[1]
        self.port = int(self.endpoint.rsplit(":", 1)[1])
        import botocore.config
        import botocore.session
        session = botocore.session.get_session()
        self.client = session.create_client(
            "s3", region_name="us-east-1", endpoint_url=self.endpoint,
            aws_access_key_id=KEY_ID, aws_secret_access_key=SECRET,
            config=botocore.config.Config(s3={"addressing_style": "path"},
                                          proxies={}, retries={"max_attempts": 2}))
        if not ahead:
            self.client.create_bucket(Bucket=BUCKET)

    def stop(self):
        self.process.terminate()
        self.process.wait(20)
        self.process.stdout.close()
        shutil.rmtree(self.folder)

    def clear(self):
        for key in self.keys():
            self.client.delete_object(Bucket=BUCKET, Key=key)
        for each in self.uploads():
            self.client.abort_multipart_upload(Bucket=BUCKET, Key=each["Key"],
                                               UploadId=each["UploadId"])

    def uploads(self):
        return self.client.list_multipart_uploads(Bucket=BUCKET).get("Uploads", [])

    def keys(self, prefix=""):
        found, more = [], {}
        while True:
            page = self.client.list_objects_v2(Bucket=BUCKET, Prefix=prefix, **more)
            found += [each["Key"] for each in page.get("Contents", [])]
            if not page.get("IsTruncated"):
                return found
            more = {"ContinuationToken": page["NextContinuationToken"]}

    def get(self, key):
        return self.client.get_object(Bucket=BUCKET, Key=key)

    def text(self, key):
        return self.get(key)["Body"].read().decode()

    def put(self, key, text, **more):
        self.client.put_object(Bucket=BUCKET, Key=key, Body=text.encode(), **more)


class Way:
    """An HTTP proxy before the store that hands everything on, but for what `fault` says: of a request
    (method, path) it returns None, a status, "cut" (the connection is reset), "slow" or "spoil" (a
    byte of the body is another one). With a `certificate` (a file that has the key, too) it speaks TLS."""

    def __init__(self, port, certificate=None):
        self.seen = []
        self.is_simple = False  # knows no conditions
        self.fault = lambda method, path: None
        way = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def hand_on(self):
                way.seen.append((self.command, self.path))
                fault = way.fault(self.command, self.path)
                if way.is_simple and "If-None-Match" in self.headers:
                    fault = 501
                if fault == "cut":
                    cut(self)
                    return
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                if fault == "slow":
                    time.sleep(0.3)
                elif fault == "spoil":
                    body = bytes([body[0] ^ 1]) + body[1:]
                elif fault:
                    self.answer(fault, [("Retry-After", "0")],
                                b"<Error><Code>SlowDown</Code><Message>Reduce your request rate."
                                b"</Message></Error>")
                    return
                onward = http.client.HTTPConnection("127.0.0.1", port)
                # Who takes it for a proxy sends the whole address.
                path = "/" + self.path.split("/", 3)[3] if "://" in self.path else self.path
                onward.putrequest(self.command, path, skip_host=True,
                                  skip_accept_encoding=True)
                for name, value in self.headers.items():
                    onward.putheader(name, value)
                onward.endheaders(body or None)
                got = onward.getresponse()
                data = got.read()
                self.answer(got.status, [pair for pair in got.getheaders() if pair[0].lower() not in
                                         ("transfer-encoding", "connection", "content-length")],
                            data, got.getheader("Content-Length"))
                onward.close()

            def answer(self, status, headers, data, length=None):
                self.send_response_only(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length",
                                 length if self.command == "HEAD" and length else str(len(data)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(data)

            do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = hand_on

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        scheme = "https" if certificate else "http"
        self.endpoint = f"{scheme}://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Front:
    """CloudFront's API, which knows who asks: it verifies signatures with botocore's signer. `status`
    is what it answers with; `seen` are (reference, paths)."""

    def __init__(self):
        self.seen = []
        self.status = 201
        front = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                import xml.etree.ElementTree as tree
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = front.status if front.is_signed(self, body) else 403
                if status == 201:
                    space = "{http://cloudfront.amazonaws.com/doc/2020-05-31/}"
                    root = tree.fromstring(body)
                    paths = [each.text for each in root.iter(space + "Path")]
                    assert int(root.find(f"{space}Paths/{space}Quantity").text) == len(paths)
                    front.seen.append((root.find(space + "CallerReference").text, paths))
                text = b"<Invalidation/>" if status == 201 else \
                    b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @staticmethod
    def is_signed(request, body):
        """What botocore would have sent with the same headers and time."""
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.credentials import Credentials
        given = request.headers["Authorization"]
        names = given.split("SignedHeaders=")[1].split(",")[0].split(";")
        signer = SigV4Auth(Credentials(KEY_ID, SECRET), "cloudfront", "us-east-1")
        made = AWSRequest("POST", f"http://{request.headers['Host']}{request.path}", data=body,
                          headers={name: request.headers[name] for name in names if name != "host"})
        made.context["timestamp"] = request.headers["x-amz-date"]
        text = signer.string_to_sign(made, signer.canonical_request(made))
        return signer.signature(text, made) == given.split("Signature=")[1]

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


class Shop(Road):
    """A project with one component of assets, and a site that has a bucket for it."""

    def build(self, version, files, **component):
        folder = os.path.join(self.project, "client/dist")
        shutil.rmtree(folder)
        for path, text in files.items():
            write(os.path.join(folder, path), text)
        write(os.path.join(self.project, "environments/production.yaml"), "schema: 1\nvalues: {}\n")
        path = os.path.join(self.project, "release.yaml")
        write(path, json.dumps({
            "schema": 1, "name": "shop", "version": version, "environments": ["production"],
            "trust": "trust",
            "components": [{"name": "cdn", "kind": "assets", "source": "client/dist",
                            "target": "cdn", **component}]}))
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key))["bundle"]

    def write_site(self, target, **more):
        write(os.path.join(self.site, "site.yaml"),
              json.dumps({"schema": 1, "release": "shop", "environment": "production",
                          "retention": {"releases": 1}, "targets": {"cdn": target}, **more}))

    def new_site(self, target, **more):
        run(INSTALLER, "--site", self.site, "init", "--release", "shop", "--environment",
            "production", "--target", f"cdn={self.target('unused')}")
        self.write_site(target, **more)
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)

    def shown(self, store, prefix=""):
        """What users see: path -> text."""
        return {key[len(prefix):]: store.text(key) for key in store.keys(prefix)
                if not key.startswith(prefix + ".sealift/")}


class StoreTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.store = Store()
        cls.addClassCleanup(cls.store.stop)

    def setUp(self):
        os.environ["AWS_ACCESS_KEY_ID"] = KEY_ID
        os.environ["AWS_SECRET_ACCESS_KEY"] = SECRET
        self.store.clear()
        self.shop = Shop()
        self.addCleanup(self.shop.close)

    def target(self, **more):
        return {"driver": "s3", "endpoint": self.store.endpoint, "bucket": BUCKET,
                "prefix": "web/", **more}
