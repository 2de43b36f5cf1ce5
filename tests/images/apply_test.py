#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Images into every store, run from what was delivered, taken back, and pruned."""

import hashlib
import os
import subprocess
import time

from shop import INSTALLER, SERVER, WORKER, ShopTest, eventually, moments
from engines import Containerd, Docker, EngineFixture, Podman, says
from made_image import Image, Platforms, write_archive, write_docker_archive, write_layout
from road import main, need, run, tree_digest, write
from sweep import ALL, EVERY

NEW_SERVER = "docker.io/chanuka/server:1.1.0"


class EngineTests(EngineFixture):
    """Each test has a site of its own."""

    first_record = 1

    def setUp(self):
        super().setUp()
        self.shop.new_site({"driver": self.engine.driver, "command": self.engine.command})
        self.addCleanup(self.empty)

    def empty(self):
        self.remove(*self.engine.images())

    def remove(self, *names):
        word = ("images", "rm") if self.engine.driver == "containerd" else ("rmi", "--force")
        for name in names:
            says(*self.engine.command, *word, name)

    def apply(self, version, images, *more, status=0):
        bundle = self.shop.build(version, images)
        return self.shop.installer("apply", bundle, "--yes", *more, status=status)

    def public(self):
        return {name: identity for name, identity in self.engine.images().items()
                if not name.startswith("localhost/sealift/")}

    def kept(self):
        return {identity for name, identity in self.engine.images().items()
                if name.startswith("localhost/sealift/")}

    def test_install_run_upgrade_roll_back_prune(self):
        old, new, worker = Image("old"), Image("new", "zstd" if self.takes_zstd else "gzip"), Image("worker")
        self.apply("1.0.0", {SERVER: old, WORKER: worker})
        self.assertEqual(self.engine.run(SERVER), "old")
        self.assertEqual(self.engine.run(WORKER), "worker")
        identity = self.engine.identity
        self.assertEqual(self.public(), {SERVER: identity(old), WORKER: identity(worker)})

        self.apply("1.1.0", {SERVER: new})
        self.assertEqual(self.engine.run(SERVER), "new")
        self.assertEqual(self.public(), {SERVER: identity(new)})

        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.engine.run(SERVER), "old")
        self.assertEqual(self.public(), {SERVER: identity(old), WORKER: identity(worker)})
        self.assertEqual(self.shop.answer("drift")["differences"], [])

        for number in (2, 3, 4):
            self.apply(f"1.{number}.0", {SERVER: Image(f"later {number}")})
        # The current one, the rollback target, and one more by retention.
        self.assertEqual(len(self.kept()), 3)
        self.assertNotIn(identity(old), self.kept())

    def test_an_unchanged_image_is_not_loaded_again(self):
        image = Image("same")
        self.apply("1.0.0", {SERVER: image})
        plan = self.shop.answer("plan", self.shop.build("1.1.0", {SERVER: image}))
        self.assertEqual(plan["plan"]["steps"], [])

    def test_images_that_were_there_before_stay(self):
        theirs, ours = Image("theirs"), Image("ours")
        self.apply("1.0.0", {SERVER: theirs})
        # Somebody uses the same image under a name of their own.
        self.engine.call(*self.tag_words(), SERVER, "docker.io/their/own:1")
        for number in range(1, 5):
            self.apply(f"1.{number}.0", {SERVER: Image(f"ours {number}")})
        self.assertEqual(self.public()["docker.io/their/own:1"], self.engine.identity(theirs))
        self.assertEqual(self.engine.run("docker.io/their/own:1"), "theirs")

    def tag_words(self):
        return ("images", "tag") if self.engine.driver == "containerd" else ("tag",)

    def test_a_name_that_somebody_else_moved_is_drift_and_is_mended(self):
        image, other = Image("image"), Image("other")
        self.apply("1.0.0", {SERVER: image, WORKER: other})
        self.remove(SERVER)
        self.engine.call(*self.tag_words(), WORKER, SERVER)
        found = self.shop.answer("drift", status=20)["differences"]
        self.assertEqual([row["found"] for row in found], ["means another image"])
        self.shop.installer("apply", "--repair", "--yes")
        self.assertEqual(self.engine.run(SERVER), "image")
        self.shop.installer("drift")

    def test_a_failure_afterwards_takes_everything_back(self):
        old, new = Image("old"), Image("new")
        self.apply("1.0.0", {SERVER: old})
        before = self.engine.images()
        bundle = self.shop.build("1.1.0", {SERVER: new, WORKER: Image("worker")})
        # The second public name cannot be given: its name is one that the engine refuses.
        self.shop.write_site({"driver": self.engine.driver, "command": self.failing(bundle)})
        self.shop.refused("apply", bundle, "--yes", status=9)
        self.shop.write_site({"driver": self.engine.driver, "command": self.engine.command})
        self.assertEqual(self.engine.images(), before)
        self.assertEqual(self.shop.answer("status")["current"]["version"], "1.0.0")

    def failing(self, bundle):
        """An engine that fails when it is asked to name the worker."""
        script = os.path.join(self.shop.root, "failing")
        with open(script, "w", encoding="utf-8") as out:
            out.write(f"#!/bin/sh\ncase \"$*\" in *tag*{WORKER}) echo refused >&2; exit 1;; esac\n"
                      f"exec {' '.join(self.engine.command)} \"$@\"\n")
        os.chmod(script, 0o755)
        return [script]

    def test_the_bundle_itself_can_be_loaded(self):
        server, worker = Image("server"), Image("worker")
        bundle = self.shop.build("1.0.0", {SERVER: server, WORKER: worker})
        plain = os.path.join(self.shop.root, "plain.tar")
        run("zstd", "-q", "-d", bundle, "-o", plain)
        self.engine.call(*self.engine.load_words, bundle if self.engine.reads_zstd else plain)
        for name, image in ((SERVER, server), (WORKER, worker)):
            self.assertEqual(self.engine.images()[name], self.engine.identity(image))
            self.assertEqual(self.engine.run(name), name.split("/")[-1].split(":")[0])

    def test_killed_at_records(self):
        need("strace")
        self.apply("1.0.0", {SERVER: Image("old")})
        before = self.engine.images()
        bundle = self.shop.build("1.1.0", {SERVER: Image("new"), WORKER: Image("worker")})
        command = [INSTALLER, "--site", self.shop.site, "apply", bundle, "--yes"]
        ended = {"1.0.0": 0, "1.1.0": 0}
        for record in range(self.first_record, 60, EVERY):
            # Records of the journal are written in place, and nothing else is.
            done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", "trace=pwrite64", "-e",
                                   f"inject=pwrite64:signal=KILL:when={record}", *command],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                  stderr=subprocess.DEVNULL)
            self.shop.installer("recover")
            version = self.shop.answer("status")["current"]["version"]
            ended[version] += 1
            if version == "1.0.0":
                self.assertEqual(self.engine.images(), before, f"killed before record {record}")
                self.assertEqual(self.shop.answer("drift")["differences"], [])
            else:
                self.assertEqual(self.engine.run(SERVER), "new")
                self.assertEqual(self.engine.run(WORKER), "worker")
            if done.returncode == 0:
                break
        self.assertGreater(ended["1.0.0"], 5 // EVERY)

    def test_killed_at_random_times(self):
        self.apply("1.0.0", {SERVER: Image("old")})
        before = self.engine.images()
        new = Image("new", files={"large": (os.urandom(8 << 20), 0o644)})
        bundle = self.shop.build("1.1.0", {SERVER: new, WORKER: Image("worker")})
        for moment in moments(6 if ALL else 3):
            with self.subTest(moment):
                version = self.shop.kill_and_recover(moment, "apply", bundle, "--yes")
                self.assertEqual(self.shop.answer("drift")["differences"], [])
                if version == "1.0.0":
                    self.comes_to(before)
                else:
                    self.assertEqual(self.shop.leftovers(), [])
                    self.assertEqual(self.engine.run(SERVER), "new")
                    self.shop.installer("rollback", "--yes")
                    before = self.engine.images()  # the release that it went back from is kept

    def comes_to(self, images):
        """An engine goes on loading though its client was killed: prune sees to what is late."""
        def holds():
            self.shop.installer("prune")
            return self.engine.images() == images
        eventually("the engine has nothing else", holds)
        self.assertEqual(self.shop.leftovers(), [])

    def test_an_engine_that_is_done_after_the_recovery(self):
        self.apply("1.0.0", {SERVER: Image("old")})
        before = self.engine.images()
        bundle = self.shop.build("1.1.0", {SERVER: Image("new")})
        script, engine = os.path.join(self.shop.root, "late"), " ".join(self.engine.command)
        words = "images import" if self.engine.driver == "containerd" else "load"
        write(script, f"""#!/bin/sh
case "$*" in "{words}"*) ;; *) exec {engine} "$@";; esac
cat > {script}.tar
(timeout 60 sh -c 'until [ -e {script}.go ]; do sleep 0.1; done'
exec {engine} "$@" < {script}.tar) > {script}.log 2>&1 &
kill -9 $PPID
""")
        os.chmod(script, 0o755)
        self.shop.write_site({"driver": self.engine.driver, "command": [script]})
        self.shop.installer("apply", bundle, "--yes", status=-9)
        self.shop.write_site({"driver": self.engine.driver, "command": self.engine.command})
        self.shop.installer("recover")
        self.assertEqual(self.engine.images(), before)
        write(script + ".go", "")
        eventually("the engine is done", lambda: self.engine.images() != before)
        self.assertEqual(len(self.shop.leftovers()), 1)
        self.comes_to(before)

    def test_doctor_names_what_nothing_needs(self):
        self.apply("1.0.0", {SERVER: Image("kept for us")})
        self.assertEqual(self.shop.leftovers(), [])
        kept = next(name for name in self.engine.images() if name.startswith("localhost/sealift/"))
        stray = kept.split(":")[0] + ":" + "5" * 64
        word = ("images", "tag") if self.engine.driver == "containerd" else ("tag",)
        self.engine.call(*word, kept, stray)
        found = self.shop.leftovers()
        self.assertEqual([row["found"] for row in found], ["the image sha256:" + "5" * 64])

    def test_doctor_says_that_the_engine_is_gone(self):
        self.apply("1.0.0", {SERVER: Image("server")})
        self.shop.write_site({"driver": self.engine.driver, "command": ["/bin/false"]})
        self.assertIn("/bin/false", self.shop.leftovers()[0]["found"])


class FromEngine:
    """`sealift build` takes an image from an engine of this host."""

    def test_a_build_takes_an_image_of_the_engine(self):
        server = Image("from the engine")
        path = os.path.join(self.shop.root, "image.tar")
        write_docker_archive(path, {SERVER: server})
        self.engine.call("load", "-i", path)
        bundle = self.shop.build("1.0.0", [{"name": SERVER, "from": self.origin + SERVER}])
        found = self.shop.images_in(bundle)[SERVER]
        self.assertTrue(found["converted"])
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.engine.run(SERVER), "from the engine")
        self.assertEqual(self.engine.images()[SERVER], server.config_digest)
        said = self.shop.refuse([{"name": SERVER, "from": self.origin + "docker.io/no/such:1"}])
        self.assertIn("check that the engine runs and has this image", said)


class PodmanTest(EngineTests, FromEngine, ShopTest):
    engine_type = Podman
    first_record = 2
    takes_zstd = True
    origin = "containers-storage:"

    def setUp(self):
        super().setUp()
        config = os.path.join(self.folder, "storage.conf")
        write(config, f"""[storage]
driver = "vfs"
graphroot = "{self.folder}/root"
runroot = "{self.folder}/run"
""")
        os.environ["CONTAINERS_STORAGE_CONF"] = config
        self.addCleanup(os.environ.pop, "CONTAINERS_STORAGE_CONF")

    def test_an_image_of_oci_s_form_keeps_its_digest(self):
        server = Image("of the other form")
        path = os.path.join(self.shop.root, "image.tar")
        write_archive(path, {SERVER: server})
        self.engine.call("load", "-i", path)
        bundle = self.shop.build("1.0.0", [{"name": SERVER, "from": self.origin + SERVER}])
        self.shop.installer("apply", bundle, "--yes")
        self.assertEqual(self.engine.images()[SERVER], server.config_digest)


class DockerTest(EngineTests, FromEngine, ShopTest):
    engine_type = Docker
    takes_zstd = False  # Debian 12 has Docker 20.10
    origin = "docker-daemon:"

    def setUp(self):
        super().setUp()
        os.environ["DOCKER_HOST"] = self.engine.command[2]
        self.addCleanup(os.environ.pop, "DOCKER_HOST")

    def test_an_engine_that_is_killed_while_it_is_used(self):
        self.apply("1.0.0", {SERVER: Image("old")})
        before = self.engine.images()
        new = Image("new", files={"large": (os.urandom(8 << 20), 0o644)})
        bundle = self.shop.build("1.1.0", {SERVER: new, WORKER: Image("worker")})
        for moment in moments(3 if ALL else 1, 1.0):
            with self.subTest(moment):
                running = subprocess.Popen([INSTALLER, "--site", self.shop.site, "apply", bundle, "--yes"],
                                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                           stderr=subprocess.PIPE)
                time.sleep(moment)
                self.engine.kill()
                said = running.communicate(timeout=120)[1].decode()
                self.assertIn(running.returncode, (0, 6, 9, 10), said)
                self.engine.run_daemon()
                self.shop.installer("recover")
                self.assertEqual(self.shop.answer("drift")["differences"], [])
                if self.shop.answer("status")["current"]["version"] == "1.0.0":
                    self.comes_to(before)
                else:
                    self.assertEqual(self.engine.run(SERVER), "new")
                    self.shop.installer("rollback", "--yes")
                    before = self.engine.images()

    def test_zstd_layers_need_a_newer_docker(self):
        bundle = self.shop.build("1.0.0", {SERVER: Image("new", "zstd")})
        self.assertIn("Docker reads zstd layers since",
                      self.shop.refused("apply", bundle, "--yes", status=9))


class ContainerdTest(EngineTests, ShopTest):
    engine_type = Containerd
    first_record = 3
    takes_zstd = True


class FolderTests:
    """Stores that are folders: what stands there is compared as files."""

    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.shop.root, "store")
        os.makedirs(self.folder)
        self.shop.new_site({"driver": self.driver, "path": self.folder,
                            "map": {"docker.io/": "registry.site:5000/mirror/"}})

    def apply(self, version, images, status=0):
        bundle = self.shop.build(version, images)
        return self.shop.installer("apply", bundle, "--yes", status=status)

    def here(self, name):
        return name.replace("docker.io/", "registry.site:5000/mirror/")

    def digest_of(self, name):
        raw = run("skopeo", "inspect", "--raw", self.address(self.here(name)))
        return "sha256:" + hashlib.sha256(raw).hexdigest()

    def test_install_upgrade_roll_back_prune(self):
        need("skopeo")
        old = Platforms(Image("old"), Image("old arm", architecture="arm64"))
        new, worker = Image("new", "zstd"), Image("worker")
        self.apply("1.0.0", {SERVER: old, WORKER: worker})
        self.assertEqual(self.digest_of(SERVER), old.root["digest"])
        before = tree_digest(self.folder)
        self.apply("1.1.0", {SERVER: new})
        self.assertEqual(self.digest_of(SERVER), new.digest)
        self.shop.installer("rollback", "--yes")
        self.assertEqual(self.digest_of(SERVER), old.root["digest"])
        self.assertEqual(self.digest_of(WORKER), worker.digest)
        self.assertEqual(self.shop.answer("drift")["differences"], [])
        for number in range(2, 6):
            self.apply(f"1.{number}.0", {SERVER: Image(f"later {number}", busybox=False)})
        self.assertNotEqual(before, tree_digest(self.folder))
        # The busybox layer went with the last image that had it.
        self.assertLess(size_of(self.folder), 100_000)

    def test_the_mapping(self):
        image = Image("one")
        self.shop.installer("apply", self.shop.build("1.0.0", {SERVER: image},
                                                     "SERVER={{image.server}}\n"), "--yes")
        pin = f"registry.site:5000/mirror/chanuka/server@{image.digest}"
        row = self.shop.answer("images")[0]
        self.assertEqual((row["name"], row["reference"], row["pinned"]),
                         (SERVER, self.here(SERVER), pin))
        with open(os.path.join(self.shop.target("settings"), "current/images.env"),
                  encoding="utf-8") as rendered:
            self.assertEqual(rendered.read(), f"SERVER={pin}\n")

    def test_an_image_that_no_line_of_the_map_is_for(self):
        bundle = self.shop.build("1.0.0", {"quay.io/some/where:1": Image("one")})
        self.assertIn("no line in its map", self.shop.refused("apply", bundle, "--yes", status=6))

    def test_killed_at_every_change(self):
        need("strace")
        self.apply("1.0.0", {SERVER: Image("old", busybox=False)})
        before = listing(self.folder)
        bundle = self.shop.build("1.1.0", {SERVER: Image("new", busybox=False),
                                           WORKER: Image("worker", busybox=False)})
        command = [INSTALLER, "--site", self.shop.site, "apply", bundle, "--yes"]
        points = {"pwrite64": 40, "rename": 40, "renameat": 20, "fsync": 60}
        undone = 0
        for call, most in points.items():
            for number in range(1, most):
                done = subprocess.run(["strace", "-f", "-o", "/dev/null", "-e", f"trace={call}", "-e",
                                       f"inject={call}:signal=KILL:when={number}", *command],
                                      stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL)
                self.shop.installer("recover")
                if self.shop.answer("status")["current"]["version"] == "1.0.0":
                    undone += 1
                    where = f"killed before {call} number {number}"
                    self.assertEqual(listing(self.folder), before, where)
                else:
                    self.assertEqual(self.shop.answer("drift")["differences"], [])
                    self.shop.installer("rollback", "--yes")
                    before = listing(self.folder)
                if done.returncode == 0:
                    break
        self.assertGreater(undone, 20)


class LayoutTest(FolderTests, ShopTest):
    driver = "oci-layout"

    def address(self, name):
        return f"oci:{self.folder}:{name}"

    def test_rows_and_blobs_of_others_stay(self):
        need("skopeo")
        theirs = Image("theirs")
        write_layout(self.folder, {"their:1": theirs})
        for number in range(4):
            self.apply(f"1.{number}.0", {SERVER: Image(f"ours {number}")})
        raw = run("skopeo", "inspect", "--raw", f"oci:{self.folder}:their:1")
        self.assertEqual("sha256:" + hashlib.sha256(raw).hexdigest(), theirs.digest)
        run("skopeo", "copy", f"oci:{self.folder}:their:1", f"dir:{self.shop.root}/copy")

    def test_a_folder_that_is_no_layout_is_refused(self):
        write(os.path.join(self.folder, "something"), "else")
        bundle = self.shop.build("1.0.0", {SERVER: Image("one")})
        self.assertIn("no OCI image layout", self.shop.refused("apply", bundle, "--yes", status=6))


class ImageFolderTest(FolderTests, ShopTest):
    driver = "image-folder"

    def address(self, name):
        file = name.replace("/", "+").replace(":", "=") + ".tar"
        return f"oci-archive:{self.folder}/{file}:{name}"

    def test_a_file_of_somebody_else_is_not_replaced(self):
        bundle = self.shop.build("1.0.0", {SERVER: Image("one")})
        name = self.here(SERVER).replace("/", "+").replace(":", "=") + ".tar"
        write(os.path.join(self.folder, name), "theirs")
        self.assertIn("that sealift did not write",
                      self.shop.refused("apply", bundle, "--yes", status=6))


def listing(folder):
    """{path: digest of the content} of every file."""
    found = {}
    for path, _, files in os.walk(folder):
        for name in files:
            full = os.path.join(path, name)
            with open(full, "rb") as content:
                found[os.path.relpath(full, folder)] = hashlib.sha256(content.read()).hexdigest()
    return found


def size_of(folder):
    """Bytes of files, each once however many names it has."""
    sizes = {}
    for path, _, files in os.walk(folder):
        for name in files:
            status = os.lstat(os.path.join(path, name))
            sizes[status.st_ino] = status.st_size
    return sum(sizes.values())


if __name__ == "__main__":
    main()
