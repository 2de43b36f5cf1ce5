#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Source maps of a release at Sentry, against a server that checks what it is sent."""

import json
import os
import subprocess
import tempfile
import unittest

# First: it says where what all tests share lies.
import watched  # noqa: F401
from sentry import TOKEN, Sentry
from road import BUILDER, main, run, write

ID = "85314830-023f-4cf1-a267-535f4e37bb17"
SCRIPT = f"console.log({json.dumps('x' * 50)})\n//# debugId={ID}\n//# sourceMappingURL=app-1.js.map\n"
MAP = {"version": 3, "debug_id": ID, "mappings": "AAAA", "sources": ["app.ts"],
       "sourcesContent": [" ".join(str(each * 7919 % 10007) for each in range(800))]}


class SentryTest(unittest.TestCase):
    def setUp(self):
        self.sentry = Sentry()
        self.addCleanup(self.sentry.stop)
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.project = folder.name
        write(os.path.join(self.project, "client/assets/app-1.js"), SCRIPT)
        write(os.path.join(self.project, "client/assets/app-1.js.map"), json.dumps(MAP))
        write(os.path.join(self.project, "client/index.html"), "<script src=assets/app-1.js></script>")
        write(os.path.join(self.project, "environments/production.yaml"), "schema: 1\nvalues: {}\n")
        self.write_release(exclude=["**/*.map"])

    def write_release(self, **keys):
        write(os.path.join(self.project, "release.yaml"), json.dumps({
            "schema": 1, "name": "shop", "version": "1.2.0", "environments": ["production"],
            "components": [{"name": "web", "kind": "assets", "source": "client", "target": "web", **keys}]}))

    def upload(self, *options, status=0, token=TOKEN, project="web"):
        """Standard output as JSON where it succeeds, and what was said otherwise."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith("SENTRY_")}
        if token:
            environment["SENTRY_AUTH_TOKEN"] = token
        done = subprocess.run(
            [BUILDER, "--json", "sentry", "upload", "--organization", "shop", "--project", project,
             *([] if "--url" in options else ["--url", self.sentry.endpoint]), *options], cwd=self.project, env=environment,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        output = done.stdout.decode()
        said = done.stderr.decode() + ("" if status == 0 else output)
        self.assertEqual(done.returncode, status, said)
        self.assertNotIn(TOKEN, said + output)
        return (json.loads(output) if status == 0 else None), said

    def test_scripts_and_maps_are_known_by_debug_id_and_address(self):
        answer, said = self.upload()
        self.assertNotIn("served", said)
        manifest, files = self.sentry.opened()
        self.assertEqual(files, {"files/_/_/assets/app-1.js": SCRIPT,
                                 "files/_/_/assets/app-1.js.map": json.dumps(MAP)})
        self.assertEqual({name: manifest[name] for name in ("org", "project", "release")},
                         {"org": "shop", "project": "web", "release": "shop@1.2.0"})
        self.assertEqual(manifest["files"]["files/_/_/assets/app-1.js"], {
            "type": "minified_source", "url": "~/assets/app-1.js",
            "headers": {"debug-id": ID, "sourcemap": "app-1.js.map"}})
        self.assertEqual(manifest["files"]["files/_/_/assets/app-1.js.map"], {
            "type": "source_map", "url": "~/assets/app-1.js.map", "headers": {"debug-id": ID}})
        ((name, (asked, *_)),) = self.sentry.asked.items()
        self.assertEqual((asked["projects"], asked["version"]), (["web"], "shop@1.2.0"))
        self.assertEqual(answer["sha1"], name)
        self.assertGreater(answer["pieces"], 4)
        self.assertEqual(answer["sentPieces"], answer["pieces"])
        self.sentry.seen.clear()
        again, _ = self.upload()
        self.assertEqual((again["sha1"], again["sentPieces"]), (name, 0))
        self.assertEqual([path for method, path in self.sentry.seen if method == "POST"],
                         ["/api/0/organizations/shop/artifactbundle/assemble/"])

    def test_a_dry_run_sends_nothing_and_needs_no_token(self):
        answer, _ = self.upload("--dry-run", "--url-prefix", "https://cdn.shop.example/x", token=None)
        self.assertEqual([each["url"] for each in answer["files"]],
                         ["https://cdn.shop.example/x/assets/app-1.js",
                          "https://cdn.shop.example/x/assets/app-1.js.map"])
        self.assertEqual(answer["files"][0]["debugId"], ID)
        self.assertEqual(self.sentry.seen, [])

    def test_a_token_in_a_file_and_two_projects(self):
        path = os.path.join(self.project, "token")
        write(path, TOKEN + "\n")
        self.sentry.relative = True
        self.upload("--token-file", path, "--project", "admin", "--dist", "7", token=None)
        manifest, _ = self.sentry.opened()
        self.assertNotIn("project", manifest)
        self.assertEqual(manifest["dist"], "7")
        ((asked, *_),) = self.sentry.asked.values()
        self.assertEqual((asked["projects"], asked["dist"]), (["web", "admin"], "7"))

    def test_what_fails_for_a_while_is_tried_again_and_nothing_is_sent_twice(self):
        count = [0]

        def fault(method, path):
            count[0] += 1
            return {1: 503, 3: "cut", 5: 429}.get(count[0])

        self.sentry.fault = fault
        self.upload()
        self.assertEqual(len(self.sentry.bundles), 1)
        # Cut off in the middle: what was sent stays sent.
        write(os.path.join(self.project, "client/assets/app-1.js.map"),
              json.dumps({**MAP, "sourcesContent": [MAP["sourcesContent"][0][::-1]]}))
        self.sentry.seen.clear()
        self.sentry.fault = lambda method, path: \
            409 if self.sentry.seen.count(("POST", "/api/0/organizations/shop/chunk-upload/")) > 2 else None
        _, said = self.upload(status=8)
        self.assertIn("answered 409", said)
        self.sentry.fault = lambda method, path: None
        answer, _ = self.upload()
        self.assertEqual(answer["sentPieces"], answer["pieces"] - 4)

    def test_what_is_refused_says_what_to_do(self):
        _, said = self.upload(status=4, token="wrong-token")
        self.assertIn("the right project:releases or org:ci", said)
        self.assertNotIn("wrong-token", said)
        _, said = self.upload(status=2, token=None)
        self.assertIn("SENTRY_AUTH_TOKEN is not set", said)
        _, said = self.upload(status=3, project="unknown")
        self.assertIn("One or more projects are invalid", said)
        self.sentry.refusal = "The manifest is broken"
        _, said = self.upload(status=3)
        self.assertIn("does not take the files: The manifest is broken", said)
        self.upload("--component", "api", status=2)
        _, said = self.upload("--url", "http://sentry.shop.example", status=2)
        self.assertIn("found http://, expected https://", said)
        os.remove(os.path.join(self.project, "client/assets/app-1.js.map"))
        _, said = self.upload(status=3)
        self.assertIn("found no script with a source map", said)

    def test_maps_stay_out_of_what_is_served(self):
        self.write_release()
        _, said = self.upload("--dry-run")
        self.assertIn("1 source map will be served to everybody, such as assets/app-1.js.map", said)
        self.write_release(exclude=["**/*.map"])
        run(BUILDER, "keygen", os.path.join(self.project, "key"), "--no-passphrase")
        bundle = json.loads(run(BUILDER, "--json", "build", "--output", "out", "--key", "key",
                                cwd=self.project, env={**os.environ, "SOURCE_DATE_EPOCH": "0"}))["bundle"]
        listed = run(BUILDER, "inspect", "--files", os.path.join(self.project, bundle)).decode()
        self.assertIn("app-1.js", listed)
        self.assertNotIn("app-1.js.map", listed)


if __name__ == "__main__":
    main()
