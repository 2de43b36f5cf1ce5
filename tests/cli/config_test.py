#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The configuration contract with the real programs: mistakes found in CI and on the target, the
order of sources, what a site must set, and values for one apply."""

import filecmp
import json
import os
import random
import subprocess
import sys

from road import BUILDER, INSTALLER, RoadTest, errors, main, run, tree_digest, write

CONTRACT = {
    "schema": 1,
    "keys": {
        "PUBLIC_URL": {"required": True, "pattern": "https?://[^/ ]+", "since": "1.0.0",
                       "means": "the address that users type"},
        "PUBLIC_HOST": {"required": True, "means": "the host in it"},
        "WEB_ROOT": {"required": True, "pattern": "/.*", "means": "where the files are"},
        "API_PORT": {"type": "integer", "default": 3000, "means": "the port | of the API"},
        "LOG_LEVEL": {"enum": ["debug", "info", "warning"], "default": "info",
                      "means": "how much is logged"},
        "SENTRY": {"type": "boolean", "means": "whether errors are reported"},
    },
}
SECRET = {"secret": True, "means": "of the database"}
CANARY = "canary-3f9a1c2e"


def contract(**more):
    return {"schema": 1, "keys": {**CONTRACT["keys"], **more}}


def lines_of(keys):
    """A contract, one key a line, so that lines can be foretold."""
    rows = ",\n".join(f"{json.dumps(name)}: {json.dumps(key)}" for name, key in keys.items())
    return f'{{"schema": 1, "keys": {{\n{rows}\n}}}}\n'


class ConfigTest(RoadTest):
    def setUp(self):
        super().setUp()
        self.write_contract(CONTRACT)

    def path(self, name):
        return os.path.join(self.road.project, name)

    def write_contract(self, document):
        write(self.path("environments/schema.json"), json.dumps(document, indent=2) + "\n")

    def environment(self, name, *lines):
        write(self.path(f"environments/{name}.yaml"),
              "schema: 1\nvalues:\n" + "".join(f"  {line}\n" for line in lines))

    def use(self, *names):
        """A template that uses some keys more."""
        write(self.path("config/more.env"), "".join(f"{n}={{{{{n}}}}}\n" for n in names))

    def refused_by_validate(self, *more):
        return errors(BUILDER, "validate", self.path("release.yaml"), *more, status=3)

    def problems(self, *more):
        said = run(BUILDER, "--json", "validate", self.path("release.yaml"), *more, status=3)
        return json.loads(said)["error"]["problems"]

    def set_values(self, **values):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            kept = [line for line in source.read().splitlines()
                    if line.split(":")[0].strip(' "') not in values]
        at = kept.index("values:") + 1
        kept[at:at] = [f"  {name}: {value}" for name, value in values.items() if value is not None]
        write(path, "\n".join(kept) + "\n")

    def env_file(self):
        with open(os.path.join(self.road.target("etc"), "current/app.env"),
                  encoding="utf-8") as source:
            return source.read()


class Validate(ConfigTest):
    def test_the_example_keeps_a_contract(self):
        run(BUILDER, "validate", self.path("release.yaml"), "--site",
            self.path("sites/production.yaml"))

    def test_ten_mistakes_in_three_environments_are_one_run(self):
        self.write_contract(contract(DB_PASSWORD=SECRET, API_TOKEN={**SECRET, "required": True}))
        self.use("DB_PASSWORD", "API_TOKEN")
        self.environment("development", "PUBLIC_URL: ftp://localhost", "PUBLIC_HOST: localhost",
                         "WEB_ROOT: srv", "API_PORT: '3000'", "LOG_LEVEL: loud", "API_TOKEN:")
        self.environment("staging", "PUBLIC_URL:", "PUBLIC_HOTS: localhost", "WEB_ROOT: 7",
                         "SENTRY: 'true'", "API_TOKEN:")
        self.environment("production", "PUBLIC_URL:", "PUBLIC_HOST:", "WEB_ROOT: /srv/web",
                         f"DB_PASSWORD: {CANARY}")
        before = tree_digest(self.road.root)
        said = self.refused_by_validate()
        self.assertEqual(tree_digest(self.road.root), before)
        for part in (
                'development.yaml:3: values.PUBLIC_URL: found "ftp://localhost", expected text that '
                'matches https?://',
                'development.yaml:5: values.WEB_ROOT: found "srv"',
                'development.yaml:6: values.API_PORT: found "3000", expected a whole number',
                'development.yaml:7: values.LOG_LEVEL: found "loud", expected one of debug, info',
                "staging.yaml:4: values.PUBLIC_HOTS: found a key that the contract does not declare",
                'did you mean "PUBLIC_HOST"?',
                'staging.yaml: missing key "PUBLIC_HOST", which is required',
                "staging.yaml:5: values.WEB_ROOT: found the number 7, expected text",
                'staging.yaml:6: values.SENTRY: found "true", expected true or false',
                "production.yaml:6: values.DB_PASSWORD: found a secret in clear",
                "sealift secret set production DB_PASSWORD",
                "production.yaml: no value of the secret API_TOKEN is sealed for production"):
            self.assertIn(part, said)
        self.assertEqual(said.count("error: "), 10, said)
        self.assertNotIn(CANARY, said)
        self.assertEqual(errors(BUILDER, "build", self.path("release.yaml"), "--output",
                                os.path.join(self.road.root, "none"), "--key", self.road.key,
                                status=3).count("error: "), 10)

    def test_keys_that_are_not_declared_or_not_used(self):
        self.use("API_PROT", "release.name")
        keys = dict(CONTRACT["keys"])
        keys["OLD"] = {"means": "nothing any more"}
        write(self.path("environments/schema.json"), lines_of(keys))
        said = self.refused_by_validate()
        self.assertIn('components.site: more.env:1: found the value "API_PROT", which '
                      "environments/schema.json does not declare", said)
        self.assertIn('did you mean "API_PORT"?', said)
        self.assertIn("schema.json:8: keys.OLD: is declared and used by no template", said)
        self.assertEqual(said.count("error: "), 2, said)

    def test_problems_in_json_have_file_line_column_and_key(self):
        self.environment("staging", "API_PORT: eighty")
        for name in ("development", "staging", "production"):
            write(self.path(f"flags/{name}.yaml"), "schema: 1\nflags:\n  new: maybe\n")
        release = self.path("release.yaml")
        with open(release, encoding="utf-8") as source:
            text = source.read()
        row = "components:\n  - {name: flags, kind: flags, source: flags/, %s: flags}\n"
        write(release, text.replace("components:\n", row % "traget"))
        at = text[:text.index("components:")].count("\n") + 2

        def places():
            return [(each.get("file"), each.get("line"), each.get("column"), each.get("key"))
                    for each in self.problems()]
        self.assertIn((release, at, 48, "components[0].traget"), places())
        write(release, text.replace("components:\n", row % "target"))
        told = places()
        self.assertIn((self.path("environments/staging.yaml"), 3, 3, "values.API_PORT"), told)
        self.assertIn(("flags/staging.yaml", 3, None, "flags.new"), told)

    def test_the_path_of_a_target_is_a_value(self):
        write(self.path("config/paths.conf"), "root {{target.web.path}}/current;\n")
        self.road.init_site()
        self.road.installer("apply", self.road.release("1.0.0"), "--yes")
        with open(os.path.join(self.road.target("etc"), "current/paths.conf"),
                  encoding="utf-8") as source:
            self.assertEqual(source.read(), f"root {self.road.target('web')}/current;\n")
        write(self.path("config/paths.conf"), "root {{target.wbe.path}}/current;\n")
        self.assertIn('"target.wbe.path"', self.refused_by_validate())

    def test_mistakes_of_the_contract_have_lines(self):
        write(self.path("environments/schema.json"), lines_of(
            {"A": {"type": "number", "means": "m"}, "B": {"pattern": "(", "means": "m"},
             "C": {"secret": True, "default": CANARY, "means": "m"}, "D": {}}))
        said = self.refused_by_validate()
        for line, key in ((2, "A"), (3, "B"), (4, "C"), (5, "D")):
            self.assertIn(f"schema.json:{line}: keys.{key}", said)
        self.assertNotIn(CANARY, said)

    def test_a_real_site_is_checked_too(self):
        site = self.path("sites/production.yaml")
        with open(site, encoding="utf-8") as source:
            text = source.read()
        at = text[:text.index("values:")].count("\n") + 2
        write(site, text.replace("values:\n", "values:\n  API_PORT: eighty\n  LOG_LEVLE: info\n"))
        said = self.refused_by_validate("--site", site)
        self.assertIn(f'production.yaml:{at}: values.API_PORT: found "eighty", expected a whole',
                      said)
        self.assertIn(f"production.yaml:{at + 1}: values.LOG_LEVLE: found a key that", said)
        self.assertIn('did you mean "LOG_LEVEL"?', said)
        self.assertEqual(said.count("error: "), 2, said)
        told = self.problems("--site", site)
        self.assertEqual([(each["file"], each["line"], each["column"], each["key"]) for each in told],
                         [(site, at, 3, "values.API_PORT"), (site, at + 1, 3, "values.LOG_LEVLE")])

    def test_a_dotenv_file_is_imported_as_it_is(self):
        os.remove(self.path("environments/staging.yaml"))
        write(self.path("environments/staging.env"),
              "# as Compose reads it\nexport PUBLIC_URL='https://staging.example'\n"
              "PUBLIC_HOST\nWEB_ROOT=/srv/web # there\nAPI_PORT=3001\nSENTRY=true\n")
        run(BUILDER, "validate", self.path("release.yaml"))
        shown = json.loads(subprocess.run(
            [BUILDER, "--json", "env", "diff", "staging", "production", self.path("release.yaml")],
            stdout=subprocess.PIPE, check=False).stdout)
        port = [key for key in shown["keys"] if key["key"] == "API_PORT"][0]
        self.assertEqual(port["before"], {"state": "set", "value": 3001})
        write(self.path("environments/staging.env"),
              "PUBLIC_URL=https://$HOST\nPUBLIC_HOST=a\nWEB_ROOT=/srv/web\nAPI_PORT=eighty\n")
        self.assertIn('staging.env:1: found "$HOST"', self.refused_by_validate())
        write(self.path("environments/staging.env"),
              "PUBLIC_URL=https://a\nPUBLIC_HOST=a\nWEB_ROOT=/srv/web\nAPI_PORT=eighty\n")
        self.assertIn('staging.env:4: API_PORT: found "eighty", expected a whole number',
                      self.refused_by_validate())
        self.environment("staging", "PUBLIC_URL:")
        self.assertIn("found staging.env beside it", self.refused_by_validate())


class Environments(ConfigTest):
    def test_diff_shows_what_differs_and_no_secret(self):
        self.write_contract(contract(DB_PASSWORD=SECRET, API_TOKEN=SECRET))
        self.environment("staging", "PUBLIC_URL:", "PUBLIC_HOST:", "WEB_ROOT: /srv/web",
                         "LOG_LEVEL: debug", f"DB_PASSWORD: {CANARY}", "API_TOKEN:")
        self.environment("production", "PUBLIC_URL:", "PUBLIC_HOST: chanuka.example",
                         "WEB_ROOT: /srv/web", "API_PORT: 3000")
        said = run(BUILDER, "env", "diff", "staging", "production", self.path("release.yaml"),
                   status=20).decode()
        rows = [" ".join(line.split()) for line in said.splitlines()]
        self.assertIn("LOG_LEVEL debug info", rows)
        self.assertIn("PUBLIC_HOST (each site) chanuka.example", rows)
        self.assertIn("API_TOKEN (each site) (not set)", rows)
        self.assertIn("DB_PASSWORD (secret) (not set)", rows)
        self.assertNotIn("API_PORT", said)  # the default is 3000
        self.assertNotIn("WEB_ROOT", said)
        self.assertNotIn(CANARY, said)
        same = run(BUILDER, "env", "diff", "production", "production",
                   self.path("release.yaml")).decode()
        self.assertNotIn("LOG_LEVEL", same)
        self.assertIn('found the environment "prod", expected one of', errors(
            BUILDER, "env", "diff", "prod", "staging", self.path("release.yaml"), status=2))

    def test_docs_are_the_same_twice_and_checked(self):
        page = os.path.join(self.road.root, "configuration.md")
        run(BUILDER, "env", "docs", self.path("release.yaml"), "--output", page)
        with open(page, encoding="utf-8") as source:
            text = source.read()
        self.assertIn("| key | type | required | default | development | staging | production |"
                      " since | meaning |", text)
        self.assertIn("| `API_PORT` | integer | no | `3000` | `3000` | `3000` | `3000` |  |"
                      " the port \\| of the API |", text)
        self.assertIn("| `PUBLIC_URL` | text, matches `https?://[^/ ]+` | yes |  |"
                      " `http://localhost:8080` | each site | each site | 1.0.0 |", text)
        self.assertEqual(run(BUILDER, "env", "docs", self.path("release.yaml")).decode(), text)
        run(BUILDER, "env", "docs", self.path("release.yaml"), "--check", page)
        self.environment("production", "PUBLIC_URL:", "PUBLIC_HOST:", "WEB_ROOT: /srv/other")
        said = errors(BUILDER, "env", "docs", self.path("release.yaml"), "--check", page, status=3)
        self.assertIn(f"run: sealift env docs --output {page}", said)


class OnTheTarget(ConfigTest):
    def shown(self, name, *more):
        shown = self.road.answer("config", "show", name, *more)
        return shown.get("value"), shown.get("source")

    def test_sources_in_their_order(self):
        road = self.road
        self.environment("production", "PUBLIC_URL:", "PUBLIC_HOST:", "WEB_ROOT: /srv/web",
                         "SENTRY: true")
        bundle = road.release("1.0.0")
        road.init_site()
        self.assertIn("no release stands", road.refused("config", "show", status=2))
        self.assertEqual(self.shown("API_PORT", "--bundle", bundle), (3000, "default"))
        road.installer("apply", bundle, "--yes")
        self.assertEqual(self.shown("API_PORT"), (3000, "default"))
        self.assertEqual(self.shown("SENTRY"), (True, "environment"))
        self.assertEqual(self.shown("PUBLIC_HOST"), ("chanuka.example", "site.yaml"))
        self.set_values(API_PORT=3001)
        self.assertEqual(self.shown("API_PORT"), (3000, "default"))  # what was applied
        road.installer("apply", bundle, "--yes")
        self.assertEqual(self.shown("API_PORT"), (3001, "site.yaml"))
        road.installer("apply", bundle, "--yes", "--set", "API_PORT=3002", "--set",
                       "LOG_LEVEL=debug")
        self.assertEqual(self.shown("API_PORT"), (3002, "--set"))
        self.assertIn("API_PORT=3002\n", self.env_file())
        text = road.installer("config", "show").decode()
        self.assertIn("how much is logged", text)
        self.assertIn("environment production", text)
        self.assertIn('did you mean "LOG_LEVEL"?',
                      road.refused("config", "show", "LOG_LEVLE", status=2))
        road.installer("rollback", "--yes")
        self.assertEqual(self.shown("API_PORT"), (3001, "site.yaml"))
        road.installer("rollback", "3", "--yes")
        self.assertEqual(self.shown("LOG_LEVEL"), ("debug", "--set"))

    def test_set_is_for_one_apply_and_audited(self):
        road = self.road
        bundle = road.release("1.0.0")
        road.init_site()
        before = tree_digest(os.path.join(road.root, "site", "state", "journal"))
        for text, part in (("API_PORT=eighty", 'found "eighty", expected a whole number'),
                           ("API_PROT=1", 'did you mean "API_PORT"?'), ("API_PORT", "KEY=VALUE")):
            self.assertIn(part, road.refused("apply", bundle, "--yes", "--set", text, status=2))
        self.assertEqual(tree_digest(os.path.join(road.root, "site", "state", "journal")), before)
        self.assertFalse(os.path.exists(road.target("etc")))
        shown = road.installer("apply", bundle, "--yes", "--set", "LOG_LEVEL=debug").decode()
        self.assertIn("with --set LOG_LEVEL=debug", shown)
        self.assertIn("LOG_LEVEL=debug\n", self.env_file())
        with open(os.path.join(road.site, "state/audit.jsonl"), encoding="utf-8") as audit:
            self.assertIn('"set":{"LOG_LEVEL":"debug"}', audit.read())
        planned = road.answer("plan", bundle)
        self.assertIn("applied with --set LOG_LEVEL=debug, which this plan does not repeat",
                      " ".join(planned["warnings"]))
        again = road.answer("plan", bundle, "--set", "LOG_LEVEL=debug")
        self.assertEqual((again["warnings"], again["plan"]["steps"]), ([], []))
        road.installer("apply", bundle, "--yes")
        self.assertNotIn("LOG_LEVEL=debug\n", self.env_file())

    def test_what_was_staged_with_other_values_is_not_used(self):
        road = self.road
        bundle = road.release("1.0.0")
        road.init_site()
        road.installer("stage", bundle, "--yes", "--set", "API_PORT=3005")
        self.assertIn("was staged with --set API_PORT=3005",
                      " ".join(road.answer("plan", bundle)["warnings"]))
        road.installer("apply", bundle, "--yes", "--set", "API_PORT=3006")
        self.assertIn("API_PORT=3006\n", self.env_file())
        road.installer("drift")

    def test_a_wrong_value_changes_nothing(self):
        road = self.road
        bundle = road.release("1.0.0")
        road.init_site()
        road.installer("apply", bundle, "--yes")
        second = road.release("1.1.0", lambda project: write(
            os.path.join(project, "client/dist/new.html"), "new\n"))
        self.set_values(API_PORT="eighty", LOG_LEVLE="info", PUBLIC_HOST=None)
        before = tree_digest(road.target("")), tree_digest(os.path.join(road.site, "state/journal"))
        said = road.refused("apply", second, "--yes", status=6)
        self.assertRegex(said, r'site\.yaml:\d+: values\.API_PORT: found "eighty", expected a whole')
        self.assertRegex(said, r"site\.yaml:\d+: values\.LOG_LEVLE: found a key that")
        self.assertIn('did you mean "LOG_LEVEL"?', said)
        self.assertIn("site.yaml: the value PUBLIC_HOST is not set", said)
        self.assertEqual(said.count("error: "), 3, said)
        road.refused("plan", second, status=6)
        self.assertEqual((tree_digest(road.target("")),
                          tree_digest(os.path.join(road.site, "state/journal"))), before)

    def test_a_rollback_asks_no_contract(self):
        road = self.road
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        road.installer("apply", road.release("1.1.0"), "--yes", "--set", "API_PORT=3009")
        self.set_values(API_PORT="eighty")
        road.installer("rollback", "--yes")
        self.assertIn("API_PORT=3000\n", self.env_file())

    def test_a_key_alone_asks_the_site_and_one_with_an_equals_sign_does_not(self):
        os.remove(self.path("environments/production.yaml"))
        self.write_contract(contract(TOKEN={"means": "a key"}, BANNER={"means": "a line"}))
        self.use("TOKEN", "BANNER")
        write(self.path("environments/production.env"),
              "PUBLIC_URL=https://a\nPUBLIC_HOST=a\nWEB_ROOT=/srv/web\nAPI_PORT=3000\n"
              "LOG_LEVEL=info\nSENTRY=true\nTOKEN\nBANNER=\n")
        bundle = self.road.release("1.0.0")
        self.road.init_site()
        said = self.road.refused("apply", bundle, "--yes", status=6)
        self.assertIn("TOKEN", said)
        self.assertNotIn("BANNER", said)
        self.set_values(TOKEN="secret-not")
        self.road.installer("apply", bundle, "--yes")
        with open(os.path.join(self.road.target("etc"), "current/more.env"),
                  encoding="utf-8") as source:
            self.assertEqual(source.read(), "TOKEN=secret-not\nBANNER=\n")

    def test_todo_lists_what_a_site_must_set(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        self.assertEqual(road.answer("config", "todo", first)["todo"], [])
        road.installer("apply", first, "--yes")
        self.write_contract(contract(
            REGION={"required": True, "enum": ["north", "south"], "since": "1.1.0",
                    "means": "where the site is"},
            WORKERS={"type": "integer", "default": 2, "since": "1.1.0", "means": "how many"}))
        self.use("REGION", "WORKERS")
        road.add_value("REGION:")
        second = road.release("1.1.0")
        self.set_values(API_PORT="eighty", OLD="x")
        before = tree_digest(road.root)
        said = road.installer("config", "todo", second, status=20).decode()
        for part in ("missing  REGION: is not set, expected one of north, south",
                     "where the site is (since 1.1.0)",
                     'in site.yaml, below values:  REGION: "north"',
                     'wrong    API_PORT: found "eighty", expected a whole number',
                     "unknown  OLD: ", "new      WORKERS: how many (since 1.1.0)",
                     "3 things to do before chanuka 1.1.0"):
            self.assertIn(part, said)
        answer = road.answer("config", "todo", second, status=20)
        self.assertEqual(sorted((item["kind"], item["key"]) for item in answer["todo"]),
                         [("missing", "REGION"), ("unknown", "OLD"), ("wrong", "API_PORT")])
        self.assertEqual([item["key"] for item in answer["new"]], ["REGION", "WORKERS"])
        self.assertEqual(tree_digest(road.root), before)
        self.set_values(API_PORT=None, OLD=None, REGION="south")
        self.assertIn("nothing to set before chanuka 1.1.0",
                      road.installer("config", "todo", second).decode())
        road.installer("apply", second, "--yes")

    def test_a_secret_comes_neither_in_clear_nor_from_the_command_line(self):
        road = self.road
        self.write_contract(contract(DB_PASSWORD=SECRET))
        self.use("DB_PASSWORD")
        road.add_value("DB_PASSWORD:")
        bundle = road.release("1.0.0")
        road.init_site()
        said = road.refused("apply", bundle, "--yes", "--set", f"DB_PASSWORD={CANARY}", status=2)
        self.assertIn("--set DB_PASSWORD: found a secret, expected none on a command line", said)
        self.assertNotIn(CANARY, said)
        todo = road.answer("config", "todo", bundle, status=20)["todo"]
        self.assertEqual([(item["kind"], item["secret"]) for item in todo], [("missing", True)])
        self.set_values(DB_PASSWORD=CANARY)
        said = road.refused("apply", bundle, "--yes", status=6)
        self.assertIn("values.DB_PASSWORD: found a secret in clear", said)
        self.assertIn("secrets in site.yaml", said)
        shown = road.installer("config", "show", "DB_PASSWORD", "--bundle", bundle).decode()
        self.assertIn("value    (not set)", shown)
        self.assertNotIn(CANARY, said + shown)

    def test_a_value_that_refers_to_another_is_judged_and_shown_as_what_it_becomes(self):
        road = self.road
        declared = contract()
        declared["keys"]["PUBLIC_URL"]["default"] = "https://{{PUBLIC_HOST}}"
        declared["keys"]["PUBLIC_URL"].pop("required", None)
        self.write_contract(declared)
        for name in ("development", "staging", "production"):
            self.environment(name, "PUBLIC_HOST:", "WEB_ROOT: /srv/web")
        bundle = road.release("1.0.0")
        road.init_site()
        self.set_values(PUBLIC_URL=None, PUBLIC_HOST="'chanuka example'")
        said = road.refused("apply", bundle, "--yes", status=6)
        self.assertIn('PUBLIC_URL: found "https://chanuka example"', said)
        self.set_values(PUBLIC_HOST="chanuka.example")
        road.installer("apply", bundle, "--yes")
        self.assertIn("PUBLIC_URL=https://chanuka.example\n", self.env_file())
        shown = road.answer("config", "show", "PUBLIC_URL")
        self.assertEqual((shown["value"], shown["becomes"], shown["source"]),
                         ("https://{{PUBLIC_HOST}}", "https://chanuka.example", "default"))

    def test_a_release_without_a_contract_is_as_before(self):
        road = self.road
        os.remove(self.path("environments/schema.json"))
        bundle = road.release("1.0.0")
        road.init_site()
        road.installer("apply", bundle, "--yes", "--set", "API_PORT=3007")
        self.assertIn("API_PORT=3007\n", self.env_file())
        self.assertEqual(self.shown("API_PORT"), (3007, "--set"))
        self.assertEqual(road.answer("config", "todo", bundle)["todo"], [])
        self.assertIn("expected a whole number", road.refused(
            "plan", bundle, "--set", "API_PORT=eighty", status=2))
        self.assertIn("found no environments/schema.json", errors(
            BUILDER, "env", "docs", self.path("release.yaml"), status=3))


class FilesAsTheyAre(RoadTest):
    """Files of `config` that are no templates are installed byte for byte."""

    DASHBOARD = b'{"legend": "{{instance}} {{PUBLIC_HOST}}", "query": "{{#each .}}{{/each}}"}\n'
    ALERTS = b"annotations: {summary: '{{ $labels.host }}: {{ $value }}'}\r\n"

    def release(self, version, raw):
        def change(project):
            config = os.path.join(project, "config")
            with open(os.path.realpath(sys.executable), "rb") as program:
                header = program.read(4096)
            os.makedirs(os.path.join(config, "bin"), exist_ok=True)
            with open(os.path.join(config, "bin/web"), "wb") as out:
                out.write(header + b"{{no key}}" + random.Random(version).randbytes(40 << 20))
            os.chmod(os.path.join(config, "bin/web"), 0o755)
            for name, content in (("dashboards/a/host.json", self.DASHBOARD),
                                  ("alerts.yaml", self.ALERTS)):
                os.makedirs(os.path.dirname(os.path.join(config, name)), exist_ok=True)
                with open(os.path.join(config, name), "wb") as out:
                    out.write(content)
            path = os.path.join(project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                lines = source.read().splitlines()
            write(path, "\n".join(
                f"  - {{name: site, kind: config, source: config/, target: etc, raw: {raw}}}"
                if "kind: config" in line else line for line in lines) + "\n")
        return self.road.release(version, change)

    def test_a_program_of_40_megabytes_and_the_braces_of_others(self):
        road = self.road
        road.init_site()
        raw = '["dashboards/**", alerts.yaml]'
        for version in ("1.0.0", "1.1.0"):
            road.installer("apply", self.release(version, raw), "--yes")
            for name in ("bin/web", "dashboards/a/host.json", "alerts.yaml"):
                self.assertTrue(
                    filecmp.cmp(os.path.join(road.project, "config", name),
                                os.path.join(road.target("etc"), "current", name), shallow=False),
                    name)
            self.assertTrue(os.access(os.path.join(road.target("etc"), "current/bin/web"), os.X_OK))
            with open(os.path.join(road.target("etc"), "current/app.env"), encoding="utf-8") as env:
                self.assertIn("chanuka.example", env.read())  # a template still is one
            self.assertEqual(road.answer("drift")["differences"], [])
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("drift")["differences"], [])

    def test_without_raw_the_mistake_names_it(self):
        with self.assertRaises(AssertionError) as refused:
            self.release("1.0.0", "[alerts.yaml]")
        self.assertIn("dashboards/a/host.json:1: ", str(refused.exception))
        self.assertIn("name the file in raw", str(refused.exception))


main()
