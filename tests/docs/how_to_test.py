#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The pages that say how something is done on a site: their blocks run, each page on a site of its own in the
state that the page begins with, and end as the page says."""

import os
import shutil
import tempfile
import unittest

from pages import BIN, SOURCE, STOP_AT_FAILURE, main, need, script_of
from road import run

# The release desk, what it carries to a site (medium/), and a site with release 1.0.0.
BEFORE = r"""
cp -r "$SEALIFT/examples/chanuka" desk
mkdir -p medium host/tls
certificate() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$1" -subj /CN=chanuka.example \
    -addext subjectAltName=DNS:chanuka.example -keyout "$2.key" -out "$2.pem"
}
certificate 10 host/tls/web
certificate 90 medium/web
chmod 600 host/tls/web.key
sealift-installer --json init --release chanuka --environment production \
  --target web=$PWD/host/srv/web --target etc=$PWD/host/srv/etc --target flags=$PWD/host/srv/flags \
  --take flags --take database --database main=$PWD/host/petitions.db \
  --value PUBLIC_URL=https://chanuka.example --value PUBLIC_HOST=chanuka.example \
  --value WEB_ROOT=$PWD/host/srv/web > card.json
cd desk
sealift keygen desk.key --no-passphrase
sealift trust create --root-key desk.key --approver desk.pub --output trust/1.root.json
sealift recipient recovery recovery.age
sealift recipient add ../card.json --site demo
sealift secret set production SESSION_KEY --generate 32
sealift build --output ../medium --key desk.key
sed -i 's/^version: .*/version: 1.1.0/' release.yaml
cp -r "$SEALIFT/examples/chanuka-1.1.0/drizzle" .
sealift build --output ../medium --key desk.key
cp trust/1.root.json ../medium
cd ..
jq -cSj .signed medium/1.root.json | sed 's/\\n/\n/g' | sha256sum | cut -d ' ' -f 1 > medium/fingerprint
sealift-installer trust init medium/1.root.json --fingerprint "$(cat medium/fingerprint)"
sealift-installer apply medium/chanuka-1.0.0.bundle.tar.zst --yes
"""
UPGRADED = "sealift-installer apply medium/chanuka-1.1.0.bundle.tar.zst --yes\n"
CERTIFIED = """
echo "tls: {web: {certificate: $PWD/host/tls/web.pem, key: $PWD/host/tls/web.key,
  hosts: [chanuka.example], warn_days: 30}}" >> host/site/site.yaml
"""
# A server that somebody installed by hand.
BY_HAND = """
rm -r host
mkdir -p host/srv/web host/srv/etc
echo '<h1>by hand</h1>' > host/srv/web/index.html
echo LOG_LEVEL=debug > host/srv/etc/app.env
grep -v '^-->' desk/drizzle/0000_petitions.sql | sqlite3 host/petitions.db
(umask 077 && echo 0123456789abcdef0123456789abcdef > host/session-key)
"""


class HowTo(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for program in ("age", "jq", "openssl", "sqlite3"):
            need(program)
        cls.home = tempfile.mkdtemp(prefix="sealift-how-to-")
        cls.addClassCleanup(shutil.rmtree, cls.home)
        cls.root = os.path.join(cls.home, "root")  # site.yaml holds paths: always the same
        os.mkdir(cls.root)
        cls.env = {**os.environ, "PATH": BIN + ":" + os.environ["PATH"], "SEALIFT": SOURCE,
                   "SEALIFT_SITE": os.path.join(cls.root, "host/site")}
        cls.shell(BEFORE)
        os.rename(cls.root, cls.root + ".before")

    @classmethod
    def shell(cls, script):
        return run("bash", "-c", STOP_AT_FAILURE + script, cwd=cls.root, env=cls.env).decode()

    def follow(self, page, before=""):
        """Runs the page; gives what it printed."""
        shutil.copytree(self.root + ".before", self.root, symlinks=True)
        self.addCleanup(shutil.rmtree, self.root)
        self.shell(before)
        return self.shell(script_of(f"docs/operations/{page}.md"))

    def installed(self, version):
        self.assertEqual(self.shell("sealift-installer --json status | jq -r .current.version"),
                         version + "\n")

    def test_upgrade(self):
        said = self.follow("upgrade")
        self.assertIn("approved  by desk (1 of 1 needed)", said)
        self.assertIn("1 migration on a copy", said)
        self.assertIn("CHG-1042", said)
        self.installed("1.1.0")

    def test_roll_back(self):
        said = self.follow("roll-back", UPGRADED)
        self.assertIn("rolled back to chanuka 1.0.0", said)
        self.assertIn("applied, not of this release", said)
        self.installed("1.1.0")

    def test_uninstall(self):
        said = self.follow("uninstall", UPGRADED)
        self.assertIn("none: 1.1.0", said)
        self.assertIn("everything is as it was installed", said)
        self.installed("1.1.0")

    def test_back_up(self):
        self.assertIn("restored main-2", self.follow("back-up"))

    def test_a_new_host(self):
        said = self.follow("new-host", UPGRADED)
        self.assertIn("srv/web/current is missing", said)
        self.assertIn("repaired chanuka 1.1.0", said)
        self.installed("1.1.0")

    def test_a_lost_machine(self):
        said = self.follow("disaster", UPGRADED)
        self.assertIn("repaired chanuka 1.1.0", said)
        self.assertIn("everything is as it was installed", said)
        self.assertIn("nothing was found wrong", said)
        self.installed("1.1.0")

    def test_a_full_disk(self):
        self.assertIn("everything is as it was installed", self.follow("disk-full"))

    def test_a_lost_store(self):
        said = self.follow("store-lost", UPGRADED)
        self.assertIn("state/store is missing", said)
        self.shell("sealift-installer rollback --yes")
        self.installed("1.0.0")

    def test_a_lost_key(self):
        said = self.follow("key-lost")
        self.assertIn("keys/site.key is missing", said)
        self.assertIn("everything is as it was installed", said)
        self.installed("1.1.1")

    def test_a_renewed_certificate(self):
        said = self.follow("certificate", CERTIFIED)
        self.assertRegex(said, r"MEND +certificate web")
        self.assertRegex(said, r"ok +certificate web")

    def test_taking_over(self):
        said = self.follow("take-over", BY_HAND)
        self.assertIn("migrate main in one transaction: 0000_petitions", said)
        self.assertIn("these are there already and will be recorded, not run", said)
        self.assertIn("rolled back to chanuka 0.0.0-adopted", said)
        self.installed("1.0.0")


main()
