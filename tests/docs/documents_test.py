#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents are true: the tutorial runs, links lead somewhere, commands and tests that are named
exist, and the list of errors is complete."""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

SOURCE = os.environ["SEALIFT_SOURCE"]
BIN = os.environ["SEALIFT_BIN"]


def text_of(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as source:
        return source.read()


def pages():
    found = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "templates/starter/README.md"]
    return found + [os.path.relpath(page, SOURCE)
                    for page in sorted(glob.glob(os.path.join(SOURCE, "docs/**/*.md"),
                                                 recursive=True))]


def shell_blocks(page):
    return re.findall(r"^```sh\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL)


def shell_lines(page):
    """The commands of a page's ```sh blocks, continued lines joined."""
    for block in shell_blocks(page):
        for line in block.replace("\\\n", " ").splitlines():
            if line and not line.startswith("#"):
                yield line


class Scratch(unittest.TestCase):
    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sealift-docs-")
        self.addCleanup(shutil.rmtree, self.root)

    def run_in(self, folder, *command, status=0):
        env = {**os.environ, "PATH": BIN + ":" + os.environ["PATH"]}
        done = subprocess.run(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        text = done.stdout.decode(errors="replace")
        self.assertEqual(done.returncode, status, f"{command}\n{text}")
        return text


class Tutorial(Scratch):
    def demo(self, folder, status=0):
        return self.run_in(self.root, os.path.join(SOURCE, "scripts/demo"), "--bin", BIN, folder,
                           status=status)

    def test_the_tutorial_runs(self):
        for _ in range(2):  # its own folder is made anew
            said = self.demo("demo")
        commands = [line for line in said.splitlines() if line.startswith("$ ")]
        for word in ("keygen", "trust create", "validate", "build", "sign", "verify", "plan",
                     "apply", "diff", "rollback", "status", "history", "drift"):
            self.assertTrue(any(re.match(r"\$ sealift(-installer)? " + word, c) for c in commands),
                            word)
        links = re.findall(r"^releases/(\S+)-[0-9a-f]{12}$", said, re.MULTILINE)
        self.assertEqual(links, ["1.1.0", "1.0.0"])
        folder = os.path.join(self.root, "demo")
        served = os.readlink(os.path.join(folder, "srv/web/current"))
        self.assertTrue(served.startswith("releases/1.0.0-"), served)
        for file in ("dist/chanuka-1.0.0.bundle.tar.zst", "site/site.yaml",
                     "srv/etc/current/nginx/chanuka.conf"):
            self.assertTrue(os.path.isfile(os.path.join(folder, file)), file)

    def test_a_folder_that_is_not_the_demo_s_is_left_alone(self):
        other = os.path.join(self.root, "other")
        os.makedirs(other)
        self.assertIn("was not made by this script", self.demo("other", status=1))
        self.assertEqual(os.listdir(other), [])


class Starter(Scratch):
    def test_a_new_project_can_be_released_as_its_readme_says(self):
        self.run_in(self.root, "sealift", "init", "shop")
        project = os.path.join(self.root, "shop")
        for folder, _, files in os.walk(project):
            for name in files:
                with open(os.path.join(folder, name), encoding="utf-8") as source:
                    self.assertNotIn("__NAME__", source.read(), name)
        self.assertTrue(os.path.isfile(os.path.join(project, ".github/workflows/release.yml")))
        self.run_in(project, "sealift", "keygen", "release.key", "--no-passphrase")
        self.run_in(project, "sealift", "trust", "create", "--root-key", "release.key",
                    "--approver", "release.pub", "--out", "trust/1.root.json")
        with open(os.path.join(project, "release.yaml"), "a", encoding="utf-8") as out:
            out.write("trust: trust\n")
        self.run_in(project, "sealift", "validate", "--site", "sites/example.yaml")
        self.run_in(project, "sealift", "build", "--key", "release.key")
        self.run_in(project, "sealift", "verify", "dist/shop-0.1.0.bundle.tar.zst", "--root",
                    "trust/1.root.json")


class Operations(Scratch):
    """The pages for operators, run as they stand: all blocks of a page are one script."""

    def run_page(self, page, folder, status=0):
        return self.run_in(folder, "bash", "-e", "-o", "pipefail", "-c",
                           "\n".join(shell_blocks(page)), status=status)

    def sealift(self, folder, *command):
        return self.run_in(folder, "sealift", *command)

    def project(self):
        """The example, with approvers of three kinds, all of whom are needed."""
        folder = os.path.join(self.root, "project")
        shutil.copytree(os.path.join(SOURCE, "examples/chanuka"), folder, symlinks=True)
        self.run_in(folder, "bash", "-e", "-c", """
            sealift keygen holder.key --no-passphrase
            sealift keygen ci.key --no-passphrase
            sealift keygen transfer.key --no-passphrase
            ssh-keygen -q -t ed25519 -N '' -C anna -f ssh
            openssl ecparam -name prime256v1 -genkey -noout -out hsm.pem
            openssl ec -in hsm.pem -pubout -out hsm.pub
            sealift trust create --root-key holder.key --approver ci.pub --out trust/1.root.json
            sealift trust add-key trust --approver ssh.pub --approver hsm.pub
            sealift trust set-threshold trust 3
            sealift trust sign trust/2.root.draft.json --key holder.key
            sealift trust publish trust/2.root.draft.json
            sealift build --key ci.key
            B=dist/chanuka-1.0.0.bundle.tar.zst
            sealift sign $B --signer-cmd 'openssl dgst -sha256 -sign hsm.pem' --signer-key hsm.pub
            sealift statement $B > release.statement
            ssh-keygen -q -Y sign -n sealift-release -f ssh release.statement
            sealift attach $B release.statement.sig
            sealift sums $B --key transfer.key""")
        return folder

    def test_the_key_ceremony(self):
        said = self.run_page("docs/operations/key-ceremony.md", self.root)
        self.assertIn("approvals for production: 3 of 3", said)
        self.assertTrue(os.path.exists(os.path.join(self.root, "trust/4.root.json")))

    def test_the_first_install(self):
        project = self.project()
        for file in ("trust/1.root.json", "dist/chanuka-1.0.0.bundle.tar.zst"):
            shutil.copy(os.path.join(project, file), self.root)
        shown = self.sealift(project, "trust", "show", "trust/1.root.json")
        with open(os.path.join(self.root, "told-on-the-phone"), "w", encoding="utf-8") as out:
            out.write(re.search(r"fingerprint +([0-9a-f]{64})", shown).group(1) + "\n")
        said = self.run_page("docs/operations/first-install.md", self.root)
        self.assertIn("applied chanuka 1.0.0", said)

    def desk(self, project, name):
        """What arrives at the desk of somebody who verifies by hand."""
        folder = os.path.join(self.root, name)
        os.makedirs(folder)
        for file in ("trust/1.root.json", "dist/chanuka-1.0.0.bundle.tar.zst", "dist/SHA256SUMS",
                     "dist/SHA256SUMS.minisig", "transfer.pub"):
            shutil.copy(os.path.join(project, file), folder)
        return folder

    def test_a_bundle_is_verified_by_hand(self):
        project = self.project()
        said = self.run_page("docs/verify-by-hand.md", self.desk(project, "good"))
        self.assertIn("everything above holds", said)
        for name in ("ci", "hsm", "ssh"):
            self.assertRegex(said, rf"(?m)^{name}$")

        # A flipped bit is found at once; so is a bundle that lost an approval, where somebody with
        # the transfer key vouches for the file.
        flipped = self.desk(project, "flipped")
        with open(os.path.join(flipped, "chanuka-1.0.0.bundle.tar.zst"), "r+b") as bundle:
            bundle.seek(5000)
            byte = bundle.read(1)[0]
            bundle.seek(5000)
            bundle.write(bytes([byte ^ 1]))
        self.assertNotIn("everything", self.run_page("docs/verify-by-hand.md", flipped, status=1))
        self.run_in(project, "bash", "-e", "-c", """
            sealift build --key ci.key
            sealift sums dist/*.zst --key transfer.key""")
        poor = self.run_page("docs/verify-by-hand.md", self.desk(project, "poor"), status=1)
        self.assertNotIn("everything above holds", poor)
        self.assertRegex(poor, r"(?m)^ci$")

        # A root that the holders before it did not sign.
        self.run_in(project, "bash", "-e", "-c", """
            sealift keygen mallory.key --no-passphrase
            rm -r trust
            sealift trust create --root-key mallory.key --approver mallory.pub --out trust/1.root.json
            sealift trust renew trust
            sealift trust sign trust/2.root.draft.json --key mallory.key
            sealift trust publish trust/2.root.draft.json
            sealift build --key mallory.key
            sealift sums dist/*.zst --key transfer.key""")
        hostile = self.desk(project, "hostile")
        shutil.copy(os.path.join(self.root, "good/1.root.json"), hostile)
        self.assertIn("root 2: 0 root keys of version 1",
                      self.run_page("docs/verify-by-hand.md", hostile, status=1))


class Pages(Scratch):
    def test_every_link_leads_somewhere(self):
        for page in pages():
            for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", text_of(page)):
                target = os.path.join(SOURCE, os.path.dirname(page), link)
                self.assertTrue(os.path.exists(target), f"{page}: {link}")

    def commands(self):
        return self.run_in(self.root, os.path.join(SOURCE, "scripts/commands"), BIN)

    def test_the_command_reference_is_what_the_programs_say(self):
        self.assertEqual(text_of("docs/commands.md"), self.commands(),
                         "run: scripts/commands build/dev/bin > docs/commands.md")

    def test_every_command_and_option_exists(self):
        reference = self.commands()
        checked = 0
        for page in pages():
            for line in shell_lines(page):
                words = line.split("#")[0].split()
                if not words or words[0] not in ("sealift", "sealift-installer"):
                    continue
                for word in words[1:2] + [w for w in words if w.startswith("--")]:
                    self.assertRegex(reference, rf"(?m)(^|[ ,]){re.escape(word)}\b",
                                     f"{page}: {line}")
                    checked += 1
        self.assertGreater(checked, 20)

    def test_every_error_is_explained(self):
        source = text_of("base/error.cpp")
        names = dict(re.findall(r'case Errc::(\w+):\s+return "(\w+)";', source))
        statuses = dict(re.findall(r"case Errc::(\w+):\s+return (\d+);", source))
        self.assertEqual(len(names), 11)
        rows = re.findall(r"^\| (\d+) \| `(\w+)` \|", text_of("docs/errors.md"), re.MULTILINE)
        self.assertEqual(sorted(rows), sorted((statuses[code], names[code]) for code in names))

    def test_every_test_that_a_promise_names_exists(self):
        named = re.findall(r"`([\w/]+_test\.(?:py|cpp)): ([^`]+)`", text_of("docs/promises.md"))
        self.assertGreater(len(named), 20)
        for file, name in named:
            pattern = f'TEST_CASE("{name}"' if file.endswith(".cpp") else f"def {name}(self"
            self.assertIn(pattern, text_of(os.path.join("tests", file)), file)

    def test_packages_are_named_once(self):
        lines = [line.split("#")[0].strip() for line in text_of("scripts/packages").splitlines()]
        names = [line for line in lines if line]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^[a-z0-9][a-z0-9.+-]+(:[a-z0-9]+)?$")


unittest.main(argv=[sys.argv[0], "-v"])
