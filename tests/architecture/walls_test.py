#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The walls of the house stand: every #include agrees with the room() lines of CMakeLists.txt.

A room includes its own files, the rooms that its line USES, the folders that it EMBEDs, standard and
system headers, and third-party headers only through its DOOR. A room in a room is named by its path,
and asks for its neighbours as for any other. A room uses only rooms whose line stands above its own,
so there is no circle. A line grants nothing that no file needs. Headers do not
show third-party headers to others, but for the two that exist to do so. Outside base/file.cpp nothing
asks about a path in a way that reads an error as "no"."""

import os
import re
import shutil
import sys
import tempfile
import unittest

from house import drawn_floors, files_of, houses_of, includes_of, measured, own_files_of, rooms_of

SOURCE = os.environ.get("SEALIFT_SOURCE") or os.path.abspath(
    os.path.join(os.path.dirname(__file__), "../.."))

# How a header's name begins -> the library, as DOOR names it. A library of a later issue is listed
# here before it has a door, so that its first use is refused by name.
LIBRARIES = {
    "fmt/": "fmt", "spdlog/": "spdlog", "nlohmann/": "nlohmann_json", "openssl/ssl.h": "ssl",
    "openssl/": "crypto",
    "utf8proc.h": "utf8proc", "zstd": "zstd", "xxhash.h": "xxhash", "sodium": "sodium",
    "CLI/": "cli11", "yaml-cpp/": "yaml-cpp", "valijson/": "valijson", "kainjow/": "mustache",
    "archive": "archive", "boost/": "boost", "sqlite3.h": "sqlite3", "catch2/": "catch2",
    "zlib.h": "zlib", "brotli/": "brotli",
}
# The door's whole purpose is to re-export a name: base's format().
OPEN_HEADERS = {"base/format.hpp"}
SYSTEM = re.compile(
    r"[a-z0-9_]+"  # the standard library
    r"|(sys|linux|asm|net|netinet|arpa)/[a-z0-9_./]+"
    r"|(dirent|elf|errno|fcntl|fnmatch|grp|limits|malloc|netdb|poll|pthread|pwd|sched|signal|spawn|termios|"
    r"time|unistd)\.h")
# Questions about a path that answer "no" where the system does not say, or that throw what is no Error.
# base/file.hpp has those that answer yes, no, or Error{io}.
UNSURE = re.compile(
    r"\bfs::(exists|is_\w+|file_size|(symlink_)?status|read_symlink|(weakly_)?canonical|absolute|"
    r"current_path|remove(_all)?|rename|copy\w*|create_\w+|(recursive_)?directory_iterator|"
    r"permissions|last_write_time|space|equivalent|temp_directory_path)\s*\("
    r"|(?<!\w)::l?stat\(")
ASKS_THE_SYSTEM = {"base/file.cpp"}
# Folders at the top that are no rooms.
NOT_ROOMS = {"build", "docs", "examples", "tests", "bench", "scripts", "cmake", "schemas",
             "templates", "environments", "dist", "demo"}


def library_of(header):
    return next((library for prefix, library in LIBRARIES.items() if header.startswith(prefix)),
                None)


def complaints_about_lines(root, rooms):
    above = set()
    for room in rooms.values():
        for used in room.uses:
            if used not in above:
                yield (f"CMakeLists.txt:{room.line}: {room.name} USES {used}, "
                       f"expected a room whose line stands above")
        if room.like and room.like not in room.uses:
            yield (f"CMakeLists.txt:{room.line}: {room.name} is LIKE {room.like}, "
                   f"expected a room that it USES")
        for header in room.precompiled:
            if os.path.dirname(header) not in (room.name, *room.uses):
                yield (f"CMakeLists.txt:{room.line}: {room.name} precompiles {header}, "
                       f"expected a header of its own or of a room that it USES")
        above.add(room.name)
    without = set()
    for top in sorted(os.listdir(root)):
        if top not in NOT_ROOMS and not top.startswith("."):
            without |= {os.path.dirname(file) for file in files_of(root, top)
                        if os.path.dirname(file) not in rooms}
    for folder in sorted(without):
        yield f"{folder}/: holds code, and no room() line of CMakeLists.txt names it"


def complaints_about_room(root, room, rooms):
    needed = set()
    for file in own_files_of(root, room):
        inside = os.path.basename(file)
        for number, name, angled in includes_of(os.path.join(root, file)):
            where = f"{file}:{number}: #include of {name}"
            library = library_of(name)
            if library:
                needed.add(library)
                if not room.opens(inside, library):
                    yield f"{where}: {room.name} has no DOOR to {library}"
                elif file.endswith(".hpp") and file not in OPEN_HEADERS:
                    yield f"{where}: a header shows {library} to whoever includes it"
            elif angled:
                if not SYSTEM.fullmatch(name):
                    yield f"{where}: neither a system header nor a library that this test knows"
            else:
                first, _, rest = name.partition("/")
                if first == "embedded":
                    used = rest.removesuffix(".hpp")
                    if used not in room.embeds:
                        yield f"{where}: {room.name} does not EMBED {used}"
                else:
                    used = os.path.dirname(name)
                    if used not in rooms:
                        yield f"{where}: no room, expected a path from the repository's root"
                    elif used != room.name and used not in room.uses:
                        yield f"{where}: {room.name} does not USE {used}"
                needed.add(used)
    for granted in room.uses + room.embeds + [library for _, library in room.doors]:
        if granted not in needed:
            yield f"CMakeLists.txt:{room.line}: {room.name} is granted {granted}, which no file needs"


def complaints_about_questions(root, room):
    for file in own_files_of(root, room):
        if file in ASKS_THE_SYSTEM:
            continue
        with open(os.path.join(root, file), encoding="utf-8") as source:
            for number, line in enumerate(source, 1):
                if found := UNSURE.search(line):
                    yield (f"{file}:{number}: {found.group().rstrip('(')} reads an error as an "
                           f"answer, expected a function of base/file.hpp")


def complaints(root):
    rooms = rooms_of(root)
    found = list(complaints_about_lines(root, rooms))
    for room in rooms.values():
        if os.path.isdir(os.path.join(root, room.name)):
            found += complaints_about_room(root, room, rooms)
            found += complaints_about_questions(root, room)
    return found


class Walls(unittest.TestCase):
    def test_the_house_as_it_is(self):
        self.assertEqual(len(rooms_of(SOURCE)) >= 8, True)
        self.assertEqual(complaints(SOURCE), [])
        self.assertEqual(measured(SOURCE)[1], [])

    def test_the_drawing_of_the_floors(self):
        with open(os.path.join(SOURCE, "docs/architecture.md"), encoding="utf-8") as page:
            text = page.read()
        for house in houses_of(SOURCE):
            self.assertEqual(drawn_floors(text, house.name), house.floor)


class Violations(unittest.TestCase):
    """The test itself is shown to fail: each case plants one violation in a copy of the house."""

    @classmethod
    def setUpClass(cls):
        cls.as_it_is = complaints(SOURCE)

    def setUp(self):
        self.root = tempfile.mkdtemp(prefix="sealift-walls-")
        self.addCleanup(shutil.rmtree, self.root)
        shutil.copy(os.path.join(SOURCE, "CMakeLists.txt"), self.root)
        for top in {room.partition("/")[0] for room in rooms_of(SOURCE)}:
            shutil.copytree(os.path.join(SOURCE, top), os.path.join(self.root, top))
        self.before = self.as_it_is

    def plant(self, file, text):
        os.makedirs(os.path.dirname(os.path.join(self.root, file)), exist_ok=True)
        with open(os.path.join(self.root, file), "a", encoding="utf-8") as out:
            out.write(text + "\n")

    def change_lines(self, before, after):
        path = os.path.join(self.root, "CMakeLists.txt")
        with open(path, encoding="utf-8") as source:
            text = source.read()
        self.assertIn(before, text)
        with open(path, "w", encoding="utf-8") as out:
            out.write(text.replace(before, after, 1))

    def assert_found(self, part):
        new = [line for line in complaints(self.root) if line not in self.before]
        self.assertEqual(len(new), 1, new)
        self.assertIn(part, new[0])

    def test_a_lower_room_includes_a_higher_one(self):
        self.plant("content/planted.cpp", '#include "bundle/reader.hpp"')
        self.assert_found("content does not USE bundle")

    def test_the_two_programs_meet(self):
        self.plant("installer/commands/planted.cpp", '#include "builder/build/pipeline.hpp"')
        self.assert_found("installer/commands does not USE builder")

    def test_a_library_by_another_door(self):
        self.plant("bundle/planted.cpp", "#include <zstd_errors.h>")
        self.assert_found("bundle has no DOOR to zstd")

    def test_a_door_for_one_file_is_no_door_for_another(self):
        self.change_lines("room(content USES base DOOR archive zstd", "room(content USES base DOOR archive frames.cpp:zstd")
        self.before = complaints(self.root)
        self.plant("content/planted.cpp", "#include <zstd.h>")
        self.assert_found("content has no DOOR to zstd")

    def test_a_header_that_shows_a_library(self):
        self.plant("signing/planted.hpp", "#include <sodium.h>")
        self.assert_found("a header shows sodium")

    def test_an_unknown_library(self):
        self.plant("base/planted.cpp", "#include <curl/curl.h>")
        self.assert_found("nor a library that this test knows")

    def test_a_relative_include(self):
        self.plant("base/planted.cpp", '#include "error.hpp"')
        self.assert_found("expected a path from the repository's root")

    def test_embedded_files_of_another_room(self):
        self.plant("installer/commands/planted.cpp", '#include "embedded/schemas.hpp"')
        self.assert_found("installer/commands does not EMBED schemas")

    def test_a_cycle(self):
        self.change_lines("room(signing USES base", "room(signing USES base bundle")
        self.plant("signing/planted.cpp", '#include "bundle/reader.hpp"')
        self.assert_found("signing USES bundle, expected a room whose line stands above")

    def test_a_room_in_a_room_includes_a_higher_one(self):
        self.plant("release/values/planted.cpp", '#include "release/documents/manifest.hpp"')
        self.assert_found("release/values does not USE release/documents")

    def test_a_room_in_a_room_includes_a_lower_one_without_a_line(self):
        self.plant("release/flags/planted.cpp", '#include "release/values/environment.hpp"')
        self.assert_found("release/flags does not USE release/values")

    def test_a_circle_of_rooms_in_a_room(self):
        self.change_lines("room(release/values USES base", "room(release/values USES base release/documents")
        self.plant("release/values/planted.cpp", '#include "release/documents/manifest.hpp"')
        self.assert_found("release/values USES release/documents, expected a room whose line stands above")

    def test_a_room_is_used_by_its_own_name(self):
        self.change_lines("room(bundle USES base", "room(bundle USES base release")
        found = [line for line in complaints(self.root) if line not in self.before]
        self.assertIn("bundle USES release, expected a room whose line stands above", found[0])

    def test_a_grant_that_nobody_needs_in_a_room(self):
        self.change_lines("room(release/flags USES base", "room(release/flags USES base release/values")
        self.assert_found("release/flags is granted release/values, which no file needs")

    def test_a_driver_knows_the_list_of_drivers(self):
        self.plant("installer/drivers/files/planted.cpp", '#include "installer/drivers/registry.hpp"')
        self.assert_found("installer/drivers/files does not USE installer/drivers")

    def test_a_folder_in_a_room_that_is_none(self):
        self.plant("release/attic/planted.cpp", "int planted;")
        self.assert_found("release/attic/: holds code, and no room() line")

    def test_precompiled_headers_of_a_room_that_is_not_used(self):
        self.change_lines("room(release/flags USES", "room(release/flags LIKE release/documents USES")
        self.assert_found("release/flags is LIKE release/documents, expected a room that it USES")

    def assert_measured(self, part):
        wrong = measured(self.root)[1]
        self.assertEqual(len(wrong), 1, wrong)
        self.assertIn(part, wrong[0])

    def test_a_folder_that_is_too_full(self):
        for number in range(31):
            self.plant(f"release/flags/planted{number}.cpp", "// Planted.")
        self.assert_measured("files in a folder: found")

    def test_a_file_that_is_too_long(self):
        self.plant("builder/kinds/planted.cpp", "// Planted.\n" * 900)
        self.assert_measured("lines of a file, the longest: found")

    def test_a_function_that_is_too_long(self):
        self.plant("builder/kinds/planted.cpp", "// Planted.\nint planted() {\n" + "  // Planted.\n" * 150 + "}")
        self.assert_measured("lines of a function, the longest: found 15")

    def test_json_that_is_read_by_key(self):
        self.plant("installer/site/planted.cpp", "void planted(const Json& json) {\n"
                   + '  use(json.at("key"), json["key"]);\n' * 20 + "}")
        self.assert_measured("reads of JSON by key outside of readers")

    def test_what_looks_like_a_read_by_key(self):
        self.plant("release/values/planted.cpp", """void planted(Json& json, const std::string& text) {
  if (text.find("word") != text.npos || text.find("{{") == 0) use(fields.at("key"));
  json["key"] = 1;
  json["list"].push_back(json);
  json["map"][text] = 1;
}""")
        self.assertEqual(measured(self.root)[1], [])

    def test_one_read_where_there_are_none(self):
        self.plant("release/values/planted.cpp", 'void planted() {\n  use(json.find("key"));\n}')
        self.assert_measured("reads of JSON by key outside of readers: found 1 in release, "
                             "expected at most 0")

    def test_an_arrow_back(self):
        self.plant("release/values/planted.cpp", '#include "release/documents/manifest.hpp"')
        self.assertEqual(len(measured(self.root)[1]), 2)  # and so two rooms in a circle

    def test_a_grant_that_nobody_needs(self):
        self.change_lines("room(signing USES base", "room(signing USES base content")
        self.assert_found("signing is granted content, which no file needs")

    def test_a_question_that_reads_an_error_as_no(self):
        self.plant("installer/commands/planted.cpp", "bool is_there = fs::exists(file, ignored);")
        self.assert_found("installer/commands/planted.cpp:1: fs::exists reads an error as an answer")

    def test_a_bare_stat(self):
        self.plant("release/text/planted.cpp", "if (::stat(path, &status) == 0) return;")
        self.assert_found("release/text/planted.cpp:1: ::stat reads an error as an answer")

    def test_code_outside_the_rooms(self):
        self.plant("helpers/planted.cpp", "int planted;")
        self.assert_found("no room() line")


unittest.main(argv=[sys.argv[0], "-v"])
