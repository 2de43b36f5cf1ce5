#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A store that speaks S3 and verifies signatures: OpenStack Swift's servers with s3api and tempauth,
in this one process, on loopback, in one folder.

  swift_s3.py FOLDER [SECONDS]   prints "ready http://127.0.0.1:PORT" when it answers

Its clock for signatures is SECONDS ahead. Buckets are also hosts of s3.test.
"""

import os
import sys
import time

import eventlet
import eventlet.wsgi

eventlet.monkey_patch()

import swift.common.utils as utils  # noqa: E402
from swift.common.middleware.s3api import s3request  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402
from swift.common.wsgi import SwiftHttpProtocol, loadapp  # noqa: E402

KEY_ID = "AKIAIOSFODNN7EXAMPLE"
SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
REGION = "us-east-1"
# Of the proxy, in their order: s3api looks for the others by their names.
PIPELINE = "catch_errors gatekeeper listing_formats s3api tempauth copy slo".split()


class Memory(dict):
    """What the proxy and tempauth ask of memcached, never expiring."""

    def __bool__(self):
        return True

    def get(self, key, raise_on_error=False):
        return dict.get(self, key)

    def set(self, key, value, **_):
        self[key] = value

    def incr(self, key, delta=1, **_):
        self[key] = dict.get(self, key, 0) + delta
        return self[key]

    def decr(self, key, delta=1, **_):
        return self.incr(key, -delta)

    def delete(self, key, **_):
        self.pop(key, None)


def listen():
    made = eventlet.listen(("127.0.0.1", 0), backlog=256)
    return made, made.getsockname()[1]


class Servers:
    def __init__(self, folder):
        self.folder = folder
        os.makedirs(os.path.join(folder, "srv/d1"), exist_ok=True)
        # Instead of a file in /etc.
        utils.HASH_PATH_SUFFIX = utils.HASH_PATH_PREFIX = b"test"
        utils.SWIFT_CONF_FILE = os.path.join(folder, "swift.conf")
        self.parts = [self.storage(kind) for kind in ("account", "container", "object")]
        front, self.port = listen()
        self.parts.append((front, self.proxy()))

    def write(self, name, text):
        path = os.path.join(self.folder, name)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text)
        return path

    def common(self):
        return ("[DEFAULT]\n"
                f"swift_dir = {self.folder}\ndevices = {self.folder}/srv\nmount_check = false\n"
                "disable_fallocate = true\nfallocate_reserve = 0\n"
                f"recon_cache_path = {self.folder}\nlog_level = ERROR\n")

    def storage(self, kind):
        made, port = listen()
        ring = RingBuilder(0, 1, 0)
        ring.add_dev({"id": 0, "region": 1, "zone": 1, "ip": "127.0.0.1", "port": port,
                      "device": "d1", "weight": 1, "replication_ip": "127.0.0.1",
                      "replication_port": port, "meta": ""})
        ring.rebalance()
        ring.get_ring().save(os.path.join(self.folder, kind + ".ring.gz"))
        return made, self.write(kind + ".conf", self.common() + "[pipeline:main]\npipeline = a\n"
                                f"[app:a]\nuse = egg:swift#{kind}\n")

    def proxy(self):
        more = {"tempauth": f"user_a_b = {SECRET} .admin",
                "s3api": f"location = {REGION}\nstorage_domain = s3.test"}
        filters = "".join(f"[filter:{name}]\nuse = egg:swift#{name}\n{more.get(name, '')}\n"
                          for name in PIPELINE)
        return self.write("proxy.conf", self.common() +
                          f"[pipeline:main]\npipeline = {' '.join(PIPELINE)} proxy-server\n"
                          "[app:proxy-server]\nuse = egg:swift#proxy\naccount_autocreate = true\n" +
                          filters)

    def serve(self):
        apps = [(made, loadapp(conf, global_conf={"log_name": "swift"}))
                for made, conf in self.parts]
        front, proxy = apps.pop()
        app = proxy
        while not hasattr(app, "users"):
            app = app.app
        # tempauth calls it "account:user", which no access key is called.
        app.users[KEY_ID] = app.users.pop("a:b")
        memory = Memory()

        def with_memory(environment, start):
            environment["swift.cache"] = memory
            return proxy(environment, start)

        apps.append((front, with_memory))
        quiet = utils.NullLogger()
        threads = [eventlet.spawn(eventlet.wsgi.server, made, app, quiet,
                                  protocol=SwiftHttpProtocol, capitalize_response_headers=False)
                   for made, app in apps]
        print(f"ready http://127.0.0.1:{self.port}", flush=True)
        threads[-1].wait()


STRICT = s3request.S3Request._validate_headers


def with_condition(request):
    """s3api answers 501 to `If-None-Match: *` of a PUT, which the servers behind it know."""
    only_new = request.environ.pop("HTTP_IF_NONE_MATCH", None) if request.method == "PUT" else None
    STRICT(request)
    if only_new:
        request.environ["HTTP_IF_NONE_MATCH"] = only_new


s3request.S3Request._validate_headers = with_condition


class Ahead(s3request.S3Timestamp):
    seconds = 0

    @classmethod
    def now(cls, *arguments, **more):
        return s3request.S3Timestamp(time.time() + cls.seconds)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        Ahead.seconds = int(sys.argv[2])
        s3request.S3Timestamp = Ahead
    Servers(os.path.abspath(sys.argv[1])).serve()
