#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Names every single case to ctest, from the sources as they are: no test is built or run for it.

cases.py SOURCE BUILD prints commands of CMake, which ctest reads each time it starts."""

import ast
import glob
import os
import re
import sys

CATCH = re.compile(r'^TEST_CASE\(\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)


def bracketed(text):
    """A text as CMake takes it, whatever is in it."""
    fence = "=" * (1 + max((len(run) for run in re.findall("=+", text)), default=0))
    return f"[{fence}[{text}]{fence}]"


def unit_cases(source, build):
    """Of the programs of unit tests: (name, command)."""
    folder = os.path.join(source, "tests/unit")
    for path in sorted(glob.glob(os.path.join(folder, "*/**/*_test.cpp"), recursive=True)):
        program = os.path.relpath(path, folder).split(os.sep)[0] + "_test"
        with open(path, encoding="utf-8") as file:
            for literals in CATCH.findall(file.read()):
                name = "".join(ast.literal_eval(f"({literals})"))
                # Catch2 reads a comma, a bracket and a star as parts of a pattern.
                spec = re.sub(r"([\\,\[*])", r"\\\1", name)
                yield f"{program}: {name}", [os.path.join(build, "tests", program), spec,
                                             "--warn", "NoTests"]


def cases_of(classes, name):
    """The names of a class's cases, those of classes of the same file that it is made of too."""
    found = set()
    for base in classes[name].bases:
        if isinstance(base, ast.Name) and base.id in classes:
            found |= cases_of(classes, base.id)
    return found | {each.name for each in classes[name].body
                    if isinstance(each, ast.FunctionDef) and each.name.startswith("test_")}


def program_cases(source):
    """Of the tests of the programs: (name, command)."""
    for path in sorted(glob.glob(os.path.join(source, "tests/*/*_test.py"))):
        with open(path, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        classes = {each.name: each for each in tree.body if isinstance(each, ast.ClassDef)}
        program = os.path.splitext(os.path.basename(path))[0]
        for name, definition in classes.items():
            if not definition.bases:  # a part of others
                continue
            for case in sorted(cases_of(classes, name)):
                yield f"{program}: {name}.{case}", ["/usr/bin/python3", path, f"{name}.{case}"]


def main():
    source, build = sys.argv[1:]
    environment = (f"SEALIFT_SOURCE={source};SEALIFT_BIN={build}/bin;"
                   "PYTHONDONTWRITEBYTECODE=1")
    known = set()
    for name, command in [*unit_cases(source, build), *program_cases(source)]:
        if name in known:
            raise SystemExit(f"tests/cases.py: two cases are called {name}")
        known.add(name)
        words = " ".join(bracketed(word) for word in [name, *command])
        print(f"add_test({words})")
        print(f"set_tests_properties({bracketed(name)} PROPERTIES LABELS case ENVIRONMENT "
              f"{bracketed(environment)})")


if __name__ == "__main__":
    main()
