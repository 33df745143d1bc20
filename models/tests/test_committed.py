"""What is committed beside the converters is whole: entries, networks, fixtures."""

import hashlib
import json
import pathlib
import unittest

from . import torch  # noqa: F401, skips where it is not installed
from ..export import conversion

EXPORT = pathlib.Path(conversion.__file__).resolve().parent


class CommittedFixturesCase(unittest.TestCase):
    def test_entries_name_the_files_beside_them(self):
        entries = [path for path in (EXPORT / "fixtures").glob("*.json") if not path.name.endswith(".fixture.json") and path.stem != "end-to-end"]
        self.assertEqual(len(entries), 6)
        for path in entries:
            entry = json.loads(path.read_text())
            self.assertEqual(hashlib.sha256((path.parent / entry["file"]).read_bytes()).hexdigest(), entry["sha256"])
            self.assertEqual(len(json.loads((path.parent / entry["fixture"]).read_text())["outputs"]), len(entry["outputs"]))

    def test_they_are_small(self):
        self.assertLess(sum(path.stat().st_size for path in (EXPORT / "fixtures").iterdir()), 3_000_000)
