#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages where nothing was compiled: a bare Debian installs them and runs the README; the static
installer works beside BusyBox alone, and where a host is laid out as Red Hat does it."""

import os
import re
import shutil

from packages import PackagesTest, inside, need, need_root, run
from road import INSTALLER, SOURCE, RoadTest, main, second_release, write


def readme_block(marker):
    """The ```sh block of README.md behind a comment that begins with these words."""
    with open(os.path.join(SOURCE, "README.md"), encoding="utf-8") as page:
        return re.search(rf"^<!-- {marker}.*?^```sh\n(.*?)^```$", page.read(),
                         re.MULTILINE | re.DOTALL)[1]


class BareDebian(PackagesTest):
    @classmethod
    def setUpClass(cls):
        need("mmdebstrap")
        need_root("mmdebstrap")
        super().setUpClass()
        cls.root = os.path.join(cls.folder, "debian")
        run("mmdebstrap", "--quiet", "--variant=minbase", "--include=age,jq", "bookworm", cls.root)
        home = os.path.join(cls.root, "root")
        for program in ("sealift_", "sealift-installer_"):
            shutil.copy(cls.one(program, ".deb"), home)

    def bash(self, script):
        return inside(self.root, "bash", "-euo", "pipefail", "-c", "cd /root\n" + script,
                      DEBIAN_FRONTEND="noninteractive")

    def test_the_readme_runs_without_a_compiler(self):
        for program in ("cc", "gcc", "c++", "cmake", "git"):
            self.assertFalse(os.path.exists(os.path.join(self.root, "usr/bin", program)), program)
        # As its reader types it, but for the question and the reader's rights.
        self.bash(readme_block("install").replace("apt install", "apt install -y").replace("sudo ", ""))
        said = self.bash(readme_block("begin") + readme_block("tutorial"))
        self.assertIn("rolled back to chanuka 1.0.0", said)
        self.assertEqual(self.bash("dpkg --verify sealift sealift-installer"), "")
        self.bash("apt-get purge -qq -y sealift sealift-installer")
        left = self.bash("find / -xdev -name '*sealift*' -not -path '/root/*' -not -path '/proc/*' "
                         "-not -path '/var/lib/apt/*' -not -path '/var/log/*' -not -path '/tmp/*'")
        self.assertEqual(left, "")


class OtherRoot(RoadTest):
    """A root without glibc, a package manager, or anything of Debian's."""

    def setUp(self):
        super().setUp()
        need("busybox")
        need_root("chroot")
        self.root = os.path.join(self.road.root, "root")
        for folder in ("bin", "dev", "media", "proc", "root", "tmp", "usr/bin"):
            os.makedirs(os.path.join(self.root, folder))
        busybox = os.path.join(self.root, "bin/busybox")
        shutil.copy(shutil.which("busybox"), busybox)
        for word in run(busybox, "--list").decode().split():
            if word not in ("busybox", "sealift-installer"):
                os.symlink("busybox", os.path.join(self.root, "bin", word))
        shutil.copy(INSTALLER, os.path.join(self.root, "usr/bin"))
        write(os.path.join(self.root, "etc/passwd"),
              "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n")
        write(os.path.join(self.root, "etc/group"), "root:x:0:\nnobody:x:65534:\n")

    def installer(self, *command, status=0):
        return inside(self.root, "sealift-installer", "--site", "/srv/site", *command, status=status)

    def verify_apply_rollback(self):
        bundles = [self.road.release("1.0.0"), self.road.release("1.1.0", second_release)]
        for file in bundles + [self.road.trust]:
            shutil.copy(file, os.path.join(self.root, "media"))
        self.installer("init", "--release", "chanuka", "--environment", "production", "--target",
                       "web=/srv/web", "--target", "etc=/srv/etc", "--value",
                       "PUBLIC_URL=https://x.example", "--value", "PUBLIC_HOST=x.example")
        self.installer("trust", "init", "/media/1.root.json", "--fingerprint", self.road.fingerprint)
        for bundle in bundles:
            name = "/media/" + os.path.basename(bundle)
            self.installer("verify", name)
            self.installer("apply", name, "--yes")
        self.installer("rollback", "--yes")
        self.installer("drift")
        self.installer("doctor")
        # What the host's own tools see of it.
        served = inside(self.root, "sh", "-c", "readlink /srv/web/current && ls /srv/web/current/")
        self.assertRegex(served, r"^releases/1\.0\.0-[0-9a-f]{12}\n")
        self.assertIn("index.html\n", served)

    def test_beside_busybox_as_alpine_has_it(self):
        write(os.path.join(self.root, "etc/os-release"), "ID=alpine\nVERSION_ID=3.20.0\n")
        self.verify_apply_rollback()

    def test_where_a_host_is_laid_out_as_red_hat_has_it(self):
        write(os.path.join(self.root, "etc/os-release"), 'ID="rhel"\nVERSION_ID="9.4"\n')
        write(os.path.join(self.root, "etc/pki/tls/certs/ca-bundle.crt"), "")
        for name in os.listdir(os.path.join(self.root, "bin")):
            os.rename(os.path.join(self.root, "bin", name), os.path.join(self.root, "usr/bin", name))
        os.rmdir(os.path.join(self.root, "bin"))
        for name in ("bin", "sbin"):
            os.symlink("usr/bin", os.path.join(self.root, name))
        self.verify_apply_rollback()


main()
