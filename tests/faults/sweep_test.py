#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whatever fails, the site stands on the old release or on the new one, and the exit status says
which. System calls fail once or from then on, alone and in pairs, some followed by kill -9; files 0
to 2 are closed; limits are small. Each is one case, a line of text such as

    upgrade fdatasync:error=EIO:when=7      a rule of strace (two make a pair)
    prune changing:kill=after:when=40       a rule of our own injector (disturb.cpp)
    upgrade pwrite64:most=1:when=7          a transfer of fewer bytes than were asked for
    rollback RULE then RULE                 the second is for the recovery, or the same command again
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
import sys
import tempfile
import unittest

from bed import Bed, Releases, injecting
from disturb import JOURNAL, STORE, TRANSFERS, counted, is_for
from judge import Judge, scenarios
from road import need, run

SEED = int(os.environ.get("SEALIFT_SEED", "17"))
SHARE = int(os.environ.get("SEALIFT_SHARE", "120"))  # cases; they take half a minute
PAIRS = os.environ.get("SEALIFT_PAIRS")  # a command: killed at every two steps
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


class Case:
    """One line of text: a scenario and what is done to it."""

    def __init__(self, text):
        self.text = text
        first, _, then = text.partition(" then ")
        self.scenario, *self.words = first.split()
        self.then = then.split()
        self.killed_again = False
        self.rules = [word for word in self.words if ":" in word]
        self.limits = dict(word.split("=") for word in self.words
                           if ":" not in word and not word.startswith("closed="))
        self.closed = [number for word in self.words if word.startswith("closed=")
                       for number in word[len("closed="):].split(",")]
        self.may_be_killed = "signal=KILL" in text or "kill=" in text
        self.must_end_well = ":most=" in text  # less than was asked for is no failure

    def under(self, disturb):
        """The programs below which the installer runs."""
        command = []
        if self.closed:
            close = " ".join(f"{number}>&-" for number in self.closed)
            command += ["sh", "-c", f'exec "$@" {close}', "sh"]
        if self.limits:
            command += ["prlimit", *(f"--{name}={value}" for name, value in self.limits.items())]
        ours = [rule for rule in self.rules if is_for(rule)]
        others = [rule for rule in self.rules if rule not in ours]
        if others:
            command += injecting(others)
        if ours:
            command += disturb.under(*ours)
        return command


def failing(call):
    return f"{call}:error={'ENOSPC' if 'write' in call else 'EIO'}"


class Points:
    """The calls of one undisturbed run, as strace counts them: each thread for itself."""

    def __init__(self, bed, scenario):
        self.count_changes(bed, scenario)
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

    def count_changes(self, bed, scenario):
        """As our injector counts them: all threads together."""
        bed.reset(scenario.start)
        log = os.path.join(bed.place, "log")
        bed.run(*scenario.command,
                under=bed.releases.disturb.counting(log, "changing", TRANSFERS, JOURNAL, STORE))
        self.changes, self.transfers, journal, self.reads = counted(log, 4)
        # A command that changes by other means than a transaction has no journal.
        self.step_calls = JOURNAL if journal else "changing"
        self.steps = [name for name, _, _ in journal or self.changes]

    def killed_anywhere(self):
        for number in range(1, len(self.changes) + 1):
            yield f"changing:kill=before:when={number}"
            yield f"changing:kill=after:when={number}"

    def killed_at_steps(self):
        """Before each record of the journal, within it, and before its sync."""
        for number, name in enumerate(self.steps, 1):
            yield f"{self.step_calls}:kill=before:when={number}"
            if name == "pwrite64":
                yield f"{self.step_calls}:kill=half:when={number}"
        yield f"{self.step_calls}:kill=after:when={len(self.steps)}"

    def killed_twice(self):
        for first in self.killed_at_steps():
            for number in range(1, 9):
                yield f"{first} then {self.step_calls}:kill=before:when={number}"

    def altered_reads(self):
        """A disk that gives back other bytes than were verified: they are verified again."""
        for number in range(1, len(self.reads) + 1):
            yield f"{STORE}:alter:when={number}"

    def short_transfers(self):
        """Each once with one byte and once with all but one, and all of them."""
        for number, (name, size, _) in enumerate(self.transfers, 1):
            for most in {1, size - 1} - {0, size}:
                yield f"{TRANSFERS}:most={most}:when={number}"
        yield from (f"{TRANSFERS}:most={most}" for most in (61, 511, 4095))

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
                ("killed before or after a changing call", points.killed_anywhere()),
                ("short transfers", points.short_transfers()),
                ("reads of what was verified, altered", points.altered_reads()),
                ("killed at a step, and at one of the first of what is done next", points.killed_twice()),
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
        return self.told(text, wrongs)

    @staticmethod
    def told(text, wrongs):
        if wrongs:
            print(f"scripts/torture --faults {shlex.quote(text)}\n   {wrongs[0]}", flush=True)
        return text if wrongs else None

    def all(self, cases):
        with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
            return [text for text in workers.map(self.one, cases) if text]


    def pairs(self, first):
        """A kill, and another at each step of what is done next: (how many, those wrong)."""
        calls = first.split()[1].split(":kill")[0]
        judge, ran, wrong = self.judges.get(), 0, 0
        try:
            for when in ("before", "half"):
                for number in itertools.count(1):
                    case = Case(f"{first} then {calls}:kill={when}:when={number}")
                    wrong += self.told(case.text, judge.judge(case)) is not None
                    if not case.killed_again:
                        break
                    ran += 1
        finally:
            self.judges.put(judge)
        return ran, wrong


class Faults(unittest.TestCase):
    def setUp(self):
        self.sweep = Sweep()
        self.addCleanup(self.sweep.close)

    @unittest.skipIf(PAIRS is None, "only by scripts/torture --pairs")
    def test_killed_at_every_two_steps(self):
        bed = self.sweep.open(WORKERS)
        total = faults = 0
        for name, scenario in scenarios(bed).items():
            if not name.startswith(PAIRS):
                continue
            firsts = [f"{name} {rule}" for rule in Points(bed, scenario).killed_at_steps()]
            with concurrent.futures.ThreadPoolExecutor(WORKERS) as workers:
                found = list(workers.map(self.sweep.pairs, firsts))
            ran, wrong = sum(r for r, _ in found), sum(w for _, w in found)
            print(f"{name}: killed at {len(firsts)} points, and at {ran} pairs, {wrong} wrong", flush=True)
            total, faults = total + ran, faults + wrong
        print(f"{total} pairs, {total} run, {faults} wrong")
        self.assertEqual(faults, 0)

    @unittest.skipIf(PAIRS is not None, "pairs were asked for")
    def test_old_or_new_whatever_fails(self):
        sweep = self.sweep
        wanted = os.environ.get("SEALIFT_FAULTS")
        if wanted and "=" in wanted:
            sweep.open(1)
            self.assertEqual(sweep.all([wanted]), [])
            return
        kinds = enumerated(sweep.open(WORKERS))
        cases = [case for of_kind in kinds.values() for some in of_kind.values() for case in some]
        if wanted is None or wanted == "" and "SEALIFT_SHARE" in os.environ:
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
