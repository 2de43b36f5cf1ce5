# SPDX-License-Identifier: Apache-2.0
"""Container engines of the tests' own: everything they keep is below one folder, nothing of the
machine's is touched, and all of it is gone afterwards."""

import os
import shutil
import signal
import subprocess
import time

from road import need, write

# A container of a test machine may lack the right to raise limits, and has no systemd.
CONTAINERS_CONF = """[containers]
default_ulimits = ["nofile=1024:4096","nproc=1024:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
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


class Podman(Engine):
    driver = "podman"

    def __init__(self, folder):
        need("podman")
        super().__init__(folder)
        os.environ["CONTAINERS_CONF"] = os.path.join(folder, "containers.conf")
        write(os.environ["CONTAINERS_CONF"], CONTAINERS_CONF)
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

    def __init__(self, folder):
        need("dockerd")
        super().__init__(folder)
        self.command = ["docker", "-H", f"unix://{folder}/d.sock"]
        self.start("dockerd", "--iptables=false", "--ip6tables=false", "--bridge=none",
                   "--storage-driver", "vfs", "--data-root", folder + "/data", "--exec-root",
                   folder + "/exec", "--pidfile", folder + "/pid", "-H", f"unix://{folder}/d.sock",
                   ready=lambda: says(*self.command, "version")[0] == 0)

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


def free(folder):
    """Engines leave mounts behind where a test was cut off."""
    with open("/proc/mounts", encoding="utf-8") as mounts:
        ours = [row.split()[1] for row in mounts if row.split()[1].startswith(folder)]
    for mount in reversed(ours):
        subprocess.run(["umount", "-l", mount], stderr=subprocess.DEVNULL)
    shutil.rmtree(folder, ignore_errors=True)
