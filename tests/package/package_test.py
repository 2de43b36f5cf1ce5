#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/package: the same bytes each time, and packages that other tools read."""

import hashlib
import json
import os
import subprocess
import tarfile

from packages import BIN, PROGRAMS, PackagesTest, need, package, run
from road import main


def content(path):
    with open(path, "rb") as source:
        return source.read()


class Packages(PackagesTest):
    def test_two_runs_give_the_same_bytes(self):
        # Another zone, language and key; a home of nobody's.
        again = package(os.path.join(self.folder, "again"), SOURCE_DATE_EPOCH="1700000000",
                        TZ="Pacific/Auckland", LC_ALL="C.UTF-8", HOME="/nonexistent")
        names = sorted(name for name in os.listdir(self.packages) if name != "SHA256SUMS.minisig")
        self.assertEqual(sorted(os.listdir(again)), names)
        self.assertEqual(len(names), 8)
        for name in names:
            self.assertTrue(content(os.path.join(again, name)) ==
                            content(os.path.join(self.packages, name)), name)

    def test_the_sums_are_signed(self):
        need("minisign")
        sums = os.path.join(self.packages, "SHA256SUMS")
        run("minisign", "-Vm", sums, "-p", os.path.join(self.folder, "dev.pub"))
        run("sha256sum", "--check", "--strict", sums, cwd=self.packages)
        self.assertEqual(len(content(sums).splitlines()), 7)

    def test_a_deb_has_what_debian_expects(self):
        for program in PROGRAMS:
            deb = self.one(program + "_", ".deb")
            fields = run("dpkg-deb", "--field", deb).decode()
            self.assertIn(f"Package: {program}\n", fields)
            self.assertIn("Architecture: amd64\n", fields)
            self.assertRegex(fields, r"(?m)^Maintainer: .+ <\S+@\S+>$")
            self.assertNotIn("\nDepends:", fields)
            files = {}
            for line in run("dpkg-deb", "--contents", deb).decode().splitlines():
                mode, owner, _, day, _, name = line.split(maxsplit=5)
                self.assertEqual((owner, day), ("root/root", "2023-11-14"), line)
                if not mode.startswith("l"):
                    self.assertNotIn("w", mode[5] + mode[8], line)
                files[name[1:]] = mode
            self.assertEqual(files[f"/usr/bin/{program}"], "-rwxr-xr-x")
            for name in (f"doc/{program}/copyright", f"doc/{program}/changelog.gz",
                         f"man/man1/{program}.1.gz", f"man/man1/{program}-verify.1.gz",
                         f"bash-completion/completions/{program}", f"zsh/vendor-completions/_{program}"):
                self.assertIn("/usr/share/" + name, files)

    def test_man_pages_say_what_help_says(self):
        with tarfile.open(self.one("sealift-installer", ".tar.gz")) as archive:
            names = archive.getnames()
            self.assertFalse([name for name in names if "man1/sealift." in name])
            pages = [name for name in names if name.endswith("/sealift-installer-apply.1.gz")]
            packed = archive.extractfile(pages[0]).read()
        page = subprocess.run(["gzip", "-dc"], input=packed, stdout=subprocess.PIPE,
                              check=True).stdout.decode().replace("\\-", "-")
        self.assertIn('.TH SEALIFT-INSTALLER-APPLY 1 "2023-11-14" "sealift-installer ', page)
        said = run(os.path.join(BIN, "sealift-installer"), "apply", "--help").decode()
        options = [line for line in said.splitlines() if line.strip().startswith("--")]
        self.assertGreater(len(options), 3)
        for line in options:
            self.assertIn(line, page)

    def test_the_archive_s_program_is_the_program(self):
        for program in PROGRAMS:
            archive = self.one(program + "-0", ".tar.gz")
            with tarfile.open(archive) as files:
                path = os.path.basename(archive)[:-len(".tar.gz")] + f"/bin/{program}"
                packed = files.extractfile(next(m for m in files if m.name.endswith(path)))
                self.assertTrue(packed.read() == content(os.path.join(BIN, program)))

    def test_the_image_is_sealift_alone(self):
        need("skopeo")
        archive = self.one("image")
        said = json.loads(run("skopeo", "inspect", "--config", f"oci-archive:{archive}"))
        self.assertEqual(said["created"], "2023-11-14T22:13:20Z")
        self.assertEqual(said["config"]["Entrypoint"], ["/usr/bin/sealift"])
        layout = os.path.join(self.folder, "layout")
        run("skopeo", "copy", f"oci-archive:{archive}", f"dir:{layout}")
        manifest = json.loads(content(os.path.join(layout, "manifest.json")))
        layer = os.path.join(layout, manifest["layers"][0]["digest"].split(":")[1])
        with tarfile.open(layer) as files:
            self.assertEqual([entry.name for entry in files if entry.isfile()], ["./usr/bin/sealift"])
            program = files.extractfile("./usr/bin/sealift").read()
        self.assertEqual(hashlib.sha256(program).digest(),
                         hashlib.sha256(content(os.path.join(BIN, "sealift"))).digest())


main()
