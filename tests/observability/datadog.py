# SPDX-License-Identifier: Apache-2.0
"""As much of Datadog's API v1 as the driver uses, in this process, strict about what it is sent. It is
written from the API's documentation; Datadog itself was never asked."""

import http.server
import json
import re
import threading
import urllib.parse

from loopback import cut

API_KEY = "0123456789abcdef0123456789abcdef"
APPLICATION_KEY = "fedcba9876543210fedcba9876543210fedcba98"
PATHS = {"monitor": "/api/v1/monitor", "slo": "/api/v1/slo", "dashboard": "/api/v1/dashboard"}
REQUIRED = {"monitor": ("type", "query"), "slo": ("name", "type", "thresholds"),
            "dashboard": ("title", "layout_type", "widgets")}


class Datadog:
    """`fault(method, path)` says what becomes of a request: nothing (None), a status, (status, headers),
    "cut" (it is not read) or "lost" (it is done, and the answer is not sent). `seen` are requests."""

    def __init__(self):
        self.objects = {"monitor": {}, "slo": {}, "dashboard": {}}
        self.count = 0
        self.seen = []
        self.keys = (API_KEY, APPLICATION_KEY)
        self.fault = lambda method, path: None
        self.lock = threading.Lock()
        datadog = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

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
                return self.answer(status, body, {})

            def answer(self, status, body, headers):
                data = json.dumps(body).encode()
                self.send_response_only(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            do_GET = do_POST = do_PUT = do_DELETE = serve

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.endpoint = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

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
                   "dashboard": f"abc-{self.count:03}-xyz"}[family]
            found[key] = body
            return 200, self.shown(family, key, True)
        if method == "GET" and not key:
            return 200, self.listed(family, asked)
        if key not in found:
            return 404, {"errors": [f"{family} {key} not found"]}
        if method == "PUT":
            found[key] = body
        elif method == "DELETE":
            users = [each for each in self.objects["slo"].values() if family == "monitor" and
                     int(key) in each.get("monitor_ids", [])]
            if users and asked.get("force") != "true":
                return 409, {"errors": ["is used by an SLO"]}
            del found[key]
            return 200, {}
        return 200, self.shown(family, key, method != "GET")

    def mistakes(self, family, body):
        wrong = [f"{each} is required" for each in REQUIRED[family] if each not in body]
        if "id" in body or "author_handle" in body:
            wrong.append("the server says that")
        if family == "monitor" and "fail" in body.get("query", ""):
            wrong.append("The value provided for parameter 'query' is invalid")
        for each in body.get("monitor_ids", []) if family == "slo" else []:
            if not isinstance(each, int) or str(each) not in self.objects["monitor"]:
                wrong.append(f"monitor {each} is not found")
        return wrong

    def shown(self, family, key, is_new):
        """As the API says it: with what only the server knows."""
        body = json.loads(json.dumps(self.objects[family][key]))
        body["id"] = int(key) if family == "monitor" else key
        if family == "dashboard":
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
