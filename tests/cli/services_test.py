#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A real nginx serves what is installed: it is reloaded where its files changed and only there, its
own check refuses what it would not take, and whatever is cut off, it runs what stands. Beside it:
certificates, the firewall template, keys that must not travel, owners and drift."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.request

from road import BUILDER, INSTALLER, SOURCE, RoadTest, errors, free_port, main, need, run, write
from sweep import journal_records, killed_before_record

NGINX = """daemon on;
pid {root}/nginx.pid;
error_log {root}/error.log;
worker_processes 1;
events {{}}
http {{
  access_log off;
  client_body_temp_path {root}/tmp; proxy_temp_path {root}/tmp; fastcgi_temp_path {root}/tmp;
  uwsgi_temp_path {root}/tmp; scgi_temp_path {root}/tmp;
  include {etc}/current/nginx/*.conf;
}}
"""
VALUES = "# {{PUBLIC_HOST}} {{WEB_ROOT}}\n"
PAGE = """server {{
  listen 127.0.0.1:{port};
  location / {{ return 200 "{text}\\n"; }}
}}
"""


def edit(path, old, new):
    with open(path, encoding="utf-8") as source:
        text = source.read()
    assert old in text, (path, old)
    write(path, text.replace(old, new))


class ServiceRoad(RoadTest):
    """A project whose files belong to two services."""

    def setUp(self):
        super().setUp()
        road = self.road
        edit(os.path.join(road.project, "release.yaml"), "source: config/, target: etc}",
             "source: config/, target: etc,\n     services: {nginx: [\"nginx/**\"], "
             "app: [app.env, \"app.*\"]}}")

    def site(self, text):
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            write(path, source.read() + text)


class Nginx(ServiceRoad):
    def setUp(self):
        super().setUp()
        need("nginx")
        road = self.road
        self.port = free_port()
        os.makedirs(os.path.join(road.root, "tmp"))
        # Workers that nginx starts as root are not root.
        os.chmod(road.root, 0o755)
        self.conf = os.path.join(road.root, "nginx.conf")
        write(self.conf, NGINX.format(root=road.root, etc=road.target("etc")))
        self.restarts = os.path.join(road.root, "restarts")
        self.first = road.release("1.0.0", lambda project: self.page(project, "one"))
        road.init_site()
        self.site("services:\n"
                  f"  nginx: {{check: [nginx, -c, {self.conf}, -t], "
                  f"reload: [nginx, -c, {self.conf}, -s, reload]}}\n"
                  f"  app: {{restart: [sh, -c, 'echo restart >> {self.restarts}'], timeout: 10}}\n")
        self.addCleanup(self.stop)

    def stop(self):
        pid = os.path.join(self.road.root, "nginx.pid")
        if os.path.exists(pid):
            with open(pid, encoding="utf-8") as number:
                os.kill(int(number.read()), signal.SIGQUIT)
            for _ in range(100):
                if not os.path.exists(pid):
                    break
                time.sleep(0.05)

    def start(self):
        run("nginx", "-c", self.conf)

    def page(self, project, text):
        write(os.path.join(project, "config/nginx/chanuka.conf"),
              VALUES + PAGE.format(port=self.port, text=text))

    def served(self):
        """The page, or why there is none."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/", timeout=5) as page:
                return page.read().decode().strip()
        except OSError as reason:
            return str(reason)

    def serves(self, text):
        """A reload is a signal: the first one opens the port a moment later, and old workers may answer a
        moment longer."""
        for _ in range(100):
            if self.served() == text:
                return
            time.sleep(0.05)
        self.assertEqual(self.served(), text)

    def workers(self):
        """The one worker, once those of an earlier reload are gone."""
        with open(os.path.join(self.road.root, "nginx.pid"), encoding="utf-8") as number:
            master = number.read().strip()
        for _ in range(100):
            with open(f"/proc/{master}/task/{master}/children", encoding="utf-8") as children:
                workers = children.read().split()
            if len(workers) == 1:
                break
            time.sleep(0.05)
        return workers

    def restarted(self):
        if not os.path.exists(self.restarts):
            return 0
        with open(self.restarts, encoding="utf-8") as lines:
            return len(lines.readlines())

    def first_stands(self):
        """Without an nginx there is nothing to reload, and nothing stood that a person would have
        to bring back; with one, the first release is served at once."""
        self.road.refused("apply", self.first, "--yes", status=9)
        self.assertIsNone(self.road.current("etc"))
        self.start()
        self.road.installer("apply", self.first, "--yes")
        self.serves("one")

    def test_a_repair_reloads_what_may_have_read_a_damaged_file(self):
        self.first_stands()
        restarted = self.restarted()
        edit(os.path.join(self.road.target("etc"), "current/nginx/chanuka.conf"), "one", "two")
        run("nginx", "-c", self.conf, "-s", "reload")
        self.serves("two")
        self.road.installer("apply", "--repair", "--yes")
        self.serves("one")
        self.assertEqual(self.restarted(), restarted)
        self.road.installer("drift")

    def test_reloaded_where_its_files_changed_and_only_there(self):
        self.first_stands()
        workers, restarts = self.workers(), self.restarted()
        same = self.road.release("1.1.0", lambda project: write(
            os.path.join(project, "client/dist/new.js"), "1;\n"))
        plan = self.road.answer("plan", same)
        # app.env says the version, the site of nginx does not.
        self.assertEqual([step["id"] for step in plan["plan"]["steps"]
                          if step["driver"] == "service"], ["guard:services", "restart:app"])
        self.road.installer("apply", same, "--yes")
        time.sleep(0.3)
        self.assertEqual(self.workers(), workers)
        self.assertEqual(self.restarted(), restarts + 1)
        changed = self.road.release("1.2.0", lambda project: self.page(project, "two"))
        text = self.road.installer("plan", changed).decode()
        self.assertIn("reload nginx: nginx/chanuka.conf changed", text)
        self.assertIn("restart app: app.env changed", text)
        self.assertLess(text.index("check nginx: nginx"), text.index("reload nginx:"))
        self.road.installer("apply", changed, "--yes")
        self.serves("two")
        self.road.installer("rollback", "--yes")
        self.serves("one")
        self.assertEqual(self.restarted(), restarts + 3)

    def test_what_its_check_refuses_is_never_loaded(self):
        self.first_stands()
        workers, restarts, before = self.workers(), self.restarted(), self.road.current("etc")
        broken = self.road.release("1.1.0", lambda project: write(
            os.path.join(project, "config/nginx/chanuka.conf"),
            VALUES + "server { listen nowhere:x; }\n"))
        message = self.road.refused("apply", broken, "--yes", status=9)
        self.assertIn("service nginx: nginx -c", message)
        self.assertIn("invalid port", message)
        self.assertIn("everything was undone", message)
        time.sleep(0.3)
        self.assertEqual((self.workers(), self.restarted(), self.road.current("etc")),
                         (workers, restarts, before))
        self.serves("one")
        self.road.installer("drift")

    def test_one_that_fails_has_the_others_take_up_the_old_files(self):
        self.first_stands()
        changed = self.road.release("1.1.0", lambda project: self.page(project, "two"))
        # nginx fails after app was restarted: app is restarted again, with what stood.
        edit(os.path.join(self.road.site, "site.yaml"), f"reload: [nginx, -c, {self.conf}, -s, reload]",
             f"reload: [sh, -c, 'nginx -c {self.conf} -s reload; grep -q one "
             f"{self.road.target('etc')}/current/nginx/chanuka.conf']")
        restarts = self.restarted()
        message = self.road.refused("apply", changed, "--yes", status=9)
        self.assertIn("service nginx: sh -c", message)
        self.assertEqual(self.restarted(), restarts + 2)
        self.serves("one")
        # Where even that fails, a person is told what was to be run.
        edit(os.path.join(self.road.site, "site.yaml"), "grep -q one", "grep -q nothing")
        message = self.road.refused("apply", changed, "--yes", status=10)
        self.assertIn("grep -q nothing", message)
        self.assertIn("ended with status 1", message)
        self.road.installer("recover", status=10)
        # They decide in site.yaml: a command that works, or no service at all.
        edit(os.path.join(self.road.site, "site.yaml"), "grep -q nothing", "true")
        self.road.installer("recover")
        self.assertIn("1.0.0", self.road.current("etc"))

    def killed(self, bundle, name):
        """Applies with a command of `name` that kills the installer instead of doing its work."""
        path = os.path.join(self.road.site, "site.yaml")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        command = {"check": f"check: [nginx, -c, {self.conf}, -t]",
                   "reload": f"reload: [nginx, -c, {self.conf}, -s, reload]"}[name]
        once = os.path.join(self.road.root, "once")
        rest = command[command.index("[") + 1:-1].replace(", ", " ")
        write(path, text.replace(command, f"{name}: [sh, -c, 'if test -e {once}; then {rest}; else "
                                          f"touch {once}; kill -9 $PPID; fi']"))
        done = subprocess.run([INSTALLER, "--site", self.road.site, "apply", bundle, "--yes"],
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, check=False)
        self.assertEqual(done.returncode, -signal.SIGKILL)

    def test_killed_between_switch_and_reload(self):
        self.first_stands()
        changed = self.road.release("1.1.0", lambda project: self.page(project, "two"))
        workers, restarts = self.workers(), self.restarted()
        self.killed(changed, "check")
        self.assertIn("1.1.0", self.road.current("etc"))
        self.road.installer("recover")
        time.sleep(0.3)
        self.assertEqual((self.workers(), self.restarted()), (workers, restarts))
        self.serves("one")
        self.assertIn("1.0.0", self.road.current("etc"))

    def test_killed_while_it_reloads(self):
        self.first_stands()
        changed = self.road.release("1.1.0", lambda project: self.page(project, "two"))
        self.killed(changed, "reload")
        # What the command did before the end is not known: here, that it took effect.
        run("nginx", "-c", self.conf, "-s", "reload")
        self.serves("two")
        self.road.installer("recover")
        self.serves("one")
        os.remove(os.path.join(self.road.root, "once"))
        subprocess.run([INSTALLER, "--site", self.road.site, "apply", changed, "--yes"],
                       stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                       stdout=subprocess.DEVNULL, check=False)
        self.road.installer("recover", "--forward")
        self.serves("two")
        self.assertEqual(self.road.answer("status")["current"]["version"], "1.1.0")


    def test_killed_before_every_record_of_the_journal(self):
        """Whatever was cut off: after `recover`, nginx runs the configuration that stands."""
        need("strace")
        self.first_stands()
        changed = self.road.release("1.1.0", lambda project: self.page(project, "two"))
        apply = ["-q", "apply", changed, "--yes"]
        records = journal_records(self.road, apply)
        self.serves("two")
        self.road.installer("rollback", "--yes")
        ended = {"one": 0, "two": 0}
        for record in range(1, records + 1):
            killed_before_record(self.road, apply, record)
            self.road.installer("-q", "recover")
            stands = "two" if "1.1.0" in self.road.current("etc") else "one"
            ended[stands] += 1
            self.serves(stands)
            if stands == "two":
                self.road.installer("-q", "rollback", "--yes")
                self.serves("one")
        self.assertGreater(records, 10)
        self.assertGreater(ended["one"], 5)


class Services(ServiceRoad):
    def test_a_site_without_the_service_is_told(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        done = subprocess.run([INSTALLER, "--site", road.site, "plan", first], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE)
        self.assertIn(b"nothing is restarted for it, site.yaml has no service nginx", done.stderr)
        self.assertNotIn(b"guard", done.stdout)
        road.installer("apply", first, "--yes")
        # A program that does not exist is named before anything changes.
        self.site("services: {app: {restart: [no-such-program, x]}, nginks: {reload: [x]}}\n")
        second = road.release("1.1.0")
        text = road.refused("apply", second, "--yes", status=6)
        self.assertIn("service app: this host has no program no-such-program", text)
        self.assertIn("1.0.0", road.current("etc"))
        doctor = road.answer("doctor", status=20)
        self.assertTrue([f for f in doctor if f["what"] == "service app" and not f["ok"]])
        edit(os.path.join(road.site, "site.yaml"), "no-such-program, x", "\"true\"")
        done = subprocess.run([INSTALLER, "--site", road.site, "plan", second], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        text = done.stderr.decode()
        self.assertIn("no component has files of the service nginks; did you mean nginx?", text)
        # So does CI say, for a site file that the desk keeps.
        done = subprocess.run([BUILDER, "validate", os.path.join(road.project, "release.yaml"),
                               "--site", os.path.join(road.project, "sites/production.yaml")],
                              check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        self.assertIn(b'has no service "nginx"', done.stderr)

    def test_mistakes_are_named_where_they_are(self):
        road = self.road
        release = os.path.join(road.project, "release.yaml")
        edit(release, "app: [app.env, \"app.*\"]", "app: [app.env, \"ap/**\"], Bad: [x]")
        text = errors(BUILDER, "validate", release, status=3)
        self.assertRegex(text, r"release.yaml:\d+: components\[1\].services.Bad: found the service")
        edit(release, ", Bad: [x]", "")
        text = errors(BUILDER, "validate", release, status=3)
        self.assertRegex(text, r"release.yaml:13: components\[1\].services.app\[1\]: "
                               r"\"ap/\*\*\" matches no file")
        edit(release, "kind: assets, ", "kind: images, services: {a: [b]}, ")
        self.assertIn("found services, which images do not have",
                      errors(BUILDER, "validate", release, status=3))

    def test_an_undo_leaves_the_old_release_as_it_was(self):
        """Owner, mode, link and time of every file, after a failed apply and after a rollback."""
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        with_owner = os.geteuid() == 0
        if with_owner:
            edit(os.path.join(road.site, "site.yaml"), f'path: "{road.target("etc")}"',
                 f'path: "{road.target("etc")}", owner: "1234:4321"')
        road.installer("apply", first, "--yes")
        self.site("services: {app: {restart: [sh, -c, 'exit $(cat %s/fails)']}}\n" % road.root)

        def exactly():
            seen = {}
            for name in ("web", "etc"):
                top = os.path.join(road.target(name), road.current(name))
                for folder, names, files in os.walk(top):
                    for each in names + files + [""]:
                        path = os.path.join(folder, each)
                        found = os.lstat(path)
                        link = os.readlink(path) if os.path.islink(path) else None
                        seen[path] = (found.st_mode, found.st_uid, found.st_gid, found.st_mtime_ns,
                                      found.st_size, link)
            return seen

        before = exactly()
        if with_owner:
            self.assertIn(1234, {found[1] for found in before.values()})
        second = road.release("1.1.0")
        fails = os.path.join(road.root, "fails")
        # Fails once: with the new files, not with the old.
        edit(os.path.join(road.site, "site.yaml"), "exit $(cat %s)" % fails,
             "grep -q 1.0.0 %s/current/app.env || exit $(cat %s)" % (road.target("etc"), fails))
        write(fails, "3")
        self.assertIn("ended with status 3", road.refused("apply", second, "--yes", status=9))
        self.assertEqual(exactly(), before)
        write(fails, "0")
        road.installer("apply", second, "--yes")
        self.assertNotEqual(exactly(), before)
        road.installer("rollback", "--yes")
        self.assertEqual(exactly(), before)
        road.installer("drift")

    def test_drift_says_what_was_found_and_what_was_expected(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        road.installer("apply", first, "--yes")
        road.installer("drift")
        web, etc = (os.path.join(road.target(name), "current") for name in ("web", "etc"))
        os.chmod(os.path.join(etc, "app.env"), 0o600)
        os.remove(os.path.join(web, "icon.svg"))
        os.symlink("index.html", os.path.join(web, "icon.svg"))
        os.chmod(os.path.realpath(web), 0o700)
        os.remove(os.path.join(road.target("web"), ".sealift-target"))
        expected = {("site", "app.env", "mode 0600", "mode 0644"),
                    ("web", "icon.svg", "points to index.html", "favicon.svg"),
                    ("web", ".", "mode 0700", "mode 0755"),
                    ("web", os.path.join(road.target("web"), ".sealift-target"), "missing", None)}
        if os.geteuid() == 0:
            os.lchown(os.path.join(web, "index.html"), 1234, 0)
            expected.add(("web", "index.html", "owner 1234", "owner 0"))
        found = road.answer("drift", status=20)["differences"]
        self.assertEqual({(d["component"], d["path"], d["found"], d.get("expected"))
                          for d in found}, expected)
        self.assertIn(b"site: app.env: mode 0600, expected mode 0644\n",
                      road.installer("drift", status=20))


class Tls(ServiceRoad):
    def setUp(self):
        super().setUp()
        need("openssl")
        self.pem = os.path.join(self.road.root, "tls")
        os.makedirs(self.pem)
        write(os.path.join(self.road.project, "config/nginx/tls.conf"),
              "ssl_certificate {{tls.web.certificate}};\nssl_certificate_key {{tls.web.key}};\n")

    def pair(self, name, host="chanuka.example"):
        certificate, key = (os.path.join(self.pem, f"{name}.{end}") for end in ("pem", "key"))
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
            "-nodes", "-keyout", key, "-out", certificate, "-days", "90", "-subj",
            f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}")
        os.chmod(key, 0o600)
        return certificate, key

    def test_certificates_are_judged_before_anything_changes(self):
        road = self.road
        first = road.release("1.0.0")
        road.init_site()
        self.assertIn("component site: nginx/tls.conf:1: asks for tls.web.certificate, and site.yaml "
                      "has no tls.web", road.refused("plan", first, status=6))
        certificate, key = self.pair("web")
        _, other = self.pair("other")
        self.site(f"tls:\n  web: {{certificate: {certificate}, key: {other}, "
                  "hosts: [chanuka.example, www.chanuka.example]}\n"
                  f"  unused: {{certificate: /nowhere.pem, key: {key}}}\n")
        os.chmod(other, 0o644)
        text = road.refused("apply", first, "--yes", status=6)
        self.assertIn("tls.web: key: belongs to another certificate than CN=chanuka.example", text)
        self.assertIn("is not for the host www.chanuka.example", text)
        self.assertIn("has the mode 0644, expected at most 0640", text)
        self.assertNotIn("unused", text)
        self.assertFalse(os.path.exists(road.target("etc")))
        # `doctor` looks at all of them.
        doctor = road.answer("doctor", status=20)
        self.assertTrue([f for f in doctor if f["what"] == "certificate unused" and not f["ok"]])
        edit(os.path.join(road.site, "site.yaml"), f"key: {other}, "
             "hosts: [chanuka.example, www.chanuka.example]", f"key: {key}, hosts: "
             "[chanuka.example], warn_days: 365")
        done = subprocess.run([INSTALLER, "--site", road.site, "apply", first, "--yes"], check=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE)
        self.assertRegex(done.stderr.decode(), r"tls.web: certificate: CN=chanuka.example expires")
        with open(os.path.join(road.target("etc"), "current/nginx/tls.conf"),
                  encoding="utf-8") as conf:
            self.assertEqual(conf.read(), f"ssl_certificate {certificate};\n"
                                          f"ssl_certificate_key {key};\n")

    def test_an_expired_certificate_bars_no_way_back(self):
        road = self.road
        first, second = road.release("1.0.0"), road.release("1.1.0")
        road.init_site()
        certificate, key = self.pair("web")
        self.site(f"tls: {{web: {{certificate: {certificate}, key: {key}}}}}\n")
        road.installer("apply", first, "--yes")
        road.installer("apply", second, "--yes")
        # Time goes on, and the site has seen it.
        with open(os.path.join(road.site, "state/clock.json"), "w", encoding="utf-8") as clock:
            later = time.gmtime(time.time() + 91 * 86400)
            json.dump({"latest": time.strftime("%Y-%m-%dT%H:%M:%SZ", later)}, clock)
        third = road.release("1.2.0")
        self.assertIn("expired at", road.refused("apply", third, "--yes", status=6))
        road.installer("rollback", "--yes")
        self.assertEqual(road.answer("status")["current"]["version"], "1.0.0")

    def test_a_site_without_the_certificate_is_found_in_ci(self):
        road = self.road
        site = os.path.join(road.project, "sites/production.yaml")
        text = errors(BUILDER, "validate", os.path.join(road.project, "release.yaml"), "--site",
                      site, status=3)
        self.assertRegex(text, r"has no tls.web, which .*nginx/tls.conf:1 of component site asks for")
        with open(site, encoding="utf-8") as source:
            write(site, source.read() + "tls: {web: {certificate: /a.pem, key: /a.key}}\n")
        run(BUILDER, "validate", os.path.join(road.project, "release.yaml"), "--site", site)

    def test_a_private_key_is_never_packed(self):
        road = self.road
        _, key = self.pair("web")
        identity = os.path.join(road.root, "identity")
        need("ssh-keygen")
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", identity)
        with open(key, encoding="utf-8") as source:
            pem = source.read()
        shutil.copy(identity, os.path.join(road.project, "client/dist/id"))
        shutil.copy(road.key, os.path.join(road.project, "client/dist/release.key"))
        # Across the border of what is read at once, and on one line as dotenv has it.
        write(os.path.join(road.project, "client/dist/large.js"), " " * ((1 << 20) - 20) + pem)
        write(os.path.join(road.project, "config/app.key"), "K=\"" + pem.replace("\n", "\\n") + "\"")
        write(os.path.join(road.project, "client/dist/jose.js"),
              "const h = '-----BEGIN PRIVATE KEY-----\\n' + body;\n")
        text = errors(BUILDER, "validate", os.path.join(road.project, "release.yaml"), status=3)
        for name, what in (("id", "a private key of OpenSSH"),
                           ("release.key", "a secret key of minisign"),
                           ("large.js", "a PEM private key"), ("app.key", "a PEM private key")):
            self.assertIn(f"{name}: holds {what}", text)
        self.assertNotIn("jose.js", text)

    def test_the_firewall_template_is_what_nft_takes(self):
        need("nft")
        road = self.road
        os.remove(os.path.join(road.project, "config/nginx/tls.conf"))
        shutil.copy(os.path.join(SOURCE, "templates/config/nftables.conf"),
                    os.path.join(road.project, "config/nftables.conf"))
        values = {"ADMIN_NETWORKS": "10.20.0.0/16, 10.30.0.7", "SSH_PORT": "22",
                  "HTTP_PORTS": "80, 443"}
        for environment in ("development", "staging", "production"):
            path = os.path.join(road.project, f"environments/{environment}.yaml")
            with open(path, encoding="utf-8") as source:
                text = source.read()
            write(path, text + "".join(f"  {k}: \"{v}\"\n" for k, v in values.items()))
        first = road.release("1.0.0")
        road.init_site()
        road.installer("apply", first, "--yes")
        rules = os.path.join(road.target("etc"), "current/nftables.conf")
        # In a network of its own where this user may make one; nothing is loaded either way.
        apart = ["unshare", "--user", "--map-root-user", "--net"]
        if subprocess.run([*apart, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
            apart = []
        run(*apart, "nft", "-c", "-f", rules)
        edit(rules, "policy drop", "policy perhaps")
        run(*apart, "nft", "-c", "-f", rules, status=1)


main()
