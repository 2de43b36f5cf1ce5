#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Registries as source and as store: Debian's docker-registry, and one that misbehaves."""

import base64
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time

from cosign import Paper
from shop import BUILDER, INSTALLER, SERVER, WORKER, ShopTest, moments
from engines import Proxy, Registry, says
from made_image import MANIFEST, Image, Platforms, sha, write_layout
from road import SOURCE, errors, main, need, run

PLACE = "mirror/chanuka/server"


class RegistryTest(ShopTest):
    options = {}

    def setUp(self):
        super().setUp()
        self.folder = tempfile.mkdtemp(prefix="sealift-registry-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.registry = Registry(self.folder, **self.options)
        self.addCleanup(self.registry.stop)
        self.shop.new_site({"driver": "registry", **self.access(),
                            "map": {"docker.io/": f"{self.registry.host}/mirror/"}})

    def access(self):
        return {}

    def skopeo(self, *arguments):
        return run("skopeo", *arguments)

    def push(self, image, name):
        """Something that is in the registry without us."""
        write_layout(os.path.join(self.folder, "layout"), {"1": image})
        self.skopeo("copy", "--all", "--preserve-digests", "--dest-tls-verify=false",
                    f"oci:{self.folder}/layout:1", f"docker://{self.registry.host}/{name}")

    def digest_of(self, name):
        raw = self.skopeo("inspect", "--raw", "--tls-verify=false",
                          f"docker://{self.registry.host}/{name}")
        return "sha256:" + sha(raw)

    def tags(self, place=PLACE):
        status, text = says("skopeo", "list-tags", "--tls-verify=false",
                            f"docker://{self.registry.host}/{place}")
        return sorted(json.loads(text)["Tags"]) if status == 0 else []


class Anonymous(RegistryTest):
    def test_pull_by_tag_and_by_digest(self):
        need("skopeo")
        both = Platforms(Image("amd"), Image("arm", "zstd", architecture="arm64"))
        self.push(both, "team/server:1")
        origin = f"docker://{self.registry.host}/team/server"
        digest = both.root["digest"]
        for reference in (":1", "@" + digest):
            bundle = self.shop.build("1.0.0", [{"name": SERVER, "from": origin + reference}])
            self.assertEqual(self.shop.images_in(bundle)[SERVER]["digest"], digest)
        part = self.shop.build("1.0.0", [{"name": SERVER, "from": origin + ":1",
                                          "platforms": ["linux/arm64"]}])
        self.assertEqual(self.shop.images_in(part)[SERVER]["whole"], digest)
        said = self.shop.refuse([{"name": SERVER, "from": origin + ":2"}])
        self.assertIn("no such image", said)

    def test_a_locked_tag_may_move(self):
        need("skopeo")
        old = Image("old")
        self.push(old, "team/server:1")
        path = self.shop.write_release("1.0.0", [
            {"name": SERVER, "from": f"docker://{self.registry.host}/team/server:1"}])
        build = (BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"))
        self.assertIn("floating-tag", errors(*build, status=0))
        run(BUILDER, "lock", path)
        self.push(Image("new"), "team/server:1")
        self.assertNotIn("floating-tag", errors(*build, status=0))
        bundle = os.path.join(self.shop.root, "dist/chanuka-1.0.0.bundle.tar.zst")
        self.assertEqual(self.shop.images_in(bundle)[SERVER]["digest"], old.digest)

    def test_push_upgrade_roll_back_prune(self):
        need("skopeo")
        old = Platforms(Image("old"), Image("old arm", architecture="arm64"))
        new = Image("new", "zstd")
        first = self.shop.build("1.0.0", {SERVER: old, WORKER: Image("worker")})
        self.shop.installer("apply", first, "--yes")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), old.root["digest"])
        self.shop.installer("apply", self.shop.build("1.1.0", {SERVER: new}), "--yes")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), new.digest)
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), old.root["digest"])
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        later = SERVER.replace("1.0.0", "later")
        for number in range(2, 6):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {later: Image(f"later {number}")}), "--yes")
        self.assertEqual(self.tags(), ["later"])
        gone = says("skopeo", "inspect", "--raw", "--tls-verify=false",
                    f"docker://{self.registry.host}/{PLACE}@{old.root['digest']}")
        self.assertNotEqual(gone[0], 0)

    def test_rows_that_are_no_images_are_pushed(self):
        need("skopeo")
        image = Image("hello")
        parts = Paper([(b"{}", "application/spdx+json", {})], image.root, "application/spdx+json")
        whole = Platforms(image, others=[(parts, {"artifactType": "application/spdx+json"})])
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: whole}), "--yes")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), whole.digest)
        self.assertEqual(self.digest_of(f"{PLACE}@{parts.digest}"), parts.digest)

    def test_what_others_use_stays(self):
        need("skopeo")
        image = Image("shared")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: image}), "--yes")
        self.push(image, PLACE + ":theirs")
        for number in range(1, 5):
            self.shop.installer("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes")
        self.assertEqual(self.digest_of(PLACE + ":theirs"), image.digest)

    def test_killed_at_every_record(self):
        need("skopeo")
        need("strace")
        old, new = Image("old"), Image("new")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: old}), "--yes")
        bundle = self.shop.build("1.1.0", {SERVER: new, WORKER: Image("worker")})
        ended = {"1.0.0": 0, "1.1.0": 0}
        for record in range(1, 60):
            # Records of the journal are written in place, and nothing else is.
            killed, _ = says("strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
                             f"inject=pwrite64:signal=KILL:when={record}", INSTALLER, "--site",
                             self.shop.site, "apply", bundle, "--yes")
            self.shop.installer("recover")
            version = self.shop.answer("status")["current"]["version"]
            ended[version] += 1
            self.assertEqual(self.shop.answer("drift")["differences"], [])
            old_stands = version == "1.0.0"
            self.assertEqual(self.digest_of(PLACE + ":1.0.0"), (old if old_stands else new).digest)
            if old_stands:
                self.assertEqual(self.tags("mirror/chanuka/worker"), [], f"record {record}")
                gone = says("skopeo", "inspect", "--raw", "--tls-verify=false",
                            f"docker://{self.registry.host}/{PLACE}@{new.digest}")
                self.assertNotEqual(gone[0], 0, f"record {record}")
            if killed == 0:
                break
        self.assertGreater(ended["1.0.0"], 5)

    def test_one_image_in_two_repositories(self):
        need("skopeo")
        image = Image("both")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: image, WORKER: image}), "--yes")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), image.digest)
        self.assertEqual(self.digest_of("mirror/chanuka/worker:1.0.0"), image.digest)
        self.assertEqual(self.shop.answer("drift")["differences"], [])

    def test_an_unchanged_image_costs_one_request_each(self):
        image = Image("same")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: image}), "--yes")
        plan = self.shop.answer("plan", self.shop.build("1.1.0", {SERVER: image}))
        self.assertEqual(plan["plan"]["steps"], [])

    def test_killed_at_random_times(self):
        need("skopeo")
        old = Image("old")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: old}), "--yes")
        new = Image("new", files={"large": (os.urandom(24 << 20), 0o644)})
        bundle = self.shop.build("1.1.0", {SERVER: new})
        for moment in moments(8):
            version = self.shop.kill_and_recover(moment, "apply", bundle, "--yes")
            stands = old if version == "1.0.0" else new
            self.assertEqual(self.digest_of(PLACE + ":1.0.0"), stands.digest)
            self.assertEqual(self.shop.answer("drift")["differences"], [])
            self.assertEqual(self.shop.leftovers(), [])

    def test_through_a_proxy(self):
        need("skopeo")
        proxy = Proxy(self.registry.host)
        self.addCleanup(proxy.stop)
        self.shop.write_site({"driver": "registry", "insecure": True,
                              "map": {"docker.io/": f"{proxy.NAME}/mirror/"}})
        server, worker = Image("server"), Image("worker")
        bundle = self.shop.build("1.0.0", {SERVER: server, WORKER: worker})
        os.environ["HTTP_PROXY"] = f"http://user:word@{proxy.address}"
        try:
            self.shop.installer("apply", bundle, "--yes")
        finally:
            os.environ.pop("HTTP_PROXY")
        self.assertEqual(self.digest_of(PLACE + ":1.0.0"), server.digest)
        self.assertEqual(self.digest_of("mirror/chanuka/worker:1.0.0"), worker.digest)
        word = "Basic " + base64.b64encode(b"user:word").decode()
        self.assertEqual({headers["Proxy-Authorization"] for _, _, headers in proxy.seen}, {word})
        # The layer of busybox went once, and was taken over by the other repository.
        mounts = [address for method, address, _ in proxy.seen
                  if method == "POST" and "mount=" in address]
        self.assertEqual(len(mounts), 1)
        self.assertIn("from=mirror%2Fchanuka%2F", mounts[0])
        sent = sum(int(headers.get("Content-Length", 0)) for method, _, headers in proxy.seen
                   if method in ("PATCH", "PUT"))
        self.assertLess(sent, 1.5 * sum(len(data) for data in server.blobs.values()))


class WithoutDeletes(RegistryTest):
    options = {"deletes": False}

    def test_what_cannot_be_removed_is_named(self):
        need("skopeo")
        for number in range(5):
            said = self.shop.refused("apply", self.shop.build(
                f"1.{number}.0", {SERVER: Image(f"new {number}")}), "--yes", status=0)
        self.assertIn("does not allow deleting", said)
        self.assertEqual(self.tags(), ["1.0.0"])


class Locked(RegistryTest):
    """A password and TLS by a CA that only the test knows."""

    options = {"password": "secret-word", "tls": True}

    def setUp(self):
        super().setUp()
        auth = base64.b64encode(b"user:secret-word").decode()
        os.environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {self.registry.host: {"auth": auth}}})
        self.addCleanup(os.environ.pop, "DOCKER_AUTH_CONFIG")

    def access(self):
        return {"ca": self.registry.ca}

    def test_push_and_pull(self):
        image = Image("hello")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: image}), "--yes")
        path = self.shop.write_release("1.1.0", [
            {"name": SERVER, "from": f"docker://{self.registry.host}/{PLACE}:1.0.0"}])
        with open(path, encoding="utf-8") as file:
            release = json.load(file)
        shutil.copy(self.registry.ca, os.path.join(self.shop.project, "ca.pem"))
        release["registries"] = {self.registry.host: {"ca": "ca.pem"}}
        with open(path, "w", encoding="utf-8") as file:
            json.dump(release, file)
        built = json.loads(run(BUILDER, "--json", "build", path, "--output",
                               os.path.join(self.shop.root, "dist"), "--key", self.shop.key))
        self.assertEqual(self.shop.images_in(built["bundle"])[SERVER]["digest"], image.digest)

    def test_authorities_are_read_where_systems_have_them(self):
        if os.geteuid() != 0:
            self.skipTest("SKIPPED: only root may give a program another /etc")
        with open(os.path.join(SOURCE, "net/roots.cpp"), encoding="utf-8") as source:
            table = re.search(r"kSystemRoots = \{(.*?)\}", source.read(), re.DOTALL).group(1)
        places = re.findall(r'"([^"]+)"', table)
        self.assertIn("/etc/ssl/certs/ca-certificates.crt", places)  # Debian
        self.assertIn("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem", places)  # RHEL
        self.assertIn("/var/lib/ca-certificates/ca-bundle.pem", places)  # SUSE
        self.assertIn("/etc/ssl/cert.pem", places)  # Alpine
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: Image("hello")}), "--yes")
        # Only by a name is it spoken to with TLS without being told which authority to trust.
        proxy = Proxy(self.registry.host)
        self.addCleanup(proxy.stop)
        auth = base64.b64encode(b"user:secret-word").decode()
        access = {"DOCKER_AUTH_CONFIG": json.dumps({"auths": {proxy.NAME: {"auth": auth}}}),
                  "HTTPS_PROXY": f"http://{proxy.address}"}
        plain = {key: value for key, value in os.environ.items() if not key.startswith("SSL_CERT_")}
        path = self.shop.write_release("1.1.0", [
            {"name": SERVER, "from": f"docker://{proxy.NAME}/{PLACE}:1.0.0"}])
        hashed = os.path.join(self.folder, "hashed")
        os.mkdir(hashed)
        name = run("openssl", "x509", "-hash", "-noout", "-in", self.registry.ca).decode().strip()
        shutil.copy(self.registry.ca, os.path.join(hashed, f"{name}.0"))
        empty = os.path.join(self.folder, "empty")
        os.mkdir(empty)
        # A host with no authorities but those that are put in one place.
        etc = os.path.join(self.folder, "etc")
        run("cp", "-a", "/etc", etc)
        for name in ("ssl", "pki"):
            shutil.rmtree(os.path.join(etc, name), ignore_errors=True)
        script = (f"cp -a {etc} {etc}.now && mount --bind {etc}.now /etc && "
                  "mount -t tmpfs tmpfs /var/lib || exit 99; "
                  'if [ -n "$1" ]; then mkdir -p "$(dirname "$1")" && cp "$2" "$1"; fi; shift 2; '
                  'exec "$@"')

        def builds(place="", **variables):
            done = subprocess.run(
                ["unshare", "--mount", "sh", "-c", script, "sh", place, self.registry.ca, BUILDER,
                 "build", path, "--output", os.path.join(self.shop.root, "dist"), "--key",
                 self.shop.key], env={**plain, **access, **variables}, stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
            shutil.rmtree(etc + ".now")
            self.assertNotEqual(done.returncode, 99, done.stderr)
            if done.returncode != 0:
                self.assertIn(b"certificate is not trusted", done.stderr)
            return done.returncode == 0

        self.assertFalse(builds())
        for place in places:
            self.assertTrue(builds(place), place)
        self.assertTrue(builds(SSL_CERT_FILE=self.registry.ca))
        self.assertTrue(builds(SSL_CERT_DIR=f"{empty}:{hashed}"))
        self.assertTrue(builds(SSL_CERT_FILE=self.registry.ca, SSL_CERT_DIR=empty))
        # They take the place of the system's own.
        self.assertFalse(builds(places[0], SSL_CERT_DIR=empty))
        self.assertFalse(builds(places[0], SSL_CERT_FILE=os.path.join(self.folder, "server.pem")))

    def test_through_a_tunnel(self):
        proxy = Proxy(self.registry.host)
        self.addCleanup(proxy.stop)
        auth = base64.b64encode(b"user:secret-word").decode()
        os.environ["DOCKER_AUTH_CONFIG"] = json.dumps({"auths": {proxy.NAME: {"auth": auth}}})
        self.shop.write_site({"driver": "registry", "ca": self.registry.ca,
                              "map": {"docker.io/": f"{proxy.NAME}/mirror/"}})
        os.environ["HTTPS_PROXY"] = f"http://{proxy.address}"
        self.addCleanup(os.environ.pop, "HTTPS_PROXY")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: Image("hello")}), "--yes")
        self.assertEqual({(method, address) for method, address, _ in proxy.seen},
                         {("CONNECT", proxy.NAME + ":443")})
        self.assertNotIn("Authorization", {name for _, _, each in proxy.seen for name in each})
        proxy.seen.clear()
        os.environ["NO_PROXY"] = "other.site, .test"
        self.addCleanup(os.environ.pop, "NO_PROXY")
        bundle = self.shop.build("1.1.0", {SERVER: Image("hello 2")})
        self.assertIn("cannot be resolved", self.shop.refused("apply", bundle, "--yes", status=8))
        self.assertEqual(proxy.seen, [])

    def test_without_credentials_or_ca(self):
        bundle = self.shop.build("1.0.0", {SERVER: Image("hello")})
        kept = os.environ.pop("DOCKER_AUTH_CONFIG")
        said = self.shop.refused("apply", bundle, "--yes", status=6)
        self.assertIn("give credentials", said)
        wrong = base64.b64encode(b"user:wrong-word").decode()
        os.environ["DOCKER_AUTH_CONFIG"] = json.dumps(
            {"auths": {self.registry.host: {"auth": wrong}}})
        said = self.shop.refused("apply", bundle, "--yes", status=6)
        self.assertIn("401", said)
        self.assertNotIn("wrong-word", said)
        self.assertNotIn(wrong, said)
        os.environ["DOCKER_AUTH_CONFIG"] = kept
        self.shop.write_site({"driver": "registry", "ca": os.path.join(self.folder, "server.key"),
                              "map": {"docker.io/": f"{self.registry.host}/mirror/"}})
        self.assertIn("found no certificates",
                      self.shop.refused("apply", bundle, "--yes", status=6))
        other = os.path.join(self.folder, "other.pem")
        run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", other + ".key",
            "-out", other, "-subj", "/CN=another CA", "-days", "2")
        self.shop.write_site({"driver": "registry", "ca": other,
                              "map": {"docker.io/": f"{self.registry.host}/mirror/"}})
        self.assertIn("certificate is not trusted",
                      self.shop.refused("apply", bundle, "--yes", status=8))


class Misbehaving(ShopTest):
    """A registry of the test's own, which does what it is told to do wrong, once."""

    def setUp(self):
        super().setUp()
        self.image = Image("hello")
        self.fault = None
        self.uploads = {}
        self.seen = []
        self.at_once = self.most_at_once = 0
        test = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def handle_one_request(self):
                try:
                    super().handle_one_request()
                except ConnectionError:  # a client that has seen enough
                    self.close_connection = True

            def answer(self, status, body=b"", **headers):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                if "Content_Length" not in headers:
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def take(self, name):
                """True for the one request that goes wrong as `name` says."""
                if test.fault != name:
                    return False
                test.fault = None
                return True

            def do_GET(self):
                test.seen.append((self.command, self.path, dict(self.headers)))
                kind = self.path.split("/")[-2]
                if self.path.startswith("/token"):
                    return self.answer(200, b'{"token": "let-me-in"}')
                if test.fault == "denies":
                    return self.answer(403)
                if test.fault == "bearer" and self.headers.get("Authorization") != "Bearer let-me-in":
                    return self.answer(401, WWW_Authenticate='Bearer realm="http://'
                                       f'{self.headers["Host"]}/token",service="s",scope="pull"')
                if kind == "uploads":
                    done = test.uploads.get(self.path.split("/")[-1], b"")
                    return self.answer(204, Location=self.path, Range=f"0-{len(done) - 1}")
                if kind == "manifests":
                    if self.take("500"):
                        return self.answer(500, b"oops")
                    if self.take("429"):
                        return self.answer(429, Retry_After="1")
                    name = self.path.split("/")[-1]
                    known = {test.image.digest, "1"}
                    if name not in known:
                        return self.answer(404)
                    return self.answer(200, test.image.manifest, Content_Type=MANIFEST,
                                       Docker_Content_Digest=test.image.digest)
                data = test.image.blobs.get(self.path.split(":")[-1])
                if data is None:
                    return self.answer(404)
                if test.fault == "slow":
                    test.at_once += 1
                    test.most_at_once = max(test.most_at_once, test.at_once)
                    time.sleep(0.5)
                    test.at_once -= 1
                if len(data) > 100_000:
                    if self.take("cut"):
                        self.answer(200, data[:len(data) // 2], Content_Length=str(len(data)))
                        self.close_connection = True
                        return None
                    if test.fault == "wrong":
                        return self.answer(200, b"x" + data[1:])
                    if test.fault == "endless":
                        return self.answer(200, data + b"more" * 100_000)
                    if self.take("redirect"):
                        return self.answer(307, Location=f"http://localhost:{test.port}{self.path}")
                start = int(re.match(r"bytes=(\d+)-", self.headers.get("Range", "bytes=0-")).group(1))
                return self.answer(206 if start else 200, data[start:])

            do_HEAD = do_GET

            def body(self):
                return self.rfile.read(int(self.headers.get("Content-Length", 0)))

            def do_POST(self):
                self.body()
                name = str(len(test.uploads))
                test.uploads[name] = b""
                self.answer(202, Location=f"/v2/mirror/x/blobs/uploads/{name}")

            def do_PATCH(self):
                data = self.body()
                name = self.path.split("/")[-1]
                start = int(self.headers["Content-Range"].split("-")[0])
                if start != len(test.uploads[name]):
                    return self.answer(416)
                if self.take("forgets"):
                    data = data[:len(data) // 2]
                if self.take("hangs up"):
                    test.uploads[name] += data[:len(data) // 3]
                    self.close_connection = True
                    self.connection.close()
                    return None
                test.uploads[name] += data
                return self.answer(202, Location=self.path,
                                   Range=f"0-{len(test.uploads[name]) - 1}")

            def do_PUT(self):
                data = self.body()
                if "/manifests/" in self.path:
                    return self.answer(201)
                name, digest = re.match(r".*/uploads/(\w+)\?digest=sha256%3A(\w+)", self.path).groups()
                good = hashlib.sha256(test.uploads[name] + data).hexdigest() == digest
                return self.answer(201 if good else 400)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.origin = f"docker://127.0.0.1:{self.port}/team/server:1"

    def pull(self, status=0):
        path = self.shop.write_release("1.0.0", [{"name": SERVER, "from": self.origin}])
        return errors(BUILDER, "build", path, "--output", os.path.join(self.shop.root, "dist"),
                      status=status)

    def test_faults_that_pass(self):
        for fault in ("cut", "500", "429", "bearer"):
            with self.subTest(fault):
                self.fault = fault
                self.pull()
                self.assertIn(self.fault, (None, "bearer"))

    def test_every_image_that_is_denied_is_named(self):
        self.fault = "denies"
        path = self.shop.write_release("1.0.0", [
            {"name": name, "from": f"docker://127.0.0.1:{self.port}/{name}"}
            for name in (SERVER, WORKER)])
        said = errors(BUILDER, "validate", path, status=3)
        self.assertEqual(said.count("the registry answered 403"), 2, said)

    def test_layers_come_side_by_side(self):
        self.fault = "slow"
        self.pull()
        self.assertEqual(self.most_at_once, 2)

    def test_content_that_is_not_what_was_asked_for(self):
        for fault in ("wrong", "endless"):
            with self.subTest(fault):
                self.fault = fault
                self.assertIn("gives other content", self.pull(status=5))

    def test_credentials_do_not_follow_to_another_host(self):
        auth = base64.b64encode(b"user:secret-word").decode()
        os.environ["DOCKER_AUTH_CONFIG"] = json.dumps(
            {"auths": {f"127.0.0.1:{self.port}": {"auth": auth}}})
        self.addCleanup(os.environ.pop, "DOCKER_AUTH_CONFIG")
        self.fault = "bearer"
        self.pull()
        self.fault = "redirect"
        self.seen.clear()
        self.pull()
        followed = [headers for _, path, headers in self.seen
                    if headers["Host"].startswith("localhost")]
        self.assertEqual(len(followed), 1)
        self.assertNotIn("Authorization", followed[0])

    def test_uploads_go_on_where_they_stopped(self):
        self.shop.new_site({"driver": "registry",
                            "map": {"docker.io/chanuka/": f"127.0.0.1:{self.port}/mirror/"}})
        for number, fault in enumerate(("forgets", "hangs up")):
            with self.subTest(fault):
                self.fault = fault
                self.image = Image("hello", busybox=True)
                kept, self.image.blobs = self.image.blobs, {}
                self.uploads.clear()
                write_layout(os.path.join(self.shop.project, "pushed"), {"1": Image(f"new {number}")})
                bundle = self.shop.build(f"1.{number}.0", [{"name": SERVER, "from": "oci:pushed"}])
                # The registry never says that it has the tag, so what is judged is the upload.
                self.shop.installer("apply", bundle, "--yes", status=9)
                self.assertIsNone(self.fault)
                new = Image(f"new {number}")
                self.assertEqual({sha(data) for data in self.uploads.values()},
                                 set(new.blobs) - {new.digest[7:]})
                self.image.blobs = kept


if __name__ == "__main__":
    main()
