#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Feature flags: from flags/ENVIRONMENT.yaml to the file that applications read, changed between
releases, through the next release, a rollback, a drift, and kill -9 at every point."""

import json
import os
import shutil
import sqlite3

from flags_project import FLAGS, add_flags, served, write_flags
from road import BUILDER, RoadTest, errors, main, need, run, tree_digest, write
from sweep import changing_calls, killed_at


class Flags(RoadTest):
    def first(self):
        return self.road.release("1.0.0", add_flags)

    def begin(self, *more):
        """A site on 1.0.0."""
        bundle = self.first()
        self.road.init_site("--target", f"flags={self.road.target('flags')}", *more)
        self.road.installer("apply", bundle, "--yes")
        return bundle

    def set(self, *words, status=0):
        return self.road.answer("flags", "set", *words, "--yes", status=status)

    def listed(self, name):
        return next(f for f in self.road.answer("flags", "list") if f["flag"] == name)

    def audit(self, event):
        with open(os.path.join(self.road.site, "state/audit.jsonl"), encoding="utf-8") as lines:
            found = [json.loads(line) for line in lines]
        return [entry for entry in found if entry["event"] == event]


class Life(Flags):
    def test_the_release_s_flags_are_a_file_for_applications(self):
        self.begin()
        folder = os.path.join(self.road.target("flags"), "current")
        self.assertEqual(os.listdir(folder), ["flags.json"])
        placement = next(p for p in self.road.answer("status")["current"]["placements"]
                         if p["component"] == "flags")
        self.assertEqual(placement["files"], 1)
        flags = served(self.road)
        self.assertEqual(flags["new-search"]["variants"], {"on": True, "off": False})
        self.assertEqual(flags["new-search"]["metadata"],
                         {"description": "the search that ranks by date"})
        self.assertEqual(flags["sampling"]["variants"], {"low": 0.25, "high": 0.5})
        self.assertEqual(flags["dark-mode"], {"state": "ENABLED", "defaultVariant": "on",
                                              "variants": {"on": True, "off": False}})
        self.assertEqual(flags["beta"]["state"], "DISABLED")
        self.assertEqual(len(self.road.answer("flags", "list")), 8)
        self.road.installer("drift")

    def test_set_list_and_reset(self):
        road = self.road
        self.begin()
        before = {name: road.current(name) for name in ("web", "etc")}
        answer = self.set("new-search", "off", "--reason", "too slow")
        self.assertEqual(answer["result"], "changed")
        self.assertEqual(answer["flags"], [{
            "flag": "new-search", "from": "on where its rules decide nothing",
            "to": "off for everyone", "by": "site"}])
        flag = served(road)["new-search"]
        self.assertEqual(flag["defaultVariant"], "off")
        self.assertNotIn("targeting", flag)  # off means off, for everyone
        self.assertEqual({name: road.current(name) for name in ("web", "etc")}, before)
        listed = self.listed("new-search")
        self.assertEqual((listed["variant"], listed["from"], listed["reason"]),
                         ("off", "site", "too slow"))
        self.assertEqual(listed["released"], "on where its rules decide nothing")
        self.assertIn(b"off for everyone, by ", road.installer("flags", "list"))
        self.assertIn(b"1 flag changed on this site", road.installer("status"))
        last = self.audit("flags")[-1]["details"]
        self.assertEqual((last["reason"], last["version"], last["flags"]),
                         ("too slow", "1.0.0", answer["flags"]))
        history = road.answer("history")[-1]
        self.assertEqual((history["purpose"], history["version"], history["reason"]),
                         ("flags", "1.0.0", "too slow"))
        self.assertEqual(history["flags"],
                         ["flag new-search: off for everyone, before as its release says"])
        journal = os.path.join(road.site, f"state/journal/{answer['revision']:06}.journal")
        with open(journal, encoding="utf-8", errors="replace") as lines:
            events = [json.loads(line)["event"] for line in lines.read().split("\n")
                      if line.startswith("{")]
        self.assertEqual(events, ["begin", "applying", "applied", "applying", "applied", "commit"])

        self.assertEqual(self.set("new-search", "off")["result"], "unchanged")
        self.set("new-search", "off", "--keep-rules")
        self.assertIn("targeting", served(road)["new-search"])
        self.set("dark-mode", "--disable")
        self.assertEqual(served(road)["dark-mode"]["state"], "DISABLED")
        self.set("beta", "off")
        self.assertEqual(served(road)["beta"]["state"], "ENABLED")
        self.assertEqual(road.answer("flags", "reset", "beta", "--yes")["result"], "changed")
        self.assertEqual(served(road)["beta"]["state"], "DISABLED")
        road.answer("flags", "reset", "--all", "--yes")
        self.assertEqual({f["from"] for f in road.answer("flags", "list")}, {"release"})
        road.installer("drift")
        self.assertEqual(road.answer("flags", "reset", "--all", "--yes")["result"], "unchanged")

    def test_a_dry_run_changes_nothing_and_shows_the_plan(self):
        self.begin()
        before = tree_digest(self.road.target("flags"))
        plan = self.road.answer("flags", "set", "new-search", "off", "--dry-run")["plan"]
        self.assertEqual([step["phase"] for step in plan["steps"]], ["stage", "activate"])
        self.assertEqual(plan["purpose"], "flags")
        self.assertEqual(tree_digest(self.road.target("flags")), before)
        self.assertEqual(len(self.road.answer("history")), 1)

    def test_what_does_not_exist_is_refused_with_the_nearest(self):
        road = self.road
        road.init_site("--target", f"flags={road.target('flags')}")
        self.assertIn("no release is installed", road.refused("flags", "list", status=6))
        self.road.installer("apply", self.first(), "--yes")
        before = len(self.audit("flags")), tree_digest(road.target("flags"))
        for words, said in ((("new-serch", "off"), 'did you mean "new-search"?'),
                            (("new-search", "of"), 'did you mean "off"?'),
                            (("new-search",), "found no variant"),
                            (("new-search", "on", "--disable"), "expected one of them")):
            self.assertIn(said, road.refused("flags", "set", *words, "--yes", status=2))
        self.assertIn("found no flag", road.refused("flags", "reset", "--yes", status=2))
        self.assertEqual((len(self.audit("flags")), tree_digest(road.target("flags"))), before)

    def test_drift_shows_what_the_site_changed_and_what_nobody_may(self):
        road = self.road
        self.begin()
        self.set("new-search", "off", "--reason", "too slow")
        found = road.answer("drift", status=20)["differences"]
        self.assertEqual(len(found), 1)
        self.assertEqual(found[0]["path"], "flag new-search")
        self.assertRegex(found[0]["found"], "^off for everyone, by .* at .*: too slow; the release "
                                            "says on where its rules decide nothing$")
        road.installer("flags", "reset", "new-search", "--yes")
        road.installer("drift")
        file = os.path.join(road.target("flags"), "current/flags.json")
        with open(file, encoding="utf-8") as source:
            text = source.read()
        write(file, text.replace('"ENABLED"', '"DISABLED"'))
        self.assertIn(b"flags: flags.json: ", road.installer("drift", status=20))
        # The next change writes the file anew from what was accepted.
        self.set("dark-mode", "off")
        self.assertEqual(served(road)["new-search"]["state"], "ENABLED")
        self.assertEqual([d["path"] for d in road.answer("drift", status=20)["differences"]],
                         ["flag dark-mode"])


    def test_a_kept_bundle_that_was_altered_gives_no_flags(self):
        road = self.road
        add_flags(road.project)
        build = [BUILDER, "--json", "build", os.path.join(road.project, "release.yaml"), "--output",
                 os.path.join(road.root, "dist"), "--key", road.key, "--compression", "none"]
        bundle = json.loads(run(*build))["bundle"]
        road.init_site("--target", f"flags={road.target('flags')}")
        road.installer("apply", bundle, "--yes")
        before = served(road)
        kept, = os.listdir(os.path.join(road.site, "state/store"))
        file = os.path.join(road.site, "state/store", kept)
        with open(file, "rb") as source:
            content = source.read()
        self.assertIn(b'"LK"', content)
        with open(file, "wb") as out:
            out.write(content.replace(b'"LK"', b'"XK"'))
        road.refused("flags", "set", "dark-mode", "off", "--yes", status=5)
        road.refused("flags", "list", status=5)
        self.assertEqual(served(road), before)


class NextRelease(Flags):
    def test_each_flag_s_word_is_kept(self):
        road = self.road
        first = self.begin()
        for words in (("new-search", "off"), ("petitions-per-page", "few"), ("theme", "dark"),
                      ("beta", "on"), ("dark-mode", "off")):
            self.set(*words, "--reason", "ticket 12")
        # The same release again is not the next one.
        self.assertEqual(road.answer("apply", first, "--yes")["result"], "unchanged")
        site = os.path.join(road.site, "site.yaml")
        with open(site, encoding="utf-8") as source:
            text = source.read()
        write(site, text.replace("https://chanuka.example", "https://new.example"))
        self.assertEqual(road.answer("apply", first, "--yes")["result"], "applied")
        self.assertEqual(served(road)["new-search"]["defaultVariant"], "off")

        def change(project):
            text = FLAGS.replace('dark: "#000"}', 'night: "#000"}').replace("[dark, 25]",
                                                                             "[night, 25]")
            text = text.replace("  dark-mode: true\n", "")
            text = text.replace("enabled: false}", "enabled: false, next_release: reset}")
            write_flags(project, text)
        second = road.release("1.1.0", change)
        plan = road.answer("plan", second)
        said = " ".join(plan["flags"])
        self.assertIn("flag new-search: kept off for everyone", said)
        self.assertIn("flag petitions-per-page: reset to many for everyone", said)
        self.assertIn("flag beta: reset to disabled", said)
        warned = " ".join(plan["warnings"])
        self.assertIn('flag theme: this release has no variant "dark"', warned)
        self.assertIn("flag dark-mode: this release does not have it", warned)
        self.assertIn(b"flag new-search: kept off for everyone", road.installer("plan", second))
        road.installer("apply", second, "--yes")
        flags = served(road)
        self.assertEqual(flags["new-search"]["defaultVariant"], "off")
        self.assertEqual(flags["petitions-per-page"]["defaultVariant"], "many")
        self.assertNotIn("dark-mode", flags)
        self.assertEqual([f["flag"] for f in road.answer("flags", "list") if f["from"] == "site"],
                         ["new-search"])
        self.assertEqual(self.listed("new-search")["reason"], "ticket 12")

        # A rollback brings back what held then.
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual(
            sorted(f["flag"] for f in road.answer("flags", "list") if f["from"] == "site"),
            ["beta", "dark-mode", "new-search", "petitions-per-page", "theme"])
        self.assertEqual(served(road)["dark-mode"]["defaultVariant"], "off")

    def test_a_release_without_flags_says_that_changes_go(self):
        self.begin()
        self.set("new-search", "off")

        def change(project):
            path = os.path.join(project, "release.yaml")
            with open(path, encoding="utf-8") as source:
                lines = source.read().splitlines()
            write(path, "\n".join(l for l in lines if "kind: flags" not in l) + "\n")
        second = self.road.release("1.1.0", change)
        self.assertIn("flag new-search: this release does not have it",
                      " ".join(self.road.answer("plan", second)["warnings"]))
        self.road.installer("apply", second, "--yes")
        self.assertIsNone(self.road.current("flags"))
        self.assertIn("has no flags on this site", self.road.refused("flags", "list", status=6))

    def test_a_staged_release_is_still_the_next_one(self):
        road = self.road
        self.begin()
        second = road.release("1.1.0")
        road.installer("stage", second, "--yes")
        self.set("new-search", "off")
        self.assertEqual(road.answer("status")["staged"]["version"], "1.1.0")
        road.installer("apply", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.1.0")
        self.assertEqual(served(road)["new-search"]["defaultVariant"], "off")


class Rollback(Flags):
    def test_it_leads_to_the_release_before(self):
        road = self.road
        self.begin()
        road.installer("apply", road.release("1.1.0"), "--yes")
        for variant in ("off", "on", "off"):
            self.set("new-search", variant)
        self.assertEqual(road.answer("status")["previous"]["version"], "1.0.0")
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")
        self.assertEqual(self.listed("new-search")["from"], "release")
        # And again after a change on top of the rollback.
        self.set("dark-mode", "off")
        self.assertIn("nothing stood on this site before",
                      road.refused("rollback", "--yes", status=6))
        road.installer("rollback", "1.1.0", "--yes")
        self.assertEqual(served(road)["new-search"]["defaultVariant"], "off")
        self.assertEqual(served(road)["dark-mode"]["defaultVariant"], "on")
        # Its way back is that of the release, as of every release that was rolled back to.
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def test_changes_push_no_release_out(self):
        road = self.road
        self.begin()  # keeps three releases beside the current and the previous one
        for minor in range(1, 5):
            road.installer("apply", road.release(f"1.{minor}.0"), "--yes")
            self.set("new-search", "off" if minor % 2 else "on")
        for turn in range(20):
            self.set("dark-mode", "off" if turn % 2 else "on")
        kept = {h["version"] for h in road.answer("history") if h["retained"]}
        self.assertEqual(kept, {f"1.{minor}.0" for minor in range(5)})
        # Of a release its first revision and the last change of its flags.
        folders = os.listdir(os.path.join(road.target("flags"), "releases"))
        self.assertLessEqual(len(folders), 10)
        road.installer("rollback", "1.0.0", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")
        road.installer("rollback", "1.3.0", "--yes")
        self.assertEqual(served(road)["new-search"]["defaultVariant"], "off")

    def test_backups_of_the_release_are_kept(self):
        road = self.road
        database = os.path.join(road.root, "main.db")
        self.migrate("create table note (text text not null);")
        self.begin("--take", "database", "--database", f"main={database}")
        with sqlite3.connect(database) as connection:
            connection.execute("insert into note values ('kept')")
        self.migrate("create table other (text text not null);", "0002_more.sql")
        road.installer("apply", road.release("1.1.0"), "--yes")
        with open(database, "rb") as file:
            before = file.read()
        for turn in range(8):
            self.set("dark-mode", "off" if turn % 2 else "on")
        with open(database, "rb") as file:
            self.assertEqual(file.read(), before)
        road.installer("rollback", "--restore-database", "--yes", "--reason", "test")
        with sqlite3.connect(database) as connection:
            self.assertEqual(connection.execute("select text from note").fetchall(), [("kept",)])
            self.assertEqual(connection.execute(
                "select count(*) from sqlite_master where name = 'other'").fetchall(), [(0,)])

    def migrate(self, text, name="0001_first.sql"):
        """The example's migrations become plain files for SQLite."""
        write(os.path.join(self.road.project, "sql", name), text + "\n")
        path = os.path.join(self.road.project, "release.yaml")
        with open(path, encoding="utf-8") as source:
            lines = source.read().splitlines()
        line = ("  - {name: database, kind: migrations, format: sql, dialect: sqlite, source: sql/,"
                " database: main, rollback: restore, optional: true}")
        write(path, "\n".join(line if "kind: migrations" in l else l for l in lines) + "\n")


class Crash(Flags):
    def setUp(self):
        super().setUp()
        need("strace")
        self.begin()
        self.places = [self.road.site, os.path.join(self.road.root, "srv")]
        self.keep = os.path.join(self.road.root, "keep")
        self.save()

    def save(self):
        shutil.rmtree(self.keep, ignore_errors=True)
        for place in self.places:
            shutil.copytree(place, os.path.join(self.keep, os.path.basename(place)), symlinks=True)

    def restore(self):
        for place in self.places:
            shutil.rmtree(place)
            shutil.copytree(os.path.join(self.keep, os.path.basename(place)), place, symlinks=True)

    def test_the_old_flags_or_the_new_ones(self):
        road = self.road
        command = ["-q", "flags", "set", "new-search", "off", "--yes"]
        others = {name: road.current(name) for name in ("web", "etc")}
        old = served(road)
        points = changing_calls(road, command)
        new = served(road)
        self.assertNotEqual(old, new)
        ended = [0, 0]
        for name, when in points:
            self.restore()
            killed_at(road, command, name, when)
            where = f"killed before {name} number {when}"
            self.assertIn(served(road), (old, new), where)
            for _ in range(2):
                road.installer("-q", "recover")
                self.assertIn(served(road), (old, new), where)
            is_new = served(road) == new
            ended[is_new] += 1
            # What is served is what the journals say.
            self.assertEqual(self.listed("new-search")["from"], "site" if is_new else "release",
                             where)
            road.installer("drift", status=20 if is_new else 0)
            self.assertEqual({n: road.current(n) for n in ("web", "etc")}, others, where)
            releases = os.listdir(os.path.join(road.target("flags"), "releases"))
            self.assertFalse([r for r in releases if r.startswith(".")], where)
            road.installer(*command)
            self.assertEqual(served(road), new, where)
        print(f"{len(points)} crash points: {ended[0]} ended on the old flags, {ended[1]} on the new")
        self.assertGreater(len(points), 30)
        self.assertGreater(min(ended), 0)

    def test_a_change_that_was_cut_off_goes_on_where_a_person_says_so(self):
        command = ["flags", "set", "new-search", "off", "--yes"]
        killed_at(self.road, command, "symlinkat", 1)
        self.assertIn("sealift-installer recover", self.road.refused(*command, status=10))
        self.road.installer("recover", "--forward")
        self.assertEqual(served(self.road)["new-search"]["defaultVariant"], "off")
        self.assertEqual(self.listed("new-search")["from"], "site")

    def test_after_an_apply_that_was_cut_off_a_person_decides_first(self):
        road = self.road
        second = road.release("1.1.0", lambda project: write(
            os.path.join(project, "client/dist/index.html"), "<!-- 1.1.0 -->\n"))
        killed_at(road, ["apply", second, "--yes"], "symlinkat", 3)
        self.assertIn("NOT FINISHED", road.installer("status", status=10).decode())
        before = tree_digest(road.target("flags"))
        self.assertIn("sealift-installer recover",
                      road.refused("flags", "set", "new-search", "off", "--yes", status=10))
        self.assertEqual(tree_digest(road.target("flags")), before)
        road.installer("recover")
        self.set("new-search", "off")


class BadFlags(Flags):
    def refused(self, text, environment="production"):
        add_flags(self.road.project)
        write(os.path.join(self.road.project, f"flags/{environment}.yaml"), text)
        return errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"),
                      status=3)

    def test_mistakes_name_file_line_and_key(self):
        for old, new, said in (
                ("default: many", "default: lots",
                 'flags/production.yaml:9: flags.petitions-per-page.default: found "lots"'),
                ("many: 50", 'many: "50"',
                 "flags/production.yaml:10: flags.petitions-per-page.variants.many: found string"),
                ("{in:", "{inn:", 'flags.new-search.targeting.if[0].inn: unknown operator "inn"'),
                ("[light, 75]", "[lite, 75]", 'answers "lite", which is no variant'),
                ("$ref: is-staff", "$ref: is-stuff", 'did you mean "is-staff"?'),
                ("[dark, 25]", '[dark, "25"]', "found the weight \"25\""),
                ("next_release: reset", "next_release: never", "one of keep, reset"),
                ("meaning: the", "meening: the", 'did you mean "meaning"?'),
                ("  dark-mode: true\n", "", 'has no flag "dark-mode"'),
                ("dark-mode: true", "dark-mood: true", 'did you mean "dark-mode"?'),
                ('low: "0.25"', "low: 0.25", "found the number 0.25"),
                ("{few: 10, many: 50}", "{few: 10, many: 50, all: 500}", "production.yaml:8: "),
                ("dark-mode: true", "dark mode: true", 'found the name "dark mode"')):
            with self.subTest(new):
                self.assertIn(old, FLAGS)
                self.assertIn(said, self.refused(FLAGS.replace(old, new)))

    def test_every_environment_has_its_file_and_no_other_is_there(self):
        add_flags(self.road.project)
        folder = os.path.join(self.road.project, "flags")
        os.rename(os.path.join(folder, "production.yaml"), os.path.join(folder, "prodction.yaml"))
        said = errors(BUILDER, "validate", os.path.join(self.road.project, "release.yaml"), status=3)
        self.assertIn("flags/production.yaml: found no such file", said)
        self.assertIn("flags/prodction.yaml: belongs to no environment", said)
        self.assertIn('did you mean "production.yaml"?', said)

    def test_deep_and_wide_rules_end(self):
        deep = "on"
        for _ in range(40):
            deep = "{if: [true, %s, off]}" % deep
        targeting = "{if: [{in: [{var: country}, [LK, IN]]}, on, off]}"
        self.assertIn("nesting deeper", self.refused(FLAGS.replace(targeting, deep)))
        wide = "{if: [{in: [{var: country}, [%s]]}, on, off]}" % ", ".join(["LK"] * 3000)
        self.assertIn("more than 2000 parts", self.refused(FLAGS.replace(targeting, wide)))
        many = "schema: 1\nflags:\n" + "".join(f"  f{n}: true\n" for n in range(4097))
        self.assertIn("at most 4096 flags", self.refused(many))

    def test_two_components_of_flags_are_refused(self):
        add_flags(self.road.project)
        path = os.path.join(self.road.project, "release.yaml")
        with open(path, "a", encoding="utf-8") as out:
            out.write("  - {name: more, kind: flags, source: flags/, target: more}\n")
        self.assertIn("two components are of the kind flags",
                      errors(BUILDER, "validate", path, status=3))


main()
