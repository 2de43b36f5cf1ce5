#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The documents are true: the tutorial and the operators' pages run, links lead somewhere, commands
and tests that are named exist, and the list of errors is complete."""

import glob
import os
import re
import shutil

from pages import BIN, SOURCE, Scratch, main, need, script_of, text_of


def pages():
    found = ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md", "templates/starter/README.md"]
    return found + [os.path.relpath(page, SOURCE) for page in
                    sorted(glob.glob(os.path.join(SOURCE, "docs/**/*.md"), recursive=True))]


def shell_lines(page):
    """The commands of a page's ```sh blocks, continued lines joined."""
    for block in re.findall(r"^```sh\n(.*?)^```$", text_of(page), re.MULTILINE | re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            if line and not line.startswith("#"):
                yield line


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
        self.run_in(project, "sealift", "build", "--output", "bundles", "--key", "release.key")
        self.run_in(project, "sealift", "verify", "bundles/shop-0.1.0.bundle.tar.zst", "--root",
                    "trust/1.root.json")


class Blocks(Scratch):
    """Pages for operators whose blocks are run as they stand."""

    def setUp(self):
        super().setUp()
        shutil.copytree(os.path.join(SOURCE, "examples/chanuka"),
                        os.path.join(self.root, "project"))

    def run_page(self, page, status=0):
        return self.run_in(self.root, "bash", "-c", script_of(page), status=status)

    def test_the_key_ceremony_runs(self):
        for program in ("jq", "minisign", "openssl", "ssh-keygen"):
            need(program)
        said = self.run_page("docs/operations/key-ceremony.md")
        self.assertIn("approved  by ci, security (2 of 2 needed)", said)
        self.assertIn("approvals for production: 3 of", said)
        self.assertRegex(said, r"approved  by [a-z0-9-]+, [a-z0-9-]+, [a-z0-9-]+ \(3 of 3 needed\)")
        roots = sorted(os.listdir(os.path.join(self.root, "project/trust")))
        self.assertEqual(roots, [f"{n}.root.json" for n in range(1, 8)])

    def test_the_first_install_runs(self):
        for program in ("jq", "minisign"):
            need(program)
        os.rename(os.path.join(self.root, "project"), os.path.join(self.root, "desk"))
        desk = os.path.join(self.root, "desk")
        self.run_in(desk, "sealift", "keygen", "desk.key", "--no-passphrase")
        self.run_in(desk, "sealift", "keygen", "ci.key", "--no-passphrase")
        self.run_in(desk, "sealift", "trust", "create", "--root-key", "ci.key", "--approver",
                    "ci.pub", "--out", "trust/1.root.json")
        self.run_in(desk, "sealift", "build", "--key", "ci.key")
        said = self.run_page("docs/operations/first-install.md")
        self.assertIn("applied chanuka 1.0.0", said)
        self.assertIn("registration card", said)
        served = os.readlink(os.path.join(self.root, "host/srv/web/current"))
        self.assertTrue(served.startswith("releases/1.0.0-"), served)


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

    def test_the_terminal_picture_is_what_the_programs_print(self):
        need("tmux")
        self.run_in(self.root, os.path.join(SOURCE, "scripts/pictures"), "--bin", BIN, "--output",
                    self.root)
        with open(os.path.join(self.root, "terminal.svg"), encoding="utf-8") as picture:
            self.assertEqual(text_of("docs/images/terminal.svg"), picture.read(),
                             "run: scripts/pictures")

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

    def test_every_promise_is_proved(self):
        table = text_of("docs/promises.md").split("\n\n")
        rows = [line.split(" | ") for part in table if part.startswith("| promise |")
                for line in part.splitlines()[2:]]
        self.assertGreater(len(rows), 40)
        for promise, state, *tests in rows:
            self.assertTrue(state.startswith("proved"), f"{promise}: {state}")
            self.assertRegex(" ".join(tests), r"_test\.(py|cpp): ", promise)

    def test_every_limit_is_a_constant(self):
        named = re.findall(r"`([a-z_/]+\.[ch]pp)`: ((?:`k[A-Za-z]+`(?:, )?)+)",
                           text_of("docs/limits.md"))
        self.assertGreater(len(named), 15)
        for path, words in named:
            for word in re.findall("k[A-Za-z]+", words):
                self.assertRegex(text_of(path), rf"constexpr [a-z0-9_: ]+ {word} =", path)

    def test_every_case_can_be_named(self):
        """tests/cases.py finds what ctest is asked for in docs/development.md, and all else."""
        named = self.run_in(self.root, "python3", os.path.join(SOURCE, "tests/cases.py"), SOURCE,
                            "/build")
        names = set(re.findall(r"^add_test\(\[=\[(.*?)\]=\]", named, re.MULTILINE))
        example = re.search(r"ctest --preset dev -R '([^']+)'", text_of("docs/development.md"))
        self.assertIn(example.group(1), names)
        self.assertIn("documents_test: Pages.test_every_case_can_be_named", names)
        self.assertIn("base_test: characters: what people write is content, a name, and shown as it "
                      "is", names)
        self.assertIn(r"[=[characters: what people write is content\, a name\, and", named)

    def test_packages_are_named_once(self):
        lines = [line.split("#")[0].strip() for line in text_of("scripts/packages").splitlines()]
        names = [line for line in lines if line]
        self.assertEqual(len(names), len(set(names)))
        for name in names:
            self.assertRegex(name, r"^[a-z0-9][a-z0-9.+-]+(:[a-z0-9]+)?$")


main()
