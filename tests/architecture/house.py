# SPDX-License-Identifier: Apache-2.0
"""The rooms of CMakeLists.txt and the files and #includes of each, for walls_test.py; and as a program
the table of scripts/lint --house: what the large rooms measure. It fails where a limit is broken."""

import math
import os
import re
import sys


class Room:
    def __init__(self, line, words):
        self.line, self.name = line, words[0]
        self.uses, self.embeds, self.doors = [], [], []  # doors: (file or None, library)
        self.precompiled, self.like = [], None
        into = None
        for word in words[1:]:
            if word in ("USES", "EMBED", "DOOR", "LIGHT", "PRECOMPILE", "LIKE", "ALONE"):
                into = word
            elif into == "USES":
                self.uses.append(word)
            elif into == "EMBED":
                self.embeds.append(word)
            elif into == "PRECOMPILE":
                self.precompiled.append(word)
            elif into == "LIKE":
                self.like = word
            elif into == "DOOR":
                file, _, library = word.rpartition(":")
                self.doors.append((file or None, library))

    def opens(self, file, library):
        return any(library == each and only in (None, file) for only, each in self.doors)


def rooms_of(root):
    """In the order of their lines."""
    with open(os.path.join(root, "CMakeLists.txt"), encoding="utf-8") as source:
        text = re.sub(r"#.*", "", source.read())
    rooms = {}
    for match in re.finditer(r"^room\(([^)]*)\)", text, re.MULTILINE):
        line = text.count("\n", 0, match.start()) + 1
        room = Room(line, match.group(1).split())
        rooms[room.name] = room
    return rooms


def includes_of(path):
    """(line, name, whether in angle brackets) of every #include."""
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            match = re.match(r'\s*#\s*include\s*([<"])([^>"]+)[>"]', line)
            if match:
                yield number, match.group(2), match.group(1) == "<"


def files_of(root, folder):
    """C++ files below a folder, in the rooms in it too."""
    for path, _, names in os.walk(os.path.join(root, folder)):
        for name in sorted(names):
            if name.endswith((".hpp", ".cpp")):
                yield os.path.relpath(os.path.join(path, name), root)


def own_files_of(root, room):
    """The files of a room, without those of the rooms in it."""
    return [file for file in files_of(root, room.name) if os.path.dirname(file) == room.name]


def functions_of(path):
    """(name, lines) of every function whose body has lines of its own, by the form that
    .clang-format gives them: what begins at the margin, or in a class two columns in, ends with a
    brace in the same column."""
    with open(path, encoding="utf-8") as source:
        lines = source.read().split("\n")
    number = 0
    while number < len(lines):
        if not lines[number].endswith("{"):
            number += 1
            continue
        first = number
        while first > 0 and lines[first - 1] and not re.search(r"[;{}]$|^\s*(//|#)|^ ?\w+:$",
                                                               lines[first - 1]):
            first -= 1
        statement = " ".join(line.strip() for line in lines[first:number + 1])
        margin = re.match(" *", lines[first]).group()
        found = re.match(r"[^=(]*?((?:operator\W+|[\w~]+))\(", statement)
        if (len(margin) > 2 or not found
                or re.match(r"(namespace|struct|class|enum|union|if|for|while|switch)\b", statement)):
            number += 1
            continue
        last = number
        while last + 1 < len(lines) and not lines[last].startswith(margin + "}"):
            last += 1
        yield found.group(1), lines[first:last + 1]
        number = last + 1


# Functions that may ask JSON for a key: they turn it into a type.
READERS = re.compile(r"\w*(from_(json|yaml|flagd|sigstore)|read|parse|load)\w*")
BY_KEY = re.compile(r'\.(?:at|value|contains|find)\("[\w$]|\["\w+"\]')
# What looks alike: a search in a text, the place that Fields names in a message, and what writes.
NO_READ = re.compile(r'\.find\("(?:[^"]*"[^)]|[^"]*[^"\w]|.*npos)|\b(?:fields|inner)\.at\("'
                     r'|\["\w+"\](?:\[[^]]*\])*(?: ?=(?!=)|\.push_back\()')


class House:
    """What is measured of some rooms: those in one large room, or all others."""

    def __init__(self, root, name, rooms, inside):
        self.name = name
        names = list(rooms)
        together = {room.name for room in inside}
        self.rooms = len(inside)
        self.arrows, self.back, above = 0, 0, {}
        self.floor = floor = {}
        for room in inside:
            used = {os.path.dirname(header) for file in own_files_of(root, room)
                    for _, header, angled in includes_of(os.path.join(root, file)) if not angled}
            used = used & together - {room.name}
            above[room.name] = used
            self.arrows += len(used)
            self.back += sum(1 for each in used if names.index(each) > names.index(room.name))
            floor[room.name] = 1 + max([floor.get(each, 0) for each in used], default=0)
        self.floors = max(floor.values())
        self.circles = sum(1 for each in above if each in reached_from(each, above))
        files = [os.path.join(root, file) for room in inside for file in own_files_of(root, room)]
        self.files_per_folder = max(len(own_files_of(root, room)) for room in inside)
        self.file_lines, comments, self.by_key, self.function_lines = [], 0, 0, []
        for path in files:
            with open(path, encoding="utf-8") as source:
                lines = source.read().splitlines()
            self.file_lines.append(len(lines))
            comments += sum(1 for line in lines if re.search(r"(^|\s)//", line))
            for function, body in functions_of(path):
                self.function_lines.append(len(body))
                if not READERS.fullmatch(function):
                    self.by_key += sum(len(BY_KEY.findall(NO_READ.sub("", line))) for line in body)
        self.comment_share = 100 * comments / sum(self.file_lines)


def reached_from(start, arrows):
    reached, left = set(), list(arrows[start])
    while left:
        each = left.pop()
        if each not in reached:
            reached.add(each)
            left += arrows.get(each, [])
    return reached


def share(numbers, part):
    """The number that `part` of all are not above."""
    return sorted(numbers)[max(0, math.ceil(part * len(numbers)) - 1)]


# (what, of a house, the limit)
AT_MOST, AT_LEAST = max, min
MEASURES = [
    ("rooms", lambda house: house.rooms, None),
    ("floors", lambda house: house.floors, None),
    ("arrows", lambda house: house.arrows, None),
    ("arrows back", lambda house: house.back, (AT_MOST, 0)),
    ("rooms in a circle", lambda house: house.circles, (AT_MOST, 0)),
    ("files in a folder", lambda house: house.files_per_folder, (AT_MOST, 30)),
    ("lines of a file, the median", lambda house: share(house.file_lines, 0.5), None),
    ("lines of a file, nine in ten", lambda house: share(house.file_lines, 0.9), None),
    ("lines of a file, the longest", lambda house: max(house.file_lines), (AT_MOST, 450)),
    ("lines of a function, nine in ten", lambda house: share(house.function_lines, 0.9),
     (AT_MOST, 60)),
    ("lines of a function, the longest", lambda house: max(house.function_lines), (AT_MOST, 60)),
    ("lines with comments, in a hundred", lambda house: round(house.comment_share, 1),
     (AT_LEAST, 11)),
    ("reads of JSON by key outside of readers", lambda house: house.by_key, (AT_MOST, 0)),
]


# The rooms that have no others in them, and what is measured of them.
OTHERS = "others"
OF_OTHERS = {what for what, *_ in MEASURES if what.startswith("lines ")} | {
    "reads of JSON by key outside of readers"}


def houses_of(root):
    rooms = rooms_of(root)
    return [House(root, name, rooms,
                  [room for room in rooms.values() if room.name.split("/")[0] == name])
            for name in sorted({name.split("/")[0] for name in rooms if "/" in name})]


def others_of(root):
    rooms = rooms_of(root)
    return House(root, OTHERS, rooms, [room for room in rooms.values() if "/" not in room.name])


def drawn_floors(page, name):
    """Room -> floor, of the drawing of a large room in docs/architecture.md. The room itself may be
    drawn among those in it."""
    drawing = re.search(rf"^The floors of `{name}/`.*?^```\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    floors = {}
    for line in drawing.group(1).splitlines() if drawing else []:
        number, names = re.match(r"(\d+) +((?:[\w/]+/(?: +|$))+)", line).groups()
        for room in names.split():
            floors[room[:-1] if room[:-1] == name else f"{name}/{room[:-1]}"] = int(number)
    return floors


def measured(root):
    """The rows of the table, and what is wrong with the house."""
    houses = [*houses_of(root), others_of(root)]
    rows = [["", *(f"`{house.name}/`" for house in houses[:-1]), OTHERS, "limit"],
            ["---"] * (len(houses) + 2)]
    wrong = []
    for what, measure, limit in MEASURES:
        values = [measure(house) if house.name != OTHERS or what in OF_OTHERS else ""
                  for house in houses]
        rows.append([what, *values, "" if limit is None else limit[1]])
        for house, value in zip(houses, values):
            if limit is None or value == "":
                continue
            sense, bound = limit
            if sense(bound, value) != bound:
                wrong.append(f"{what}: found {value} in {house.name}, expected at "
                             f"{'most' if sense is AT_MOST else 'least'} {bound}")
    return rows, wrong


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    rows, wrong = measured(os.path.dirname(os.path.dirname(here)))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
    for each in wrong:
        print(f"house: error: {each}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
