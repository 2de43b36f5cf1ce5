# SPDX-License-Identifier: Apache-2.0
"""What the tests of observability share: a project whose release watches itself, and a site for it."""

import json
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.environ["SEALIFT_SOURCE"], "tests/cli"))
# Of a project in no repository of git: without it each build warns that it says 1970.
os.environ.setdefault("SOURCE_DATE_EPOCH", "0")

from road import BUILDER, INSTALLER, Road, run, write  # noqa: E402

MONITOR = {"name": "Latency", "type": "query alert", "message": "slow",
           "query": "avg(last_5m):avg:http.latency{env:{{ENVIRONMENT}}} > {{LIMIT}}",
           "tags": ["team:web"], "options": {"thresholds": {"critical": 0.5}}}
DASHBOARD = {"id": "abc-def-ghi", "author_handle": "ana@shop.example", "title": "Web",
             "created_at": "2026-01-01T00:00:00Z", "layout_type": "ordered", "description": "of {{ENVIRONMENT}}",
             "widgets": [{"id": 7, "definition": {"type": "note", "content": "hello"}}]}
RULES = """groups:
  - name: web
    rules:
      - {alert: Down, expr: up == 0, for: 5m, annotations: {summary: "{{ $labels.instance }} is down"}}
"""
GRAFANA = {"uid": "web", "title": "Web", "panels": [{"id": 1, "type": "stat", "title": "Up"}]}


class Watched(Road):
    """`files` of a build are objects, written as JSON, or texts."""

    def write_project(self, version, files, components=None, **component):
        folder = os.path.join(self.project, "monitoring")
        shutil.rmtree(folder, ignore_errors=True)
        for path, content in files.items():
            write(os.path.join(folder, path),
                  content if isinstance(content, str) else json.dumps(content, indent=1))
        write(os.path.join(self.project, "environments/production.yaml"),
              "schema: 1\nvalues: {ENVIRONMENT: production, LIMIT: 1}\n")
        path = os.path.join(self.project, "release.yaml")
        write(path, json.dumps({
            "schema": 1, "name": "shop", "version": version, "environments": ["production"],
            "trust": "trust",
            "components": components if components is not None else
            [{"name": "watch", "kind": "observability", "source": "monitoring", "target": "watch",
              **component}]}))
        return path

    def build(self, version, files, **component):
        path = self.write_project(version, files, **component)
        return json.loads(run(BUILDER, "--json", "build", path, "--output",
                              os.path.join(self.root, "dist"), "--key", self.key))["bundle"]

    def write_site(self, target, also=None, **more):
        write(os.path.join(self.site, "site.yaml"),
              json.dumps({"schema": 1, "release": "shop", "environment": "production",
                          "retention": {"releases": 1}, "targets": {"watch": target, **(also or {})}, **more}))

    def new_site(self, target, **more):
        run(INSTALLER, "--site", self.site, "init", "--release", "shop", "--environment",
            "production", "--target", f"watch={self.target('unused')}")
        self.write_site(target, **more)
        self.installer("trust", "init", self.trust, "--fingerprint", self.fingerprint)
