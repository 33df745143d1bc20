"""The committed graphs without weights are those that the networks have now."""

import tempfile
import pathlib
import unittest

from . import torch
from ..export import skeletons


class SkeletonsCase(unittest.TestCase):
    @unittest.skipUnless(torch.__version__.startswith("1.13"), "other versions of PyTorch may write the same in other words")
    def test_committed_ones_are_current(self):
        with tempfile.TemporaryDirectory() as folder:
            made = pathlib.Path(folder)
            wanted = lambda name: "steep" not in name  # the same once more, and half of the time
            skeletons.write(made, wanted)
            names = lambda root: {path.relative_to(root).as_posix() for path in root.rglob("*.onnx") if wanted(path.name)}
            self.assertEqual(names(made), names(skeletons.TARGET))
            for name in names(made):
                self.assertEqual((made / name).read_bytes(), (skeletons.TARGET / name).read_bytes(), name)

    def test_they_are_small(self):
        self.assertLess(sum(path.stat().st_size for path in skeletons.TARGET.rglob("*.onnx")), 1_000_000)
