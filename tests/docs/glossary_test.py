#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What commands say of themselves needs no word but plain ones and those that the glossary explains.

Plain words are listed in plain_words.txt: whoever writes a new one decides whether it is one, or a
term, which docs/glossary.md has to explain."""

import os
import re
import sys
import unittest

SOURCE = os.environ["SEALIFT_SOURCE"]

# What is no word of a sentence: an example's line, `typed`, --option, PLACEHOLDER, a/path, name=value,
# file.name.
TYPED = re.compile(r"(?m)^  sealift.*$|`[^`\n]*`|--[\w-]+|\b[A-Z][A-Z0-9_=/.-]+\b|[\w.-]*[/:=#][\w./:=#-]*|\b\w+(?:\.\w+)+\b")
WORD = re.compile(r"[A-Za-z][a-z'-]*[a-z]")
# How a word ends, and how the one ends that stands for it.
ENDINGS = (("s", ""), ("es", ""), ("ies", "y"), ("d", ""), ("ed", ""), ("ied", "y"), ("ed", "ion"),
           ("ing", ""), ("er", ""), ("ers", ""), ("ature", ""), ("atures", ""), ("e", "al"), ("", "ed"))


def text_of(path):
    with open(os.path.join(SOURCE, path), encoding="utf-8") as page:
        return page.read()


def words_of(text):
    return {word.lower().removesuffix("'s") for word in WORD.findall(TYPED.sub(" ", text))}


def forms_of(word):
    """The word, and what it may be a form of."""
    return {word} | {word[:len(word) - len(end)] + instead for end, instead in ENDINGS
                     if word.endswith(end)}


class Glossary(unittest.TestCase):
    def setUp(self):
        entries = re.findall(r"^\| ([^|]+) \| ([^|]+(?:\\\|[^|]*)*) \|$", text_of("docs/glossary.md"),
                             re.MULTILINE)
        self.entries = [term for term, _ in entries if term not in ("word", "---")]
        self.terms = {word for term in self.entries for word in re.findall(r"[a-z][a-z-]*",
                                                                           term.lower())}
        self.plain = set(text_of("tests/docs/plain_words.txt").split())

    def unknown(self, text):
        return sorted(word for word in words_of(text)
                      if word not in self.plain and not forms_of(word) & self.terms)

    def test_every_command_reads_without_a_word_that_the_glossary_lacks(self):
        self.assertEqual(self.unknown(text_of("docs/commands.md")), [],
                         "explain it in docs/glossary.md, or list it in tests/docs/plain_words.txt")

    def test_it_can_fail(self):
        self.assertEqual(self.unknown("prune the flux capacitors of `all` --whom it's A_FILE"),
                         ["capacitors", "flux"])

    def test_a_word_is_plain_or_a_term(self):
        self.assertGreater(len(self.entries), 80)
        self.assertEqual(len(self.entries), len(set(self.entries)), "a word has one meaning")
        self.assertEqual(sorted(self.plain & self.terms), [])


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v", *sys.argv[1:]])
