#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a new project's CI does: action.yml and the workflows that `sealift init` writes, their steps run as GitHub
and GitLab would run them, with a network that has one program."""

import glob
import hashlib
import os
import re
import shutil
import subprocess

import yaml

from packages import SOURCE, need, run
from road import BUILDER, RoadTest, main, write


def document(*path):
    with open(os.path.join(SOURCE, *path), encoding="utf-8") as text:
        return yaml.safe_load(text)


class Pipelines(RoadTest):
    """The project of tests/cli, and a runner's folder."""

    def setUp(self):
        super().setUp()
        need("jq")
        self.runner = os.path.join(self.road.root, "runner")
        self.fetched = os.path.join(self.runner, "fetched")
        # In the place of a network: what was asked for is written down, and the program is served.
        write(os.path.join(self.runner, "bin/curl"),
              f'#!/bin/bash\necho "${{@: -1}}" > {self.fetched}\n'
              f'while [ "$1" != --output ]; do shift; done\ncp {BUILDER} "$2"\n')
        os.chmod(os.path.join(self.runner, "bin/curl"), 0o755)
        with open(BUILDER, "rb") as program:
            self.sha256 = hashlib.sha256(program.read()).hexdigest()
        with open(self.road.key, encoding="utf-8") as key:
            self.key = key.read()

    def step(self, script, shell="bash", status=0, **variables):
        path = os.path.join(self.runner, "bin") + ":" + os.environ["PATH"]
        if os.path.exists(os.path.join(self.runner, "path")):
            with open(os.path.join(self.runner, "path"), encoding="utf-8") as added:
                path = added.read().strip() + ":" + path
        done = subprocess.run([shell, "-c", script], cwd=self.road.project, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              env={"PATH": path, "HOME": self.runner, **variables})
        text = done.stdout.decode()
        self.assertEqual(done.returncode, status, text)
        return text


class Action(Pipelines):
    def act(self, status=0, steps=3, **variables):
        """The action's own steps, with its inputs; what was said."""
        action = document("action.yml")
        inputs = {name: each.get("default", "") for name, each in action["inputs"].items()}
        inputs.update(version="0.1.0", sha256=self.sha256, repository="acme/sealift")
        inputs.update({name: variables.pop(name) for name in list(variables) if name in inputs})
        known = {f"inputs.{name}": value for name, value in inputs.items()}
        known["github.server_url"] = "https://forge.example"
        runs = [each for each in action["runs"]["steps"] if "run" in each]
        self.assertEqual(len(runs), 3)
        said = ""
        for number, each in enumerate(runs[:steps], 1):
            self.assertEqual(each["shell"], "bash")
            self.assertNotIn("${{", each["run"])  # text of others is no script
            env = {name: re.sub(r"\$\{\{ ([\w.]+) \}\}", lambda found: known[found[1]], value)
                   for name, value in each["env"].items()}
            said += self.step(each["run"], status=status if number == steps else 0, **env, **variables,
                              RUNNER_ARCH="X64", RUNNER_TEMP=self.runner,
                              GITHUB_PATH=os.path.join(self.runner, "path"),
                              GITHUB_OUTPUT=os.path.join(self.runner, "output"),
                              GITHUB_STEP_SUMMARY=os.path.join(self.runner, "summary"))
        return said

    def output(self, name):
        with open(os.path.join(self.runner, name), encoding="utf-8") as text:
            return text.read()

    def test_a_tag_is_built_signed_and_verified(self):
        said = self.act(SEALIFT_KEY=self.key, GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v1.0.0")
        self.assertEqual(self.output("fetched"), "https://forge.example/acme/sealift/releases/download/"
                                                 "v0.1.0/sealift-0.1.0-linux-amd64\n")
        self.assertIn("approved", said)
        self.assertIn("version=1.0.0\n", self.output("output"))
        bundle = re.search(r"^bundle=(.*)$", self.output("output"), re.MULTILINE)[1]
        run(BUILDER, "verify", bundle, "--root", self.road.trust, cwd=self.road.project)
        self.assertIn("chanuka 1.0.0", self.output("summary"))

    def test_without_a_key_it_is_built(self):
        self.act()
        self.assertIn("bundle=bundles/chanuka-1.0.0.bundle.tar.zst", self.output("output"))

    def test_another_program_than_the_pinned_one_never_runs(self):
        said = self.act(steps=1, status=1, sha256="0" * 64)
        self.assertIn("::error::sealift 0.1.0 has another digest", said)
        self.assertFalse(os.path.exists(os.path.join(self.runner, "path")))

    def test_a_tag_that_is_not_the_version_is_refused(self):
        said = self.act(status=1, GITHUB_REF_TYPE="tag", GITHUB_REF_NAME="v9.0.0")
        self.assertIn("::error::the tag is v9.0.0 and release.yaml names 1.0.0", said)


class Templates(Pipelines):
    def test_the_workflow_gives_the_action_what_it_takes(self):
        action = document("action.yml")
        steps = document("templates/starter/.github/workflows/release.yml")["jobs"]["bundle"]["steps"]
        given = next(each for each in steps if each["uses"] == "./.sealift")["with"]
        self.assertLessEqual(set(given), set(action["inputs"]))
        required = {name for name, each in action["inputs"].items() if each.get("required")}
        self.assertLessEqual(required, set(given))
        self.assertFalse([each for each in steps if "run" in each])

    def test_gitlab_s_template_builds_signs_and_verifies(self):
        job = document("templates/gitlab/.gitlab-ci.yml")["bundle"]
        fetch = [line for line in job["before_script"] if not line.startswith(("apt-get", "git "))]
        script = "\n".join(["set -e", *fetch, *job["script"]])
        script = script.replace("/usr/local/bin/sealift", self.runner + "/bin/sealift")
        key = os.path.join(self.runner, "key")
        shutil.copy(self.road.key, key)
        secret = {"SEALIFT_KEY": key, "SEALIFT_PASSPHRASE": "", "SEALIFT_URL": "https://forge.example/x"}
        said = self.step(script, "sh", **secret, SEALIFT_SHA256=self.sha256, CI_COMMIT_TAG="v1.0.0")
        self.assertIn("approved", said)
        self.assertEqual(len(glob.glob(os.path.join(self.road.project, "bundles/*.bundle.tar.zst"))), 1)
        self.step(script, "sh", 1, **secret, SEALIFT_SHA256="0" * 64, CI_COMMIT_TAG="v1.0.0")
        self.step(script, "sh", 1, **secret, SEALIFT_SHA256=self.sha256, CI_COMMIT_TAG="v2.0.0")


main()
