# SPDX-License-Identifier: Apache-2.0
"""What the commands of the installer do to the site of a bed, and what is wrong behind one that was
disturbed: it stands between two releases, says what is not so, or does not go on."""

import itertools
import os
import subprocess

from road import tree_digest


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
        whole = self.everything()
        try:
            code, said = self.bed.run(*scenario.command, under=case.under(self.bed.releases.disturb))
        except subprocess.TimeoutExpired:
            yield "the command hangs"
            return
        if case.then:
            words = ["recover"] if self.bed.run("status")[0] == 10 else scenario.command
            left = Stand(self.bed)
            again, told = self.bed.run(*words, under=self.bed.releases.disturb.under(*case.then))
            case.killed_again = again == -9
            # What had ended before the kill may refuse to do the same again: nothing is there to roll back.
            had_ended = words == scenario.command and left == self.new[case.scenario] == Stand(self.bed)
            if again not in (0, 10, -9) and not (had_ended and 2 <= again <= 9):
                yield f"killed; {words[0]} behind it, disturbed: {again} ({short(told)})"
        if case.must_end_well and code != 0:
            yield f"exit status {code} ({short(said)}), though nothing failed"
            return
        yield from self.wrongs_behind(case.scenario, (code, said), whole, case.may_be_killed)

    def wrongs_behind(self, name, outcome, whole, may_be_killed=False):
        """What is wrong behind a command that was disturbed. outcome: its status and what it said;
        whole: everything() before it."""
        bed, scenario, (code, said) = self.bed, self.scenarios[name], outcome
        found, kept_out = Stand(bed), bed.kept_out()
        says = f"exit status {code} ({short(said)})"

        # Nothing happened at all: no more needs to be asked.
        if 2 <= code <= 9 and self.everything() == whole:
            return
        if name == "init":
            yield from self.after_init(code, says, may_be_killed)
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
        elif code == -9 and may_be_killed:
            if not open_now and not self.ended(name, found):
                yield f"killed; status {status}, but it stands between: {self.where(name, found)}"
        else:
            yield f"{says}: {self.where(name, found)}"

        if open_now or code in (-9, 10):
            yield from self.recovering(name, says)
        yield from self.going_on(name, scenario, says)

    def after_init(self, code, says, may_be_killed):
        was_killed = code == -9 and may_be_killed
        if code == 1 or code not in range(10) and not was_killed:
            yield says
        yield from self.after_first_steps(says, init_again=code != 0)

    def after_first_steps(self, says, init_again):
        if init_again:
            again, said = self.bed.run(*self.bed.init_command())
            if again != 0 and "a site is here already" not in said:
                yield f"{says}; init again: {again} ({short(said)})"
                return
        trust, said = self.bed.run(*self.bed.trust_command())
        if trust != 0:
            yield f"{says}; trust init: {trust} ({short(said)})"
            return
        yield from self.going_on("init", self.scenarios["init"], says)

    def behind_a_cut(self, name, done):
        """What is wrong first where a command was cut off with its machine; None if all is right.
        done: the command had ended well."""
        return next(self.wrongs_behind_a_cut(name, self.scenarios[name], done), None)

    def wrongs_behind_a_cut(self, name, scenario, done):
        bed, says = self.bed, "the power was cut"
        if name == "init":
            yield from self.after_first_steps(says, init_again=not done)
            return
        status, said = bed.run("status")
        if status not in (0, 10):
            yield f"{says}; status: {status} ({short(said)})"
        found = Stand(bed)
        if done and (status != 0 or found != self.new[name] or bed.kept_out()):
            yield (f"{says}, and the command had said that it is done; status {status}: "
                   f"{self.where(name, found)}")
        elif status == 10:
            yield from self.recovering(name, says)
        elif not self.ended(name, found):
            yield f"{says}; status {status}, but it stands between: {self.where(name, found)}"
        code, said = bed.run("recover")
        if code != 0 or not Stand(bed).used() == found.used() and status != 10:
            yield f"{says}; recover behind it: {code} ({short(said)})"
        yield from self.going_on(name, scenario, says)

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
                bad = "\n".join(line for line in said.splitlines() if not line.startswith("ok "))
                yield f"{says}; doctor behind the next apply: {code} ({short(bad)})"

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
