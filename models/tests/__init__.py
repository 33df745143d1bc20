"""Fast tests of training and conversion, from the repository's root: python3 -m unittest discover -s models/tests -t .

All of them skip where PyTorch or onnx is not installed.
"""

import unittest

try:
    import onnx  # noqa: F401, every part needs it sooner or later
    import torch
except ImportError as error:
    raise unittest.SkipTest(f"{error}: install what models/export/requirements names") from error

torch.set_num_threads(1)
