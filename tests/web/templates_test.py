#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The templates that authors may begin with are what nginx and docker-compose take, and the
example's site is what nginx takes: each goes the whole road, and is read where it was installed."""

import json
import os
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "../cli"))
from road import SOURCE, RoadTest, free_port, main, need, run, write

VALUES = {
    "HTTP_LISTEN": "127.0.0.1:{http}", "HTTPS_LISTEN": "127.0.0.1:{https}", "API_RATE": 20,
    "SERVER_IMAGE": "registry.example/server@sha256:" + "0" * 64,
    "API_SERVERS": [{"host": "127.0.0.1", "port": 9, "options": "max_fails=2 fail_timeout=5s"},
                    {"host": "127.0.0.1", "port": 10, "options": "backup"}],
}


def nginx_conf(folder, included):
    """A whole configuration of an nginx that keeps everything below `folder`."""
    temporary = "".join(f"  {kind}_temp_path {folder}/{kind};\n"
                        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = os.path.join(folder, "nginx.conf")
    user = "user root;\n" if os.geteuid() == 0 else ""  # who may read this test's folder
    write(path, f"{user}pid {folder}/pid;\nerror_log {folder}/error.log;\nworker_processes 1;\n"
                "events { worker_connections 64; }\n"
                "http {\n  include /etc/nginx/mime.types;\n  access_log off;\n"
                f"{temporary}  include {included};\n}}\n")
    return path


class Templates(RoadTest):
    def use(self, *files):
        """Takes them into the project, with their values in every environment."""
        project = self.road.project
        self.http, self.https = free_port(), free_port()
        shutil.rmtree(os.path.join(project, "config"))
        text = "".join(f"\n# {{{{{key}}}}}" for key in ("PUBLIC_URL", "PUBLIC_HOST", "WEB_ROOT",
                                                         "API_PORT", "LOG_LEVEL", "SENTRY"))
        write(os.path.join(project, "config/uses"), text + "\n")
        said = ""
        for name in files:
            shutil.copy(os.path.join(SOURCE, "templates/config", name),
                        os.path.join(project, "config", name))
            with open(os.path.join(project, "config", name), encoding="utf-8") as source:
                said += source.read()
        used = {key: value for key, value in VALUES.items() if re.search(r"\{\{#?" + key, said)}
        lines = "".join(f"  {key}: {json.dumps(value)}\n" for key, value in used.items())
        lines = lines.replace("{http}", str(self.http)).replace("{https}", str(self.https))
        for name in ("development", "staging", "production"):
            path = os.path.join(project, f"environments/{name}.yaml")
            with open(path, encoding="utf-8") as source:
                write(path, source.read() + lines)

    def installed(self, name):
        return os.path.join(self.road.target("etc"), "current", name)

    def test_a_site_of_nginx_over_tls(self):
        need("nginx")
        need("openssl")
        road = self.road
        self.use("nginx.conf")
        certificate, key = (os.path.join(road.root, name) for name in ("web.pem", "web.key"))
        run("openssl", "req", "-x509", "-newkey", "ed25519", "-nodes", "-keyout", key, "-out",
            certificate, "-days", "90", "-subj", "/CN=chanuka.example", "-addext",
            "subjectAltName=DNS:chanuka.example")
        os.chmod(key, 0o600)
        road.init_site()
        with open(os.path.join(road.site, "site.yaml"), "a", encoding="utf-8") as site:
            site.write(f"tls: {{web: {{certificate: {certificate}, key: {key}, "
                       "hosts: [chanuka.example]}}\n")
        road.installer("apply", road.release("1.0.0"), "--yes", "--set",
                       f"WEB_ROOT={road.target('web')}")

        folder = os.path.join(road.root, "nginx")
        conf = nginx_conf(folder, self.installed("nginx.conf"))
        run("nginx", "-t", "-c", conf, "-e", os.path.join(folder, "error.log"))
        server = subprocess.Popen(["nginx", "-c", conf, "-g", "daemon off;", "-e",
                                   os.path.join(folder, "error.log")])
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        trusted = ssl.create_default_context(cafile=certificate)
        trusted.check_hostname = False  # it is asked for at an address

        def ask(path):
            for _ in range(100):
                try:
                    return urllib.request.urlopen(f"https://127.0.0.1:{self.https}{path}",
                                                  context=trusted, timeout=10)
                except urllib.error.URLError as error:
                    if isinstance(error, urllib.error.HTTPError):
                        return error
                    time.sleep(0.1)
            raise AssertionError("nginx does not answer")

        page = ask("/")
        self.assertEqual((page.status, page.headers["Cache-Control"]), (200, "no-cache"))
        asset = re.search(rb'"(/assets/[^"]+[.]js)"', page.read()).group(1).decode()
        script = ask(asset)
        self.assertEqual((script.status, script.headers["Cache-Control"]),
                         (200, "public, max-age=31536000, immutable"))
        self.assertEqual(ask("/assets/none.00000000.js").status, 404)
        self.assertEqual(ask("/api/x").status, 502)  # nobody is behind it here

    def test_a_stack_of_compose(self):
        need("docker-compose")
        road = self.road
        self.use("compose.yaml")
        release = os.path.join(road.project, "release.yaml")
        with open(release, encoding="utf-8") as source:
            text = source.read()
        write(release, text.replace("source: config/,", "source: config/, outputs: [{file: app.env, "
                                    "format: dotenv, keys: [API_PORT, LOG_LEVEL], "
                                    "services: [server]}],"))
        road.init_site()
        road.installer("apply", road.release("1.0.0"), "--yes")
        said = run("docker-compose", "-f", self.installed("compose.yaml"), "-f",
                   self.installed("app.env.override.yaml"), "config").decode()
        self.assertIn(f"image: {VALUES['SERVER_IMAGE']}", said)
        self.assertIn("LOG_LEVEL: warning", said)


main()
