"""Some seconds of made-up speech and noise, as the corpora lie on disk."""

import csv
import pathlib
import shutil
import tempfile
import unittest

import numpy as np

try:
    from ..train import corpora
except ImportError as error:
    raise unittest.SkipTest(f"{error}: install what models/train/README.md names") from error
from ..shared import SAMPLE_RATE_HZ

SECOND = SAMPLE_RATE_HZ
# Two clips a class of speakers of every split, named as the corpora name theirs.
CLIPS = {
    "emodb": [f"{speaker}a01{emotion}a" for speaker in ("03", "13", "15") for emotion in "NFTWL"],
    "ased": [f"{emotion}-01-01-01-{speaker}" for speaker in ("02", "06", "05") for emotion in ("n1", "h3", "s4", "a5", "f2")],
    "emotale": [f"DK_0{speaker}_{emotion}_1" for speaker in ("02", "06", "05") for emotion in "AHSBN"],
    "crema-d": [f"{speaker}_DFA_{emotion}_XX" for speaker in (1001, 1060, 1070) for emotion in ("NEU", "HAP", "SAD", "ANG", "FEA", "DIS")],
    "prompts": ["en/one", "ru/one", "it/one"], "festvox": ["one"], "crowd-commands": ["one"],
    "esc10": [f"001 - Dog bark/{fold}-1-A" for fold in "1234"], "speech_commands_noise": ["running_tap", "dude_miaowing"],
    "music": ["librosa/one", "manolo_camp-morning_coffee", "reno_project-system"], "effects": ["one"], "ambience": ["rain", "summer-night", "waves"],
}


def voice(random, seconds):
    """Harmonics that glide and pause, as int16."""
    n = np.arange(int(seconds * SECOND)) / SECOND
    phase = 2 * np.pi * random.uniform(90, 250) * n * (1 + 0.1 * random.uniform(-1, 1) * n)
    sound = sum(np.sin(k * phase) / k for k in range(1, 12)) * (np.sin(2 * np.pi * random.uniform(1, 3) * n) > -0.5)
    return corpora.int16(3000 * sound + 10 * random.standard_normal(len(n)))


class MadeUp(unittest.TestCase):
    """A folder as corpora.py leaves it, with listeners' votes and ratings, made once."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        random = np.random.default_rng(0)
        for name, clips in CLIPS.items():
            made = [voice(random, random.uniform(0.6, 1.2)) if name in corpora.SPEECH else corpora.int16(2000 * random.standard_normal(SECOND))
                    for _ in clips]
            corpora.store(cls.folder, name, clips, made)
            if name in corpora.SPEECH:
                shutil.copy(cls.folder / "corpora" / f"{name}.npy", cls.folder / "corpora" / f"{name}-coded.npy")
        for path, rows in (("crema-d/votes.csv", [{"file": clip, "angry": 1, "disgust": 0, "fear": 2, "happy": 3, "neutral": 4, "sad": 0}
                                                  for clip in CLIPS["crema-d"]]),
                           ("emotale/annotations.csv", [
                               {"file": f"{clip}.wav", **{f"a{n}_{part}": 1 + (n + i) % 5 for n in (1, 2, 3) for part in "AVD"}}
                               for i, clip in enumerate(CLIPS["emotale"])])):
            (cls.folder / path).parent.mkdir(parents=True, exist_ok=True)
            with open(cls.folder / path, "w", newline="") as file:
                writer = csv.DictWriter(file, rows[0])
                writer.writeheader()
                writer.writerows(rows)
