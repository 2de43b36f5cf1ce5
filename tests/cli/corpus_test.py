# SPDX-License-Identifier: Apache-2.0
"""scripts/corpus says of real files what passes, and where the rest is refused."""

import json
import os
import subprocess
import sys
import tempfile
import unittest

from road import BIN, write

SCRIPT = os.path.join(os.environ["SEALIFT_SOURCE"], "scripts/corpus")


class CorpusTest(unittest.TestCase):
    def test_a_table_of_what_passes_and_what_is_refused_where(self):
        with tempfile.TemporaryDirectory() as folder:
            def put(path, text):
                write(os.path.join(folder, path), text)
            for name, dialect in (("good", "sqlite"), ("other", "mysql")):
                put(f"{name}/meta/_journal.json", json.dumps({"dialect": dialect, "entries": [
                    {"idx": 0, "when": 1795383121762, "tag": "0000_a b"}]}))
                put(f"{name}/0000_a b.sql", "CREATE TABLE a (b integer);")
            put("site/index.html", "<html></html>")
            put("stack/compose.yaml", "services:\n  web:\n    image: nginx:1.25\n")
            put("stack/compose.prod.yaml", "services:\n  web:\n    ports: [\"80:80\"]\n")
            put("stack/.env", "A=1\n")
            put("kept/compose.yaml",
                "services:\n  db:\n    image: nginx:1.25\n    volumes: [\"./data:/data\"]\n")
            put("units/app.service", "[Service]\nExecStart=/bin/true\n")
            done = subprocess.run([sys.executable, SCRIPT, "--bin", BIN, folder],
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=True)
        lines = [line.split("\t") for line in done.stdout.decode().splitlines()]
        refused = {(row[0], row[1]): row[2:] for row in lines[1:lines.index([""])]}
        self.assertEqual(len(refused), 8)
        self.assertEqual(refused["drizzle", "good"], ["-", "-", ""])
        stage, _, why = refused["drizzle", "other"]
        self.assertEqual(stage, "validate")
        self.assertIn('found the dialect "mysql"', why)
        self.assertEqual(refused["assets", "site"], ["-", "-", ""])
        self.assertEqual(refused["compose", "kept/compose.yaml"][:2], ["-", "persist"])
        stage, _, why = refused["compose", "stack/compose.prod.yaml"]
        self.assertNotIn(stage, ("validate", "build"), why)
        self.assertIn(["drizzle", "2", "1", "0", "0", "1", "0", "0"], lines)


if __name__ == "__main__":
    unittest.main(verbosity=2)
