#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Secrets with the real programs: sealed in the repository, carried unread, opened on the site; and
a canary that must show up nowhere but where it belongs."""

import base64
import hashlib
import json
import os
import re
import shutil
import stat
import subprocess

from road import (BUILDER, INSTALLER, RoadTest, errors, main, need, run, second_release, write)

KEY = "DATABASE_URL"
VALUE = "postgresql://app:c0rrect horse \"battery\" stäple@db/app"


def lines_of(path):
    with open(path, encoding="utf-8") as source:
        return source.read().splitlines()


def text_of(path):
    with open(path, encoding="utf-8") as source:
        return source.read()


def identity(path):
    """A key pair of age; its recipient."""
    need("age-keygen")
    run("age-keygen", "-o", path)
    return run("age-keygen", "-y", path).decode().strip()


def armored(sealed_yaml):
    """The ciphertexts of a sealed file, in its order."""
    found = re.findall(r"-----BEGIN AGE.*?-----END AGE ENCRYPTED FILE-----\n", text_of(sealed_yaml),
                       re.DOTALL)
    return ["".join(line.strip() + "\n" for line in one.splitlines()) for one in found]


def rearmored(binary):
    body = base64.b64encode(binary).decode()
    lines = [body[at:at + 64] for at in range(0, len(body), 64)]
    return "\n".join(["-----BEGIN AGE ENCRYPTED FILE-----", *lines,
                      "-----END AGE ENCRYPTED FILE-----"]) + "\n"


def binary_of(armor):
    return base64.b64decode("".join(armor.splitlines()[1:-1]))


class Secrets(RoadTest):
    def setUp(self):
        super().setUp()
        road = self.road
        self.recovery_file = os.path.join(road.root, "recovery.age")
        self.recovery = identity(self.recovery_file)
        self.sealed = os.path.join(road.project, "environments/production.sealed.yaml")
        self.sites = {}

    # -- the project and its sites

    def recipient_of(self, folder):
        return re.search("public key: (age1.*)", text_of(
            os.path.join(folder, "state/keys/site.age"))).group(1)

    def write_recipients(self):
        sites = ", ".join(f"{name}: {key}" for name, key in self.sites.items())
        write(os.path.join(self.road.project, "environments/recipients.yaml"),
              f"schema: 1\nrecovery: {self.recovery}\nenvironments:\n  production: {{{sites}}}\n")

    def declare(self, *keys):
        """The contract of the example, with these secrets."""
        path = os.path.join(self.road.project, "environments/schema.json")
        types = {"PUBLIC_URL": "text", "PUBLIC_HOST": "text", "WEB_ROOT": "text",
                 "API_PORT": "integer", "LOG_LEVEL": "text", "SENTRY": "boolean"}
        contract = {"schema": 1, "keys": {key: {"type": kind, "means": "a setting"}
                                          for key, kind in types.items()}}
        if os.path.exists(path):
            contract = json.loads(text_of(path))
        for key in keys:
            contract["keys"].setdefault(key, {"secret": True, "means": "a secret of this test"})
        write(path, json.dumps(contract))

    def start(self):
        """A site whose recipient is known to the project, and a template that uses the secret."""
        road = self.road
        road.init_site()
        self.sites["vault-room"] = self.recipient_of(road.site)
        self.write_recipients()
        self.use(KEY)

    def use(self, *keys):
        write(os.path.join(self.road.project, "config/db.env"),
              "".join(f"{key}={{{{{key}}}}}\n" for key in keys))
        self.declare(*keys)

    def secret(self, *command, value=None, status=0):
        return run(BUILDER, "secret", *command, "--project", self.road.project,
                   stdin=value.encode() if value is not None else None, status=status)

    def refused(self, *command, status):
        return errors(BUILDER, "secret", *command, "--project", self.road.project, status=status)

    def set(self, key=KEY, value=VALUE, *more):
        self.secret("set", "production", key, "--value-file", "-", *more, value=value)

    def validate(self, status=3):
        return errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"),
                      status=status)

    def env_file(self):
        return os.path.join(self.road.target("etc"), "current/db.env")

    def edit_site(self, old, new):
        path = os.path.join(self.road.site, "site.yaml")
        text = text_of(path)
        self.assertIn(old, text)
        write(path, text.replace(old, new, 1))

    def nothing_changes(self, *command, status):
        """A command that must fail, and what it says; targets and history stay."""
        before = self.road.on_targets()
        history = self.road.answer("history")
        said = self.road.refused(*command, status=status)
        self.assertEqual(self.road.on_targets(), before)
        self.assertEqual(self.road.answer("history"), history)
        self.assertNotIn(VALUE, said)
        return said


class OnTheSite(Secrets):
    def test_recipients_come_of_a_command_and_of_registration_cards(self):
        road = self.road
        card = os.path.join(road.root, "card.json")
        site = os.path.join(road.root, "site-b")
        made = os.path.join(road.root, "made.age")
        listed = os.path.join(road.project, "environments/recipients.yaml")
        write(card, run(INSTALLER, "--json", "--site", site, "init", "--release", "chanuka",
                        "--environment", "production", "--target",
                        f"web={road.target('b')}").decode())

        def recipient(*words):
            return json.loads(run(BUILDER, "--json", "recipient", *words, "--project", road.project))

        def recipient_refused(*words):
            return errors(BUILDER, "recipient", *words, "--project", road.project, status=3)
        self.assertIn("sealift recipient recovery recovery.age", recipient_refused("add", card))
        recovery = recipient("recovery", made)["recipient"]
        self.assertEqual(run("age-keygen", "-y", made).decode().strip(), recovery)
        self.assertEqual(stat.S_IMODE(os.stat(made).st_mode), 0o600)
        self.assertIn("is named here already", recipient_refused("recovery", made + "2"))
        self.assertFalse(os.path.exists(made + "2"))
        self.assertIn("found a site of production, expected one of staging",
                      recipient_refused("add", card, "--environment", "staging"))
        self.assertTrue(recipient("add", card, "--site", "vault-room")["added"])
        self.assertFalse(recipient("add", card, "--site", "vault-room")["added"])
        self.assertIn(f"    vault-room: {self.recipient_of(site)}\n", text_of(listed))
        self.use(KEY)
        self.set()
        with open(card, encoding="utf-8") as source:
            other = dict(json.load(source), recipient=recovery)
        write(card, json.dumps(other))
        self.assertIn("has another recipient", recipient_refused("add", card, "--site", "vault-room"))
        # The recovery's own recipient is no site's: what the list would say is read before it is written.
        before = text_of(listed)
        recipient_refused("add", card, "--site", "site-c")
        self.assertEqual(text_of(listed), before)
        write(card, "{}")
        self.assertIn("site", recipient_refused("add", card))

    def test_a_lost_key_of_tables_is_named_and_repaired(self):
        road = self.road
        self.start()
        self.set()
        road.installer("apply", road.release("1.0.0"), "--yes")
        key = os.path.join(road.site, "state/keys/table.key")
        os.remove(key)
        for said in (road.installer("status").decode(),
                     road.installer("doctor", status=20).decode()):
            self.assertIn(f"{key} is missing", said)
            self.assertIn("sealift-installer apply --repair", said)
        road.installer("apply", "--repair", "--yes")
        road.installer("drift")
        road.installer("doctor")
        self.assertEqual(text_of(self.env_file()), f"{KEY}={VALUE}\n")

    def test_a_sealed_secret_reaches_a_file_for_its_owner_only(self):
        road = self.road
        self.start()
        owner = "1234:1234" if os.geteuid() == 0 else f"{os.geteuid()}:{os.getegid()}"
        path = json.dumps(road.target("etc"))
        self.edit_site(f"path: {path}", f'path: {path}, owner: "{owner}"')
        self.set()
        # Who builds has no identity at all, and no home to find one in.
        first = road.release("1.0.0")
        road.installer("apply", first, "--yes")
        self.assertEqual(text_of(self.env_file()), f"{KEY}={VALUE}\n")
        status = os.stat(self.env_file())
        self.assertEqual(stat.S_IMODE(status.st_mode), 0o600)
        self.assertEqual(f"{status.st_uid}:{status.st_gid}", owner)
        self.assertEqual(stat.S_IMODE(os.stat(os.path.join(road.target("etc"),
                                                           "current/app.env")).st_mode), 0o644)
        road.installer("drift")
        self.assertEqual(road.answer("apply", first, "--yes")["result"], "unchanged")

        # Unchanged secrets are unchanged files, whatever was sealed again.
        inode = os.stat(self.env_file()).st_ino
        self.set()
        second = road.release("1.1.0", second_release)
        changes = {c["component"]: c for c in road.answer("plan", second)["changes"]}
        self.assertGreaterEqual(changes["site"]["same"], 1)
        road.installer("apply", second, "--yes")
        self.assertEqual(os.stat(self.env_file()).st_ino, inode)

        self.secret("rotate", "production", KEY, "--generate", "32")
        third = road.release("1.2.0")
        road.installer("apply", third, "--yes")
        self.assertRegex(text_of(self.env_file()), f"^{KEY}=[0-9a-f]{{64}}\n$")
        road.installer("drift")
        road.installer("rollback", "1.0.0", "--yes")
        self.assertEqual(text_of(self.env_file()), f"{KEY}={VALUE}\n")
        road.installer("drift")
        with open(self.env_file(), "a", encoding="utf-8") as edited:
            edited.write("x")
        found = json.loads(road.installer("--json", "drift", status=20))["differences"]
        self.assertEqual([d["path"] for d in found], ["db.env"])

    def test_a_damaged_release_is_rendered_again_from_the_kept_bundle(self):
        road = self.road
        self.start()
        self.set()
        road.installer("apply", road.release("1.0.0"), "--yes")
        damaged = os.path.join(road.target("etc"), road.current("etc"), "db.env")
        road.installer("apply", road.release("1.1.0", second_release), "--yes")
        os.unlink(damaged)
        road.installer("rollback", "--yes", "--verify")
        self.assertEqual(text_of(self.env_file()), f"{KEY}={VALUE}\n")
        road.installer("drift")

    def test_the_site_s_own_come_first(self):
        road = self.road
        self.start()
        self.set()
        self.set(KEY, "for vault-room alone", "--site", "vault-room")
        first = road.release("1.0.0")
        road.installer("apply", first, "--yes")
        self.assertEqual(text_of(self.env_file()), f"{KEY}=for vault-room alone\n")

        own = os.path.join(road.root, "db-url")
        write(own, "of the site\n")
        os.chmod(own, 0o640)
        with open(os.path.join(road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"secrets: {{{KEY}: {{file: {own}}}}}\n")
        second = road.release("1.1.0", second_release)
        road.installer("apply", second, "--yes")
        self.assertEqual(text_of(self.env_file()), f"{KEY}=of the site\n")

        third = road.release("1.2.0")
        os.chmod(own, 0o644)
        said = self.nothing_changes("apply", third, "--yes", status=4)
        self.assertIn(f"secret {KEY}: {own}: has the mode 0644", said)
        os.chmod(own, 0o600)
        write(own, "\n")
        self.assertIn("is empty", self.nothing_changes("apply", third, "--yes", status=6))
        os.unlink(own)
        self.assertIn("is missing", self.nothing_changes("apply", third, "--yes", status=6))

    def test_a_fence_gets_secrets_in_its_environment(self):
        road = self.road
        got = os.path.join(road.root, "got")
        tool = os.path.join(road.root, "fence.sh")
        write(tool, f'[ "${KEY}" = "$(cat {road.root}/expected)" ] && echo $1 >> {got}\n'
                    f"grep core /proc/$PPID/limits >> {got}\n")
        write(os.path.join(road.root, "expected"), VALUE)
        road.init_site("--database", f"main={os.path.join(road.root, 'main.db')}", "--take",
                       "database")
        self.sites["vault-room"] = self.recipient_of(road.site)
        self.write_recipients()
        self.use(KEY)
        self.set()
        with open(os.path.join(road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"fence: {{close: [sh, {tool}, close], open: [sh, {tool}, open], "
                       f"secrets: [{KEY}]}}\n")
        road.installer("apply", road.release("1.0.0"), "--yes")
        lines = lines_of(got)
        self.assertEqual([lines[0], lines[2]], ["close", "open"])
        for line in (lines[1], lines[3]):
            self.assertRegex(line, r"^Max core file size +0 ")

    def test_values_and_outputs_that_hold_a_secret_are_as_private(self):
        """A value that refers to a secret, a file that is made from keys, an optional secret."""
        road = self.road
        self.start()
        self.set()
        self.declare("OPTIONAL")
        schema = os.path.join(road.project, "environments/schema.json")
        contract = json.loads(text_of(schema))
        contract["keys"]["DSN"] = {"default": f"app:{{{{{KEY}}}}}@db", "means": "a name with a secret"}
        write(schema, json.dumps(contract))
        write(os.path.join(road.project, "config/dsn.env"), "DSN={{DSN}}\n")
        write(os.path.join(road.project, "config/optional.env"),
              "{{#OPTIONAL | set}}\nOPTIONAL={{OPTIONAL}}\n{{/OPTIONAL | set}}\nalways\n")
        release = os.path.join(road.project, "release.yaml")
        write(release, text_of(release).replace(
            "source: config/,", "source: config/, outputs: [{file: made.json, format: json, "
            f"keys: [LOG_LEVEL, {KEY}]}}],"))
        road.installer("apply", road.release("1.0.0"), "--yes")
        etc = os.path.join(road.target("etc"), "current")
        self.assertEqual(text_of(os.path.join(etc, "dsn.env")), f"DSN=app:{VALUE}@db\n")
        self.assertEqual(json.loads(text_of(os.path.join(etc, "made.json"))),
                         {"LOG_LEVEL": "warning", KEY: VALUE})
        self.assertEqual(text_of(os.path.join(etc, "optional.env")), "always\n")
        modes = {name: stat.S_IMODE(os.stat(os.path.join(etc, name)).st_mode)
                 for name in ("dsn.env", "made.json", "db.env", "optional.env", "app.env")}
        self.assertEqual(modes, {"dsn.env": 0o600, "made.json": 0o600, "db.env": 0o600,
                                 "optional.env": 0o644, "app.env": 0o644})
        for shown in (("config", "show"), ("config", "show", "DSN"), ("status",)):
            self.assertNotIn(VALUE, road.installer("--json", *shown).decode())
        road.installer("drift")

    def test_a_service_gets_secrets_in_its_environment_and_its_messages_hide_them(self):
        road = self.road
        self.start()
        self.set()
        release = os.path.join(road.project, "release.yaml")
        text = text_of(release)
        write(release, text.replace("source: config/,", "source: config/, services: {app: [app.env]},"))
        got = os.path.join(road.root, "got")
        tool = os.path.join(road.root, "restart.sh")
        write(tool, f'echo "${KEY}" >> {got}\n')
        with open(os.path.join(road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"services: {{app: {{restart: [sh, {tool}], secrets: [{KEY}]}}}}\n")
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.assertEqual(text_of(got), f"{VALUE}\n")

        write(tool, f'echo "no such server: ${KEY} $(printf %s "${KEY}" | base64 -w0)" >&2; exit 1\n')
        said = road.refused("apply", road.release("1.1.0"), "--yes", status=10)
        self.assertIn(f"no such server: [secret {KEY}] [secret {KEY}]", said)
        self.assertNotIn(VALUE, said)


class BadInputs(Secrets):
    def test_identities_that_do_not_open(self):
        road = self.road
        self.start()
        self.use(KEY, "API_KEY")
        self.set()
        self.set("API_KEY", "another secret")
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.set(KEY, "new")
        bundle = road.release("1.1.0")
        file = os.path.join(road.site, "state/keys/site.age")
        kept = text_of(file)

        os.chmod(file, 0o640)
        said = self.nothing_changes("apply", bundle, "--yes", status=4)
        self.assertIn("site.age: others than its owner may read it", said)
        os.unlink(file)
        said = self.nothing_changes("apply", bundle, "--yes", status=4)
        self.assertIn("the site's identity is missing", said)
        self.assertFalse(os.path.exists(file))  # not made anew

        other = identity(file)
        said = self.nothing_changes("apply", bundle, "--yes", status=6)
        for key in (KEY, "API_KEY"):  # both in one run
            self.assertIn(f"secret {key}: is not sealed for this site, whose recipient is {other}",
                          said)
        self.assertIn("sealift secret rekey production", said)

        write(file, kept)
        os.chmod(file, 0o600)
        road.installer("apply", bundle, "--yes")

    def test_ciphertexts_that_were_changed(self):
        road = self.road
        self.start()
        self.use(KEY, "API_KEY")
        self.set()
        self.set("API_KEY", "another secret")
        road.installer("apply", road.release("1.0.0"), "--yes")
        whole = text_of(self.sealed)
        api, url = ("\n".join("      " + l for l in one.splitlines()) for one in armored(self.sealed))

        # Moved to another key: only who opens it can see that.
        write(self.sealed, whole.replace(api, "\0").replace(url, api).replace("\0", url))
        said = self.nothing_changes("apply", road.release("1.1.0"), "--yes", status=5)
        for key in (KEY, "API_KEY"):
            self.assertIn(f"secret {key}: was sealed for another place than {key} of production",
                          said)

        # Cut off at its end.
        short = rearmored(binary_of(armored(self.sealed)[1])[:-1])
        short = "\n".join("      " + line for line in short.splitlines())
        write(self.sealed, whole.replace(url, short))
        said = self.nothing_changes("apply", road.release("1.2.0"), "--yes", status=5)
        self.assertIn(f"secret {KEY}: age: its end was changed or cut off", said)

        # Cut off in its header, or not base64: CI says so, with file, line and key.
        lines = lines_of(self.sealed)
        line = next(n for n, text in enumerate(lines, 1) if text.startswith(f"  {KEY}:"))
        cut = rearmored(binary_of(armored(self.sealed)[1])[:100])
        for text in (cut, "-----BEGIN AGE ENCRYPTED FILE-----\nhunter2\n"):
            indented = "\n".join("      " + each for each in text.splitlines())
            write(self.sealed, whole.replace(url, indented))
            said = self.validate()
            self.assertIn(f"production.sealed.yaml:{line}: secrets.{KEY}: age: found", said)
            self.assertNotIn("hunter2", said)

    def test_a_secret_in_clear(self):
        road = self.road
        self.start()
        self.set()
        road.installer("apply", road.release("1.0.0"), "--yes")
        path = os.path.join(road.project, "environments/production.yaml")
        whole = text_of(path)
        write(path, whole + f'  {KEY}: "hunter2"\n')
        said = self.validate()
        self.assertIn(f"{KEY}", said)
        self.assertIn("clear", said)
        self.assertNotIn("hunter2", said)
        write(path, whole)

        bundle = road.release("1.1.0")
        self.edit_site("values:\n", f'values:\n  {KEY}: "hunter2"\n')
        said = self.nothing_changes("apply", bundle, "--yes", status=6)
        self.assertRegex(said, rf"site\.yaml:\d+: values\.{KEY}: found a secret in clear")
        self.assertNotIn("hunter2", said)

    def test_a_condition_is_no_place_for_a_secret(self):
        road = self.road
        self.start()
        self.set()
        write(os.path.join(road.project, "config/db.env"), f"{{{{#{KEY}}}}}x{{{{/{KEY}}}}}\n")
        said = errors(BUILDER, "build", os.path.join(road.project, "release.yaml"), "--output",
                      os.path.join(road.root, "dist"), status=3)
        self.assertIn(f"the condition {KEY} is text", said)
        self.assertNotIn(VALUE, said)

    def test_a_secret_that_a_template_cannot_use_is_not_quoted(self):
        road = self.road
        self.start()
        secret = "s3cr3t " * 1100
        self.set(KEY, secret)
        write(os.path.join(road.project, "config/db.env"), f"{{{{{KEY}}}}}\n" * 2500)
        said = self.nothing_changes("apply", road.release("1.0.0"), "--yes", status=6)
        self.assertIn(f"db.env: cannot be rendered with what was sealed for {KEY}", said)
        self.assertNotIn("s3cr3t", said)

    def test_recipients_that_do_not_fit(self):
        road = self.road
        self.start()
        self.set()
        self.sites["site-b"] = identity(os.path.join(road.root, "b.age"))
        self.write_recipients()
        said = self.validate()
        self.assertRegex(said, r"production\.sealed\.yaml:\d+: DATABASE_URL: is sealed for recovery "
                               r"\.\.\.\w{8}, vault-room")
        self.assertIn("sealift secret rekey production", said)
        # The list of names may lie; the header's count of recipients does not.
        label = f'"site-b ...{self.sites["site-b"][-8:]}", '
        write(self.sealed, text_of(self.sealed).replace('"vault-room', label + '"vault-room'))
        self.assertIn("its header is for 2 recipients, expected 3", self.validate())
        os.unlink(os.path.join(road.project, "environments/recipients.yaml"))
        self.assertIn("found no environments/recipients.yaml", self.validate())


class InTheRepository(Secrets):
    def test_set_list_rotate(self):
        self.start()
        self.use(KEY, "API_KEY")
        self.set()
        self.set("API_KEY", "one")
        one, two = armored(self.sealed)
        self.set("API_KEY", "two")
        again = armored(self.sealed)
        self.assertNotEqual(again[0], one)
        self.assertEqual(again[1], two)  # what was not touched stays
        listed = {each["key"]: each for each in json.loads(
            run(BUILDER, "--json", "secret", "list", "--project", self.road.project))}
        self.assertEqual(sorted(listed), ["API_KEY", KEY])
        self.assertEqual(listed[KEY]["missing"], [])
        said = self.secret("list", "production").decode()
        self.assertIn("vault-room ..." + self.sites["vault-room"][-8:], said)
        self.assertNotIn(VALUE, said)
        said = self.refused("rotate", "production", "API_KEYS", "--generate", "32", status=3)
        self.assertRegex(said, 'API_KEY')
        self.assertIn("--value-file", self.refused("set", "production", KEY, status=2))
        self.refused("set", "production", KEY, "--generate", "8", status=2)
        self.assertIn("has no site", self.refused("set", "staging", KEY, "--generate", "32", status=3))
        self.assertIn("has no site", self.refused("set", "production", KEY, "--generate", "32",
                                                  "--site", "vault-rom", status=3))

    def test_the_contract_is_kept(self):
        project = os.path.join(self.road.root, "small")
        self.road.project = project
        self.sites["a"] = self.recovery
        self.sites["a"] = identity(os.path.join(self.road.root, "a.age"))
        self.write_recipients()
        write(os.path.join(project, "environments/schema.json"), json.dumps({"schema": 1, "keys": {
            "PIN": {"secret": True, "pattern": "[0-9]{4}", "means": "four digits"},
            "PORT": {"type": "integer", "means": "no secret"}}}))
        self.secret("set", "production", "PIN", "--value-file", "-", value="1234\n")
        said = run(BUILDER, "secret", "list", "--project", project).decode()
        self.assertIn("PIN", said)
        done = subprocess.run([BUILDER, "secret", "set", "production", "PIN", "--value-file", "-",
                               "--project", project], input=b"hunter2", capture_output=True)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"PIN", done.stderr)
        self.assertNotIn(b"hunter2", done.stdout + done.stderr)
        self.assertIn('did you mean "PIN"', self.refused("set", "production", "PINN", "--generate",
                                                         "16", status=3))
        self.assertIn("not as a secret", self.refused("set", "production", "PORT", "--generate",
                                                      "16", status=3))

    def test_edit(self):
        self.start()
        self.set()
        before = text_of(self.sealed)
        editor = os.path.join(self.road.root, "editor")
        seen = os.path.join(self.road.root, "seen")
        environment = {**os.environ, "EDITOR": f"sh {editor}", "VISUAL": ""}

        def edit(status=0):
            return run(BUILDER, "secret", "edit", "production", KEY, "--identity",
                       self.recovery_file, "--project", self.road.project, env=environment,
                       status=status)
        write(editor, f'cp "$1" {seen}; stat -c "%a %n" "$1" > {seen}.mode; cp "$1" "$1~"\n')
        edit()
        self.assertEqual(text_of(seen), VALUE + "\n")
        self.assertEqual(text_of(self.sealed), before)
        mode, path = text_of(seen + ".mode").split()
        self.assertEqual(mode, "600")
        self.assertTrue(path.startswith("/dev/shm/"), path)
        self.assertFalse(os.path.exists(os.path.dirname(path)))
        write(editor, 'echo changed > "$1"; exit 1\n')
        edit(status=self.interrupted())
        self.assertEqual(text_of(self.sealed), before)
        write(editor, 'echo changed > "$1"\n')
        edit()
        plain = run("age", "-d", "-i", self.recovery_file, stdin=armored(self.sealed)[0].encode())
        self.assertEqual(json.loads(plain)["value"], "changed")
        os.chmod(self.recovery_file, 0o644)
        self.assertIn("others than its owner", self.refused(
            "edit", "production", KEY, "--identity", self.recovery_file, status=4))

    def interrupted(self):
        page = text_of(os.path.join(os.environ["SEALIFT_SOURCE"], "docs/errors.md"))
        return int(re.search(r"\| (\d+) \| `interrupted`", page).group(1))

    def test_rekey(self):
        road = self.road
        self.start()
        self.use(KEY, "API_KEY")
        self.set()
        self.set("API_KEY", "vault-room's", "--site", "vault-room")
        second = os.path.join(road.root, "site-b")
        run(INSTALLER, "--site", second, "init", "--release", "chanuka", "--environment",
            "production", "--target", f"web={road.root}/b/web", "--target", f"etc={road.root}/b/etc",
            "--value", "PUBLIC_URL=https://b.example", "--value", "PUBLIC_HOST=b.example")
        self.sites["site-b"] = self.recipient_of(second)
        self.write_recipients()
        before = text_of(self.sealed)
        own = armored(self.sealed)[1]
        said = self.refused("rekey", "--identity", os.path.join(second, "state/keys/site.age"),
                            status=4)
        self.assertIn(f"{KEY}: age: it is not encrypted to this identity", said)
        self.assertEqual(text_of(self.sealed), before)
        said = self.secret("rekey", "production", "--identity", self.recovery_file).decode()
        self.assertIn("can now open: site-b", said)
        self.assertEqual(armored(self.sealed)[1], own)  # it is as it should be already
        self.assertIn("API_KEY: is not sealed for the site site-b", self.validate())
        self.set("API_KEY", "site-b's", "--site", "site-b")
        bundle = road.release("1.0.0")
        run(INSTALLER, "--site", second, "trust", "init", road.trust, "--fingerprint",
            road.fingerprint)
        run(INSTALLER, "--site", second, "apply", bundle, "--yes")
        self.assertEqual(text_of(os.path.join(road.root, "b/etc/current/db.env")),
                         f"{KEY}={VALUE}\nAPI_KEY=site-b's\n")

        del self.sites["vault-room"]
        self.write_recipients()
        answer = json.loads(run(BUILDER, "--json", "secret", "rekey", "--identity",
                                self.recovery_file, "--project", road.project))
        self.assertEqual([each.split()[0] for each in answer["lost"]], ["recovery", "vault-room"])
        self.assertEqual(answer["gained"], [])
        self.assertNotIn('"vault-room":', text_of(self.sealed))
        bundle = road.release("1.1.0")
        said = self.nothing_changes("apply", bundle, "--yes", status=6)
        self.assertIn("is not sealed for this site", said)


class Interop(Secrets):
    def test_age_opens_ours_and_ours_opens_its(self):
        need("age")
        road = self.road
        self.start()
        self.set()
        site_key = os.path.join(road.site, "state/keys/site.age")
        for key in (self.recovery_file, site_key):
            plain = run("age", "-d", "-i", key, stdin=armored(self.sealed)[0].encode())
            self.assertEqual(json.loads(plain),
                             {"environment": "production", "key": KEY, "value": VALUE})
        content = json.dumps({"environment": "production", "key": KEY, "value": "by age"})
        theirs = run("age", "-a", "-r", self.recovery, "-r", self.sites["vault-room"],
                     stdin=content.encode()).decode()
        ours = "".join("      " + line + "\n" for line in armored(self.sealed)[0].splitlines())
        other = "".join("      " + line + "\n" for line in theirs.splitlines())
        write(self.sealed, text_of(self.sealed).replace(ours, other))
        road.installer("apply", road.release("1.0.0"), "--yes")
        self.assertEqual(text_of(self.env_file()), f"{KEY}=by age\n")


def shapes(value):
    """The forms in which a value could give itself away."""
    raw = value.encode()
    yield raw
    for skip in range(3):  # base64 at each of its three offsets, without the ends
        yield base64.b64encode(raw[skip:len(raw) - (len(raw) - skip) % 3])
    yield raw.hex().encode()
    digest = hashlib.sha256(raw)
    yield digest.digest()
    yield digest.hexdigest().encode()
    yield base64.b64encode(digest.digest())


class Canary(Secrets):
    def found_in(self, folder, allowed):
        """Files below a folder that hold the canary in some form, or the digest of the file that
        may; archives are looked into."""
        wanted = [shape for text in (self.canary, self.rendered) for shape in shapes(text)]
        found = []
        for path, _, files in os.walk(folder):
            for name in files:
                full = os.path.join(path, name)
                if os.path.islink(full) or full in allowed:
                    continue
                with open(full, "rb") as source:
                    content = source.read()
                if content[:4] == b"\x28\xb5\x2f\xfd":
                    content += run("zstd", "-dc", full)
                if any(shape in content for shape in wanted):
                    found.append(full)
        return found

    def test_a_secret_shows_up_nowhere_else(self):
        for tool in ("zstd", "strace"):
            need(tool)
        road = self.road
        self.canary = "canary-" + os.urandom(24).hex()
        self.rendered = f"{KEY}={self.canary}\n"
        self.start()
        self.out = os.path.join(road.root, "out")
        os.makedirs(self.out)
        count = 0

        def traced(*command, status=0, stdin=None, hurt=None):
            nonlocal count
            count += 1
            trace = os.path.join(self.out, f"{count}.trace")
            done = subprocess.run(
                ["strace", "-f", "-s", "65536", "-o", trace, "-e",
                 "trace=execve,prctl,prlimit64,setrlimit,syncfs",
                 *(["-e", f"inject=syncfs:{hurt}:when=1"] if hurt else []), *map(str, command)],
                input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            for ending, content in (("out", done.stdout), ("err", done.stderr)):
                with open(os.path.join(self.out, f"{count}.{ending}"), "wb") as out:
                    out.write(content)
            self.assertEqual(done.returncode, status, (command, done.stderr))
            return text_of(trace)

        def is_private(trace):
            self.assertIn("prctl(PR_SET_DUMPABLE, SUID_DUMP_DISABLE)", trace)
            self.assertRegex(trace, r"RLIMIT_CORE, \{rlim_cur=0,")

        project = ("--project", road.project)
        is_private(traced(BUILDER, "secret", "set", "production", KEY, "--value-file", "-", *project,
                          stdin=self.canary.encode()))
        release = os.path.join(road.project, "release.yaml")
        first = road.release("1.0.0")
        second = road.release("1.1.0", second_release)
        for command in (["validate", release], ["inspect", first], ["diff", first, second],
                        ["verify", first, "--root", road.trust], ["statement", first],
                        ["secret", "list", *project]):
            for json_too in ([], ["--json"]):
                traced(BUILDER, *json_too, "-v", *command)
        site = ["--site", road.site]
        for bundle in (first, second):
            for json_too in ([], ["--json"]):
                traced(INSTALLER, *json_too, "-v", *site, "plan", bundle)
            is_private(traced(INSTALLER, "--json", "-v", *site, "apply", bundle, "--yes"))
        # An apply that fails while it writes, and is undone; and one that is cut off.
        third = road.release("1.2.0", lambda project: write(
            os.path.join(project, "client/dist/more.html"), "more\n"))
        for json_too in ([], ["--json"]):
            traced(INSTALLER, *json_too, "-v", *site, "apply", third, "--yes", status=9,
                   hurt="error=EIO")
            traced(INSTALLER, *json_too, "-v", *site, "apply", third, "--yes", status=-9,
                   hurt="signal=KILL")
            traced(INSTALLER, *json_too, "-v", *site, "recover")
        for json_too in ([], ["--json"]):
            for command in (["status"], ["history"], ["drift"], ["doctor"], ["rollback", "--yes"],
                            ["apply", third, "--yes"]):
                traced(INSTALLER, *json_too, "-v", *site, *command)
        kept = [os.path.join(path, "db.env") for path, _, files in
                os.walk(os.path.join(road.root, "srv")) if "db.env" in files]
        self.assertTrue(kept)
        for file in kept:
            self.assertEqual(text_of(file), self.rendered)
            self.assertEqual(stat.S_IMODE(os.stat(file).st_mode), 0o600)
        self.assertEqual(self.found_in(road.root, set(kept)), [])
        # What looks for it can find it.
        self.assertEqual(self.found_in(road.root, set(kept[1:])), [kept[0]])


if __name__ == "__main__":
    main()
