#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real nginx serves a target through a thousand switches between two releases while pages are
loaded all the time: index.html, then every asset that it names. Not one request fails, and each
answer has the encoding, type and cache class that it should have. The site's configuration is the
one that docs/assets.md shows."""

import base64
import hashlib
import http.client
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import threading
import time
import unittest
import urllib.parse

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../cli"))
from road import SOURCE, Road, free_port, main, need, run, write

SWITCHES = 1000
REAL_SECONDS = 40   # as many of them through the installer as fit
MOST_SECONDS = 240  # of the whole
BROTLI = "/usr/lib/nginx/modules/ngx_http_brotli_static_module.so"
IMMUTABLE = "public, max-age=31536000, immutable"
ALL_HASHED = 'serve: [{match: "assets/**", cache: immutable}],'
TYPES = {".js": "application/javascript", ".css": "text/css", ".html": "text/html"}


def need_nginx():
    need("nginx")
    need("brotli")
    if os.path.exists(BROTLI):
        return
    if os.environ.get("CI"):
        raise AssertionError("libnginx-mod-http-brotli-static is not installed")
    raise unittest.SkipTest("SKIPPED: libnginx-mod-http-brotli-static is not installed")


def client(project, generation):
    """Six assets of its own, two that all releases share, and the page that names them."""
    dist = os.path.join(project, "client/dist")
    shutil.rmtree(dist)
    names = []
    for number, ending in enumerate(("js", "css") * 4):
        seed = f"{number}" if number < 2 else f"{number} of {generation}"
        lines = "".join(f"/* {seed}, line {line} */\n" for line in range(120))
        name = f"assets/part{number}-{hashlib.sha256(lines.encode()).hexdigest()[:8]}.{ending}"
        write(os.path.join(dist, name), lines)
        names.append(name)
    write(os.path.join(dist, "index.html"), f"<title>{generation}</title>\n" +
          "".join(f'<link href="/{name}">\n' for name in names) + "<p>text</p>\n" * 200)
    path = os.path.join(project, "release.yaml")
    with open(path, encoding="utf-8") as source:
        text = source.read()
    if "keep_previous" not in text:
        text = text.replace("kind: assets,", "kind: assets, compress: [gzip, brotli], "
                            "keep_previous: 1, " + ALL_HASHED)
        write(path, text)
    return names


def site_of(target):
    """The part of a site that docs/assets.md shows."""
    with open(os.path.join(SOURCE, "docs/assets.md"), encoding="utf-8") as page:
        return re.search(r"```nginx\n(.*?)```", page.read(), re.S).group(1).replace("/srv/web", target)


def site_of_rows(target, rows):
    """The same made from the list `serve.COMPONENT`, as the page's template does it."""
    site = f"root {target};\ngzip_static on;\nbrotli_static on;\n"
    for row in rows:
        forced = f'types {{}}\ndefault_type "{row["type"]}";\n' if row["typed"] else ""
        site += f"""location ~ "{row['match']}" {{
          add_header Cache-Control "{row['cache']}";
          {forced}
          try_files /kept$uri /current$uri =404;
        }}
        """
    return site


class Nginx:
    """One of our own, on loopback, with every file in `folder`."""

    def __init__(self, folder, site):
        self.port = free_port()
        os.makedirs(folder)
        places = "".join(f"{kind}_temp_path {folder}/{kind};\n" for kind in
                         ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        config = os.path.join(folder, "nginx.conf")
        write(config, f"""load_module {BROTLI};
{"user root;" if os.geteuid() == 0 else ""}
worker_processes 2;
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{
  include /etc/nginx/mime.types;
  access_log off;
  {places}
  server {{
    listen 127.0.0.1:{self.port};
    {site}
  }}
}}
""")
        command = ["nginx", "-p", folder, "-e", f"{folder}/error.log", "-c", config]
        run(*command, "-t")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError("nginx does not answer")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(10)

    def get(self, path, encoding=None, connection=None):
        kept = connection or http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        kept.request("GET", path, headers={"Accept-Encoding": encoding} if encoding else {})
        answer = kept.getresponse()
        body = answer.read()
        if connection is None:
            kept.close()
        return answer, body


class Serving(unittest.TestCase):
    def setUp(self):
        need_nginx()
        self.road = Road()
        self.addCleanup(self.road.close)
        self.names = {}
        self.bundles = {}
        for version in ("1.0.0", "1.1.0", "1.2.0"):
            self.build(version)
        self.road.init_site()
        self.road.installer("apply", self.bundles["1.0.0"], "--yes")
        self.web = self.road.target("web")
        self.bytes = {}  # (path, encoding) -> what the server must send
        self.learn()

    def build(self, version):
        self.bundles[version] = self.road.release(
            version, lambda project: self.names.update({version: client(project, version)}))

    def learn(self):
        """Remembers what stands in `current`, and that the compressed files are what they say."""
        current = os.path.join(self.web, "current")
        for folder, _, files in os.walk(current):
            for name in files:
                full = os.path.join(folder, name)
                path, ending = os.path.splitext("/" + os.path.relpath(full, current))
                with open(full, "rb") as source:
                    content = source.read()
                if ending == ".gz":
                    self.assertEqual(run("gzip", "-dc", full), run("cat", full[:-3]))
                    self.bytes[path, "gzip"] = content
                elif ending == ".br":
                    self.assertEqual(run("brotli", "-dc", full), run("cat", full[:-3]))
                    self.bytes[path, "br"] = content
                else:
                    self.bytes[path + ending, None] = content

    def start(self, site=None):
        nginx = Nginx(os.path.join(self.road.root, "nginx"), site or site_of(self.web))
        self.addCleanup(nginx.close)
        return nginx

    def wrong_with(self, answer, body, path, encoding):
        """What is wrong with an answer; empty where nothing is."""
        ending = os.path.splitext(path)[1]
        is_page = ending == ".html"
        wanted = {"Cache-Control": "no-cache" if is_page else IMMUTABLE,
                  "Content-Type": TYPES[ending], "Content-Encoding": encoding,
                  "Vary": "Accept-Encoding"}
        found = {name: answer.getheader(name) for name in wanted}
        if answer.status != 200:
            return f"{path} ({encoding}): status {answer.status}"
        if found != wanted:
            return f"{path} ({encoding}): {found}, expected {wanted}"
        if is_page:
            known = any(body == content for content in self.pages[encoding])
        else:
            known = body == self.bytes[path, encoding]
        return "" if known else f"{path} ({encoding}): other content"

    def test_a_thousand_switches_without_a_failed_request(self):
        self.pages = {None: [], "gzip": [], "br": []}

        def learn_page():
            self.learn()
            for encoding, pages in self.pages.items():
                pages.append(self.bytes["/index.html", encoding])
        learn_page()
        self.road.installer("apply", self.bundles["1.1.0"], "--yes")
        learn_page()
        nginx = self.start()
        stop, failures, counts = threading.Event(), [], [0, 0]

        def load_pages(index):
            connection = http.client.HTTPConnection("127.0.0.1", nginx.port, timeout=10)
            encodings = (None, "gzip", "br")
            turn = index
            while not stop.is_set():
                try:
                    turn += 1
                    answer, page = nginx.get("/index.html", None, connection)
                    self.note(failures, answer, page, "/index.html", None)
                    names = re.findall(r'href="([^"]+)"', page.decode())
                    if len(names) != 8:
                        failures.append(f"a page that names {len(names)} assets")
                    for number, name in enumerate(names):
                        encoding = encodings[(turn + number) % 3]
                        answer, body = nginx.get(name, encoding, connection)
                        self.note(failures, answer, body, name, encoding)
                    counts[index] += 1 + len(names)
                except (OSError, http.client.HTTPException) as error:
                    failures.append(f"no answer: {error!r}")
                    connection.close()
            connection.close()

        threads = [threading.Thread(target=load_pages, args=(index,)) for index in range(2)]
        for thread in threads:
            thread.start()
        try:
            real = self.switch_by_installer()
            self.switch_by_rename(SWITCHES - real)
        finally:
            stop.set()
            for thread in threads:
                thread.join(30)
        print(f"{SWITCHES} switches, {real} of them by the installer, {sum(counts)} requests, "
              f"{len(failures)} failed")
        self.assertEqual(failures[:10], [])
        self.assertGreater(sum(counts), SWITCHES)
        self.assertGreaterEqual(real, 4)
        self.road.installer("drift")

    def note(self, failures, answer, body, path, encoding):
        if wrong := self.wrong_with(answer, body, path, encoding):
            failures.append(wrong)

    def switch_by_installer(self):
        """Rollbacks and applies in turn; returns how many."""
        begun, count = time.monotonic(), 0
        while time.monotonic() - begun < REAL_SECONDS and count + 2 <= SWITCHES:
            self.road.installer("rollback", "1.0.0", "--yes")
            self.road.installer("apply", self.bundles["1.1.0"], "--yes")
            count += 2
        return count

    def switch_by_rename(self, count):
        """As the installer does it: a new link, renamed over the one that is followed."""
        releases = sorted(os.listdir(os.path.join(self.web, "releases")))[:2]
        stands = os.readlink(os.path.join(self.web, "current"))
        scratch = os.path.join(self.web, ".current-test")
        begun = time.monotonic()
        for number in range(count):
            self.assertLess(time.monotonic() - begun, MOST_SECONDS)
            os.symlink(f"releases/{releases[number % 2]}", scratch)
            os.rename(scratch, os.path.join(self.web, "current"))
            time.sleep(0.01)
        os.symlink(stands, scratch)
        os.rename(scratch, os.path.join(self.web, "current"))

    def test_files_of_the_release_before_are_reachable_and_no_others(self):
        nginx = self.start()
        own = [name for name in self.names["1.0.0"] if name not in self.names["1.1.0"]]
        self.assertEqual(len(own), 6)
        for version, reachable in (("1.1.0", True), ("1.2.0", False)):
            self.road.installer("apply", self.bundles[version], "--yes")
            self.learn()
            for name in own:
                answer, _ = nginx.get("/" + name, "br")
                self.assertEqual(answer.status, 200 if reachable else 404, (version, name))
                self.assertEqual(answer.getheader("Cache-Control"),
                                 IMMUTABLE if reachable else None)
        # A page of 1.2.0 is open while the site goes back.
        self.road.installer("rollback", "--yes")
        for name in self.names["1.2.0"]:
            answer, body = nginx.get("/" + name, "gzip")
            self.assertEqual((answer.status, body), (200, self.bytes["/" + name, "gzip"]))
        # What is not an asset is never answered with the page.
        self.assertEqual(nginx.get("/assets/gone-0123abcd.js")[0].status, 404)
        self.road.installer("drift")

    def test_the_list_that_templates_have_says_the_same(self):
        files = {"index.html": "no-cache", "assets/app.js": "no-cache",
                 "assets/app.3f9a1c2e.js": IMMUTABLE, "assets/index-BQ7r9xaZ.js": IMMUTABLE,
                 "assets/my-component.js": "no-cache", "app.3f9a1c2e.js": "no-cache",
                 "assets/a.b-c.01234567ab.chunk.css": IMMUTABLE,
                 "plain/deep/x.0123abcd.js": "public, max-age=60", "plain/y.js": "public, max-age=60",
                 "all/words.js": IMMUTABLE, "[id] (1)/a+b.js": IMMUTABLE, "deep/er/app.wmf": "no-cache",
                 "deep/er/app-0123abcd.wmf": IMMUTABLE}

        def change(project):
            dist = os.path.join(project, "client/dist")
            shutil.rmtree(dist)
            for name in files:
                write(os.path.join(dist, name), name)
            path = os.path.join(project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                text = source.read()
            write(path, text.replace(ALL_HASHED, """integrity: ["**/*.js", "**/*.css"], serve: [
                {match: "plain/**", cache: 60}, {match: "all/*.js", cache: immutable},
                {match: "[id] (1)/**", cache: immutable},
                {match: "**/*.wmf", type: text/x-wmf}],"""))
        self.road.installer("apply", self.road.release("1.3.0", change), "--yes")
        revision = sorted(os.listdir(os.path.join(self.road.site, "state/revisions")), key=int)[-1]
        with open(os.path.join(self.road.site, f"state/revisions/{revision}/values.json"),
                  encoding="utf-8") as source:
            values = json.load(source)
        nginx = self.start(site_of_rows(self.web, values["serve.web"]))
        for name, cache in files.items():
            answer, body = nginx.get("/" + urllib.parse.quote(name))
            self.assertEqual((answer.status, body.decode()), (200, name))
            self.assertEqual(answer.getheader("Cache-Control"), cache, name)
            if name.endswith(".wmf"):
                self.assertEqual(answer.getheader("Content-Type"), "text/x-wmf")
        self.assertEqual({row["path"] for row in values["integrity.web"]},
                         {name for name in files if name.endswith((".js", ".css"))})
        for row in values["integrity.web"]:
            digest = hashlib.sha384(row["path"].encode()).digest()
            self.assertEqual(row["integrity"], "sha384-" + base64.b64encode(digest).decode())


main()
