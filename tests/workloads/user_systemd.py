# SPDX-License-Identifier: Apache-2.0
"""A real systemd for one test: a `systemd --user` with folders and a control group of its own. It
says that it runs only on a host that systemd has booted, which a container is not; so it gets a
mount namespace in which /run says so. That takes root and a control group that can be written."""

import os
import shutil
import signal
import subprocess
import time
import unittest

START = """mount -t tmpfs tmpfs /run && mkdir -p /run/systemd/system &&
for group; do echo $$ > "$group/cgroup.procs" || exit 1; done; exec /lib/systemd/systemd --user"""
# Where the first or the second version of control groups may be, and what /proc/self/cgroup says
# of each. A systemd that finds itself in the root of one takes every process there into its own.
HIERARCHIES = (("/sys/fs/cgroup/unified", ""), ("/sys/fs/cgroup/systemd", "name=systemd"),
               ("/sys/fs/cgroup", ""))


def own_groups():
    """New control groups, below which systemd keeps those of its units."""
    with open("/proc/self/cgroup", encoding="utf-8") as lines:
        paths = dict(line.strip().split(":", 2)[1:] for line in lines)
    name = f"sealift-test-{os.getpid()}-{time.monotonic_ns()}"
    groups = []
    for place, key in HIERARCHIES:
        above = place + paths.get(key, "/nowhere")
        if not os.path.exists(os.path.join(above, "cgroup.procs")):
            continue
        groups.append(os.path.join(above, name))
        os.mkdir(groups[-1])
    if not groups:
        raise OSError("found no hierarchy")
    return groups


class UserSystemd:
    def __init__(self, root):
        self.home = os.path.join(root, "home")
        self.runtime = os.path.join(root, "run")
        self.folder = os.path.join(self.home, ".config/systemd/user")
        os.makedirs(self.folder)
        os.makedirs(self.runtime, mode=0o700)
        self.log = os.path.join(root, "systemd.log")
        try:
            self.groups = own_groups()
        except OSError as error:
            self.absent(f"no control group can be made: {error}")
        environment = {"PATH": os.environ["PATH"], "HOME": self.home,
                       "XDG_RUNTIME_DIR": self.runtime, "SYSTEMD_LOG_TARGET": "console"}
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                ["unshare", "--mount", "sh", "-c", START, "sh", *self.groups], env=environment,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.environ["XDG_RUNTIME_DIR"] = self.runtime
        # Where no systemd has booted the host, systemctl would enable units by itself.
        self.command = ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", "systemctl", "--user"]
        for _ in range(100):
            if self.ctl("show", "-p", "Version").returncode == 0:
                return
            time.sleep(0.1)
        self.stop()
        with open(self.log, encoding="utf-8", errors="replace") as log:
            self.absent("no systemd starts here: " + log.read()[-2000:])

    @staticmethod
    def absent(why):
        if os.environ.get("CI"):
            raise AssertionError(why)
        raise unittest.SkipTest("SKIPPED: " + why)

    def ctl(self, *words):
        return subprocess.run([*self.command, *words], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)

    def value(self, unit, name):
        return self.ctl("show", "-p", name, "--value", unit).stdout.decode().strip()

    def below_groups(self):
        """Those of all hierarchies in which systemd has made some, the lowest first."""
        name = os.path.basename(self.groups[0])
        with os.scandir("/sys/fs/cgroup") as places:
            roots = ["/sys/fs/cgroup", *(place.path for place in places if place.is_dir())]
        found = []
        for root in roots:
            for path, names, _ in os.walk(root):
                if name in names:
                    found += [each for each, _, _ in os.walk(os.path.join(path, name))]
                    names.remove(name)
        return sorted(set(found), reverse=True)

    def stop(self):
        """Nothing of it is left, whatever became of its units."""
        for _ in range(100):
            pids = []
            for path in self.below_groups():
                with open(os.path.join(path, "cgroup.procs"), encoding="utf-8") as found:
                    pids += [int(pid) for pid in found.read().split()]
            if not pids and self.process.poll() is not None:
                break
            for pid in pids:
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    pass
            time.sleep(0.05)
        for path in self.below_groups():
            os.rmdir(path)
        shutil.rmtree(self.runtime, ignore_errors=True)
