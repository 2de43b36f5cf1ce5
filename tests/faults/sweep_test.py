#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever fails, the site stands on the old release or on the new one, and the exit status says
which. System calls fail once or from then on, alone and in pairs, some followed by kill -9; files 0
to 2 are closed; limits are small. Each is one case, a line of text such as

    upgrade fdatasync:error=EIO:when=7      a rule of strace (two make a pair)
    rollback closed=0,2                     standard descriptors that are closed
    first nofile=9                          a limit

A share with a fixed seed runs in CI. scripts/torture --faults runs all cases, or those that begin
with its argument, or that one."""

import concurrent.futures
import itertools
import os
import queue
import random
import re
import shlex
import subprocess
import sys
import tempfile
import unittest

from bed import Bed, Releases, injecting
from road import need, run, tree_digest

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
SHARE = int(os.environ.get("SEALIFT_SHARE", "200"))  # cases; 200 take a minute
WORKERS = os.cpu_count()

CALLS = ("openat,open,read,pread64,write,pwrite64,fsync,fdatasync,syncfs,ftruncate,fallocate,"
         "copy_file_range,renameat,renameat2,rename,linkat,link,symlinkat,unlinkat,unlink,mkdirat,"
         "mkdir,rmdir,newfstatat,stat,lstat,statx,fstat,fstatfs,statfs,readlinkat,readlink,access,"
         "faccessat,faccessat2,fchmod,fchmodat,chmod,fchown,fchownat,utimensat,flock,fcntl,lseek,"
         "getdents64,clone3,clone,vfork,mmap,socket,pipe2")
OF_RECORDS = ("openat", "read", "pread64", "write", "pwrite64", "fsync", "fdatasync", "ftruncate",
              "fallocate", "renameat", "linkat", "unlinkat", "fstat", "newfstatat", "lseek")
CHANGING_RECORDS = ("write", "pwrite64", "fsync", "fdatasync", "ftruncate")
RECORDS = re.compile(r"state/journal|\.journal|audit\.jsonl")
ERRORS = ("EIO", "ENOSPC", "EDQUOT", "EACCES", "EMFILE", "EINTR")
LIMITS = {
    "nofile": [*range(3, 33), 40, 48],
    "fsize": [0, 1, 512, 1024, 4096, 8192, 16384, 32768, 65536, 131072, 262144, 1 << 20],
    "as": [n << 20 for n in (16, 18, 20, 22, 24, 28, 32, 40, 48, 64, 80, 96, 128, 160, 192, 256, 384)],
    "nproc": [1, 2, 3, 4, 5, 6, 8],
}


class Scenario:
    """A command, the snapshot that it begins from, and the release that is applied afterwards."""

    def __init__(self, start, command, after="second", open_before=False):
        self.start = start
        self.command = command
        self.after = after
        self.open_before = open_before  # a transaction that was cut off waits for a person


def scenarios(bed):
    releases = bed.releases
    return {
        "init": Scenario("none", bed.init_command(), "first"),
        "first": Scenario("new", ["apply", releases.first, "--yes"], "first"),
        "stage": Scenario("one", ["stage", releases.second, "--yes"]),
        "upgrade": Scenario("one", ["apply", releases.second, "--yes"]),
        "restore": Scenario("one", ["apply", releases.restoring, "--yes"], "restoring"),
        "flags": Scenario("one", ["flags", "set", "new-search", "on", "--yes"]),
        "trust": Scenario("one", ["trust", "update", releases.root]),
        "rollback": Scenario("two", ["rollback", "--yes"]),
        "prune": Scenario("many", ["prune"], "last"),
        "recover": Scenario("cut", ["recover"], open_before=True),
        "forward": Scenario("cut", ["recover", "--forward"], open_before=True),
    }


class Case:
    """One line of text: a scenario and what is done to it."""

    def __init__(self, text):
        self.text = text
        self.scenario, *self.words = text.split()
        self.rules = [word for word in self.words if ":" in word]
        self.limits = dict(word.split("=") for word in self.words
                           if ":" not in word and not word.startswith("closed="))
        self.closed = [number for word in self.words if word.startswith("closed=")
                       for number in word[len("closed="):].split(",")]
        self.may_be_killed = "signal=KILL" in text

    def under(self):
        """The programs below which the installer runs."""
        command = []
        if self.closed:
            close = " ".join(f"{number}>&-" for number in self.closed)
            command += ["sh", "-c", f'exec "$@" {close}', "sh"]
        if self.limits:
            command += ["prlimit", *(f"--{name}={value}" for name, value in self.limits.items())]
        if self.rules:
            command += injecting(self.rules)
        return command


class Stand:
    """What is found: served trees, the database, roots that are trusted."""

    def __init__(self, bed):
        trust = os.path.join(bed.site, "state/trust")
        self.served = bed.served()
        self.content = bed.content()
        self.trust = sorted(n for n in os.listdir(trust) if not n.startswith(".")) \
            if os.path.isdir(trust) else []

    def used(self):
        return self.served, self.content

    def __eq__(self, other):
        return vars(self) == vars(other)


class Judge:
    """Runs cases in one bed, and says what is wrong."""

    def __init__(self, bed):
        self.bed = bed
        self.scenarios = scenarios(bed)
        self.old, self.new, self.before = {}, {}, {}
        self.after, self.drift = {}, {}  # behind the next apply, from the old and from the new

    def learn(self, name):
        """What an undisturbed run leads to."""
        bed, scenario = self.bed, self.scenarios[name]
        bed.reset(scenario.start)
        self.before[name] = Stand(bed)
        if scenario.open_before:
            bed.reset("one")
        self.old[name] = Stand(bed)
        self.after[name], self.drift[name] = [], []
        if name != "init":
            self.go_on(name)
        bed.reset(scenario.start)
        bed.must(*scenario.command)
        self.new[name] = Stand(bed)
        if name == "init":
            bed.must(*bed.trust_command())
        self.go_on(name)
        if name == "recover":
            self.old[name] = self.new[name]  # code-only: the database stays migrated

    def go_on(self, name):
        bed, release = self.bed, getattr(self.bed.releases, self.scenarios[name].after)
        bed.must("apply", release, "--yes")
        self.after[name].append(Stand(bed).used())
        self.drift[name].append(bed.run("drift")[0])

    def judge(self, case):
        """What is wrong first, in words; nothing if all is right."""
        bed, name = self.bed, case.scenario
        if name not in self.new:
            self.learn(name)
        bed.reset(self.scenarios[name].start)
        if "nproc" in case.limits:
            bed.become_service_account()
        try:
            return list(itertools.islice(self.wrongs(case, self.scenarios[name]), 1))
        finally:
            bed.become_root()

    def wrongs(self, case, scenario):
        bed, name = self.bed, case.scenario
        whole = self.everything()
        try:
            code, said = bed.run(*scenario.command, under=case.under())
        except subprocess.TimeoutExpired:
            yield "the command hangs"
            return
        found, kept_out = Stand(bed), bed.kept_out()
        says = f"exit status {code} ({short(said)})"

        # Nothing happened at all: no more needs to be asked.
        if 2 <= code <= 9 and self.everything() == whole:
            return
        if name == "init":
            yield from self.after_init(code, says)
            return

        status, status_said = bed.run("status")
        open_now = status == 10
        if status not in (0, 10):
            yield f"status fails behind {says}: {status} ({short(status_said)})"
        if code == 0:
            if found != self.new[name]:
                yield f"{says}, but it does not stand on the new release: {self.where(name, found)}"
            if status != 0 or kept_out:
                yield f"{says}, but status is {status}, users are{'' if kept_out else ' not'} kept out"
        elif 2 <= code <= 9:
            if scenario.open_before and open_now:
                pass  # still open, as it was
            elif not self.is_old(name, found, code, said):
                yield f"{says}, but it does not stand on the old release: {self.where(name, found)}"
            elif status != 0 or kept_out:
                yield f"{says}, but status is {status}, users are{'' if kept_out else ' not'} kept out"
        elif code == 10:
            if not open_now and "fence" not in status_said:
                yield f"{says}, but status is {status} ({short(status_said)})"
        elif code == -9 and case.may_be_killed:
            if not open_now and not self.ended(name, found):
                yield f"killed; status {status}, but it stands between: {self.where(name, found)}"
        else:
            yield f"{says}: {self.where(name, found)}"

        if open_now or code in (-9, 10):
            yield from self.recovering(name, says)
        yield from self.going_on(name, scenario, says)

    def after_init(self, code, says):
        if code not in range(10):
            yield says
        elif code == 1:
            yield says
        if code != 0:
            again, said = self.bed.run(*self.bed.init_command())
            if again != 0:
                yield f"{says}; init again: {again} ({short(said)})"
                return
        trust, said = self.bed.run(*self.bed.trust_command())
        if trust != 0:
            yield f"{says}; trust init: {trust} ({short(said)})"
            return
        yield from self.going_on("init", self.scenarios["init"], says)

    def recovering(self, name, says):
        code, said = self.bed.run("recover")
        if code == 10 and "recover --forward" in said:  # a database that only a person takes back
            code, said = self.bed.run("recover", "--forward")
        found = Stand(self.bed)
        if code != 0:
            yield f"{says}; recover: {code} ({short(said)}): {self.where(name, found)}"
        elif not self.ended(name, found):
            yield f"{says}; recover ends between: {self.where(name, found)}"
        elif self.bed.kept_out():
            yield f"{says}; recover leaves users kept out"

    def going_on(self, name, scenario, says):
        """With the fault gone, everything works."""
        bed = self.bed
        if bed.served()[0]:
            code, said = bed.run("drift")
            if code not in (0, 20):
                yield f"{says}; drift: {code} ({short(said)})"
        if name == "prune":  # what it left it removes when it is run again
            code, said = bed.run(*scenario.command)
            if code != 0:
                yield f"{says}; prune again: {code} ({short(said)})"
        code, said = bed.run("apply", getattr(bed.releases, scenario.after), "--yes")
        found = Stand(bed)
        if code != 0:
            yield f"{says}; the next apply: {code} ({short(said)}): {self.where(name, found)}"
        elif found.used() not in self.after[name]:
            yield f"{says}; the next apply does not lead to the release: {self.where(name, found)}"
        elif bed.kept_out():
            yield f"{says}; the next apply leaves users kept out"
        elif bed.temporary():
            yield f"{says}; the next apply leaves {', '.join(bed.temporary())}"
        else:
            code, said = bed.run("drift")
            if code not in self.drift[name] and not bed.prefix:  # files of root, to an account
                yield f"{says}; drift behind the next apply: {code} ({short(said)})"
            code, said = bed.run("doctor")
            if code != 0:
                yield f"{says}; doctor behind the next apply: {code} ({short(said)})"

    def is_old(self, name, found, code, said):
        if found in (self.old[name], self.before[name]):
            return True
        return code == 9 and "keep" in said and self.goes_back_alone(name, found)

    def goes_back_alone(self, name, found):
        """Only the code, as the release says; the database keeps its migrations."""
        return (name != "restore" and found.served == self.old[name].served
                and found.content == self.new[name].content)

    def ended(self, name, found):
        return (found in (self.old[name], self.new[name]) or self.goes_back_alone(name, found)
                or found.served == self.old[name].served and name in ("recover", "forward"))

    def where(self, name, found):
        old, new = self.old[name], self.new[name]

        def of(value, before, after):
            return ("the same" if before == after == value else "old" if value == before
                    else "new" if value == after else "neither")
        targets = ["/".join(of(f, o, n) for f, o, n in zip(found.served, old.served, new.served))]
        return f"served {targets[0]}, database {of(found.content, old.content, new.content)}"

    def everything(self):
        """Of the site but its lock, which names who holds it."""
        lock = os.path.join(self.bed.site, "state/lock")
        if os.path.exists(lock):
            os.truncate(lock, 0)
        return tuple(tree_digest(p) if os.path.isdir(p) else None
                     for p in (self.bed.site, self.bed.srv, self.bed.db))


def short(text):
    text = text.replace("sealift-installer: ", "")
    return " // ".join(text.splitlines())[-300:]


def failing(call):
    return f"{call}:error={'ENOSPC' if 'write' in call else 'EIO'}"


class Points:
    """The calls of one undisturbed run, as strace counts them: each thread for itself."""

    def __init__(self, bed, scenario):
        bed.reset(scenario.start)
        trace = os.path.join(bed.place, "trace")
        run("strace", "-f", "-y", "-qq", "-o", trace, "-e", f"trace={CALLS}", bed.program, "--site",
            bed.site, *scenario.command)
        self.calls = []    # (name, number), each once
        self.records = []  # those on journals and the audit log, in their order
        counts, seen, main = {}, set(), None
        with open(trace, encoding="utf-8", errors="replace") as lines:
            for line in lines:
                match = re.match(r"^(\d+)\s+(\w+)\(", line)
                if not match:
                    continue
                thread, name = match.groups()
                main = main or thread
                counts[thread, name] = number = counts.get((thread, name), 0) + 1
                if (name, number) not in seen:
                    seen.add((name, number))
                    self.calls.append((name, number))
                if thread == main and name in OF_RECORDS and RECORDS.search(line):
                    self.records.append((name, number))

    def singles(self, calls):
        for name, number in calls:
            for error in ERRORS:
                yield f"{name}:error={error}:when={number}"

    def lasting(self, calls):
        """From then on; an interrupt is tried again as often as it takes, so only ten times."""
        for name, number in calls:
            for error in ERRORS:
                end = f"..{number + 9}" if error == "EINTR" else "+"
                yield f"{name}:error={error}:when={number}{end}"

    def changing_records(self):
        return [(n, i) for n, i in self.records if n in CHANGING_RECORDS]

    def pairs(self):
        """A call on journals or the audit log fails, and so does one of the next four of each kind,
        which may be of the undo."""
        before = dict.fromkeys(CHANGING_RECORDS, 0)
        for one, first in self.records:
            if one not in before:
                continue
            before[one] = first
            for two, past in before.items():
                for second in range(past + 1, past + 5):
                    if one == two:
                        yield f"{failing(one)}:when={first}..{second}+{second - first}"
                    else:
                        yield f"{failing(one)}:when={first} {failing(two)}:when={second}"

    def killed(self):
        """A failure, and kill -9 at one of the next three records."""
        before = {"pwrite64": 0, "fdatasync": 0}
        for name, number in self.records:
            if name in before:
                before[name] = number
            if name not in CHANGING_RECORDS:
                continue
            other = "fdatasync" if name == "pwrite64" else "pwrite64"
            for more in (1, 2, 3):
                yield (f"{failing(name)}:when={number} "
                       f"{other}:signal=KILL:when={before[other] + more}")


def enumerated(bed):
    """Every case, by kind."""
    kinds = {}
    for name, scenario in scenarios(bed).items():
        points = Points(bed, scenario)
        others = [call for call in points.calls if call not in set(points.records)]
        closed = [",".join(c) for n in (1, 2, 3) for c in itertools.combinations("012", n)]
        for kind, words in (
                ("a record, once", points.singles(points.records)),
                ("a record, from then on", points.lasting(points.records)),
                ("another call, once", points.singles(others)),
                ("another call, from then on", points.lasting(others)),
                ("two of records", points.pairs()),
                ("a record, then kill", points.killed()),
                ("closed descriptors", (f"closed={c}" for c in closed)),
                ("limits", (f"{limit}={value}" for limit, values in LIMITS.items()
                            for value in values if limit != "nproc" or os.geteuid() == 0))):
            kinds.setdefault(kind, {})[name] = [f"{name} {w}" for w in dict.fromkeys(words)]
    return kinds


def share(kinds):
    """As many of every kind and scenario, in turn."""
    chosen = random.Random(SEED)
    piles = [chosen.sample(cases, len(cases)) for of_kind in kinds.values()
             for cases in of_kind.values()]
    turns = (case for turn in itertools.zip_longest(*piles) for case in turn if case)
    return list(itertools.islice(turns, SHARE))


class Sweep:
    """Runs many cases in beds beside each other."""

    def __init__(self):
        need("strace")
        if os.access("/dev/shm", os.W_OK) and not os.statvfs("/dev/shm").f_flag & os.ST_NOEXEC:
            tempfile.tempdir = "/dev/shm"  # thousands of syncs cost a disk half an hour
        self.folder = tempfile.mkdtemp(prefix="sealift-faults-")
        os.chmod(self.folder, 0o755)
        self.releases = Releases()
        self.judges = queue.Queue()
        self.kinds = {}

    def open(self, workers):
        """Makes the beds, and says what may be done to a site."""
        def judge(number):
            return Judge(Bed(self.releases, self.folder, number))

        with concurrent.futures.ThreadPoolExecutor(workers) as threads:
            judges = list(threads.map(judge, range(workers)))
        for one in judges:
            self.judges.put(one)
        return judges[0].bed

    def close(self):
        run("rm", "-rf", self.folder)
        self.releases.road.close()

    def one(self, text):
        judge = self.judges.get()
        try:
            wrongs = judge.judge(Case(text))
        except Exception as error:  # of the test itself, and still this case's
            wrongs = [f"the test failed: {error!r}"]
        finally:
            self.judges.put(judge)
        if wrongs:
            print(f"scripts/torture --faults {shlex.quote(text)}\n   {wrongs[0]}", flush=True)
        return text if wrongs else None

    def all(self, cases):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
            return [text for text in workers.map(self.one, cases) if text]


class Faults(unittest.TestCase):
    def test_old_or_new_whatever_fails(self):
        sweep = Sweep()
        self.addCleanup(sweep.close)
        wanted = os.environ.get("SEALIFT_FAULTS")
        if wanted and "=" in wanted:
            sweep.open(1)
            self.assertEqual(sweep.all([wanted]), [])
            return
        kinds = enumerated(sweep.open(WORKERS))
        cases = [case for of_kind in kinds.values() for some in of_kind.values() for case in some]
        if wanted is None:
            chosen = share(kinds)
        else:
            chosen = [case for case in cases if case.startswith(wanted)]
        picked = set(chosen)
        for kind, of_kind in kinds.items():
            every = [case for some in of_kind.values() for case in some]
            print(f"{kind}: {len(every)} cases, {sum(case in picked for case in every)} of them run")
        wrong = sweep.all(chosen)
        print(f"{len(cases)} cases, {len(chosen)} run, {len(wrong)} wrong")
        self.assertEqual(len(wrong), 0)


unittest.main(argv=[sys.argv[0], "-v"])
