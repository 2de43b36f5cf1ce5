# SPDX-License-Identifier: Apache-2.0
"""The rooms of CMakeLists.txt and the files and #includes of each; for walls_test.py."""

import os
import re


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
