# SPDX-License-Identifier: Apache-2.0
"""As much of Datadog's API v1 as the driver uses, in this process, strict about what it is sent. It is
written from the API's documentation; Datadog itself was never asked."""

import json
import re
import threading
import urllib.parse

from loopback import JsonHandler, Loopback, cut

API_KEY = "0123456789abcdef0123456789abcdef"
APPLICATION_KEY = "fedcba9876543210fedcba9876543210fedcba98"
TESTS = "/api/v1/synthetics/tests"
PATHS = {"monitor": "/api/v1/monitor", "slo": "/api/v1/slo", "dashboard": "/api/v1/dashboard",
         "api": TESTS + "/api", "browser": TESTS + "/browser", "pipeline": "/api/v1/logs/config/pipelines"}
TEST_REQUIRED = ("name", "type", "config", "locations", "options", "message")
REQUIRED = {"monitor": ("type", "query"), "slo": ("name", "type", "thresholds"),
            "dashboard": ("title", "layout_type", "widgets"), "api": TEST_REQUIRED,
            "browser": TEST_REQUIRED, "pipeline": ("name",)}
OF_SERVER = {"id", "author_handle", "public_id", "monitor_id", "is_read_only"}


class Datadog(Loopback):
    """`fault(method, path)` says what becomes of a request: nothing (None), a status, (status, headers),
    "cut" (it is not read) or "lost" (it is done, and the answer is not sent). `seen` are requests."""

    def __init__(self):
        self.objects = {family: {} for family in PATHS}
        self.unbought = False  # Synthetics and Logs
        self.count = 0
        self.seen = []
        self.keys = (API_KEY, APPLICATION_KEY)
        self.fault = lambda method, path: None
        self.lock = threading.Lock()
        datadog = self

        class Handler(JsonHandler):
            def serve(self):
                length = int(self.headers.get("Content-Length", 0))
                text = self.rfile.read(length)
                with datadog.lock:
                    datadog.seen.append((self.command, self.path))
                    fault = datadog.fault(self.command, self.path)
                    if fault == "cut":
                        return cut(self)
                    if isinstance(fault, (int, tuple)):
                        status, headers = fault if isinstance(fault, tuple) else (fault, {})
                        return self.answer(status, {"errors": ["not now"]}, headers)
                    status, body = datadog.judge(self.command, self.path, self.headers, text)
                if fault == "lost":
                    return cut(self)
                return self.answer(status, body)

        self.listen(Handler)

    def judge(self, method, path, headers, text):
        api, application = self.keys
        if headers.get("dd-api-key") != api:
            return 403, {"errors": ["Forbidden"]}
        where, _, query = path.partition("?")
        if where == "/api/v1/validate":
            return 200, {"valid": True}
        if headers.get("dd-application-key") != application:
            return 403, {"errors": ["Forbidden"]}
        asked = dict(urllib.parse.parse_qsl(query))
        if self.unbought and where.startswith(("/api/v1/synthetics", "/api/v1/logs")):
            return 404 if "synthetics" in where else 403, {"errors": ["is not activated"]}
        if where == TESTS:
            return 200, self.listed("api", asked)
        if where == TESTS + "/delete":
            return self.delete_tests(json.loads(text))
        for family, begin in PATHS.items():
            if where == begin or where.startswith(begin + "/"):
                body = json.loads(text) if text else None
                return self.of_family(family, method, where[len(begin) + 1:], asked, body)
        return 404, {"errors": ["no such path"]}

    def of_family(self, family, method, key, asked, body):
        found = self.objects[family]
        if method in ("POST", "PUT"):
            wrong = self.mistakes(family, body)
            if wrong:
                return 400, {"errors": wrong}
            if (family, key) == ("monitor", "validate"):
                return 200, {}
        if method == "POST" and not key:
            self.count += 1
            key = {"monitor": str(1000 + self.count), "slo": f"{self.count:032x}",
                   "pipeline": f"{self.count:022}"}.get(family, f"abc-{self.count:03}-xyz")
            found[key] = body
            if family in ("api", "browser"):
                # Datadog makes a monitor of each, with its tags.
                self.objects["monitor"][self.monitor_of(key)] = {
                    "name": f"[Synthetics] {body['name']}", "type": "synthetics alert",
                    "tags": body.get("tags", [])}
            return 200, self.shown(family, key, True)
        if method == "GET" and not key:
            return 200, self.listed(family, asked)
        if key not in found:
            return 400 if family == "pipeline" else 404, {"errors": [f"{family} {key} not found"]}
        if method == "PUT":
            found[key] = body
        elif method == "DELETE":
            if family == "monitor" and asked.get("force") != "true" and any(
                    re.search(rf"\b{key}\b", each.get("query", "")) for each in found.values()
                    if each["type"] == "composite"):
                return 400, {"errors": ["is used by a composite monitor"]}
            users = [each for each in self.objects["slo"].values() if family == "monitor" and
                     int(key) in each.get("monitor_ids", [])]
            if users and asked.get("force") != "true":
                return 409, {"errors": ["is used by an SLO"]}
            del found[key]
            return 200, {}
        return 200, self.shown(family, key, method != "GET")

    def mistakes(self, family, body):
        wrong = [f"{each} is required" for each in REQUIRED[family] if each not in body]
        if OF_SERVER & set(body):
            wrong.append("the server says that")
        if family == "monitor" and "fail" in body.get("query", ""):
            wrong.append("The value provided for parameter 'query' is invalid")
        if family == "monitor" and body["type"] in ("composite", "slo alert"):
            known = self.objects["monitor" if body["type"] == "composite" else "slo"]
            for each in re.findall(r"[a-z0-9/]*[0-9/][a-z0-9/]*", body["query"].split(".")[0]):
                if each not in known:
                    wrong.append(f"{each} in the query is not found")
        if family in ("api", "browser") and body.get("type") != family:
            wrong.append("is of another type")
        for each in body.get("monitor_ids", []) if family == "slo" else []:
            if not isinstance(each, int) or str(each) not in self.objects["monitor"]:
                wrong.append(f"monitor {each} is not found")
        return wrong

    def shown(self, family, key, is_new):
        """As the API says it: with what only the server knows."""
        body = json.loads(json.dumps(self.objects[family][key]))
        if family in ("api", "browser"):
            body.update({"public_id": key, "monitor_id": int(self.monitor_of(key))})
        else:
            body["id"] = int(key) if family == "monitor" else key
        if family == "pipeline":
            body.update({"type": "pipeline", "is_read_only": False})
            body.setdefault("is_enabled", False)
        elif family == "dashboard":
            body.update({"author_handle": "ci@shop.example", "created_at": "2026-01-01T00:00:00Z"})
        else:
            body["tags"] = sorted(each.lower() for each in body.get("tags", []))
        if family == "monitor":
            body.setdefault("options", {}).setdefault("include_tags", True)
            body["overall_state"] = "No Data"
        if family != "slo":
            return body
        return {"data": [body] if is_new else body, "errors": []}

    def listed(self, family, asked):
        if family in ("api", "browser"):
            rows = [self.shown(each, key, False) for each in ("api", "browser") for key in self.objects[each]]
            begin = int(asked["page_number"]) * int(asked["page_size"])
            return {"tests": [{name: value for name, value in row.items() if name != "steps"}
                              for row in rows[begin:begin + int(asked["page_size"])]]}
        tag = asked.get("monitor_tags") or asked.get("tags_query")
        keys = [key for key, body in self.objects[family].items()
                if tag is None or tag in body.get("tags", [])]
        if family == "dashboard":
            begin = int(asked["start"])
            keys = keys[begin:begin + int(asked["count"])]
            return {"dashboards": [{name: value for name, value in self.shown(family, key, False).items()
                                    if name != "widgets"} for key in keys]}
        if family == "slo":
            return {"data": [self.shown(family, key, False)["data"] for key in keys]}
        return [self.shown(family, key, False) for key in keys]

    @staticmethod
    def monitor_of(key):
        """The number of a test's own monitor."""
        return str(5000 + int(key[4:7]))

    def delete_tests(self, asked):
        for key in asked["public_ids"]:
            family = next((each for each in ("api", "browser") if key in self.objects[each]), None)
            if not family:
                return 404, {"errors": ["is not found"]}
            del self.objects[family][key]
            del self.objects["monitor"][self.monitor_of(key)]
        return 200, {"deleted_tests": []}

    # What tests ask.

    def names(self):
        """Of all objects, as people see them."""
        return sorted(body.get("title") or body["name"] for each in self.objects.values()
                      for body in each.values())

    def one(self, name):
        found = [(key, body) for each in self.objects.values() for key, body in each.items()
                 if name in (body.get("title"), body.get("name"))]
        assert len(found) == 1, (name, found)
        return found[0]

    def changes(self):
        return [(method, re.sub(r"/[^/]*\d[^/]*$", "/ID", path)) for method, path in self.seen
                if method != "GET" and "validate" not in path]
