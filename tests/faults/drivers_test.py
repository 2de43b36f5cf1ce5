#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever fails while a driver works with the real thing (PostgreSQL, SQLite, stores of images,
systemd, Compose), the site stands on the old release or on the new one, and the exit status says
which; a backup is whole or none. Each case is a line of text:

    postgresql restore changing:kill=before:when=40     killed before or after the 40th changing call
    registry upgrade changing:error=EIO:when=7          which fails
    podman upgrade TRANSFERS:most=1:when=9              a transfer of fewer bytes than were asked for

A share with a fixed seed runs in CI, with those that are quick. scripts/torture --drivers runs as
many as SEALIFT_SHARE says of each command, those that begin with its argument, or that one."""

import itertools
import os
import random
import shlex
import subprocess
import sys
import tempfile
import time
import unittest

from disturb import Disturb, counted
from judge import short
from road import run
from worlds import WORLDS

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
WANTED = os.environ.get("SEALIFT_DRIVERS")  # None: a share of those that are quick
SHARE = int(os.environ.get("SEALIFT_SHARE", "1" if WANTED is None else "20"))  # of each command
IN_CI = ("sqlite", "oci-layout")
# Where several processes or hosts meet, transfers are those of sockets as well.
TRANSFERS = "read,pread64,write,pwrite64,sendfile,copy_file_range,sendto,recvfrom"
FOUND = ("postgresql restore read:most=61:in=pipe",)  # what was wrong once
ONLY_KILLED = ("wait4", "kill")  # calls that do not fail as disks do
ENDS = {"upgrade": True, "rollback": True, "prune": False, "backup": False, "restore": False}


def enumerated(world, name, command, disturb):
    """Every case of a command."""
    start, words = world.commands[command]
    world.reset(start)
    log = os.path.join(disturb.folder, "log")
    code, said = world.run(*words, under=disturb.counting(log, "changing", TRANSFERS))
    if code != 0:
        raise AssertionError(f"{name} {command}: {code} ({said})")
    changes, transfers = counted(log, 2)
    for number, (call, _, _) in enumerate(changes, 1):
        acts = ["kill=before", "kill=after"]
        if call not in ONLY_KILLED:
            acts += ["error=EIO", "error=ENOSPC"]
        yield from (f"{name} {command} changing:{act}:when={number}" for act in acts)
    for number, (_, size, _) in enumerate(transfers, 1):
        yield from (f"{name} {command} TRANSFERS:most={most}:when={number}"
                    for most in {1, size - 1} - {0, size})
    yield from (f"{name} {command} TRANSFERS:most={most}" for most in (61, 511, 4095))


class Drivers:
    """One world, and what its commands lead to when nothing is disturbed."""

    def __init__(self, world, disturb):
        self.world, self.disturb = world, disturb
        self.old, self.new = {}, {}

    def learn(self, command):
        start, words = self.world.commands[command]
        self.world.reset(start)
        self.old[command] = self.world.stand()
        self.must(*words)
        self.new[command] = self.world.stand()

    def must(self, *words):
        code, said = self.world.run(*words)
        if code != 0:
            raise AssertionError(f"{words}: {code} ({said})")

    def wrong(self, text):
        """What is wrong first, in words; None if all is right."""
        _, command, *rules = text.split()
        if command not in self.new:
            self.learn(command)
        return next(self.wrongs(command, [r.replace("TRANSFERS", TRANSFERS) for r in rules], text),
                    None)

    def wrongs(self, command, rules, text):
        world, (start, words) = self.world, self.world.commands[command]
        world.reset(start)
        try:
            code, said = world.run(*words, under=self.disturb.under(*rules))
        except subprocess.TimeoutExpired:
            yield "the command hangs"
            return
        says = f"exit status {code} ({short(said)})"
        status, told = world.run("status")
        if "most=" in text and code != 0:
            yield f"{says}, though nothing failed"
        if code == 0 and (status != 0 or world.stand() != self.new[command]):
            yield f"{says}, but the new release does not stand: {self.where(command)}; {short(told)}"
        elif 2 <= code <= 9 and (status != 0 or not self.is_old(command)):
            yield f"{says}, but the old release does not stand: {self.where(command)}; {short(told)}"
        elif code == 10 and status != 10 or code not in (*range(11), -9) or code == 1:
            yield f"{says}; status {status} ({short(told)})"
        elif code == -9 and "kill=" not in text:
            yield says
        if code == -9 or status == 10:
            yield from self.recovering(command, says)
        yield from self.going_on(command, words, says)

    def is_old(self, command):
        """A prune that failed may have removed some of it."""
        return command == "prune" or self.world.stand() == self.old[command]

    def recovering(self, command, says):
        code, said = self.world.run("recover", "--lock-timeout", "20")
        if code == 10 and "recover --forward" in said:  # a database that only a person takes back
            code, said = self.world.run("recover", "--forward")
        if code != 0:
            yield f"{says}; recover: {code} ({short(said)})"
        elif ENDS[command] and self.world.stand() not in (self.old[command], self.new[command]):
            yield f"{says}; recover ends between: {self.where(command)}"

    def going_on(self, command, words, says):
        """With the fault gone, everything works."""
        world = self.world
        if command != "rollback" or world.stand() != self.new[command]:
            code, said = world.run(*words)
            if code != 0:
                yield f"{says}; the same again: {code} ({short(said)})"
                return
        for _ in range(50):  # an engine goes on with what a client that was killed had asked for
            if world.stand() == self.new[command]:
                break
            world.run("prune")
            time.sleep(0.1)
        else:
            yield f"{says}; the same again does not lead there: {self.where(command)}"
        code, said = world.run("drift")
        if code != 0 and command != "restore":
            yield f"{says}; drift: {code} ({short(said)})"
        if hasattr(world, "backups"):
            for backup in world.backups():
                code, said = world.run("backup", "verify", backup)
                if code != 0:
                    yield f"{says}; the backup {backup}: {code} ({short(said)})"

    def where(self, command):
        found = self.world.stand()
        return ("old" if found == self.old[command] else "new" if found == self.new[command]
                else f"neither: {str(found)[-600:]}")


class OfDrivers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="sealift-drivers-")
        cls.addClassCleanup(run, "rm", "-rf", cls.folder)
        cls.disturb = Disturb(cls.folder)

    def chosen(self, world, name):
        """(how many cases there are, those to run)"""
        count, cases = 0, []
        # To list the cases of a command, it is run and counted: CI does that for one of each driver.
        commands = list(world.commands)
        if WANTED is None:
            commands = [random.Random(f"{SEED} {name}").choice(commands)]
        for command in commands:
            if not f"{name} {command}".startswith(WANTED or "") and \
                    not (WANTED or "").startswith(f"{name} {command} "):
                continue
            every = [case for case in enumerated(world, name, command, self.disturb)
                     if case.startswith(WANTED or "")]
            count += len(every)
            cases.append(random.Random(f"{SEED} {name} {command}").sample(every, len(every)))
        turns = [case for turn in itertools.zip_longest(*cases) for case in turn if case]
        return count, turns[:SHARE * len(cases)]

    def one(self, name):
        world = WORLDS[name]()
        try:
            drivers = Drivers(world, self.disturb)
            if WANTED and "=" in WANTED:
                count, cases = 1, [WANTED]
            else:
                count, cases = self.chosen(world, name)
                cases += [case for case in FOUND if case.startswith(name + " ") and not WANTED]
            wrong = 0
            for text in cases:
                found = drivers.wrong(text)
                if found:
                    wrong += 1
                    print(f"scripts/torture --drivers {shlex.quote(text)}\n   {found}", flush=True)
        finally:
            world.close()
        print(f"{name}: {count} cases, {len(cases)} run, {wrong} wrong", flush=True)
        return count, len(cases), wrong

    def test_old_or_new_whatever_fails(self):
        names = IN_CI if WANTED is None else [
            n for n in WORLDS if n.startswith(WANTED) or WANTED.startswith(f"{n} ")]
        totals = [0, 0, 0]
        for name in names:
            totals = [a + b for a, b in zip(totals, self.one(name))]
        print(f"{totals[0]} cases, {totals[1]} run, {totals[2]} wrong")
        self.assertGreater(totals[1], 0)
        self.assertEqual(totals[2], 0)


unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
