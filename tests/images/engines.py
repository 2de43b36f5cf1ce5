# SPDX-License-Identifier: Apache-2.0
"""Container engines of the tests' own: everything they keep is below one folder, nothing of the
machine's is touched, and all of it is gone afterwards."""

import http.client
import http.server
import os
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.parse

from road import free_port, need, write

# A container of a test machine may lack the right to raise limits, and has no systemd. What tells of
# a restart of the host, and locks, are by default one for all: engines of other tests would share them.
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=1024:4096","nproc=1024:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
tmp_dir = "{folder}/libpod"
lock_type = "file"
[network]
network_config_dir = "{folder}/networks"
"""


def wait_until(ready, what, seconds=30):
    for _ in range(seconds * 10):
        if ready():
            return
        time.sleep(0.1)
    raise AssertionError(f"{what} is not ready after {seconds} s")


def says(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE)
    return done.returncode, done.stdout.decode()


class Engine:
    """`command` is what site.yaml has; images() lists full names and what they mean."""

    def __init__(self, folder):
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.process = None

    def start(self, *command, ready):
        log = open(os.path.join(self.folder, "log"), "wb")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                        start_new_session=True)
        log.close()
        wait_until(ready, command[0])

    def stop(self):
        if self.process:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()

    def call(self, *arguments, status=0):
        found, text = says(*self.command, *arguments)
        if found != status:
            raise AssertionError(f"{self.command} {arguments}: exit status {found}, not {status}")
        return text


class EngineFixture:
    """One engine for all tests of a class."""

    engine_type = None

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.mkdtemp(prefix="sealift-engine-")
        cls.engine = None
        try:
            cls.start_engine()
        except unittest.SkipTest:
            shutil.rmtree(cls.folder)
            raise

    @classmethod
    def start_engine(cls):
        cls.engine = cls.engine_type(cls.folder)

    @classmethod
    def tearDownClass(cls):
        if cls.engine:
            cls.engine.stop()
        free(cls.folder)
        super().tearDownClass()


class Podman(Engine):
    driver = "podman"
    load_words, reads_zstd = ("load", "-i"), True

    def __init__(self, folder):
        need("podman")
        super().__init__(folder)
        os.environ["CONTAINERS_CONF"] = os.path.join(folder, "containers.conf")
        write(os.environ["CONTAINERS_CONF"], CONTAINERS_CONF.format(folder=folder))
        self.command = ["podman", "--root", folder + "/root", "--runroot", folder + "/run",
                        "--storage-driver", "vfs"]

    def run(self, name):
        return self.call("run", "--rm", "--network=none", name).strip()

    def images(self):
        """{name: id}"""
        rows = self.call("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
        return dict(row.split() for row in rows.splitlines())

    def identity(self, image):
        return image.config_digest

    def stop(self):
        says(*self.command, "system", "reset", "--force")
        super().stop()


class Docker(Engine):
    driver = "docker"
    load_words, reads_zstd = ("load", "-i"), False

    def __init__(self, folder):
        need("dockerd")
        super().__init__(folder)
        self.command = ["docker", "-H", f"unix://{folder}/d.sock"]
        self.run_daemon()

    def run_daemon(self):
        folder = self.folder
        self.start("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none",
                   "--storage-driver", "vfs", "--data-root", folder + "/data", "--exec-root",
                   folder + "/exec", "--pidfile", folder + "/pid", "-H", f"unix://{folder}/d.sock",
                   ready=lambda: says(*self.command, "version")[0] == 0)

    def kill(self):
        """With the containerd that it has started. Where nobody reaps that, its number still looks like
        one that runs."""
        _, children = says("ps", "-o", "pid=", "--ppid", str(self.process.pid))
        for pid in (self.process.pid, *map(int, children.split())):
            os.kill(pid, signal.SIGKILL)
        self.process.wait()
        os.remove(os.path.join(self.folder, "exec/containerd/containerd.pid"))

    def run(self, name):
        return self.call("run", "--rm", "--network=none", name).strip()

    def images(self):
        rows = self.call("images", "--no-trunc", "--format", "{{.Repository}}:{{.Tag}} {{.ID}}")
        # Docker leaves out what it takes for granted.
        return {name if name.startswith("localhost/") else "docker.io/" + name: identity
                for name, identity in (row.split() for row in rows.splitlines())}

    def identity(self, image):
        return image.config_digest


class Containerd(Engine):
    driver = "containerd"
    load_words, reads_zstd = ("images", "import", "--no-unpack"), False

    def __init__(self, folder):
        need("containerd")
        super().__init__(folder)
        config = os.path.join(folder, "config.toml")
        write(config, f"""version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "{folder}/c.sock"
[ttrpc]
address = "{folder}/t.sock"
""")
        self.command = ["ctr", "-a", f"{folder}/c.sock", "-n", "k8s.io"]
        self.start("containerd", "-c", config,
                   ready=lambda: says(*self.command, "version")[0] == 0)

    def run(self, name):
        return self.call("run", "--rm", "--snapshotter", "native", name, "sealift-test").strip()

    def images(self):
        rows = self.call("images", "ls").splitlines()[1:]
        return {row.split()[0]: row.split()[2] for row in rows}

    def identity(self, image):
        return image.digest


class Registry(Engine):
    """docker-registry on loopback; with `password`, for the user "user"; with `tls`, by a CA of the
    test's own."""

    def __init__(self, folder, password=None, tls=False, deletes=True):
        need("docker-registry")
        super().__init__(folder)
        self.host = f"127.0.0.1:{free_port()}"
        self.ca = os.path.join(folder, "ca.pem")
        more = ""
        if password:
            need("htpasswd")
            users = os.path.join(folder, "htpasswd")
            subprocess.run(["htpasswd", "-Bbc", users, "user", password], check=True,
                           stderr=subprocess.DEVNULL)
            more += f"auth:\n  htpasswd:\n    realm: test\n    path: {users}\n"
        http = f"http:\n  addr: {self.host}\n"
        if tls:
            self.make_certificates()
            http += f"  tls:\n    certificate: {folder}/server.pem\n    key: {folder}/server.key\n"
        config = os.path.join(folder, "registry.yml")
        write(config, "version: 0.1\nlog:\n  level: error\nstorage:\n  delete:\n    enabled: "
              f"{str(deletes).lower()}\n  filesystem:\n    rootdirectory: {folder}/data\n{http}{more}")
        self.start("docker-registry", "serve", config, ready=self.answers)

    def answers(self):
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", int(self.host.split(":")[1]))) == 0

    def make_certificates(self):
        def openssl(*arguments):
            subprocess.run(["openssl", *arguments], cwd=self.folder, check=True,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out",
                "ca.pem", "-subj", "/CN=test CA", "-days", "2")
        openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out",
                "server.csr", "-subj", "/CN=127.0.0.1")
        write(os.path.join(self.folder, "names"), f"subjectAltName=IP:127.0.0.1,DNS:{Proxy.NAME}\n")
        openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key",
                "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")


class Proxy:
    """An HTTP proxy on loopback that remembers what it was asked. It alone knows where registry.test
    is: addresses of loopback are never asked of a proxy."""

    NAME = "registry.test"

    def __init__(self, host):
        self.seen = []  # (method, address, headers)
        self.port = int(host.split(":")[1])
        proxy = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def remember(self):
                proxy.seen.append((self.command, self.path, dict(self.headers)))

            def forward(self):
                self.remember()
                url = urllib.parse.urlsplit(self.path)
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                onward = http.client.HTTPConnection("127.0.0.1", proxy.port)
                headers = {name: value for name, value in self.headers.items()
                           if not name.lower().startswith(("proxy-", "connection"))}
                onward.request(self.command, self.path.split(url.netloc, 1)[1], body or None, headers)
                answer = onward.getresponse()
                data = answer.read()
                self.send_response(answer.status)
                for name, value in answer.getheaders():
                    if name.lower() not in ("transfer-encoding", "connection", "content-length"):
                        self.send_header(name, value)
                length = answer.getheader("Content-Length") if self.command == "HEAD" else len(data)
                self.send_header("Content-Length", str(length or 0))
                self.end_headers()
                self.wfile.write(data)
                onward.close()

            do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = forward

            def do_CONNECT(self):
                self.remember()
                with socket.create_connection(("127.0.0.1", proxy.port)) as onward:
                    self.send_response(200)
                    self.end_headers()
                    self.relay(onward)
                self.close_connection = True

            def relay(self, onward):
                pairs = {self.connection: onward, onward: self.connection}
                while True:
                    for ready in select.select(list(pairs), [], [])[0]:
                        data = ready.recv(65536)
                        if not data:
                            return
                        pairs[ready].sendall(data)

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def free(folder):
    """Engines leave mounts behind where a test was cut off."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        ours = [row.split()[1] for row in mounts if row.split()[1].startswith(folder)]
    for mount in reversed(ours):
        subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)
