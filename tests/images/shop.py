# SPDX-License-Identifier: Apache-2.0
"""What the tests of images share: a release of images, and a site with one store for them."""

import json
import os
import random
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
# Of a project in no repository of git: without it each build warns that it says 1970.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

from road import BUILDER, INSTALLER, Road, errors, run, write  # noqa: E402
from made_image import write_layout  # noqa: E402

SERVER = "docker.io/chanuka/server:1.0.0"
WORKER = "docker.io/chanuka/worker:1.0.0"


def moments(count, longest=0.6):
    """Times in seconds, different in each run; a test's message names the one that failed."""
    return [random.uniform(0, longest) for _ in range(count)]


def eventually(what, holds):
    """Waits for something that a server does in its own time."""
    for _ in range(100):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError(f"waited 10 s in vain until {what}")


class Shop(Road):
    """A project with one component of images, and where templates need it one of configuration."""

    def write_release(self, version, images, template=None, **more):
        """`images`: a list of rows, or {name: image}, which become one OCI image layout."""
        if isinstance(images, dict):
            write_layout(os.path.join(self.project, "layout"), images)
            images = [{"name": name, "from": f"oci:layout:{name}"} for name in images]
        components = [{"name": "server", "kind": "images", "images": images}]
        if template is not None:
            write(os.path.join(self.project, "settings/images.env"), template)
            components.append({"name": "settings", "kind": "config", "source": "settings",
                               "target": "settings"})
        write(os.path.join(self.project, "environments/production.yaml"), "schema: 1\nvalues: {}\n")
        path = os.path.join(self.project, "release.yaml")
        write(path, json.dumps({"schema": 1, "name": "chanuka", "version": version,
                                "environments": ["production"], "trust": "trust",
                                "components": components, **more}))
        return path

    def build(self, version, images, template=None, env=None):
        path = self.write_release(version, images, template)
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key,
                              env=env))["bundle"]

    def refuse(self, images):
        return errors(BUILDER, "build", self.write_release("1.0.0", images), status=3)

    def images_in(self, bundle):
        shown = json.loads(run(BUILDER, "--json", "inspect", bundle))
        return {image["name"]: image for component in shown["components"]
                for image in component.get("images", [])}

    def kill_and_recover(self, moment, *command):
        """Kills a command after so many seconds; the version that stands once that is settled."""
        running = subprocess.Popen([INSTALLER, "--site", self.site, *command],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()
        # A child that was just being started holds the lock until it is killed too.
        self.installer("recover", "--lock-timeout", "5")
        return self.answer("status")["current"]["version"]

    def leftovers(self):
        """What doctor finds of ours in a store that nothing needs."""
        done = subprocess.run([INSTALLER, "--json", "--site", self.site, "doctor"],
                              stdout=subprocess.PIPE, check=False)
        return [row for row in json.loads(done.stdout)
                if row["what"].startswith("target") and not row["ok"]]

    def write_site(self, target):
        targets = {"images": target,
                   "settings": {"driver": "directory", "path": self.target("settings")}}
        write(os.path.join(self.site, "site.yaml"),
              json.dumps({"schema": 1, "release": "chanuka", "environment": "production",
                          "retention": {"releases": 1}, "targets": targets}))

    def new_site(self, target):
        run(INSTALLER, "--site", self.site, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"settings={self.target('settings')}")
        self.write_site(target)
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)


class ShopTest(unittest.TestCase):
    def setUp(self):
        self.shop = Shop()
        self.addCleanup(self.shop.close)
