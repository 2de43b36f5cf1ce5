#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The site that scripts/docs makes: each link and anchor leads somewhere, the search knows each page, axe-core
finds nothing in light and dark, wide and narrow, and nothing is asked for elsewhere; and the same of the page
that `audit export` writes. Pictures of what was looked at are in build/*/site-pictures."""

import functools
import glob
import html.parser
import http.server
import json
import os
import re
import shutil
import tempfile
import threading
import unittest
import urllib.parse

from pages import BIN, SOURCE, main, need
from road import Road, npm_packages, run, write

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.path.dirname(BIN)
HOSTILE = "CHG-1 </td><script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)> \u202e&amp;"
# One page of each kind.
KINDS = ["", "docs/errors.html", "docs/stack.html", "docs/operations/needs-operator.html", "404.html"]


class Page(html.parser.HTMLParser):
    """The anchors of a page, and where it leads."""

    def __init__(self, text):
        super().__init__()
        self.anchors, self.links = {""}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.add(attrs.get("id"))
        self.links += [attrs[name] for name in ("href", "src") if attrs.get(name)]


def look(request):
    """What look.mjs says of pages."""
    need("chromium")
    node = os.path.join(BUILD, "docs-test")
    npm_packages(HERE, node)
    with tempfile.TemporaryDirectory(prefix="sealift-look-") as folder:
        file = os.path.join(folder, "request.json")
        write(file, json.dumps({**request, "pictures": os.path.join(BUILD, "site-pictures")}))
        return json.loads(run("node", os.path.join(node, "look.mjs"), file))


class Silent(http.server.SimpleHTTPRequestHandler):
    """A plain file server."""

    def log_message(self, *_):
        pass


class Site(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        need("npm")
        cls.root = tempfile.mkdtemp(prefix="sealift-site-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        cls.site = os.path.join(cls.root, "site")
        run(os.path.join(SOURCE, "scripts/docs"), cls.site)
        cls.pages = {}
        for path in glob.glob("**/*.html", root_dir=cls.site, recursive=True):
            with open(os.path.join(cls.site, path), encoding="utf-8") as page:
                cls.pages[path] = Page(page.read())

    def paths(self):
        return sorted(set(self.pages) - {"404.html"})

    def test_every_link_and_anchor_leads_somewhere(self):
        self.assertGreater(len(self.paths()), 30)
        for path, page in self.pages.items():
            for link in page.links:
                to = urllib.parse.urlsplit(urllib.parse.urljoin("http://site/" + path, link))
                if to.netloc != "site":
                    continue
                file = to.path[1:] + ("index.html" if to.path.endswith("/") else "")
                self.assertTrue(os.path.isfile(os.path.join(self.site, file)), f"{path}: {link}")
                if file in self.pages:
                    self.assertIn(urllib.parse.unquote(to.fragment), self.pages[file].anchors,
                                  f"{path}: {link}")

    def test_the_first_page_leads_to_every_page(self):
        listed = {urllib.parse.urlsplit(link).path for link in self.pages["index.html"].links}
        self.assertEqual([path for path in self.paths()
                          if "/" + path.replace("index.html", "") not in listed], [])

    def test_the_search_knows_every_page(self):
        index, = glob.glob(os.path.join(self.site, "assets/chunks/@localSearchIndexroot.*.js"))
        with open(index, encoding="utf-8") as text:
            known = set(re.findall(r'"\d+":"/([\w./-]*)#', text.read()))
        self.assertEqual([path for path in self.paths()
                          if path.replace("index.html", "") not in known], [])

    def test_people_can_read_and_search_it(self):
        server = http.server.ThreadingHTTPServer(
            ("127.0.0.1", 0), functools.partial(Silent, directory=self.site))
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        said = look({"base": f"http://127.0.0.1:{server.server_port}/", "pages": KINDS,
                     "searches": ["threshold", "needs a person"]})
        self.assertEqual(said["violations"], [])
        self.assertEqual(said["outside"], [])
        self.assertEqual(said["errors"], [])
        self.assertIn("/docs/trust.html", said["found"]["threshold"])
        self.assertIn("/docs/operations/needs-operator.html", said["found"]["needs a person"])


class Evidence(unittest.TestCase):
    def test_people_can_read_the_page_of_an_export(self):
        road = Road()
        self.addCleanup(road.close)
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes", "--reason", HOSTILE)
        folder = os.path.join(road.root, "evidence")
        road.installer("audit", "export", "-o", folder)
        said = look({"base": f"file://{folder}/", "pages": ["evidence.html"]})
        self.assertEqual((said["violations"], said["outside"], said["errors"]), ([], [], []))
        self.assertTrue(said["sheets"]["evidence.html"])
        with open(os.path.join(folder, "evidence.html"), encoding="utf-8") as text:
            page = text.read()
        self.assertNotRegex(page, r"(?i)<(script|img|link|iframe|object|form)|<[^>]*\son\w+=|url\(")
        self.assertIn("CHG-1 &lt;/td&gt;&lt;script&gt;", page)
        self.assertNotIn("\u202e", page)


main()
